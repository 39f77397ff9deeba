"""The one way in which a second or a day is written for people and files: RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

#: Years that a day may lie in: what is beyond is a slip, and calendars end.
YEARS: Final = range(1900, 2200)

_EPOCH: Final = date(1970, 1, 1)


def moment_of(second: int) -> str:
    """Unix seconds as RFC 3339 in UTC, such as 2026-11-22T10:00:00Z."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=65_536)
def iso_day(day: int) -> str:
    """A day since 1970 as YYYY-MM-DD."""
    return (_EPOCH + timedelta(days=day)).isoformat()
