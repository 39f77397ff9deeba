"""What a run of level `overlaps` gives, and how a side keeps it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from overlap.protocol.body import TOKEN_SIZE
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import split
from overlap.protocol.steps import Run


@dataclass(frozen=True, slots=True)
class Matches:
    """What this side learned: which of its `submitted` identifiers the peer submitted too.

    `positions` are ascending positions in its own list, `tokens` their pair tokens of 16 bytes. About the
    peer's other identifiers it learned that they are at most `peer_bound` in number.
    """

    positions: tuple[int, ...]
    tokens: tuple[bytes, ...]
    submitted: int
    peer_bound: int


def keep_matches(positions: Sequence[int], tokens: bytes) -> dict[str, bytes]:
    """The parts of a run's state that hold its matches; `tokens` are joined."""
    return {"positions": pack(positions), "tokens": tokens}


def read_matches(run: Run, submitted: int) -> Matches:
    """The matches that a finished run holds, of so many identifiers that were submitted."""
    starter, responder = part_bounds(run.contract)
    return Matches(
        tuple(unpack(run.parts["positions"])),
        tuple(split(run.parts["tokens"], TOKEN_SIZE)),
        submitted,
        responder if run.role == "starter" else starter,
    )


def join_matches(parts: Sequence[tuple[Matches, Sequence[int]]], peer_bound: int) -> Matches:
    """The matches of all buckets, each with the places of its identifiers in the whole list."""
    found = sorted(
        (places[at], token)
        for matches, places in parts
        for at, token in zip(matches.positions, matches.tokens, strict=True)
    )
    submitted = sum(matches.submitted for matches, _ in parts)
    return Matches(tuple(at for at, _ in found), tuple(token for _, token in found), submitted, peer_bound)


def pack(numbers: Iterable[int]) -> bytes:
    """Numbers below 2^32 as bytes."""
    return array("I", numbers).tobytes()


def unpack(data: bytes) -> array[int]:
    """The inverse of `pack`."""
    numbers = array("I")
    numbers.frombytes(data)
    return numbers
