"""What our logs say about each share: salted digests, opened with the salts that only we hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cleanroom.agreement import PURPOSES
from cleanroom.log import Entry, Log, commitment
from cleanroom.session.history import ClosedLog
from cleanroom.session.party import Party

_SHARE = "share"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log with `partner` that is about a share (32 hex digits); counts are bucketed.

    `log` is the number of the old log that has it, 0 for the present one. `purpose` is what a lease was given
    or opened for; "" for other entries, and for leases of before this was logged.
    """

    partner: str
    sequence: int
    time: int
    kind: str
    share: str
    counts: dict[str, int] = field(default_factory=dict)
    log: int = 0
    purpose: str = ""

    @property
    def place(self) -> tuple[bool, int, int]:
        """By what the entries with one partner stand in their order: old logs first."""
        return (not self.log, self.log, self.sequence)


def share_events(party: Party, partner: str, shares: Iterable[str]) -> list[Event]:
    """The entries about any of these shares, oldest first, those of logs under earlier cards too.

    An entry about another share is left out.
    """
    known = {share: bytes.fromhex(share) for share in shares}
    logs: list[tuple[int, Log | ClosedLog]] = [(log.number, log) for log in party.closed_logs(partner)]
    logs.append((0, party.log(partner)))
    return [event for number, log in logs for event in _events_in(log, number, partner, known)]


def _events_in(
    log: Log | ClosedLog, number: int, partner: str, known: Mapping[str, bytes]
) -> Iterator[Event]:
    for entry in log.entries():
        digest = entry.digests.get(_SHARE)
        if digest is None:
            continue
        salt = log.salt(entry.sequence)
        for share, value in known.items():
            if commitment(salt, _SHARE, value).hex() == digest:
                counts, purpose = dict(entry.counts), _purpose_of(entry, salt)
                yield Event(partner, entry.sequence, entry.time, entry.kind, share, counts, number, purpose)


def _purpose_of(entry: Entry, salt: bytes) -> str:
    """The purpose that an entry commits to."""
    digest = entry.digests.get("purpose")
    known = (word for word in PURPOSES if commitment(salt, "purpose", word.encode()).hex() == digest)
    return next(known, "") if digest else ""


def by_share(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each share, oldest first."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.share, []).append(event)
    return found
