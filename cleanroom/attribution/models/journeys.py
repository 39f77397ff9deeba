"""Journeys: which partners were met on the way, in order, how often that ended well, and how often not.

Whoever wrote the rows in another order gets the same bits: equal paths are merged, and the distinct ones are
sorted by their text before anything is added up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.errors import BadInput, Refused

#: Between two steps of a path.
SEPARATOR: Final = " > "

#: Counts are added up in doubles, which are exact up to here.
EXACT: Final = 2**53

#: Steps of all distinct journeys together; about 8 bytes each, several times over.
STEPS_LIMIT: Final = 50_000_000

#: Arrays of float64 and of whole numbers; the stubs of numpy know no dtype for half of what is done here.
Floats = np.ndarray[Any, Any]
Ints = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Pairs:
    """Each distinct partner of each journey once, by journey; `of_step` is the pair of every step."""

    journey: Ints
    partner: Ints
    of_step: Ints


@dataclass(frozen=True)
class Journeys:
    """Distinct journeys in the order of their text.

    `steps[starts[i]:starts[i + 1]]` are the places in `partners` (sorted) of journey i, never empty;
    `conversions`, `values` and `nulls` are whole numbers, amounts and whole numbers of that journey.
    `pathless` has the conversions, their value and the lost journeys of rows that name no partner: they are
    credited to nobody and are in no model.
    """

    partners: tuple[str, ...]
    steps: Ints
    starts: Ints
    conversions: Floats
    values: Floats
    nulls: Floats
    pathless: tuple[int, float, int] = (0, 0.0, 0)
    _cache: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def lengths(self) -> Ints:
        """Steps of each journey."""
        return np.diff(self.starts)

    @cached_property
    def total(self) -> int:
        """How many journeys there are, repeated ones counted each time."""
        return int(self.conversions.sum() + self.nulls.sum())

    @cached_property
    def pairs(self) -> Pairs:
        """The distinct partners of each journey."""
        size = max(len(self.partners), 1)
        keys = np.repeat(np.arange(len(self.lengths)), self.lengths) * size + self.steps
        distinct, of_step = np.unique(keys, return_inverse=True)
        return Pairs(distinct // size, distinct % size, of_step)

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of everything that a model sees."""
        state = hashlib.sha256(b"overlap journeys 1\n" + "\n".join(self.partners).encode())
        for column in (self.steps, self.starts, self.conversions, self.values, self.nulls):
            state.update(np.ascontiguousarray(column).astype(column.dtype.newbyteorder("<")).tobytes())
        return state.digest()

    def without_lost(self) -> Journeys:
        """The same journeys as if none had been lost."""
        kept = self.conversions > 0
        lengths = self.lengths[kept]
        return Journeys(
            self.partners,
            self.steps[np.repeat(kept, self.lengths)],
            np.concatenate(([0], np.cumsum(lengths))),
            self.conversions[kept],
            self.values[kept],
            np.zeros(len(lengths)),
            (self.pathless[0], self.pathless[1], 0),
        )


