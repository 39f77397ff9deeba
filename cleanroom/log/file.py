"""The log file of one party with one peer, and the two small files beside it.

    NAME          the log: shown to anybody
    NAME.salts    the salts of its commitments, owner-only: 32 bytes an entry, in order
    NAME.head     size, root and frontier at the last entry, owner-only: notices entries removed from the end

An append writes the salt, then entry and checkpoint, then the head, each on disk before the next. The next
opening takes over a whole entry that the head does not cover yet and cuts off a torn one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cleanroom import merkle
from cleanroom.durable import sync_folder, write_owner_only
from cleanroom.log.checkpoint import Checkpoint, sign_checkpoint
from cleanroom.log.entry import LINE_LIMIT_BYTES, SALT_BYTES, Entry, Facts, make_entry
from cleanroom.log.lines import (
    checkpoint_line,
    entry_line_number,
    opening,
    read_checkpoint_line,
)
from cleanroom.log.verify import Finding, verify_log
from overlap import canonical
from overlap.errors import BadInput, ForgedFile, MalformedFile, Refused
from overlap.keys import PartyKeys, RandomBytes

HEAD_LINE: Final = b"overlap-log-head/1\n"
SALTS_LINE: Final = b"overlap-log-salts/1\n"

_HINT: Final = "run 'overlap audit verify'; restore the log and the two files beside it from a backup"


@dataclass(frozen=True, slots=True)
class _Head:
    """Where the log ends: byte offset, frontier, the last entry's time, and the signed checkpoint."""

    offset: int
    frontier: merkle.Frontier
    time: int
    checkpoint: Checkpoint

    def to_bytes(self) -> bytes:
        value = {
            "offset": self.offset,
            "peaks": [peak.hex() for peak in self.frontier.peaks],
            "signature": self.checkpoint.signature.hex(),
            "size": self.frontier.size,
            "time": self.time,
        }
        return HEAD_LINE + canonical.encode(value) + b"\n"


