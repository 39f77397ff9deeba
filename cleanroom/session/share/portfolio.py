"""All shares with an auditor's questions: how long still, when last used, and is more shown than is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.session.party import Party
from cleanroom.session.share.past_shares import past_shares
from cleanroom.session.share.sharing import ListedShare, list_shares
from cleanroom.session.share.timeline import Event, by_share, share_events

_DAY: Final = 86_400
#: Days without a read after which a share is called unused.
_UNUSED: Final = 30
#: Days before the end in which somebody should think about a renewal.
_SOON: Final = 14

#: Kinds of entries that are uses of a share: a lease that we gave, a lease of a partner that we opened.
_USES: Final = ("lease", "release")


@dataclass(frozen=True, slots=True)
class Holding:
    """One share with what an auditor asks. Times are RFC 3339, "" for never; `remarks` are sentences."""

    share: ListedShare
    granted: str
    last_use: str
    uses: int
    refused: int
    remarks: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether something can still be read of it."""
        return self.share.days_left > 0 and not any(word in self.share.state for word in ("revoked", "ended"))


@dataclass(frozen=True, slots=True)
class Read:
    """One use of a share, or one that was refused. `records` is rounded up as in the log.

    `entry` is its number in the present log (`log` 0) or in that old log; `purpose` is "" of a refusal.
    """

    time: str
    direction: str
    partner: str
    share: str
    records: int
    refused: bool
    entry: int
    log: int
    purpose: str


def list_holdings(party: Party, partner: str | None = None) -> list[Holding]:
    """Every share, those that we show first."""
    listed = _listed(party, partner)
    events = _events(party, listed)
    return [_holding(party, one, events.get(one.share, [])) for one in listed]


def list_reads(party: Party, partner: str | None = None, share: str = "") -> list[Read]:
    """Every use of every share that the logs hold, and every refusal, the oldest first."""
    listed = {one.share: one for one in _listed(party, partner) if one.share.startswith(share)}
    events = [event for told in _events(party, list(listed.values())).values() for event in told]
    return [
        Read(
            moment_of(event.time),
            listed[event.share].direction,
            event.partner,
            event.share,
            event.counts.get("records", 0),
            "refused" in event.counts,
            event.sequence,
            event.log,
            event.purpose,
        )
        for event in sorted(events, key=lambda event: (event.time, event.partner, event.place))
        if event.kind in _USES or "refused" in event.counts
    ]


def _listed(party: Party, partner: str | None) -> list[ListedShare]:
    if partner is not None:
        party.card_of(partner)
    names = [name for name in party.partners() if partner in (None, name)]
    past = [one for name in names for one in past_shares(party, name)]
    return [*(one for one in list_shares(party) if one.partner in names), *past]


def _events(party: Party, listed: list[ListedShare]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for partner in sorted({one.partner for one in listed}):
        shares = [one.share for one in listed if one.partner == partner]
        found |= by_share(share_events(party, partner, shares))
    return found


def _holding(party: Party, one: ListedShare, events: list[Event]) -> Holding:
    uses = [event.time for event in events if event.kind in _USES]
    refused = sum("refused" in event.counts for event in events)
    granted = next((moment_of(event.time) for event in events), "")
    last = moment_of(max(uses)) if uses else ""
    begun = events[0].time if events else party.now
    holding = Holding(one, granted, last, len(uses), refused, ())
    return replace(holding, remarks=tuple(_remarks(party, holding, begun, uses)))


def _remarks(party: Party, holding: Holding, begun: int, uses: list[int]) -> Iterator[str]:
    """What an auditor would ask about a share that is open."""
    one = holding.share
    if not holding.is_open:
        return
    idle = (party.now - max(uses, default=begun)) // _DAY
    if not uses and idle >= _UNUSED:
        yield f"never read in {idle} days: revoke it, or shorten the next one"
    elif idle >= _UNUSED:
        yield f"not used for {idle} days, and open for {one.days_left} more"
    if uses and one.read < one.records:
        yield f"broader than used: {one.records - one.read:,} of {one.records:,} accounts were never read"
    if one.days_left <= _SOON:
        yield f"ends in {count_of(one.days_left, 'day')}"
