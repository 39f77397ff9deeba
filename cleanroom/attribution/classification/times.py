"""Days and instants as pairs of seconds: a day is all of its seconds, so what shares a day is not later."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Unix seconds of "never said". Smaller than every second there is.
NEVER: Final = -(2**60)
DAY: Final = 86_400

_EPOCH: Final = date(1970, 1, 1)
_SHIFT: Final = 2**32
_SPAN: Final = 2**34


def span_of(text: str) -> tuple[int, int]:
    """First and last second of a day (YYYY-MM-DD) or an instant (YYYY-MM-DDTHH:MM:SSZ); NEVER for neither."""
    form = {10: "%Y-%m-%d", 20: "%Y-%m-%dT%H:%M:%SZ"}.get(len(text))
    try:
        moment = datetime.strptime(text, form) if form else None
    except ValueError:
        moment = None
    if moment is None or not 1900 <= moment.year < 2200:
        return NEVER, NEVER
    start = int(moment.replace(tzinfo=UTC).timestamp())
    return start, start + (DAY - 1 if len(text) == 10 else 0)


def spans(texts: Any) -> tuple[np.ndarray, np.ndarray]:
    """First and last seconds (int64) of a column of texts, as `span_of` gives them one by one."""
    column = pa.array(texts, pa.large_string()) if not isinstance(texts, pa.Array) else texts
    instants = np.asarray(
        pc.match_substring_regex(column, r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"), dtype=bool
    )
    start = np.full(len(column), NEVER, np.int64)
    end = start.copy()
    if instants.any():
        try:
            cut = pc.utf8_slice_codeunits(column.filter(pa.array(instants)), 0, 19)
            start[instants] = np.asarray(pc.cast(pc.cast(cut, pa.timestamp("s")), pa.int64()))
            end[instants] = start[instants]
        except pa.ArrowInvalid:
            instants[:] = False
    rest = ~instants
    if rest.any():
        encoded = column.filter(pa.array(rest)).dictionary_encode()
        known = [span_of(text) for text in encoded.dictionary.to_pylist()] or [(NEVER, NEVER)]
        at = np.asarray(encoded.indices)
        start[rest] = np.array([one[0] for one in known], np.int64)[at]
        end[rest] = np.array([one[1] for one in known], np.int64)[at]
    return start, end


def day_number(seconds: np.ndarray) -> np.ndarray:
    """UTC days since 1970; NEVER stays far before every day."""
    return np.asarray(np.floor_divide(seconds, DAY))


def keyed(groups: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """One sortable number for (group below 2^29, second of the years 1900 to 2199)."""
    return np.asarray(groups.astype(np.int64) * _SPAN + np.clip(seconds + _SHIFT, 0, _SPAN - 1))


def iso_day(day: int) -> str:
    """A day since 1970 as YYYY-MM-DD."""
    return (_EPOCH + timedelta(days=day)).isoformat()


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
