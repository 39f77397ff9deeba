"""What a run of level `overlaps` gives, and how a side keeps it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from overlap.protocol.body import TOKEN_SIZE
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import Places, read_pieces, split
from overlap.protocol.steps import Run


@dataclass(frozen=True)
class Matches:
    """What this side learned: which of its `submitted` identifiers the peer submitted too.

    `places` are ascending positions in its own list, packed, `joined` their pair tokens of 16 bytes in one.
    About the peer's other identifiers it learned that they are at most `peer_bound` in number.
    """

    places: bytes
    joined: bytes
    submitted: int
    peer_bound: int

    @classmethod
    def of(
        cls, positions: Sequence[int], tokens: Iterable[bytes], submitted: int, peer_bound: int
    ) -> Matches:
        """Matches at these positions, each with its token."""
        return cls(pack(positions), b"".join(tokens), submitted, peer_bound)

    @cached_property
    def positions(self) -> tuple[int, ...]:
        """Ascending positions in our own list."""
        return tuple(unpack(self.places))

    @cached_property
    def tokens(self) -> tuple[bytes, ...]:
        """The pair token of each, 16 bytes."""
        return tuple(split(self.joined, TOKEN_SIZE))


def keep_matches(positions: Sequence[int] | Places, tokens: bytes) -> dict[str, bytes]:
    """The parts of a run's state that hold its matches; `tokens` are joined."""
    return {"positions": pack(positions), "tokens": tokens}


def read_matches(run: Run, submitted: int) -> Matches:
    """The matches that a finished run holds, of so many identifiers that were submitted."""
    starter, responder = part_bounds(run.contract)
    bound = responder if run.role == "starter" else starter
    return Matches(run.parts["positions"], run.parts["tokens"], submitted, bound)


def join_matches(parts: Sequence[tuple[Matches, bytes]], peer_bound: int) -> Matches:
    """The matches of all buckets, each with the places of its identifiers in the whole list, packed."""
    places = [
        np.frombuffer(listed, np.uint32)[np.frombuffer(found.places, np.uint32)] for found, listed in parts
    ]
    whole = np.concatenate(places)
    order = np.argsort(whole)
    tokens = read_pieces(b"".join(found.joined for found, _ in parts), TOKEN_SIZE)
    submitted = sum(found.submitted for found, _ in parts)
    return Matches(whole[order].tobytes(), tokens[order].tobytes(), submitted, peer_bound)


def pack(numbers: Sequence[int] | Places) -> bytes:
    """Numbers below 2^32 as bytes."""
    return np.asarray(numbers, dtype=np.uint32).tobytes()


def unpack(data: bytes) -> array[int]:
    """The inverse of `pack`."""
    numbers = array("I")
    numbers.frombytes(data)
    return numbers
