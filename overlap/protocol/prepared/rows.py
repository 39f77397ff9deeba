"""Identifiers with their K and the place of the tag by which each is known: what both sides keep of a list.

    overlap-prepared-rows/1\\n
    state 32 bytes · count 8 bytes · lengths of the identifiers, 4 bytes each · K, 32 bytes each
    places, 4 bytes each · identifiers

Numbers are big-endian. All of it is secret: K tells whether an identifier is in the prepared list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from overlap.errors import BadInput
from overlap.protocol.body import ELEMENT_SIZE
from overlap.protocol.prepared.sets import Places
from overlap.protocol.prepared.terms import NO_PLACE, PLACE_SIZE

ROWS_LINE: Final = b"overlap-prepared-rows/1\n"
STATE_SIZE: Final = 32
_HEAD: Final = len(ROWS_LINE) + STATE_SIZE + 8


@dataclass(frozen=True)
class Rows:
    """`ends` says where each identifier ends in `text`; `keys` are 32 bytes each; a place may be NO_PLACE."""

    text: bytes
    ends: npt.NDArray[np.int64]
    keys: bytes
    places: Places

    @staticmethod
    def of(identifiers: Sequence[bytes], keys: bytes, places: Places) -> Rows:
        """The rows of these identifiers, in their order."""
        lengths = np.fromiter(map(len, identifiers), np.int64, len(identifiers))
        return Rows(b"".join(identifiers), np.cumsum(lengths), keys, places)

    def __len__(self) -> int:
        return len(self.ends)

    def identifiers(self) -> list[bytes]:
        """All identifiers, in order."""
        return self._texts(np.arange(len(self)))

    def pairs(self, positions: npt.NDArray[np.int64]) -> list[tuple[bytes, bytes]]:
        """Identifier and K at each of `positions`."""
        keys = (self.keys[at * ELEMENT_SIZE : (at + 1) * ELEMENT_SIZE] for at in positions.tolist())
        return list(zip(self._texts(positions), keys, strict=True))

    def select(self, positions: npt.NDArray[np.int64]) -> tuple[bytes, Places]:
        """K, joined, and the places at `positions`."""
        keys = np.frombuffer(self.keys, np.uint8).reshape(-1, ELEMENT_SIZE)
        return keys[positions].tobytes(), self.places[positions]

    def to_bytes(self, state: bytes) -> bytes:
        """The rows as they belong to the list's `state`."""
        lengths = np.diff(self.ends, prepend=np.int64(0)).astype(">u4").tobytes()
        count = len(self).to_bytes(8, "big")
        places = self.places.astype(">u4").tobytes()
        return b"".join((ROWS_LINE, state, count, lengths, self.keys, places, self.text))

    @staticmethod
    def from_bytes(data: bytes, state: bytes) -> Rows:
        """The inverse of `to_bytes`; BadInput for anything else, and for the rows of another state."""
        count = int.from_bytes(data[_HEAD - 8 : _HEAD], "big")
        keys_at = _HEAD + count * PLACE_SIZE
        places_at = keys_at + count * ELEMENT_SIZE
        text_at = places_at + count * PLACE_SIZE
        good = data.startswith(ROWS_LINE + state) and len(data) >= max(_HEAD, text_at)
        if good:
            lengths = np.frombuffer(data, ">u4", count, _HEAD)
            ends = np.cumsum(lengths, dtype=np.int64)
            good = (int(ends[-1]) if count else 0) == len(data) - text_at
        if not good:
            raise BadInput("these are not the rows of this list", "restore them, or prepare the list again")
        places = np.frombuffer(data, ">u4", count, places_at).astype(np.uint32)
        return Rows(data[text_at:], ends, data[keys_at:places_at], places)

    def _texts(self, positions: npt.NDArray[np.int64]) -> list[bytes]:
        begins = np.concatenate([np.zeros(1, np.int64), self.ends])
        first, last = begins[positions].tolist(), begins[positions + 1].tolist()
        return [self.text[begin:end] for begin, end in zip(first, last, strict=True)]

    def __repr__(self) -> str:
        return f"Rows({len(self)})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("what is known of a prepared list is not pickled")


def no_rows() -> Rows:
    """No identifier."""
    return Rows(b"", np.zeros(0, np.int64), b"", no_places(0))


def no_places(count: int) -> Places:
    """Places of `count` identifiers that are not in the list."""
    return np.full(count, NO_PLACE, np.uint32)
