"""Messages on their way: announced, uploaded in pieces, checked, fetched, and removed.

The room sees sizes, kinds and times. A message is complete when its digest is the announced one; only then
does its recipient see it. What was acknowledged is on disk; what a killed upload has written beyond that is
cut off when the next piece comes.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any, Final

from cleanroom.log import Facts, bucket
from cleanroom.number import count_of
from cleanroom.room.disk import Disk
from cleanroom.room.files import RoomFiles
from cleanroom.room.pairs import Pairs
from cleanroom.room.problem import Problem, missing, too_much
from cleanroom.room.quotas import Quotas
from cleanroom.store import Database, Execute
from overlap.errors import ForgedFile, Refused, UsageError, WrongRun
from overlap.keys import RandomBytes

#: Bytes of one piece, up or down.
PIECE_BYTES: Final = 8 * 2**20

#: Seconds after which a message is removed whether it was fetched or not.
KEPT_SECONDS: Final = 14 * 86_400

#: Messages that an inbox shows at once; the oldest of each sender first.
INBOX_LIMIT: Final = 1_000

_COLUMNS: Final = 'id, sender, recipient, kind, size, sha256, "offset", announced, completed'


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the room knows it. `completed` is 0 until all of it is here."""

    id: str
    sender: str
    recipient: str
    kind: str
    size: int
    sha256: str
    offset: int
    announced: int
    completed: int