class Log:
    """The log at `path`, opened to read and append. One process at a time: the session holds a lock.

    Raises BadInput when the files do not belong together: a tail or a head was removed or altered.
    """

    def __init__(self, path: Path, origin: str, keys: PartyKeys) -> None:
        self.path = path
        self.origin = origin
        self._keys = keys
        self._salts = path.with_name(path.name + ".salts")
        self._head_path = path.with_name(path.name + ".head")
        if not self._head_path.exists():
            self._create()
        self._head = self._recover(self._read_head())

    @property
    def last_time(self) -> int:
        """The time of the last entry, 0 when there is none: time in the log never goes back behind it."""
        return self._head.time

    def head(self) -> Checkpoint:
        """The newest checkpoint: what peers are given."""
        return self._head.checkpoint

    def append(self, kind: str, facts: Facts, now: int, random: RandomBytes) -> Entry:
        """Write one event of `kind` (one of KINDS) and its checkpoint; on disk when this returns.

        Counts in `facts` are written in clear, bytes only as salted digests. A `now` before the last entry is
        written as that entry's time, with the difference noted. Raises UsageError for an unknown kind or a
        badly named fact, Refused when another process has written to the log.
        """
        head, salt = self._head, random(SALT_BYTES)
        entry = make_entry(
            sequence=head.frontier.size, kind=kind, facts=facts, now=now, last_time=head.time, salt=salt
        )
        raw = entry.to_bytes()
        leaf = merkle.leaf_hash(raw)
        frontier = head.frontier.append(leaf)
        checkpoint = sign_checkpoint(self.origin, frontier.size, frontier.root(), self._keys)
        lines = raw + b"\n" + checkpoint_line(leaf, checkpoint)
        _write_at(self._salts, len(SALTS_LINE) + SALT_BYTES * entry.sequence, salt)
        if self.path.stat().st_size != head.offset:
            raise Refused("another command has written to this log", "run the command again")
        after = _Head(head.offset + len(lines), frontier, entry.time, checkpoint)
        try:
            _write_at(self.path, head.offset, lines)
            write_owner_only(self._head_path, after.to_bytes())
        except OSError:
            # When only the flush of the folder failed, the new head stands already, and so must the entry.
            if self._read_head() == head:
                os.truncate(self.path, head.offset)
            raise
        self._head = after
        return entry

    def entries(self) -> Iterator[Entry]:
        """Every entry, oldest first, read from the file."""
        for line in self._entry_lines():
            yield Entry.from_bytes(line)

    def salt(self, sequence: int) -> bytes:
        """The salt that opens the commitments of entry `sequence`; IndexError when there is none."""
        if not 0 <= sequence < self._head.frontier.size:
            raise IndexError("no entry with this sequence number")
        with self._salts.open("rb") as file:
            file.seek(len(SALTS_LINE) + SALT_BYTES * sequence)
            return file.read(SALT_BYTES)

    def inclusion_proof(self, sequence: int) -> merkle.Proof:
        """That entry `sequence` is in the log with the root of `head()`."""
        return merkle.inclusion_proof(self._leaves(), sequence)

    def consistency_proof(self, first: int) -> merkle.Proof:
        """That the log of `head()` begins with its own first `first` entries."""
        return merkle.consistency_proof(self._leaves(), first)

    def require_contains(self, checkpoint: Checkpoint) -> None:
        """Return when this log still contains what its own `checkpoint`, handed back by the peer, signs.

        Raises ForgedFile when we never signed it, Refused when the log is older (restored) or forked.
        """
        if checkpoint.origin != self.origin:
            raise ForgedFile("the checkpoint is of another log", "ask the peer for its newest of our log")
        checkpoint.verify(self._keys.card)
        if checkpoint.size > self._head.frontier.size:
            raise Refused(
                "our log is older than a checkpoint of it that the peer holds",
                "restore the newest log before anything else is leased",
            )
        if merkle.root(self._leaves(checkpoint.size)) != checkpoint.root:
            raise Refused(
                "our log is not the one whose checkpoint the peer holds",
                "restore the log that was shown to the peer before anything else is leased",
            )

    def verify(self, checkpoints: Sequence[Checkpoint] = ()) -> list[Finding]:
        """Everything wrong with the log file, with its head, and with own checkpoints that peers hold."""
        with self.path.open("rb") as file:
            return verify_log(file, self.origin, self._keys.card, (self.head(), *checkpoints))

    def _entry_lines(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number > 2 and number % 2 == 1:
                    yield line[:-1]

    def _leaves(self, size: int | None = None) -> list[bytes]:
        return [merkle.leaf_hash(line) for line in self._entry_lines()][:size]

    def _create(self) -> None:
        """Make the three files; also when a first attempt was killed before it wrote the head."""
        first = opening(self.origin)
        present = self.path.read_bytes()[: len(first) + 1] if self.path.exists() else b""
        if not first.startswith(present):
            raise BadInput("the head of the log is missing", _HINT)
        write_owner_only(self.path, b"")
        _write_at(self.path, 0, first)
        write_owner_only(self._salts, SALTS_LINE)
        sync_folder(self.path.parent)
        empty = merkle.Frontier()
        checkpoint = sign_checkpoint(self.origin, 0, empty.root(), self._keys)
        write_owner_only(self._head_path, _Head(len(first), empty, 0, checkpoint).to_bytes())

    def _read_head(self) -> _Head:
        data = self._head_path.read_bytes()
        try:
            if not data.startswith(HEAD_LINE) or not data.endswith(b"\n"):
                raise MalformedFile("no head", _HINT)
            value = canonical.decode(data[len(HEAD_LINE) : -1], "the head of the log")
            head = _head_from_fields(value, self.origin)
            if head.to_bytes() != data:
                raise MalformedFile("no head", _HINT)
            head.checkpoint.verify(self._keys.card)
        except (MalformedFile, ForgedFile, KeyError, TypeError, ValueError) as error:
            raise BadInput("the head of the log was altered or is of another log", _HINT) from error
        return head

    def _recover(self, head: _Head) -> _Head:
        """Check that the log ends where the head says, take over whole entries after it, cut a torn one."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < head.offset:
            raise BadInput("entries were removed from the end of the log", _HINT)
        self._check_end(head)
        found = head
        with self.path.open("rb") as file:
            file.seek(head.offset)
            while (below := _two_lines(file.readline(), file.readline())) is not None:
                found = self._take_over(found, *below)
        salted = self._salts.stat().st_size if self._salts.exists() else 0
        if salted < len(SALTS_LINE) + SALT_BYTES * found.frontier.size:
            raise BadInput("salts of the log are missing", _HINT)
        if size != found.offset:
            os.truncate(self.path, found.offset)
        if found != head:
            write_owner_only(self._head_path, found.to_bytes())
        return found

    def _check_end(self, head: _Head) -> None:
        """The bytes before the head's offset are the opening lines, or end with the entry it is about."""
        first = opening(self.origin)
        with self.path.open("rb") as file:
            if file.read(len(first)) != first:
                raise BadInput("the log is of another version or pair of parties", _HINT)
            start = max(len(first), head.offset - 2 * LINE_LIMIT_BYTES)
            file.seek(start)
            last = file.read(head.offset - start).splitlines(keepends=True)[-2:]
        if not _ends_with(head, last):
            raise BadInput("the log does not end where its head says", _HINT)

    def _take_over(self, head: _Head, raw: bytes, below: bytes) -> _Head:
        line = entry_line_number(head.frontier.size)
        try:
            entry, signed = Entry.from_bytes(raw[:-1]), read_checkpoint_line(below, self.origin).checkpoint
            signed.verify(self._keys.card)
        except (MalformedFile, ForgedFile) as error:
            raise BadInput(f"the log was altered at line {line}", _HINT) from error
        frontier = head.frontier.append(merkle.leaf_hash(raw[:-1]))
        if (entry.sequence, signed.size, signed.root) != (head.frontier.size, frontier.size, frontier.root()):
            raise BadInput(f"the log was altered at line {line}", _HINT)
        return _Head(head.offset + len(raw) + len(below), frontier, entry.time, signed)


def _head_from_fields(value: Any, origin: str) -> _Head:
    frontier = merkle.Frontier(value["size"], tuple(bytes.fromhex(peak) for peak in value["peaks"]))
    if not all(type(value[name]) is int and value[name] >= 0 for name in ("offset", "size", "time")):
        raise ValueError("a head holds counts")
    checkpoint = Checkpoint(origin, frontier.size, frontier.root(), bytes.fromhex(value["signature"]))
    return _Head(value["offset"], frontier, value["time"], checkpoint)


def _ends_with(head: _Head, last: list[bytes]) -> bool:
    """Whether the last two lines of a log are the entry and checkpoint that its head is about."""
    if head.frontier.size == 0 or len(last) < 2:
        return head.frontier.size == 0 and not last
    try:
        entry, below = Entry.from_bytes(last[0][:-1]), read_checkpoint_line(last[1], head.checkpoint.origin)
    except MalformedFile:
        return False
    same_leaf = below.leaf == merkle.leaf_hash(last[0][:-1])
    return same_leaf and below.checkpoint == head.checkpoint and entry.time == head.time


def _two_lines(entry: bytes, below: bytes) -> tuple[bytes, bytes] | None:
    """Both lines when both are whole; None at the end of the file or before a torn entry."""
    return (entry, below) if entry.endswith(b"\n") and below.endswith(b"\n") else None


def _write_at(path: Path, offset: int, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "wb") as file:
        file.seek(offset)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
