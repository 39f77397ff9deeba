"""How much of its disk a room uses, whatever all parties together send: quotas are for each, and parties
invite others.

Messages count by their announced sizes from the announcement to the removal, everything else by its files: as
they were at the last look, and what was taken in since. At the limit nothing new is taken: no message, share,
list or card. What a share that is here needs goes on (leases, ends and what both sign), because a promise
depends on it.
"""

from __future__ import annotations

from threading import Lock

from cleanroom.room.files import RoomFiles
from cleanroom.room.problem import Problem, too_large
from overlap.errors import Unreachable


class Disk:
    """The bytes of a room's files and their limit."""

    def __init__(self, files: RoomFiles, limit: int) -> None:
        self.limit = limit
        self._files, self._lock = files, Lock()
        self._measured = self._since = self._promised = 0
        self.measure()

    @property
    def used(self) -> int:
        """Bytes that are taken, those that announced messages still have to bring too."""
        return self._measured + self._since + self._promised

    def measure(self) -> None:
        """Look at all files but messages, whose sizes were announced."""
        with self._lock:
            self._since = 0
        names = (name for name in self._files.below() if not name.startswith("messages/"))
        self._measured = sum(self._files.size(*name.split("/")) or 0 for name in names)

    def promise(self, count: int) -> None:
        """Keep place for a message of `count` bytes; a problem when there is none."""
        with self._lock:
            self._require(count)
            self._promised += count

    def promised(self, count: int) -> None:
        """As `promise`, for a message that was announced before the room was started."""
        with self._lock:
            self._promised += count

    def release(self, count: int) -> None:
        """A message of `count` bytes is gone."""
        with self._lock:
            self._promised -= count

    def admit(self, count: int) -> None:
        """Let `count` bytes be written for anything but a message; a problem when there is no place."""
        with self._lock:
            self._require(count)
            self._since += count

    def _require(self, count: int) -> None:
        if count > self.limit:
            raise too_large(self.limit)
        if self.used + count > self.limit:
            full = Unreachable(
                f"the room's disk has its {self.limit:,} bytes: nothing new is taken now",
                "have messages fetched first, or ask the room's operator for more",
            )
            raise Problem(507, full, {"Retry-After": "600"})
