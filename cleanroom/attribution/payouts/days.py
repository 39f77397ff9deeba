"""Days, instants and statement periods. Everything is UTC; a day means the whole UTC day.

A day is an `int`: days since 1970-01-01. A period is a month, quarter, half or year, half-open, and has an id
such as `2026-Q1`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from cleanroom.moment import YEARS

__all__ = ["PERIODS", "Period", "period_of", "read_day", "read_instant", "span_of"]

SECONDS_A_DAY: Final = 86_400
#: Name of a period's length to its months.
PERIODS: Final = {"month": 1, "quarter": 3, "half": 6, "year": 12}

_EPOCH: Final = date(1970, 1, 1)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)


class Period(NamedTuple):
    """A statement period: its id, its first day, and the first day after it."""

    name: str
    start: int
    end: int


@lru_cache(maxsize=65_536)
def read_day(text: str) -> int | None:
    """Days since 1970 of `2026-05-03`; None when there is no such day in YEARS."""
    if not _DAY.fullmatch(text) or int(text[:4]) not in YEARS:
        return None
    try:
        return (date.fromisoformat(text) - _EPOCH).days
    except ValueError:
        return None


def read_instant(text: str, zone: tzinfo | None = None) -> int | str:
    """Unix seconds of a day (its first second) or an instant; else the code of what is wrong.

    A time without zone is taken in `zone` when one is named, and refused otherwise.
    """
    day = read_day(text)
    if day is not None:
        return day * SECONDS_A_DAY
    found = _INSTANT.fullmatch(text)
    if found is None or int(text[:4]) not in YEARS:
        return "date-unreadable"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "date-unreadable"
    if found[2] is None:
        if zone is None:
            return "date-without-zone"
        moment = moment.replace(tzinfo=zone)
    moment = moment.astimezone(UTC)
    return (moment.date() - _EPOCH).days * SECONDS_A_DAY + (
        moment.hour * 3_600 + moment.minute * 60 + moment.second
    )


@lru_cache(maxsize=65_536)
def period_of(day: int, length: str) -> Period:
    """The period of that length (a name of PERIODS) in which the day lies."""
    months = PERIODS[length]
    there = _EPOCH + timedelta(days=day)
    number = (there.month - 1) // months
    start = date(there.year, number * months + 1, 1)
    after = start.month + months
    end = date(start.year + 1, 1, 1) if after > 12 else date(start.year, after, 1)
    return Period(_name(start, length, number), (start - _EPOCH).days, (end - _EPOCH).days)


def span_of(day: int, over: str, period: str) -> str:
    """The id of the stretch over which a rule counts: the plan's `period`, a `year`, or a `lifetime`."""
    if over == "lifetime":
        return "lifetime"
    return period_of(day, period if over == "period" else over).name


def _name(start: date, length: str, number: int) -> str:
    if length == "year":
        return f"{start.year}"
    if length == "month":
        return f"{start.year}-{start.month:02d}"
    return f"{start.year}-{'Q' if length == 'quarter' else 'H'}{number + 1}"
