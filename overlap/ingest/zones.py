"""Time zones as people name them."""

from __future__ import annotations

import datetime
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from overlap.errors import UsageError

_OFFSET = re.compile(r"([+-])([0-9]{2})(?::?([0-9]{2}))?")


def zone_of(text: str) -> datetime.tzinfo | None:
    """The zone named by "UTC", an offset such as "+02:00", or an IANA name; None for "".

    Raises UsageError for any other text.
    """
    if not text:
        return None
    if text.upper() in ("Z", "UTC", "GMT"):
        return datetime.UTC
    if found := _OFFSET.fullmatch(text):
        return _offset(found)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            "there is no such time zone", "give an offset such as +02:00, or a name such as Europe/Berlin"
        ) from error


def _offset(found: re.Match[str]) -> datetime.tzinfo:
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > 14 or minutes > 59:
        raise UsageError("there is no such time zone", "offsets reach from -14:00 to +14:00")
    delta = datetime.timedelta(hours=hours, minutes=minutes)
    return datetime.timezone(-delta if found[1] == "-" else delta)
