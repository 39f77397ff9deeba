"""Days and instants: what decides credit is compared in UTC, so a time must say its zone.

A day is the whole UTC day (YYYY-MM-DD); an instant is a second (YYYY-MM-DDTHH:MM:SSZ). A day may be written
in every form that `dates` reads. A time without a zone is not guessed at: its rows are pointed out, unless
the caller names the zone.
"""

from __future__ import annotations

import datetime
import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.errors import UsageError
from overlap.ingest.dates import iso_days
from overlap.ingest.draft import mask
from overlap.ingest.pile import Column
from overlap.ingest.values import by_distinct
from overlap.ingest.zones import zone_of

#: The reason for a row whose time cannot be compared with others.
NO_ZONE: Final = "its time has no zone; write it with one, or give --zone"

_PLAIN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"
_HAS_TIME = r"[0-9][T ,]+[0-9]{1,2}:[0-9]{2}|[0-9]T[0-9]{6}"
_MILLISECONDS = re.compile(r"[0-9]{12,13}")
_TIME = re.compile(
    r"^(?P<day>.*?[0-9])[T ,]+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,][0-9]+)?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?$"
)


def moments(column: Column, profile: str, zone: datetime.tzinfo | None) -> tuple[Column, int, np.ndarray]:
    """The column as days and instants, how many non-empty cells were unreadable (now ""), and which rows
    have a time without a zone (now "" as well; all False when `zone` is given)."""
    plain = mask(pc.match_substring_regex(column, _PLAIN))
    timed = mask(pc.match_substring_regex(column, _HAS_TIME)) & ~plain
    counted = mask(pc.match_substring_regex(column, r"^[0-9]{12,13}$"))
    days, lost = iso_days(_only(column, ~(plain | timed | counted)), profile)
    if not (plain.any() or timed.any() or counted.any()):
        return days, lost, np.zeros(len(column), bool)
    texts = _only(column, timed | counted)
    order = _orders(column, timed, profile)
    instants, missing = by_distinct(texts, lambda each: [_instant(text, order, zone) for text in each])
    zoneless = mask(pc.equal(instants, _ZONELESS))
    result = np.asarray(days.to_pylist(), dtype=object)
    changed = timed | counted
    result[changed] = np.asarray(instants.to_pylist(), dtype=object)[changed]
    result[zoneless] = ""
    if plain.any():
        exact, impossible = _checked(column, plain)
        result[plain] = exact
        lost += impossible
    return pa.chunked_array([pa.array(result, pa.large_string())]), lost + missing, zoneless


def utc_days(column: Column, profile: str) -> tuple[Column, int]:
    """The column as UTC days: an instant with a zone is the day it falls on there, all else as `iso_days`."""
    shifted = mask(pc.match_substring_regex(column, r"[0-9] ?[+-][0-9]{2}:?[0-9]{2}$"))
    timed = mask(pc.match_substring_regex(column, _HAS_TIME)) & shifted
    if not timed.any():
        return iso_days(column, profile)
    instants, _, _ = moments(_only(column, timed), profile, None)
    days, _ = iso_days(instants, profile)
    rest, lost = iso_days(_only(column, ~timed), profile)
    unreadable = int((timed & mask(pc.equal(days, ""))).sum())
    return pa.chunked_array([pc.if_else(pa.array(timed), _whole(days), _whole(rest))]), lost + unreadable


_ZONELESS: Final = "no zone"


def _only(column: Column, chosen: np.ndarray) -> Column:
    return pa.chunked_array([pc.if_else(pa.array(chosen), _whole(column), pa.scalar("", pa.large_string()))])


def _whole(column: Column) -> Column:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _checked(column: Column, plain: np.ndarray) -> tuple[np.ndarray, int]:
    """The instants in their one form, "" for a day that no month has, and how many there are of these."""
    texts = column.filter(pa.array(plain))
    days, lost = iso_days(pc.utf8_slice_codeunits(texts, 0, 10), "generic")
    found = np.asarray(texts.to_pylist(), dtype=object)
    found[mask(pc.equal(days, ""))] = ""
    return found, lost


def _orders(column: Column, timed: np.ndarray, profile: str) -> dict[str, str]:
    """Day part to ISO day, for the cells with a time, read as one column so that each proves for all."""
    parts = sorted({_day_part(text) for text in column.filter(pa.array(timed)).to_pylist()} - {""})
    days, _ = iso_days(pa.chunked_array([pa.array(parts, pa.large_string())]), profile)
    return dict(zip(parts, days.to_pylist(), strict=True))


def _day_part(text: str) -> str:
    found = _TIME.match(text)
    return found["day"].strip() if found else ""


def _instant(text: str, days: dict[str, str], zone: datetime.tzinfo | None) -> str | None:
    if _MILLISECONDS.fullmatch(text):
        return _iso(datetime.datetime.fromtimestamp(int(text) // 1000, datetime.UTC))
    found = _TIME.match(text)
    day = days.get(_day_part(text), "")
    if found is None or not day:
        return None
    if not found["zone"] and zone is None:
        return _ZONELESS
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    try:
        at = zone_of(found["zone"]) if found["zone"] else zone
        local = datetime.datetime.fromisoformat(day).replace(
            hour=hour, minute=int(found["minute"]), second=int(found["second"] or 0), tzinfo=at
        )
        return _iso(local.astimezone(datetime.UTC))
    except (ValueError, OverflowError, UsageError):
        return None


def _iso(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
