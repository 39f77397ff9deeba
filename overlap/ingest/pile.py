"""Records of one file as columns of text, whatever the file was: what every reader of this room gives.

Row numbers are record numbers as a spreadsheet shows them: the first record of the file is 1, preamble,
header and blank records counted; a line break inside a quoted cell does not begin a record.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.records import Rejected

#: A column of text: a pyarrow ChunkedArray of large_string without nulls or surrounding white space.
Column = Any

#: Bytes. A cell beyond this is no account data (a pasted document, a quote that swallowed rows); 1,000,000
#: is thirty times the longest text field of a CRM, and keeps one cell from costing the machine its memory.
MAX_CELL_BYTES: Final = 1_000_000

#: Reports end with a few lines that are not records; only that many last records are looked at for them.
FOOTER_RECORDS: Final = 20

#: How many records are searched for the header row.
PREVIEW_RECORDS: Final = 100

TOO_LARGE: Final = f"a cell is larger than {MAX_CELL_BYTES:,} bytes"
DAMAGED: Final = "a cell holds bytes that are not text"
FOOTER: Final = "footer of the report, not a record"

_FOOTER = re.compile(
    r"grand totals?( \([\d.,]+ records?\))?|(sub)?totals? \([\d.,]+ records?\)"
    r"|confidential information - do not distribute"
    r"|copyright .*(salesforce|all rights reserved).*"
    r"|(report )?generated (by|on|at):.*",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER_LIKE = re.compile(r"[^a-zA-Z]{0,40}|[A-Z]{3} ?[\d.,]{1,40}")


@dataclass(frozen=True)
class Records:
    """The chosen columns of the records below the header, their row numbers, and the rows left behind."""

    columns: Sequence[Column]
    rows: np.ndarray
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class Candidate:
    """One way to read a file: by this delimiter, or this worksheet.

    `preview` is its first records; `read(header, positions)` gives the columns at `positions` of all records
    after the record `header` (from 0).
    """

    delimiter: str
    preview: Sequence[Sequence[str]]
    read: Callable[[int, Sequence[int]], Records]


@dataclass(frozen=True)
class Opened:
    """A source whose bytes have been understood but whose columns have not."""

    encoding: str
    digest: str
    candidates: Sequence[Candidate]


def is_footer(cells: Sequence[str]) -> bool:
    """Whether a record is the last words of a report: a known phrase, and beside it nothing but totals."""
    first, *rest = [cell for cell in cells if cell.strip()] or [""]
    return bool(_FOOTER.fullmatch(first.strip())) and all(_NUMBER_LIKE.fullmatch(cell) for cell in rest)


def wrong_width(found: int, width: int) -> str:
    """The reason for a record that does not have one cell for each column of the header."""
    return f"the row has {found} cells, the header has {width}"


class Pile:
    """Collects batches of full-width records and keeps the wanted columns of the sound ones."""

    def __init__(self, width: int, positions: Sequence[int], *, damaged: bool = False) -> None:
        self._positions = positions
        self._damaged = damaged
        self._chunks: list[list[Any]] = [[] for _ in positions]
        self._kept: list[np.ndarray] = []
        self._bad: list[tuple[int, str]] = []
        self._tail: deque[tuple[int, tuple[str, ...]]] = deque(maxlen=FOOTER_RECORDS)
        self._width = width
        self.count = 0

    def add(self, arrays: Sequence[Any]) -> None:
        """Take one batch: an array of large_string for each column of the header, all of one length."""
        size = len(arrays[0])
        keep = ~_all_empty(arrays)
        for reason, mask in self._faults(arrays):
            self._bad += [(self.count + int(i), reason) for i in np.flatnonzero(mask & keep)]
            keep &= ~mask
        for index in np.flatnonzero(keep)[-FOOTER_RECORDS:]:
            self._tail.append((self.count + int(index), tuple(array[int(index)].as_py() for array in arrays)))
        chosen = None if keep.all() else pa.array(keep)
        for chunks, position in zip(self._chunks, self._positions, strict=True):
            array = arrays[position] if chosen is None else arrays[position].filter(chosen)
            chunks.append(pc.utf8_trim_whitespace(array))
        self._kept.append(self.count + np.flatnonzero(keep))
        self.count += size

    def finish(self, numbers: np.ndarray, rejected: Sequence[Rejected]) -> Records:
        """All records; `numbers[i]` is the row number of the i-th one given, `rejected` are others."""
        kept = np.concatenate([np.empty(0, np.int64), *self._kept])
        footers = [ordinal for ordinal, cells in self._tail if is_footer(cells)]
        sound = ~np.isin(kept, footers)
        columns = [pa.chunked_array(chunks, pa.large_string()) for chunks in self._chunks]
        if footers:
            columns = [column.filter(pa.array(sound)) for column in columns]
        faults = [*self._bad, *((ordinal, FOOTER) for ordinal in footers)]
        own = [Rejected(int(numbers[ordinal]), reason) for ordinal, reason in faults]
        return Records(columns, numbers[kept[sound]].astype(np.int64), (*rejected, *own))

    def _faults(self, arrays: Sequence[Any]) -> list[tuple[str, np.ndarray]]:
        faults = []
        lengths = [pc.binary_length(array) for array in arrays]
        if len(arrays[0]) and max(pc.max(length).as_py() for length in lengths) > MAX_CELL_BYTES:
            large = [_mask(pc.greater(length, MAX_CELL_BYTES)) for length in lengths]
            faults.append((TOO_LARGE, np.logical_or.reduce(large)))
        if self._damaged:
            broken = [_mask(pc.match_substring_regex(array, "[\\x00\ufffd]")) for array in arrays]
            faults.append((DAMAGED, np.logical_or.reduce(broken)))
        return faults


def _all_empty(arrays: Sequence[Any]) -> np.ndarray:
    empty = np.ones(len(arrays[0]), bool)
    for array in arrays:
        if not empty.any():
            break
        empty &= _mask(pc.equal(array, ""))
    return empty


def _mask(array: Any) -> np.ndarray:
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=bool)
