"""Days and instants as pairs of seconds: a day is all of its seconds, so what shares a day is not later."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.moment import YEARS

#: Unix seconds of "never said". Smaller than every second there is.
NEVER: Final = -(2**60)
DAY: Final = 86_400

#: The first day of each month of YEARS, and of the one after.
_MONTHS: Final = (
    np.arange(f"{YEARS.start}-01", f"{YEARS.stop}-02", dtype="datetime64[M]")
    .astype("datetime64[D]")
    .astype(np.int32)
)
_FORM: Final = b"0000-00-00T00:00:00Z"
_ZERO: Final = ord("0")
_DAY_LENGTH: Final = 10
_INSTANT_LENGTH: Final = len(_FORM)
_SHIFT: Final = 2**32
_SPAN: Final = 2**34


def span_of(text: str) -> tuple[int, int]:
    """First and last second of a day (YYYY-MM-DD) or an instant (YYYY-MM-DDTHH:MM:SSZ); NEVER for neither."""
    start, end = spans(pa.array([text], pa.large_string()))
    return int(start[0]), int(end[0])


def spans(texts: Any) -> tuple[np.ndarray, np.ndarray]:
    """First and last seconds (int64) of texts (pyarrow strings without nulls); both NEVER for what is neither
    a day YYYY-MM-DD nor an instant YYYY-MM-DDTHH:MM:SSZ of YEARS.
    """
    lengths = np.asarray(pc.binary_length(texts))
    start = np.full(len(lengths), NEVER, np.int64)
    end = start.copy()
    for length, more in ((_DAY_LENGTH, DAY - 1), (_INSTANT_LENGTH, 0)):
        fits = lengths == length
        if fits.any():
            known, second = _seconds(_characters(texts.filter(pa.array(fits)), length))
            start[fits] = np.where(known, second, NEVER)
            end[fits] = np.where(known, second + more, NEVER)
    return start, end


def _characters(texts: Any, length: int) -> np.ndarray:
    """The bytes of texts that all have `length` of them, one row a place."""
    _, _, data = texts.cast(pa.large_string()).buffers()
    return np.ascontiguousarray(np.frombuffer(data, np.uint8, len(texts) * length).reshape(-1, length).T)


def _seconds(characters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which texts are a day or an instant, and its (first) second."""
    known = np.ones(characters.shape[1], bool)
    digits = []
    for found, wanted in zip(characters, _FORM, strict=False):
        if wanted == _ZERO:
            # What is below "0" wraps round to a large number.
            digits.append(found - np.uint8(_ZERO))
            known &= digits[-1] <= 9
        else:
            known &= found == wanted
    tens = [10 * high.astype(np.int32) + low for high, low in zip(digits[::2], digits[1::2], strict=True)]
    year, (month, day, *clock) = 100 * tens[0] + tens[1], tens[2:]
    known &= (year >= YEARS.start) & (year < YEARS.stop) & (month >= 1) & (month <= 12)
    month = np.where(known, (year - YEARS.start) * 12 + month - 1, 0)
    day += _MONTHS[month] - 1
    known &= (day >= _MONTHS[month]) & (day < _MONTHS[month + 1])
    second = day.astype(np.int64) * DAY
    for value, limit, unit in zip(clock, (24, 60, 60), (3_600, 60, 1), strict=False):
        known &= value < limit
        second += value * unit
    return known, second


def day_number(seconds: np.ndarray) -> np.ndarray:
    """UTC days since 1970; NEVER stays far before every day."""
    return np.asarray(np.floor_divide(seconds, DAY))


def keyed(groups: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """One sortable number for (group below 2^29, second of the years 1900 to 2199)."""
    return np.asarray(groups.astype(np.int64) * _SPAN + np.clip(seconds + _SHIFT, 0, _SPAN - 1))


def day_text(seconds: np.ndarray) -> Any:
    """Seconds as YYYY-MM-DD (pyarrow strings), "" for NEVER."""
    known = seconds != NEVER
    days = np.where(known, day_number(seconds), 0).astype(np.int32)
    texts = pc.cast(pa.array(days, pa.int32()).cast(pa.date32()), pa.string())
    return pc.if_else(pa.array(known), texts, "")


def span_text(start: np.ndarray, end: np.ndarray) -> Any:
    """Spans in the form in which they were written (pyarrow strings): a day, an instant, "" for NEVER."""
    days = day_text(start)
    exact = (start == end) & (start != NEVER)
    if not exact.any():
        return days
    seconds = pa.array(np.where(exact, start, 0), pa.int64()).cast(pa.timestamp("s"))
    spaced = pc.binary_replace_slice(pc.cast(seconds, pa.string()), 10, 11, "T")
    return pc.if_else(pa.array(exact), pc.binary_join_element_wise(spaced, "Z", ""), days)
