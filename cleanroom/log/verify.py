"""Verifying a log with nothing but its file and its owner's card: what is wrong, and where.

Every entry's line is hashed into the tree and must give the signed root on the line below. When it does not,
the leaf hash on that line, which the signed root confirms, tells that the entry was changed, and the reading
goes on. When entries are missing, no later root can be recomputed: later lines are then checked one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cleanroom.log.checkpoint import Checkpoint
from cleanroom.log.lines import LOG_LINE, entry_line_number
from cleanroom.log.reading import BelowLine, EntryLine, ReadLine, read_lines
from cleanroom.merkle import Frontier, leaf_hash
from overlap.errors import ForgedFile
from overlap.keys import Card


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a log: the line of the file, from 1, the entry concerned if known, and what."""

    line: int
    sequence: int | None
    what: str


#: The leaf hash that stands for an entry that is not there.
_NO_ENTRY = leaf_hash(b"")


@dataclass(frozen=True, slots=True)
class _Pair:
    """An entry's line and its checkpoint's line as they were found; None for one that is not there."""

    line: int
    entry: EntryLine | None
    below: BelowLine | None
    below_line: int

    @property
    def leaf(self) -> bytes:
        return self.entry.leaf if self.entry else _NO_ENTRY


@dataclass
class _Reading:
    """How far the reading has come. `frontier` is None once entries are missing."""

    card: Card
    expected: int = 0
    time: int = 0
    frontier: Frontier | None = field(default_factory=Frontier)
    findings: list[Finding] = field(default_factory=list)

    def add(self, line: int, sequence: int | None, what: str) -> None:
        self.findings.append(Finding(line, sequence, what))


def verify_log(
    lines: Iterable[bytes],
    origin: str,
    owner: Card,
    checkpoints: Sequence[Checkpoint] = (),
    *,
    every_signature: bool = True,
) -> list[Finding]:
    """Everything wrong with a log, in the order of its lines; empty when it holds.

    `lines` are the file's lines with their line feeds (an open file, or `data.splitlines(True)` of bytes cut
    at b"\\n"); `checkpoints` are those that others hold of this log, and the head: the log must contain what
    each of them signs, so removed tail entries and a rewritten log are found too. Without `every_signature`
    the signatures inside the log are left out; those of `checkpoints` are checked always.
    """
    reading = _Reading(owner)
    numbered = iter(enumerate(lines, start=1))
    for number, right in ((1, LOG_LINE), (2, origin.encode() + b"\n")):
        if next(numbered, (number, b""))[1] != right:
            what = "is not the first line of a log of version 1" if number == 1 else "names another log"
            reading.add(number, None, what)
    wanted = {checkpoint.size for checkpoint in checkpoints}
    roots = {0: Frontier().root()}
    read = read_lines((line for _, line in numbered), origin, owner, signatures=every_signature)
    for pair in _pairs(enumerate(read, start=3), reading):
        _check_pair(pair, reading)
        if reading.frontier is not None and reading.frontier.size in wanted:
            roots[reading.frontier.size] = reading.frontier.root()
    for checkpoint in checkpoints:
        _check_against(checkpoint, roots, reading)
    return sorted(reading.findings, key=lambda finding: finding.line)


def _pairs(numbered: Iterator[tuple[int, ReadLine]], reading: _Reading) -> Iterator[_Pair]:
    """Group lines by two; a lone one makes half a pair. A line that is neither is reported and left out."""
    above: tuple[int, EntryLine] | None = None
    for number, found in numbered:
        if found is None:
            reading.add(number, None, "is not a line of a log: it was changed, inserted or cut short")
        elif isinstance(found, BelowLine):
            start, entry = above or (number, None)
            yield _Pair(start, entry, found, number)
            above = None
        else:
            if above is not None:
                yield _Pair(*above, None, above[0])
            above = (number, found)
    if above is not None:
        yield _Pair(*above, None, above[0])


def _check_pair(pair: _Pair, reading: _Reading) -> None:
    signed = pair.below is not None and pair.below.signed
    number = _sequence_of(pair, signed, reading.expected)
    if number < reading.expected:
        reading.add(pair.line, number, "is repeated, or was moved here from its place")
        return
    if number > reading.expected:
        last = "" if number == reading.expected + 1 else f" to {number - 1}"
        reading.add(
            pair.line,
            reading.expected,
            f"entry {reading.expected}{last} is missing here; later roots cannot be recomputed",
        )
        reading.frontier = None
    if pair.below is None:
        reading.add(pair.line + 1, number, "the checkpoint of this entry is missing or changed")
    elif not signed:
        reading.add(pair.below_line, number, "the signature of this checkpoint does not hold")
    if pair.entry is None:
        reading.add(pair.line, number, "the entry of this checkpoint is missing or changed")
    _check_entry(pair, number, reading)
    _grow(pair, number, signed, reading)
    reading.expected = number + 1


def _sequence_of(pair: _Pair, signed: bool, expected: int) -> int:
    """Which entry a pair is: the signed size says so before the entry's own word."""
    if signed and pair.below is not None:
        return pair.below.size - 1
    return expected if pair.entry is None else pair.entry.sequence


def _check_entry(pair: _Pair, number: int, reading: _Reading) -> None:
    if pair.entry is None:
        return
    if pair.entry.sequence != number:
        reading.add(pair.line, number, "the entry names another sequence number than its checkpoint")
    if pair.entry.time < reading.time:
        reading.add(pair.line, number, "the entry's time is before the time of the entry above")
    reading.time = max(reading.time, pair.entry.time)


def _grow(pair: _Pair, number: int, signed: bool, reading: _Reading) -> None:
    """Let the tree grow by this entry, or by the leaf that its signed checkpoint confirms."""
    leaf, below, before = pair.leaf, pair.below, reading.frontier
    if before is None or below is None:
        if below is not None and pair.entry is not None and below.leaf != leaf:
            reading.add(pair.line, number, "the entry differs from the leaf hash of its checkpoint")
        if before is not None:
            reading.frontier = before.append(leaf)
        return
    reading.frontier = before.append(leaf)
    if reading.frontier.root() == below.root:
        if below.leaf != leaf:
            reading.add(pair.below_line, number, "the leaf hash on this line was changed")
        return
    confirmed = before.append(below.leaf)
    if signed and confirmed.root() == below.root:
        if pair.entry is not None:
            reading.add(pair.line, number, "the entry was changed after it was written")
        reading.frontier = confirmed
    elif signed:
        reading.add(pair.line, number, "the tree up to this entry does not have the signed root")
        reading.frontier = None


def _is_signed(checkpoint: Checkpoint, card: Card) -> bool:
    try:
        checkpoint.verify(card)
    except ForgedFile:
        return False
    return True


def _check_against(checkpoint: Checkpoint, roots: dict[int, bytes], reading: _Reading) -> None:
    line = entry_line_number(checkpoint.size) - 1
    if not _is_signed(checkpoint, reading.card):
        reading.add(line, None, "a checkpoint held outside the log is not signed by the log's owner")
    elif checkpoint.size > reading.expected:
        what = f"entries {reading.expected} to {checkpoint.size - 1} were removed from the end"
        reading.add(entry_line_number(reading.expected), reading.expected, what)
    elif checkpoint.size in roots and roots[checkpoint.size] != checkpoint.root:
        what = "the log up to here is not the one whose checkpoint is held outside"
        reading.add(line, checkpoint.size - 1, what)
