"""The receiving side of a share: take it in, ask for a lease, open it; and the list of both sides.

shares/received/SHARE         the share file; SHARE.record: from whom; SHARE.receipt: the grant, signed by
                              both; SHARE.revoked: the signed revocation
shares/requests/REQUEST       which share a request is about; its key is in the vault until it is answered
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleanroom.moment import moment_of
from cleanroom.receipts import GRANT, REVOCATION, countersign, read_statement
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.frames import keep_peer_checkpoint, newest_peer_checkpoint
from cleanroom.session.holding import read_holder_state
from cleanroom.session.party import Party
from cleanroom.session.releases import Release, all_releases, erase_release, keep_release
from cleanroom.session.runs import all_runs
from cleanroom.share import (
    LEASE_LIMIT_BYTES,
    SHARE_LIMIT_BYTES,
    Held,
    Record,
    Share,
    Terms,
    lease_request,
    make_request,
    open_records,
    read_share,
)
from overlap.errors import BadPeerFile, Refused, Unverified, WrongRun
from overlap.keys import Card, OneTimeKey

DAY = 86_400


@dataclass(frozen=True)
class Requested:
    """A share for which a lease was asked."""

    share: str
    partner: str
    records: int
    until: str


@dataclass(frozen=True)
class OpenedShare:
    """A share that was opened."""

    share: str
    partner: str
    records: int
    until: str


@dataclass(frozen=True)
class ListedShare:
    """A share as listed. `direction` is "to" or "from", `read` counts records, `days_left` ends at 0."""

    share: str
    direction: str
    partner: str
    records: int
    read: int
    state: str
    until: str
    days_left: int
    fields: list[str]
    purposes: list[str]


def request_lease(party: Party, source: Path, purpose: str, out: Path) -> Requested:
    """Take in a share and write the request for a lease of all its records to `out`."""
    data = read_whole(source, SHARE_LIMIT_BYTES)
    partner, share = _read_from_anybody(party, data)
    terms = share.terms
    if not any(record.run == terms.run and record.partner == partner for record in all_runs(party)):
        raise WrongRun(
            "the share is of a run that we did not take part in", "ask for a share of your own run"
        )
    _require_not_revoked(party, terms.share)
    checkpoint = newest_peer_checkpoint(party, partner)
    now = party.time_with(partner)
    made = make_request(
        share,
        None,
        purpose,
        party.keys,
        now,
        holder=_holder_of(party, share),
        random=party.random,
        checkpoint=checkpoint,
    )
    receipt = countersign(share.statement, [share.grantor], GRANT, party.keys)
    write_whole(party.folder.path("shares", "received", terms.share), data)
    write_whole(party.folder.path("shares", "received", f"{terms.share}.receipt"), receipt)
    party.folder.write_record({"partner": partner}, "shares", "received", f"{terms.share}.record")
    party.folder.write_record({"share": terms.share}, "shares", "requests", made.request)
    party.vault().put(made.request, made.key.secret_bytes())
    party.note(
        partner,
        "request",
        share=bytes.fromhex(terms.share),
        records=terms.count,
        receipt=hashlib.sha256(receipt).digest(),
    )
    write_whole(out, made.file)
    return Requested(terms.share, partner, terms.count, moment_of(terms.until))


def open_share(party: Party, source: Path) -> OpenedShare:
    """Open a share with its lease and keep what it shows, locked, until the end."""
    data = read_whole(source, LEASE_LIMIT_BYTES)
    request = lease_request(data)
    if not party.folder.path("shares", "requests", request).is_file():
        raise WrongRun(
            "the lease answers no request of ours", "ask for a lease with 'overlap shares request'"
        )
    partner, share = _received(party, party.folder.read_record("shares", "requests", request)["share"])
    _require_not_revoked(party, share.terms.share)
    if (done := _opened_before(party, partner, share.terms, request)) is not None:
        return done
    key = OneTimeKey(party.vault().get(request))
    opened = open_records(share, data, key, party.time_with(partner), _holder_of(party, share))
    keep_peer_checkpoint(party, partner, opened.checkpoint, 0)
    terms = share.terms
    before = [one.purposes for one in all_releases(party, partner) if one.share == terms.share]
    release = Release(
        terms.share,
        partner,
        terms.run,
        terms.agreement,
        sorted({opened.purpose, *(purpose for purposes in before for purpose in purposes)}),
        terms.until,
        terms.exportable,
        party.now,
        len(opened.records),
    )
    party.note(partner, "release", share=bytes.fromhex(terms.share), records=len(opened.records))
    keep_release(party, release, [_plain(record) for record in opened.records.values()])
    party.vault().destroy(request)
    return OpenedShare(terms.share, partner, len(opened.records), moment_of(terms.until))


def _opened_before(party: Party, partner: str, terms: Terms, request: str) -> OpenedShare | None:
    """What an earlier open of the same lease gave; its key is gone once everything it showed is kept."""
    if request in party.vault().names():
        return None
    for release in all_releases(party, partner):
        if release.share == terms.share:
            return OpenedShare(terms.share, partner, release.records, moment_of(terms.until))
    return None


def take_revocation(party: Party, partner: str, statement: bytes) -> list[str]:
    """Believe a signed revocation: erase what the share showed, and open it no more."""
    revoked = read_statement(statement, [party.card_of(partner)], REVOCATION)
    share = str(revoked.predicate.get("share", ""))
    if share not in party.folder.names("shares", "received", suffix=".record"):
        raise WrongRun("the revocation is about a share that is not here", "nothing needs to be done")
    known, _ = _received(party, share)
    if known != partner:
        raise WrongRun("the revocation is not by the granting party", "tell the granting party")
    write_whole(party.folder.path("shares", "received", f"{share}.revoked"), statement)
    party.note(partner, "revocation", share=bytes.fromhex(share))
    erase_release(party, share)
    return [
        f"share {share} is revoked; what it showed is erased here",
        "undo what was exported with the undo file",
    ]


def list_shares(party: Party) -> list[ListedShare]:
    """What we show, then what is shown to us."""
    return [*_granted(party), *_taken(party)]


def _granted(party: Party) -> Iterator[ListedShare]:
    for partner in party.partners():
        for held in read_holder_state(party, partner).shares.values():
            state = _state_of(held, party.time_with(partner))
            yield _listed(held.terms, "to", partner, len(held.read), state, party.now)


def _taken(party: Party) -> Iterator[ListedShare]:
    opened = {release.share: release for release in all_releases(party)}
    for name in party.folder.names("shares", "received", suffix=".record"):
        partner, share = _received(party, name)
        read = opened[name].records if name in opened else 0
        state = "open" if name in opened else "not read"
        if party.time_with(partner) >= share.terms.until:
            state = "ended, erased"
        if party.folder.path("shares", "received", f"{name}.revoked").is_file():
            state = "revoked, erased"
        yield _listed(share.terms, "from", partner, read, state, party.now)


def _state_of(held: Held, now: int) -> str:
    if held.destroyed:
        return "revoked, half destroyed" if held.reason == "revocation" else "ended, half destroyed"
    return "ended" if held.reason or now >= held.terms.until else "open"


def _listed(terms: Terms, direction: str, partner: str, read: int, state: str, now: int) -> ListedShare:
    days = max(0, -(-(terms.until - now) // DAY))
    return ListedShare(
        terms.share,
        direction,
        partner,
        terms.count,
        read,
        state,
        moment_of(terms.until),
        days,
        list(terms.fields),
        list(terms.purposes),
    )


def _read_from_anybody(party: Party, data: bytes) -> tuple[str, Share]:
    problem: BadPeerFile | None = None
    for partner in party.partners():
        if party.is_verified(partner):
            try:
                return partner, read_share(data, party.keys, party.card_of(partner))
            except BadPeerFile as error:
                problem = error
    raise problem or Unverified(
        "no partner is verified here", "compare fingerprints, then 'overlap partner verify'"
    )


def _received(party: Party, share: str) -> tuple[str, Share]:
    partner = party.folder.read_record("shares", "received", f"{share}.record")["partner"]
    data = read_whole(party.folder.path("shares", "received", share), SHARE_LIMIT_BYTES)
    return partner, read_share(data, party.keys, party.card_of(partner))


def _holder_of(party: Party, share: Share) -> Card:
    """The card of who answers requests for this share: its grantor, or a room, verified like a partner."""
    if share.terms.holder == share.grantor.digest.hex():
        return share.grantor
    return party.verified_card_of(party.partner_with(share.terms.holder))


def _require_not_revoked(party: Party, share: str) -> None:
    if party.folder.path("shares", "received", f"{share}.revoked").is_file():
        raise Refused("the granting party has revoked this share", "ask for a new share")


def _plain(record: Record) -> tuple[tuple[str, ...], dict[str, str]]:
    return record.tokens, dict(record.values)
