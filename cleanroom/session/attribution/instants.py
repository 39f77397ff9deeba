"""Times as people write them: a day, which is its first second in UTC, or an instant with its zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cleanroom.attribution import payouts
from overlap.errors import UsageError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def instant_of(text: str) -> int:
    """Unix seconds of an ISO day or instant; UsageError for anything else, and for a time without zone."""
    hint = "write a day such as 2026-05-03, or a time such as 2026-05-03T10:00:00+02:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("this is not a day or a time", hint) from error
    if _DAY.fullmatch(text):
        moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise UsageError("a time without zone could be any of two days", hint)
    return int(moment.timestamp())


def day_in_window(text: str) -> int | None:
    """Days since 1970 of the day (YYYY-MM-DD) at one end of a window, None for ""; UsageError for no day."""
    if not text:
        return None
    day = payouts.read_day(text)
    if day is None:
        raise UsageError("a window begins and ends with a day", "write days as 2026-05-03")
    return day
