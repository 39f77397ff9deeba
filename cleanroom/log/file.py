"""The log file of one party with one peer, and the three files beside it.

    NAME          the log: shown to anybody
    NAME.salts    the salts of its commitments, owner-only: 32 bytes an entry, in order, some ahead of need
    NAME.head     size, root and frontier at the last entry, owner-only: notices entries removed from the end
    NAME.tree     the index of its tree (cleanroom.log.tree), made again whenever it is missing or wrong

One flush makes an entry durable: that of its line and its checkpoint's line, written at once. Salts are on
disk before, drawn for SALTS_AHEAD entries at a time and never used by another process; index and head follow
unflushed. The next opening takes over a whole entry that the head does not cover yet and cuts off a torn one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from cleanroom import merkle
from cleanroom.durable import sync_folder, write_for_now, write_owner_only
from cleanroom.log.checkpoint import Checkpoint, sign_checkpoint
from cleanroom.log.entry import LINE_LIMIT_BYTES, SALT_BYTES, Entry, Facts, make_entry
from cleanroom.log.head import Head
from cleanroom.log.lines import (
    checkpoint_line,
    entry_line_number,
    opening,
    read_checkpoint_line,
)
from cleanroom.log.tree import IndexReader, SubtreeIndex
from cleanroom.log.verify import Finding, verify_log
from overlap.errors import BadInput, ForgedFile, MalformedFile, Refused
from overlap.keys import PartyKeys, RandomBytes

SALTS_LINE: Final = b"overlap-log-salts/1\n"

#: Salts that one flush makes durable; a command that logs one event draws as many.
SALTS_AHEAD: Final = 64

_HINT: Final = "run 'overlap audit verify'; restore the log and the two files beside it from a backup"
_BINARY: Final = getattr(os, "O_BINARY", 0)


class Log:
    """The log at `path`, opened to read and append. One process at a time: the session holds a lock.

    Raises BadInput when the files do not belong together: a tail or a head was removed or altered.
    """

    def __init__(self, path: Path, origin: str, keys: PartyKeys) -> None:
        self.path = path
        self.origin = origin
        self._keys = keys
        self._salts = path.with_name(path.name + ".salts")
        self._salts_ahead: list[bytes] = []
        self._head_path = path.with_name(path.name + ".head")
        self._index = SubtreeIndex(path.with_name(path.name + ".tree"))
        if not self._head_path.exists():
            self._create()
        head = self._read_head()
        self._indexed = self._index.fits(head.frontier)
        self._head = self._recover(head)

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
        head, salt = self._head, self._next_salt(random)
        entry = make_entry(
            sequence=head.frontier.size, kind=kind, facts=facts, now=now, last_time=head.time, salt=salt
        )
        raw = entry.to_bytes()
        leaf = merkle.leaf_hash(raw)
        frontier = head.frontier.append(leaf)
        checkpoint = sign_checkpoint(self.origin, frontier.size, frontier.root(), self._keys)
        lines = raw + b"\n" + checkpoint_line(leaf, checkpoint)
        if self.path.stat().st_size != head.offset:
            raise Refused("another command has written to this log", "run the command again")
        after = Head(head.offset + len(lines), frontier, entry.time, checkpoint)
        try:
            _write_at(self.path, head.offset, lines)
            self._add_to_index(head.frontier, leaf)
            write_for_now(self._head_path, after.to_bytes())
        except OSError:
            os.truncate(self.path, head.offset)
            raise
        self._head = after
        self._salts_ahead.pop()
        return entry

    def entries(self, first: int = 0) -> Iterator[Entry]:
        """Every entry from number `first` on, oldest first, read from the file."""
        for line in islice(self.entry_lines(), first, None):
            yield Entry.from_bytes(line)

    def entry_lines(self) -> Iterator[bytes]:
        """The line of every entry without its line feed, oldest first: what leaf hashes are over."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number > 2 and number % 2 == 1:
                    yield line[:-1]

    def salt(self, sequence: int) -> bytes:
        """The salt that opens the commitments of entry `sequence`; IndexError when there is none."""
        if not 0 <= sequence < self._head.frontier.size:
            raise IndexError("no entry with this sequence number")
        return read_salt(self._salts, sequence)

    def inclusion_proof(self, sequence: int) -> merkle.Proof:
        """That entry `sequence` is in the log with the root of `head()`."""
        size, head = self._head.frontier.size, self.head()

        def prove(node: merkle.Node) -> merkle.Proof | None:
            proof = merkle.inclusion_path(size, sequence, node)
            good = merkle.verify_inclusion(node(0, sequence), sequence, size, proof, head.root)
            return proof if good else None

        return self._proven(prove)

    def consistency_proof(self, first: int) -> merkle.Proof:
        """That the log of `head()` begins with its own first `first` entries."""
        size, head = self._head.frontier.size, self.head()

        def prove(node: merkle.Node) -> merkle.Proof | None:
            proof = merkle.consistency_path(size, first, node)
            before = merkle.Frontier(first, merkle.peaks(first, node)).root()
            return proof if merkle.verify_consistency(first, size, before, head.root, proof) else None

        return self._proven(prove)

    def frontier_at(self, size: int) -> merkle.Frontier:
        """Size and full subtrees of the log as it was with its first `size` entries; IndexError beyond."""
        if not 0 <= size <= self._head.frontier.size:
            raise IndexError("no earlier tree of this size")
        if size:
            self.consistency_proof(size)
        with IndexReader(self._index.path) as reader:
            return merkle.Frontier(size, merkle.peaks(size, reader.node))

    def leaves(self, start: int) -> list[bytes]:
        """The leaf hashes of the entries from number `start` on."""
        return [merkle.leaf_hash(line) for line in islice(self.entry_lines(), start, None)]

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
        if self.frontier_at(checkpoint.size).root() != checkpoint.root:
            raise Refused(
                "our log is not the one whose checkpoint the peer holds",
                "restore the log that was shown to the peer before anything else is leased",
            )

    def verify(
        self, checkpoints: Sequence[Checkpoint] = (), *, every_signature: bool = True
    ) -> list[Finding]:
        """Everything wrong with the log file, with its head, and with own checkpoints that peers hold.

        Without `every_signature` only the head's and those of `checkpoints` are checked.
        """
        held = (self.head(), *checkpoints)
        with self.path.open("rb") as file:
            return verify_log(file, self.origin, self._keys.card, held, every_signature=every_signature)

    def _next_salt(self, random: RandomBytes) -> bytes:
        """The salt of the next entry, last in the list; on disk before it is used."""
        if not self._salts_ahead:
            drawn = random(SALT_BYTES * SALTS_AHEAD)
            _write_at(self._salts, len(SALTS_LINE) + SALT_BYTES * self._head.frontier.size, drawn)
            cut = range(0, len(drawn), SALT_BYTES)
            self._salts_ahead = [drawn[at : at + SALT_BYTES] for at in reversed(cut)]
        return self._salts_ahead[-1]

    def _add_to_index(self, frontier: merkle.Frontier, leaf: bytes) -> None:
        """The subtrees that a new leaf completes; an index that cannot be written is made again later."""
        if self._indexed:
            try:
                self._index.add(frontier.size, frontier.completed(leaf))
            except OSError:
                self._indexed = False

    def _proven(self, prove: Callable[[merkle.Node], merkle.Proof | None]) -> merkle.Proof:
        """A proof made from the index that holds against the signed root; the index is made again if not."""
        if self._indexed:
            try:
                with IndexReader(self._index.path) as reader:
                    if (proof := prove(reader.node)) is not None:
                        return proof
            except OSError:
                pass
        self._indexed = False
        leaves = (merkle.leaf_hash(line) for line in self.entry_lines())
        if self._index.rebuild(leaves).root() != self.head().root:
            raise BadInput("the log was altered", _HINT)
        self._indexed = True
        with IndexReader(self._index.path) as reader:
            proof = prove(reader.node)
        assert proof is not None
        return proof

    def _create(self) -> None:
        """Make the files; also when a first attempt was killed before it wrote the head."""
        first = opening(self.origin)
        present = self.path.read_bytes()[: len(first) + 1] if self.path.exists() else b""
        if not first.startswith(present):
            raise BadInput("the head of the log is missing", _HINT)
        write_owner_only(self.path, b"")
        _write_at(self.path, 0, first)
        write_owner_only(self._salts, SALTS_LINE)
        self._index.rebuild(())
        sync_folder(self.path.parent)
        write_owner_only(self._head_path, self._empty_head().to_bytes())

    def _empty_head(self) -> Head:
        empty = merkle.Frontier()
        checkpoint = sign_checkpoint(self.origin, 0, empty.root(), self._keys)
        return Head(len(opening(self.origin)), empty, 0, checkpoint)

    def _read_head(self) -> Head:
        data = self._head_path.read_bytes()
        if not data.strip(b"\0"):
            # The machine lost power before the newest head was on disk: the log tells where it ends.
            return self._empty_head()
        head = Head.from_bytes(data, self.origin, self._keys.card)
        if head is None:
            raise BadInput("the head of the log was altered or is of another log", _HINT)
        return head

    def _recover(self, head: Head) -> Head:
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
            _write_at(self.path, found.offset, b"")  # Flushed before a head says that it is there.
            write_owner_only(self._head_path, found.to_bytes())
        return found

    def _check_end(self, head: Head) -> None:
        """The bytes before the head's offset are the opening lines, or end with the entry it is about."""
        first = opening(self.origin)
        with self.path.open("rb") as file:
            if file.read(len(first)) != first:
                raise BadInput("the log is of another version or pair of parties", _HINT)
            start = max(len(first), head.offset - 2 * LINE_LIMIT_BYTES)
            file.seek(start)
            last = file.read(head.offset - start).splitlines(keepends=True)[-2:]
        if not head.ends(last):
            raise BadInput("the log does not end where its head says", _HINT)

    def _take_over(self, head: Head, raw: bytes, below: bytes) -> Head:
        line = entry_line_number(head.frontier.size)
        try:
            entry, signed = Entry.from_bytes(raw[:-1]), read_checkpoint_line(below, self.origin).checkpoint
            signed.verify(self._keys.card)
        except (MalformedFile, ForgedFile) as error:
            raise BadInput(f"the log was altered at line {line}", _HINT) from error
        leaf = merkle.leaf_hash(raw[:-1])
        frontier = head.frontier.append(leaf)
        if (entry.sequence, signed.size, signed.root) != (head.frontier.size, frontier.size, frontier.root()):
            raise BadInput(f"the log was altered at line {line}", _HINT)
        self._add_to_index(head.frontier, leaf)
        return Head(head.offset + len(raw) + len(below), frontier, entry.time, signed)


def read_salt(salts: Path, sequence: int) -> bytes:
    """The salt of entry `sequence` in a file of salts."""
    with salts.open("rb") as file:
        file.seek(len(SALTS_LINE) + SALT_BYTES * sequence)
        return file.read(SALT_BYTES)


def _two_lines(entry: bytes, below: bytes) -> tuple[bytes, bytes] | None:
    """Both lines when both are whole; None at the end of the file or before a torn entry."""
    return (entry, below) if entry.endswith(b"\n") and below.endswith(b"\n") else None


def _write_at(path: Path, offset: int, data: bytes) -> None:
    """Write and flush to disk; with no data, flush what others have written."""
    descriptor = os.open(path, os.O_WRONLY | _BINARY)
    with os.fdopen(descriptor, "wb") as file:
        file.seek(offset)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
