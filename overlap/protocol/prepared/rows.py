"""Identifiers with their K and the place of the tag by which each is known: what both sides keep of a list.

    overlap-prepared-rows/1\\n
    state 32 bytes · count 8 bytes · where each identifier ends in the text, 8 bytes each
    places, 4 bytes each · K, 32 bytes each · text: the identifiers

The count is big-endian; the other numbers are little-endian and read where they lie, a million at a time.
All of it is secret: K tells whether an identifier is in the prepared list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from overlap.errors import BadInput
from overlap.protocol.body import ELEMENT_SIZE
from overlap.protocol.prepared.terms import NO_PLACE, PLACE_SIZE

ROWS_LINE: Final = b"overlap-prepared-rows/1\n"
STATE_SIZE: Final = 32
_END_SIZE: Final = 8
_HEAD: Final = len(ROWS_LINE) + STATE_SIZE + 8


Places = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Rows:
    """`ends` says where each identifier ends in `text`; `keys` are 32 bytes each; a place may be NO_PLACE."""

    text: bytes | memoryview
    ends: npt.NDArray[np.int64]
    keys: bytes | memoryview
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
        keys = (bytes(self.keys[at * ELEMENT_SIZE : (at + 1) * ELEMENT_SIZE]) for at in positions.tolist())
        return list(zip(self._texts(positions), keys, strict=True))

    def at_places(self, count: int, places: Places) -> npt.NDArray[np.int64]:
        """The position of the identifier at each of `places`, all below `count`; -1 where there is none."""
        position = np.full(count, NO_PLACE, np.uint32)
        position[self.places] = np.arange(len(self), dtype=np.uint32)
        found = position[places].astype(np.int64)
        return np.where(found == NO_PLACE, -1, found)

    def select(self, positions: npt.NDArray[np.int64]) -> tuple[bytes, Places]:
        """K, joined, and the places at `positions`."""
        keys = np.frombuffer(self.keys, np.uint8).reshape(-1, ELEMENT_SIZE)
        return keys[positions].tobytes(), self.places[positions]

    def to_bytes(self, state: bytes) -> bytes:
        """The rows as they belong to the list's `state`."""
        count = len(self).to_bytes(8, "big")
        ends, places = self.ends.astype("<i8").tobytes(), self.places.astype("<u4").tobytes()
        return b"".join((ROWS_LINE, state, count, ends, places, self.keys, self.text))

    @staticmethod
    def from_bytes(data: bytes, state: bytes) -> Rows:
        """The inverse of `to_bytes`; BadInput for anything else, and for the rows of another state."""
        count = int.from_bytes(data[_HEAD - 8 : _HEAD], "big")
        places_at = _HEAD + count * _END_SIZE
        keys_at = places_at + count * PLACE_SIZE
        text_at = keys_at + count * ELEMENT_SIZE
        good = data.startswith(ROWS_LINE + state) and len(data) >= max(_HEAD, text_at)
        if good:
            ends = np.frombuffer(data, "<i8", count, _HEAD)
            good = (int(ends[-1]) if count else 0) == len(data) - text_at
        if not good:
            raise BadInput("these are not the rows of this list", "restore them, or prepare the list again")
        places, view = np.frombuffer(data, "<u4", count, places_at), memoryview(data)
        return Rows(view[text_at:], ends, view[keys_at:text_at], places)

    def _texts(self, positions: npt.NDArray[np.int64]) -> list[bytes]:
        first = np.where(positions > 0, self.ends[positions - 1], 0) if len(positions) else positions
        spans = zip(first.tolist(), self.ends[positions].tolist(), strict=True)
        return [bytes(self.text[begin:end]) for begin, end in spans]

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
