"""Who could see what in a stretch of time: by runs, by shares, and by what an agreement still allows.

A run tells for good which accounts (or how many) are shared; a share shows fields until it ends; an agreement
in force may be used for more of both. Each answer says which of the three it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cleanroom.agreement import NUMBER_LEVELS, SignedAgreement
from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.report import ALLOWED, COULD, ENDED, PLANNED, STATES, Sight
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.agreement.agreements import (
    agreement_name,
    agreement_with_digest,
    agreements_with,
    runs_left,
)
from cleanroom.session.beginning import only_one
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import read_memory
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.past_shares import past_shares
from cleanroom.session.share.sharing import ListedShare, list_shares
from cleanroom.session.share.timeline import Event, by_share, share_events
from cleanroom.share import Held
from cleanroom.store import read_table
from overlap.errors import UsageError

_DAY: Final = 86_400
_KEPT: Final = "; what was read may have been kept"
#: What a share shows, by its scope.
_SHOWN: Final = {"matched": "fields of shared accounts", "all": "fields of accounts, matched or not"}
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Whole seconds UTC, from `first` up to but excluding `last`."""

    first: int
    last: int

    def meets(self, begin: int, end: int) -> bool:
        """Whether any second of [begin, end) is inside; an `end` of 0 stands for never."""
        return begin < self.last and (end == 0 or end > self.first)


def read_stretch(text: str) -> Stretch:
    """A date, which is its whole day in UTC, or a time such as 2026-09-01T10:00:00Z; UsageError otherwise."""
    try:
        if _DATE.fullmatch(text):
            first = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
            return Stretch(first, first + _DAY)
        if _TIME.fullmatch(text):
            first = int(datetime.fromisoformat(text).timestamp())
            return Stretch(first, first + 1)
    except ValueError:
        pass
    raise UsageError("the time is neither a date nor a UTC time", "write 2026-09-01 or 2026-09-01T10:00:00Z")


def who_sees(
    party: Party, when: Stretch, partner: str | None = None, account: str | None = None
) -> list[Sight]:
    """Everything that we and our partners could see of each other at that time, and what has ended before.

    With `account`, an own id, only what concerns this account of ours. UsageError when no run or import knows
    it.
    """
    if partner is not None:
        party.card_of(partner)
    names = [name for name in party.partners() if partner in (None, name)]
    if account is not None:
        account = _own_account(party, account)
    shares = [one for one in list_shares(party) if one.direction == "from"] if account is None else []
    found: list[Sight] = []
    for name in names:
        found += _by_runs(party, name, when, account)
        found += _by_shares(party, name, when, account)
        found += _by_agreements(party, name, when)
        if account is None:
            found += _by_received(party, name, when, shares)
    if account is not None:
        found = [sight for sight in found if sight.of == party.name]
    return sorted(found, key=lambda sight: (sight.of != party.name, sight.viewer, STATES.index(sight.state)))


def _own_account(party: Party, name: str) -> str:
    """The id of an own account: as given, or the only one that begins so (15 of 18 characters)."""
    known: set[str] = set(own_accounts(party.folder)["id"])
    for record in all_runs(party):
        known.update(read_table(party.folder.path("runs", record.run, "accounts.parquet"))["id"])
    return only_one(known, name, str, "own account", "give the whole id")


def _by_runs(party: Party, partner: str, when: Stretch, account: str | None) -> Iterator[Sight]:
    for record in all_runs(party):
        told = _told(record)
        if record.partner != partner or told is None or record.begun >= when.last:
            continue
        if account is not None and (record.level in NUMBER_LEVELS or not _matched(party, record, account)):
            continue
        yield _told_by(party, record, told, partner, party.name, account)
        if account is None and record.state == "finished":
            yield _told_by(party, record, told, party.name, partner, None)


def _told_by(
    party: Party, record: RunRecord, told: tuple[str, int, str], viewer: str, of: str, account: str | None
) -> Sight:
    """What a run tells one of both sides about the accounts of the other."""
    signed = agreement_with_digest(party, record.agreement)
    shown, number, note = told
    return Sight(
        viewer,
        of,
        "run",
        record.run,
        COULD,
        shown,
        (),
        _populations(signed, of),
        signed.agreement.terms.purposes,
        number if account is None or number < 0 else 1,
        moment_of(record.finished if record.state == "finished" else record.begun),
        "",
        -1,
        note,
    )


def _told(record: RunRecord) -> tuple[str, int, str] | None:
    """What a run tells the partner, of how many accounts, and what has to be added; None for nothing."""
    if record.state == "finished" and record.level == "overlaps":
        return "that these accounts are shared", record.shared, "known for good; the identifiers that matched"
    if record.state == "finished":
        withheld = "below the minimum and withheld" if record.shared < 0 else "numbers only, no account"
        return "how many accounts are shared", record.shared, withheld
    if record.role == "responder" and record.state != "charged":
        what = "how many" if record.level in NUMBER_LEVELS else "which"
        return f"perhaps {what} accounts are shared", -1, f"{record.state}: the one who starts learns first"
    return None