class Relay:
    """The messages of a room."""

    def __init__(
        self,
        files: RoomFiles,
        database: Database,
        pairs: Pairs,
        quotas: Quotas,
        disk: Disk,
        random: RandomBytes,
    ) -> None:
        self._files, self._database, self._pairs, self._disk = files, database, pairs, disk
        self._quotas, self._random = quotas, random
        self._lock, self._announcing = Lock(), Lock()
        # In memory as well, because most requests ask for messages and few change one.
        rows = database.read(f"SELECT {_COLUMNS} FROM messages")  # noqa: S608
        self._messages: dict[str, Message] = {row[0]: Message(*row) for row in rows}
        disk.promised(sum(one.size for one in self._messages.values()))
        self._uploads: dict[str, _Upload] = {}

    def announce(self, wanted: Message) -> Message:
        """The message that is to be uploaded: a new one with an id, or the same one announced before."""
        if wanted.sender == wanted.recipient:
            raise UsageError("a message to oneself needs no room", "name another recipient")
        new = replace(wanted, id=self._random(16).hex())
        with self._announcing:
            same = ("sender", "recipient", "kind", "size", "sha256")
            mine = [one for one in list(self._messages.values()) if one.sender == new.sender]
            for one in mine:
                if all(getattr(one, name) == getattr(new, name) for name in same):
                    return one
            self._require_room_for(new, mine)
            self._disk.promise(new.size)
            sql = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            try:
                self._database.write(lambda run: run(sql, *asdict(new).values()))
            except BaseException:
                self._disk.release(new.size)
                raise
            self._messages[new.id] = new
        return new

    def append(self, name: str, sender: str, offset: int, data: bytes, now: int) -> int:
        """Put one more piece; how many bytes are here then. ForgedFile when all are and are others."""
        self._mine(name, sender)
        upload = self._upload(name)
        with upload.lock:
            message = self._mine(name, sender)
            if message.completed or offset != message.offset:
                raise Problem(
                    409,
                    WrongRun("the upload stands at another place", "go on from its offset"),
                    {"Upload-Offset": str(message.offset)},
                    {"offset": message.offset},
                )
            end = offset + len(data)
            if not data or end > message.size:
                what = "a piece is empty or goes beyond the announced size"
                raise UsageError(what, "announce the message anew")
            self._files.append(data, offset, "messages", name)
            upload.add(data, offset)
            if end < message.size:
                self._set(name, end, 0)
                return end
            if upload.digest(self._files, name, message.size) != message.sha256:
                self._files.append(b"", 0, "messages", name)
                self._set(name, 0, 0)
                raise ForgedFile("the message is not the announced one", "upload it again from its beginning")
            facts: Facts = {"bytes": bucket(message.size), "message": bytes.fromhex(name)}
            self._pairs.of(message.sender, message.recipient).note("message", facts, now)
            self._set(name, end, now)
        self._uploads.pop(name, None)
        return end

    def inbox(self, recipient: str) -> list[Message]:
        """Complete messages to a party, the oldest first; each sender's first ones before anybody's later
        ones, so that one sender's many hide nobody else's."""
        found = [one for one in self._messages.values() if one.recipient == recipient and one.completed]
        found.sort(key=lambda one: (one.completed, one.id))
        seen: Counter[str] = Counter()
        ranked = []
        for place, one in enumerate(found):
            ranked.append((seen[one.sender], place))
            seen[one.sender] += 1
        return [found[place] for place in sorted(place for _, place in sorted(ranked)[:INBOX_LIMIT])]

    def fetch(self, name: str, recipient: str, offset: int) -> bytes:
        """A piece of a complete message, for its recipient."""
        message = self._messages.get(name)
        if message is None or message.recipient != recipient or not message.completed:
            raise missing("message")
        if offset > message.size:
            raise UsageError("the offset is behind the end of the message", "its size is in the inbox")
        data = self._files.piece(offset, PIECE_BYTES, "messages", name)
        if not data and offset < message.size:
            raise Refused("the room has lost the bytes of this message", "ask its sender for it again")
        return data

    def delete(self, name: str, party: str) -> None:
        """Remove a message: the recipient has it, or the sender takes it back."""
        message = self._messages.get(name)
        if message is None or party not in (message.sender, message.recipient):
            raise missing("message")
        if party == message.recipient and not message.completed:
            raise missing("message")
        with self._upload(name).lock:
            self._remove([name])

    def expire(self, now: int) -> int:
        """Remove what is older than KEPT_SECONDS; how many messages."""
        messages = list(self._messages.values())
        names = [one.id for one in messages if one.announced <= now - KEPT_SECONDS]
        if names:
            self._remove(names)
        return len(names)

    def count(self) -> tuple[int, int]:
        """Messages that wait, and their bytes."""
        messages = list(self._messages.values())
        return len(messages), sum(one.offset for one in messages)

    def settle(self) -> list[str]:
        """After a start: cut and remove what a killed upload has left, and say what is missing."""
        findings = []
        known = dict(self._messages)
        for name in self._files.names("messages"):
            if name not in known:
                self._files.remove("messages", name)
                findings.append(f"removed what was left of message {name}")
        for name, message in known.items():
            size = self._files.size("messages", name) or 0
            if size > message.offset:
                self._files.append(b"", message.offset, "messages", name)
                cut = size - message.offset
                findings.append(f"cut {count_of(cut, 'byte')} of a killed upload off message {name}")
            elif size < message.offset and message.completed:
                findings.append(f"message {name} has lost {message.offset - size:,} of its bytes")
            elif size < message.offset:
                self._set(name, size, 0)
                findings.append(f"message {name} goes on from byte {size:,}, not {message.offset:,}")
        return findings

    def _require_room_for(self, new: Message, mine: list[Message]) -> None:
        if len(mine) >= self._quotas.open_messages:
            raise too_much(f"{len(mine):,} messages of the party wait already", "have them fetched first", 60)
        if sum(one.size for one in mine) + new.size > self._quotas.stored_bytes:
            raise too_much(
                f"the party's messages would be larger than {self._quotas.stored_bytes:,} bytes",
                "have messages fetched first, or ask the room's operator for more",
                60,
            )

    def _mine(self, name: str, sender: str) -> Message:
        message = self._messages.get(name)
        if message is None or message.sender != sender:
            raise missing("message")
        return message

    def _set(self, name: str, offset: int, completed: int) -> None:
        sql = 'UPDATE messages SET "offset" = ?, completed = ? WHERE id = ?'
        self._database.write(lambda run: run(sql, offset, completed, name))
        if name in self._messages:
            self._messages[name] = replace(self._messages[name], offset=offset, completed=completed)

    def _remove(self, names: list[str]) -> None:
        def job(run: Execute) -> Any:
            return [run("DELETE FROM messages WHERE id = ?", name) for name in names]

        self._database.write(job)
        for name in names:
            gone = self._messages.pop(name, None)
            self._files.remove("messages", name)
            self._disk.release(gone.size if gone else 0)
            self._uploads.pop(name, None)

    def _upload(self, name: str) -> _Upload:
        with self._lock:
            return self._uploads.setdefault(name, _Upload())


class _Upload:
    """An upload while it goes on: one piece at a time, hashed as it comes where nothing was missed."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._hash, self._hashed = hashlib.sha256(), 0

    def add(self, data: bytes, offset: int) -> None:
        if offset == 0:
            self._hash, self._hashed = hashlib.sha256(), 0
        if offset == self._hashed:
            self._hash.update(data)
            self._hashed += len(data)

    def digest(self, files: RoomFiles, name: str, size: int) -> str:
        """SHA-256 of all bytes, in hex; read again when the server was started in between."""
        if self._hashed == size:
            return self._hash.hexdigest()
        whole = hashlib.sha256()
        for offset in range(0, size, PIECE_BYTES):
            whole.update(files.piece(offset, PIECE_BYTES, "messages", name))
        return whole.hexdigest()
