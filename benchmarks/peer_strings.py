"""The strings of a benchmark: two files, and the truth about them.

Whole lists are numpy arrays of fixed width, so that ten millions of strings fit where Python's would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.bytes_]

HEADING = b"id\n"
ENDING = b".com\n"
#: 16 hex digits, ".com", and the end of the line.
WIDTH = 16 + len(ENDING)

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_PIECE = 2**20


@dataclass(frozen=True)
class Strings:
    """`count` strings a side in files with the heading `id`; every second one is common."""

    count: int
    files: dict[str, Path]
    common: Words

    def of(self, role: str) -> Words:
        """The list of a side, in its order."""
        return read_words(self.files[role])


def draw_strings(count: int, seed: int, folder: Path) -> Strings:
    """Files for both sides in `folder`, each in an order of its own. The same numbers give the same bytes."""
    rng = np.random.default_rng(seed)
    shared = count // 2
    values = _distinct(2 * count - shared, rng)
    sides = {"starter": values[:count], "responder": values[count - shared :]}
    files = {}
    for role, side in sides.items():
        files[role] = folder / f"{role}.csv"
        with files[role].open("wb") as file:
            file.write(HEADING)
            ordered = rng.permutation(side)
            for start in range(0, count, _PIECE):
                file.write(_lines(ordered[start : start + _PIECE]))
    common = np.frombuffer(_lines(values[count - shared : count]), dtype=f"S{WIDTH}")
    return Strings(count, files, np.sort(common))


def read_words(path: Path) -> Words:
    """The lines of a file behind its heading, each with its end, as one array of fixed width."""
    data = path.read_bytes()
    return np.frombuffer(data, dtype=f"S{WIDTH}", offset=data.index(b"\n") + 1)


def _distinct(count: int, rng: np.random.Generator) -> npt.NDArray[np.uint64]:
    """Different numbers in random order."""
    while True:
        values = rng.integers(0, 2**64, size=count, dtype=np.uint64)
        if len(np.unique(values)) == count:
            return values


def _lines(values: npt.NDArray[np.uint64]) -> bytes:
    octets = values.astype(">u8").view(np.uint8).reshape(len(values), 8)
    lines = np.empty((len(values), WIDTH), dtype=np.uint8)
    lines[:, 0:16:2] = _HEX[octets >> 4]
    lines[:, 1:16:2] = _HEX[octets & 15]
    lines[:, 16:] = np.frombuffer(ENDING, dtype=np.uint8)
    return lines.tobytes()
