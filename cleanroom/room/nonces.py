"""Nonces seen: each request is accepted once, also after a restart and when the clock was set back.

What is forgotten is older than any window. The end of the newest window that was forgotten is kept, and no
request that ends before it is accepted any more. On disk they are a journal: a first line, then a line for
each nonce, many of them flushed at once; it is written anew, without the old ones, when there are enough.
"""

from __future__ import annotations

import re
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Final

from cleanroom.batches import batches
from cleanroom.room.files import RoomFiles
from overlap.errors import BadInput, Refused

NONCES_LINE: Final = b"overlap-nonces/1\n"

#: Seconds for which a nonce is kept after its window: a clock that is corrected by less loses no request.
KEPT_SECONDS: Final = 600

#: Nonces of one flush: as many as can wait while the disk is flushed once.
GROUP_LIMIT: Final = 256

#: Bytes of the journal: what 200 parties ask for at 100 requests a second, many times over.
JOURNAL_LIMIT: Final = 2**30

_FILE: Final = "nonces"
_LINE = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{32}) ([0-9]{1,15})\n")
_FLOOR = re.compile(rb"floor ([0-9]{1,15})\n")


class Nonces:
    """The nonces of all keys. Used by one thread; another one writes the journal."""

    def __init__(self, files: RoomFiles) -> None:
        self._files = files
        self._seen: dict[tuple[str, str], int] = {}
        self._floor = 0
        data = NONCES_LINE if files.size(_FILE) is None else files.read(JOURNAL_LIMIT, _FILE)
        self._load(data)
        self._end = self._write_anew()
        self._queue: SimpleQueue[tuple[bytes, Future[None]] | None] = SimpleQueue()
        self._writer = Thread(target=self._work, name="nonces", daemon=True)
        self._writer.start()

    def burn(self, keyid: str, nonce: str, expires: int) -> None:
        """Take the nonce of a request that is refused; Refused when it was seen or may have been."""
        if expires <= self._floor:
            raise Refused("the room's clock was set back behind this request", "wait a few minutes")
        if (keyid, nonce) in self._seen:
            raise Refused("this request was made before", "sign every request anew")
        self._seen[keyid, nonce] = expires

    def keep(self, keyid: str, nonce: str, expires: int) -> Future[None]:
        """Put a nonce that was taken on disk; act on the request when this is done."""
        done: Future[None] = Future()
        self._queue.put((f"{keyid} {nonce} {expires}\n".encode(), done))
        return done

    def prune(self, now: int) -> None:
        """Forget what is older than any window."""
        before = now - KEPT_SECONDS
        if before <= self._floor:
            return
        old = [seen for seen, expires in self._seen.items() if expires <= before]
        # Every time would be often; when a quarter is old, a journal is at most a third too long.
        if old and 4 * len(old) >= len(self._seen):
            self._floor = before
            for seen in old:
                del self._seen[seen]
            self.close()
            self._end = self._write_anew()
            self._writer = Thread(target=self._work, name="nonces", daemon=True)
            self._writer.start()

    def close(self) -> None:
        """Let the writer finish what waits."""
        self._queue.put(None)
        self._writer.join()

    def _load(self, data: bytes) -> None:
        if not data.startswith(NONCES_LINE):
            raise BadInput("the room's file nonces is not of version 1", "restore the room from a backup")
        # A line that a kill has cut was never acted upon.
        for line in data[len(NONCES_LINE) :].splitlines(keepends=True):
            if match := _LINE.fullmatch(line):
                self._seen[match[1].decode(), match[2].decode()] = int(match[3])
            elif match := _FLOOR.fullmatch(line):
                self._floor = int(match[1])
            elif line.endswith(b"\n"):
                raise BadInput("the room's file nonces is damaged", "restore the room from a backup")

    def _write_anew(self) -> int:
        lines = [NONCES_LINE, f"floor {self._floor}\n".encode()]
        lines += [f"{keyid} {nonce} {expires}\n".encode() for (keyid, nonce), expires in self._seen.items()]
        data = b"".join(lines)
        self._files.write(data, _FILE)
        return len(data)

    def _work(self) -> None:
        for waiting in batches(self._queue, GROUP_LIMIT):
            data = b"".join(line for line, _ in waiting)
            try:
                self._files.append(data, self._end, _FILE)
                self._end += len(data)
            except OSError as error:
                for _, done in waiting:
                    done.set_exception(error)
                continue
            for _, done in waiting:
                done.set_result(None)


def empty_journal(before: int) -> bytes:
    """A journal with which no request whose window ends at that second or earlier is accepted any more."""
    return NONCES_LINE + f"floor {before}\n".encode()
