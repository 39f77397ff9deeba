"""What one party may ask of a room, so that no party crowds out another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cleanroom.room.problem import too_much

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Quotas:
    """For each party: requests a minute, bytes of its messages that wait at once, messages and counts that
    are open at once, and shares that are not ended. For all together: bytes on the room's disk."""

    requests: int = 600
    stored_bytes: int = 4 * 2**30
    open_messages: int = 1_000
    open_counts: int = 20
    open_shares: int = 10_000
    disk_bytes: int = 64 * 2**30


class Rate:
    """Requests a minute for each party: a bucket that is full at first and refills evenly."""

    def __init__(self, quotas: Quotas, tick: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._tick = quotas.requests, tick
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, party: str) -> None:
        """Count one request; a problem when the party has none left."""
        now = self._tick()
        left, since = self._buckets.get(party, (float(self._limit), now))
        left = min(self._limit, left + (now - since) * self._limit / _MINUTE)
        self._buckets[party] = (max(0.0, left - 1), now)
        if left < 1:
            seconds = max(1, round(_MINUTE / self._limit))
            what = f"the party has made its {self._limit:,} requests of this minute"
            raise too_much(what, "ask less often, or ask the room's operator for more", seconds)
