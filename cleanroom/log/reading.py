"""The lines of a log as they are checked one by one, in this process or, when the log is long, in others.

What takes the time is one signature an entry (Ed25519, some 0.1 ms). A line is checked by itself, so lines go
out in pieces to as many processes as there are cores; the tree is then built here from what comes back.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from typing import Final, NamedTuple

from cleanroom.log.entry import FACT_LIMIT, KINDS, Entry
from cleanroom.log.lines import read_checkpoint_line
from cleanroom.merkle import leaf_hash
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card

#: Lines of one piece: a second of work, so that the start of a process does not count.
PIECE: Final = 8_192
#: From this many lines on other processes help; they need a second to start.
LONG: Final = 4 * PIECE


#: An entry as `Entry.to_bytes` writes it, with numbers below 10^18; names are looked at afterwards.
_USUAL: Final = re.compile(
    rb'\{"clock_behind":N,"counts":\{((?:C(?:,C)*)?)\},"digests":\{((?:D(?:,D)*)?)\},"kind":"(K)",'
    rb'"sequence":(N),"time":(N)\}\n'.replace(b"C", rb'"[a-z][a-z0-9_]{0,39}":N')
    .replace(b"D", rb'"[a-z][a-z0-9_]{0,39}":"[0-9a-f]{64}"')
    .replace(b"K", "|".join(KINDS).encode())
    .replace(b"N", rb"(?:0|[1-9][0-9]{0,17})")
)
_NAME: Final = re.compile(rb'"([a-z][a-z0-9_]{0,39})":')


class EntryLine(NamedTuple):
    """The line of an entry: its leaf hash, sequence number and time."""

    leaf: bytes
    sequence: int
    time: int


class BelowLine(NamedTuple):
    """The line of a checkpoint; `signed` says whether the owner's signature holds, or was not asked for."""

    leaf: bytes
    size: int
    root: bytes
    signature: bytes
    signed: bool


ReadLine = EntryLine | BelowLine | None


def read_lines(lines: Iterable[bytes], origin: str, owner: Card, *, signatures: bool) -> Iterator[ReadLine]:
    """What each line of a log below its opening is, in their order; None for a line that is neither.

    With `signatures` every checkpoint's is checked.
    """
    rest = iter(lines)
    first = list(islice(rest, LONG))
    count = (os.cpu_count() or 1) if len(first) == LONG else 1
    if count == 1:
        yield from read_piece(
            list(chain(first, rest)) if len(first) == LONG else first, origin, owner, signatures
        )
        return
    waiting: deque[Future[list[ReadLine]]] = deque()
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        for piece in _pieces(chain(first, rest)):
            waiting.append(pool.submit(read_piece, piece, origin, owner, signatures))
            if len(waiting) > 2 * count:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def read_piece(lines: list[bytes], origin: str, owner: Card, signatures: bool) -> list[ReadLine]:
    """As `read_lines`, for one piece and in this process."""
    return [_read_line(line, origin, owner, signatures) for line in lines]


def _pieces(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(lines)
    while piece := list(islice(rest, PIECE)):
        yield piece


def quick_entry(line: bytes) -> EntryLine | None:
    """The entry in a line of the usual form, without decoding it; None says nothing about the line."""
    match = _USUAL.fullmatch(line)
    if match is None:
        return None
    counts, digests = _NAME.findall(match[1]), _NAME.findall(match[2])
    if len(counts) + len(digests) > FACT_LIMIT:
        return None
    if any(names != sorted(set(names)) for names in (counts, digests)):
        return None
    return EntryLine(leaf_hash(line[:-1]), int(match[4]), int(match[5]))


def _read_line(line: bytes, origin: str, owner: Card, signatures: bool) -> ReadLine:
    try:
        if line.startswith(b'{"leaf"'):
            below = read_checkpoint_line(line, origin)
            said = below.checkpoint
            signed = True
            if signatures:
                try:
                    said.verify(owner)
                except ForgedFile:
                    signed = False
            return BelowLine(below.leaf, said.size, said.root, said.signature, signed)
        if (usual := quick_entry(line)) is not None:
            return usual
        if line.endswith(b"\n"):
            entry = Entry.from_bytes(line[:-1])
            return EntryLine(leaf_hash(line[:-1]), entry.sequence, entry.time)
    except MalformedFile:
        pass
    return None
