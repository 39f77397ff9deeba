"""What our logs say about each share: salted digests, opened with the salts that only we hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from cleanroom.log import commitment
from cleanroom.session.party import Party

_SHARE = "share"


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log with `partner` that is about a share (32 hex digits); counts are bucketed."""

    partner: str
    sequence: int
    time: int
    kind: str
    share: str
    counts: dict[str, int] = field(default_factory=dict)


def share_events(party: Party, partner: str, shares: Iterable[str]) -> list[Event]:
    """The entries about any of these shares, oldest first. An entry about another share is left out."""
    log = party.log(partner)
    known = {share: bytes.fromhex(share) for share in shares}
    found = []
    for entry in log.entries():
        digest = entry.digests.get(_SHARE)
        if digest is None:
            continue
        salt = log.salt(entry.sequence)
        for share, value in known.items():
            if commitment(salt, _SHARE, value).hex() == digest:
                counts = dict(entry.counts)
                found.append(Event(partner, entry.sequence, entry.time, entry.kind, share, counts))
    return found


def by_share(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each share, oldest first."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.share, []).append(event)
    return found