def _matched(party: Party, record: RunRecord, account: str) -> bool:
    """Whether a run told, or may have told, the partner that this account is shared."""
    place = party.folder.path("runs", record.run)
    accounts = read_table(place / "accounts.parquet")["id"].tolist()
    if record.state != "finished":
        return account in accounts
    positions = read_table(place / "overlap.parquet")["account"].tolist()
    return account in {accounts[position] for position in positions}


def _by_shares(party: Party, partner: str, when: Stretch, account: str | None) -> Iterator[Sight]:
    shares = read_holder_state(party, partner).shares
    granted = read_memory(party, partner).granted
    events = by_share(share_events(party, partner, shares))
    for share, held in shares.items():
        if account is not None and account not in granted.get(share, ()):
            continue
        told = events.get(share, [])
        begin = max(held.terms.not_before, next((e.time for e in told if e.kind == "grant"), 0))
        end = min(held.terms.until, held.closed or held.terms.until)
        if begin >= when.last:
            continue
        number = held.terms.count if account is None else 1
        read, note = _read_by(held, told, when, None if account is None else granted[share].index(account))
        signed = agreement_with_digest(party, held.terms.agreement)
        state = _state(when, begin, end, party.now)
        yield Sight(
            partner,
            party.name,
            "share",
            share,
            state,
            _SHOWN[held.terms.scope],
            held.terms.fields,
            _populations(signed, party.name),
            held.terms.purposes,
            number,
            moment_of(begin),
            moment_of(end),
            read,
            note,
        )


def _read_by(held: Held, events: Sequence[Event], when: Stretch, number: int | None) -> tuple[int, str]:
    """Records handed out before the end of `when`, and what to say of it; of one record only, 0 or 1."""
    leases = [event for event in events if event.kind == "lease"]
    before = [event for event in leases if event.time < when.last]
    read = len(held.read) if number is None else int(number in held.read)
    if not before:
        return 0, "never read by then"
    if len(before) == len(leases):
        last = moment_of(before[-1].time)
        kept = _KEPT if held.reason else ""
        return read, f"leases: {len(before):,}, the last at {last}{kept}"
    bound = min(read, max(event.counts.get("records", 0) for event in before))
    return bound, f"leases by then: {len(before):,} of {len(leases):,}; at most so many records"


def _state(when: Stretch, begin: int, end: int, now: int) -> str:
    if not when.meets(begin, end):
        return ENDED
    return PLANNED if when.first > now else COULD


def _by_received(party: Party, partner: str, when: Stretch, shares: Sequence[ListedShare]) -> Iterator[Sight]:
    listed = [one for one in shares if one.partner == partner]
    listed += past_shares(party, partner)
    events = by_share(share_events(party, partner, [one.share for one in listed]))
    for one in listed:
        told = events.get(one.share, [])
        begin = min((event.time for event in told), default=party.now)
        ended = [e.time for e in told if e.kind in ("expiry", "revocation")]
        until = int(datetime.fromisoformat(one.until).timestamp())
        if begin >= when.last:
            continue
        yield _received(party, one, when, begin, min([until, *ended]))


def _received(party: Party, one: ListedShare, when: Stretch, begin: int, end: int) -> Sight:
    return Sight(
        party.name,
        one.partner,
        "share",
        one.share,
        _state(when, begin, end, party.now),
        _SHOWN[one.scope],
        tuple(one.fields),
        (),
        tuple(one.purposes),
        one.records,
        moment_of(begin),
        moment_of(end),
        one.read,
        one.state + (_KEPT if one.read and end <= party.now else ""),
    )


def _by_agreements(party: Party, partner: str, when: Stretch) -> Iterator[Sight]:
    """What may still be matched and granted under what is in force then."""
    for signed in agreements_with(party, partner):
        # What an agreement allowed in the past was used, and stands among runs and shares, or it was not.
        if when.last <= party.now or not when.meets(signed.not_before, signed.until):
            continue
        terms, left = signed.agreement.terms, runs_left(party, signed)
        for viewer, of in ((partner, party.name), (party.name, partner)):
            yield Sight(
                viewer,
                of,
                "agreement",
                agreement_name(signed),
                ALLOWED,
                f"be shown more at level {terms.level}, {count_of(left, 'run')} left",
                _side_fields(signed, of),
                _populations(signed, of),
                terms.purposes,
                -1,
                moment_of(signed.not_before),
                moment_of(signed.until),
                -1,
                "needs a run, and a grant for the fields",
            )


def _populations(signed: SignedAgreement, name: str) -> tuple[str, ...]:
    return signed.agreement.side(signed.agreement.role_of(name) or "").populations


def _side_fields(signed: SignedAgreement, name: str) -> tuple[str, ...]:
    return signed.agreement.side(signed.agreement.role_of(name) or "").fields
