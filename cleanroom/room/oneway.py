"""The log of a pair as the lease-holder of one direction needs it: without the reads of the other direction.

A lease-holder compares its record with the log's leases, so that an old copy of either is noticed. In a room
one log has the leases of both directions; those that open to a share of the other one are not its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from cleanroom.log import Checkpoint, Entry, Facts, Log, commitment
from overlap.keys import RandomBytes

_ABOUT_SHARES = ("destruction", "expiry", "lease", "revocation")


class OneWayLog:
    """`log`, and the ids of the `others`: the shares of the other direction, as they are when asked."""

    def __init__(self, log: Log, others: Callable[[], Collection[str]]) -> None:
        self._log, self._others = log, others
        self.origin = log.origin

    @property
    def last_time(self) -> int:
        return self._log.last_time

    def head(self) -> Checkpoint:
        return self._log.head()

    def append(self, kind: str, facts: Facts, now: int, random: RandomBytes) -> Entry:
        return self._log.append(kind, facts, now, random)

    def salt(self, sequence: int) -> bytes:
        return self._log.salt(sequence)

    def require_contains(self, checkpoint: Checkpoint) -> None:
        self._log.require_contains(checkpoint)

    def entries(self, first: int = 0) -> Iterator[Entry]:
        """Entries from number `first` on that are not about a share of the other direction."""
        for entry in self._log.entries(first):
            if entry.kind not in _ABOUT_SHARES or not self._is_of_others(entry):
                yield entry

    def _is_of_others(self, entry: Entry) -> bool:
        salt, digest = self._log.salt(entry.sequence), entry.digests.get("share")
        return any(
            commitment(salt, "share", bytes.fromhex(share)).hex() == digest for share in self._others()
        )
