"""The room's log of each pair of parties, signed by the room; and one thing at a time in each pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock, RLock

from cleanroom.log import Entry, Facts, Log
from cleanroom.room.files import RoomFiles
from overlap.errors import UsageError
from overlap.keys import PartyKeys, RandomBytes


def pair_origin(room: str, one: str, other: str) -> str:
    """The name of the log that a room keeps of two parties; all three are card digests in hex."""
    first, second = sorted((one, other))
    return f"overlap/{room}/{first}/{second}"


@dataclass
class Pair:
    """Two parties, in the order of their digests, and their log. Hold `lock` around every use of the log."""

    parties: tuple[str, str]
    log: Log
    random: RandomBytes
    lock: RLock = field(default_factory=RLock)

    @property
    def name(self) -> str:
        return "-".join(self.parties)

    def note(self, kind: str, facts: Facts, now: int) -> Entry:
        """One more entry."""
        with self.lock:
            return self.log.append(kind, facts, now, self.random)


class Pairs:
    """All pairs that have a log. A log is opened when it is asked for, and stays open."""

    def __init__(self, files: RoomFiles, keys: PartyKeys, random: RandomBytes) -> None:
        self._files, self._keys, self._random = files, keys, random
        self._lock = Lock()
        self._open: dict[tuple[str, str], Pair] = {}

    def of(self, one: str, other: str) -> Pair:
        """The pair of two parties; UsageError for a party with itself."""
        if one == other:
            raise UsageError("a party has no log with itself", "name the other party")
        first, second = sorted((one, other))
        with self._lock:
            if (first, second) not in self._open:
                origin = pair_origin(self._keys.card.digest.hex(), first, second)
                log = Log(self._files.path("logs", f"{first}-{second}.log"), origin, self._keys)
                self._open[first, second] = Pair((first, second), log, self._random)
            return self._open[first, second]

    def all(self) -> Iterator[Pair]:
        """Every pair that has a log."""
        for name in self._files.names("logs", suffix=".log"):
            yield self.of(*name.split("-"))
