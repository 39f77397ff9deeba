"""What our logs say about each share: salted digests, opened with the salts that only we hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

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
    known = [(share, bytes.fromhex(share)) for share in shares]
    return [
        replace(told.event, share=share)
        for told in _told_of(party, partner)
        for share, value in known
        if commitment(told.salt, _SHARE, value).hex() == told.digest
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """An entry about a share, before it is known about which: its salt and its digest of the share's id."""

    event: Event
    salt: bytes
    digest: str


def _told_of(party: Party, partner: str) -> list[_Told]:
    """Every such entry of all logs with a partner; a log is read once a command, while it does not grow."""
    live = party.log(partner)
    place, now = f"shares told to {partner}", (live.origin, live.head().size)
    before, told = party.memo.get(place, (None, []))
    if before != now:
        logs: list[tuple[int, Log | ClosedLog]] = [(log.number, log) for log in party.closed_logs(partner)]
        told = [one for number, log in (*logs, (0, live)) for one in _read(log, number, partner)]
        party.memo[place] = (now, told)
    return list(told)


def _read(log: Log | ClosedLog, number: int, partner: str) -> Iterator[_Told]:
    for entry in log.entries():
        if (digest := entry.digests.get(_SHARE)) is not None:
            salt = log.salt(entry.sequence)
            what = (partner, entry.sequence, entry.time, entry.kind, "", dict(entry.counts), number)
            yield _Told(Event(*what, _purpose_of(entry, salt)), salt, digest)


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