def gather(
    paths: Sequence[str] | Any,
    conversions: Sequence[int] | Any,
    values: Sequence[float] | Any | None = None,
    nulls: Sequence[int] | Any | None = None,
) -> Journeys:
    """Journeys from rows; `paths` is a sequence of texts or a pyarrow array of strings, one a row.

    Steps are parted by ` > ` and stripped of white space. A row without any partner is counted in `pathless`.
    Raises BadInput for a step without a name (`blank-step`) and for counts that are negative, fractional or
    above 2^53, Refused above STEPS_LIMIT.
    """
    texts = pa.array(paths, pa.string()) if not isinstance(paths, pa.Array | pa.ChunkedArray) else paths
    converted, lost = _counts(conversions, len(texts)), _counts(nulls, len(texts))
    worth = np.zeros(len(texts)) if values is None else np.asarray(values, np.float64)
    if not np.isfinite(worth).all() or not converted.sum() + lost.sum() < EXACT:
        raise BadInput("a count or value is too large", "at most 2^53 in sum")
    coded = pc.dictionary_encode(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    codes, distinct = coded.indices.to_numpy(zero_copy_only=False), coded.dictionary
    codes, distinct, words, starts = _split(codes, distinct)
    order = pc.sort_indices(distinct).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    rows = rank[codes]
    partners, steps = _number(words)
    lengths = np.diff(starts)[order]
    begins = np.concatenate(([0], np.cumsum(lengths)))
    if begins[-1] > STEPS_LIMIT:
        raise Refused(f"the journeys have {begins[-1]:,} steps", f"at most {STEPS_LIMIT:,} are read at once")
    within = np.arange(begins[-1]) - np.repeat(begins[:-1], lengths)
    steps = steps[np.repeat(starts[:-1][order], lengths) + within]
    size = len(order)
    columns = (np.bincount(rows, converted, size), _add(rows, worth, size), np.bincount(rows, lost, size))
    # The text without a partner sorts first.
    if size and lengths[0] == 0:
        apart = tuple(column[0] for column in columns)
        columns = (columns[0][1:], columns[1][1:], columns[2][1:])
        return Journeys(
            partners, steps, begins[1:], *columns, (int(apart[0]), float(apart[1]), int(apart[2]))
        )
    return Journeys(partners, steps, begins, *columns)


def _counts(given: Any, size: int) -> Floats:
    if given is None:
        return np.zeros(size)
    counts = np.asarray(given, np.float64)
    if not ((counts >= 0) & (counts == np.floor(counts)) & (counts < EXACT)).all():
        raise BadInput("a count is negative, fractional or too large", "counts are whole numbers from 0 on")
    return counts


def _split(codes: Ints, texts: Any) -> tuple[Ints, Any, Any, Ints]:
    """Codes of rows, distinct texts written in one way, the words of all texts, where each begins."""
    texts = pc.fill_null(texts, "")
    parts = pc.split_pattern(texts, SEPARATOR)
    words, starts = pc.utf8_trim_whitespace(parts.flatten()), parts.offsets.to_numpy().astype(np.int64)
    starts = starts - (starts[0] if len(starts) else 0)
    # A sign that lost its space at an end of the text separates nothing from something, too.
    blank = pc.match_substring_regex(words, "^$|^>( |$)|(^| )>$").to_numpy(zero_copy_only=False)
    if blank.any():
        empty = pc.equal(pc.utf8_trim_whitespace(texts), "").to_numpy(zero_copy_only=False)
        owner = np.repeat(np.arange(len(texts)), np.diff(starts))
        if (blank & ~empty[owner]).any():
            rows = np.flatnonzero(np.isin(codes, owner[blank & ~empty[owner]]))
            more = f" and {len(rows) - 1:,} more" if len(rows) > 1 else ""
            raise BadInput(
                f"row {rows[0] + 2}{more}: a step has no name (blank-step)",
                f"steps are joined by '{SEPARATOR}', each with a name",
            )
        words = words.filter(pa.array(~blank))
        starts = np.concatenate(([0], np.cumsum(np.diff(starts) - empty)))
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(starts, pa.int32()), words), SEPARATOR)
    merged = pc.dictionary_encode(joined)
    if len(merged.dictionary) == len(texts):
        return codes, joined, words, starts
    again = merged.indices.to_numpy()
    first = np.unique(again, return_index=True)[1]
    lengths = np.diff(starts)
    kept = np.zeros(len(texts), bool)
    kept[first] = True
    words = words.filter(pa.array(np.repeat(kept, lengths)))
    return again[codes], merged.dictionary, words, np.concatenate(([0], np.cumsum(lengths[kept])))


def _number(words: Any) -> tuple[tuple[str, ...], Ints]:
    """The partners in the order of their names, and the place in them of every word."""
    coded = pc.dictionary_encode(words)
    order = pc.sort_indices(coded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return tuple(coded.dictionary.take(pa.array(order)).to_pylist()), rank[coded.indices.to_numpy()]


def _add(rows: Ints, worth: Floats, size: int) -> Floats:
    """Sums by row; what is not whole is added smallest first, so that the order of the rows is no matter."""
    if (worth == np.floor(worth)).all() and np.abs(worth).sum() < EXACT:
        return np.bincount(rows, worth, size)
    order = np.lexsort((worth, rows))
    return np.bincount(rows[order], worth[order], size)
