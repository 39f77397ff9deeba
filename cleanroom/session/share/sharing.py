"""The receiving side of a share: take it in, ask for a lease, open it; and the list of both sides.

shares/received/SHARE         the share file; SHARE.record: from whom; SHARE.receipt: the grant, signed by
                              both; SHARE.revoked, SHARE.destroyed: the signed revocation and attestation
shares/requests/REQUEST       which share a request is about; its key is in the vault until it is answered
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cleanroom.moment import moment_of
from cleanroom.receipts import (
    DESTRUCTION,
    GRANT,
    RELEASE,
    REVOCATION,
    countersign,
    outline,
    read_statement,
)
from cleanroom.session.agreement.agreements import agreement_with_digest, partner_of
from cleanroom.session.audit.receipting import kept_receipts, release_receipt
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.frames import keep_peer_checkpoint, newest_peer_checkpoint
from cleanroom.session.match.runs import all_runs
from cleanroom.session.party import Party
from cleanroom.session.room.room_logs import keep_room_checkpoint, newest_room_checkpoint
from cleanroom.session.room.rooms import holder_card
from cleanroom.session.share.holding import read_holder_state
from cleanroom.session.share.releases import Release, all_releases, erase_release, keep_release
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
from overlap.errors import BadPeerFile, MalformedFile, Refused, Unverified, WrongRun
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
    """A share as listed. `direction` is "to" or "from", `read` counts records, `days_left` ends at 0.

    `scope` is "matched" or "all", `level` that of its agreement. `leases_left` is None without a read budget;
    of a share from a partner it counts the leases that we opened. `last_use` is "" before the first lease.
    `grant` is "countersigned", or "waiting" for the recipient's signature.
    """

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
    scope: str
    level: str
    leases_left: int | None
    last_use: str
    grant: str


def request_lease(party: Party, source: Path, purpose: str, out: Path) -> Requested:
    """Take in a share and write the request for a lease of all its records to `out`."""
    data = read_whole(source, SHARE_LIMIT_BYTES)
    partner, share = _read_from_anybody(party, data)
    terms = share.terms
    _require_ours(party, partner, terms)
    _require_not_revoked(party, terms.share)
    holder = _holder_of(party, share)
    if holder == share.grantor:
        checkpoint = newest_peer_checkpoint(party, partner)
    else:
        checkpoint = newest_room_checkpoint(party, holder, partner)
    now = party.time_with(partner)
    made = make_request(
        share,
        None,
        purpose,
        party.keys,
        now,
        holder=holder,
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
    holder = _holder_of(party, share)
    opened = open_records(share, data, key, party.time_with(partner), holder)
    if holder == share.grantor:
        keep_peer_checkpoint(party, partner, opened.checkpoint, 0)
    else:
        keep_room_checkpoint(party, holder, partner, opened.checkpoint)
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
    receipt = release_receipt(party, partner, terms, opened.purpose, len(opened.records))
    party.note(
        partner,
        "release",
        share=bytes.fromhex(terms.share),
        records=len(opened.records),
        receipt=receipt,
        purpose=opened.purpose.encode(),
    )
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


def take_revocation(party: Party, partner: str, body: bytes) -> list[str]:
    """Take in the letter of a revocation: two statements, each two lines, by who holds the half."""
    lines = body.split(b"\n")
    statement, attestation = (b"\n".join([*lines[at : at + 2], b""]) for at in (0, 2))
    if len(lines) != 5 or lines[4]:
        raise MalformedFile("the letter does not hold a revocation and its attestation", "ask for it again")
    return believe_revocation(party, partner, statement, attestation)


def believe_revocation(party: Party, partner: str, statement: bytes, attestation: bytes = b"") -> list[str]:
    """Erase what a revoked share showed, and keep the attestation of its destruction where there is one."""
    share = str(outline(statement).predicate.get("share", ""))
    if share not in party.folder.names("shares", "received", suffix=".record"):
        raise WrongRun("the revocation is about a share that is not here", "nothing needs to be done")
    known, held = _received(party, share)
    if known != partner:
        raise WrongRun("the revocation is not by the granting party", "tell the granting party")
    _require_about(party, held, statement, REVOCATION)
    if attestation:
        _require_about(party, held, attestation, DESTRUCTION)
        write_whole(party.folder.path("shares", "received", f"{share}.destroyed"), attestation)
    write_whole(party.folder.path("shares", "received", f"{share}.revoked"), statement)
    party.note(partner, "revocation", share=bytes.fromhex(share))
    erase_release(party, share)
    return [
        f"share {share} is revoked; what it showed is erased here",
        "undo what was exported with the undo file",
    ]


def _require_about(party: Party, held: Share, statement: bytes, kind: str) -> None:
    """Return when the statement is about this share, by who holds its half."""
    read = read_statement(statement, [_holder_of(party, held)], kind)
    about = (read.subject.get("terms"), read.predicate.get("share"))
    if about != (held.terms.digest.hex(), held.terms.share):
        raise WrongRun("the revocation or its attestation is about another share", "ask for them again")


def list_shares(party: Party) -> list[ListedShare]:
    """What we show, then what is shown to us."""
    return [*_granted(party), *_taken(party)]


def _granted(party: Party) -> Iterator[ListedShare]:
    for partner in party.partners():
        for held in read_holder_state(party, partner).shares.values():
            state = _state_of(held, party.time_with(partner))
            use = _Use(len(held.read), held.leases_left, held.last, bool(held.countersigned))
            yield _listed(held.terms, "to", partner, use, state, party.now)


def _taken(party: Party) -> Iterator[ListedShare]:
    opened = {release.share: release for release in all_releases(party)}
    for name in party.folder.names("shares", "received", suffix=".record"):
        partner, share = _received(party, name)
        state = "open" if name in opened else "not read"
        if party.time_with(partner) >= share.terms.until:
            state = "ended, erased"
        if party.folder.path("shares", "received", f"{name}.revoked").is_file():
            state = "revoked, erased"
        release = opened.get(name)
        budget = share.terms.read_budget
        # What was erased at the end was read before it all the same: its receipts stay.
        read, last = (release.records, release.opened) if release else _read_before(party, partner, name)
        use = _Use(
            read,
            max(0, budget - _leases_opened(party, name)) if budget else None,
            last,
            party.folder.path("shares", "received", f"{name}.receipt").is_file(),
        )
        yield _listed(share.terms, "from", partner, use, state, party.now)


def _read_before(party: Party, partner: str, share: str) -> tuple[int, int]:
    """How many records of a share were read, and the second of the last time, by our receipts; 0: never."""
    receipts = (outline(one.data).predicate for one in kept_receipts(party, partner) if one.kind == RELEASE)
    told = [(int(said["records"]), int(said["time"])) for said in receipts if said["share"] == share]
    return max((records for records, _ in told), default=0), max((time for _, time in told), default=0)


def _leases_opened(party: Party, share: str) -> int:
    """How many requests for a share were answered: their one-time keys are gone."""
    waiting = set(party.vault().names())
    asked = party.folder.names("shares", "requests")
    return sum(
        request not in waiting and party.folder.read_record("shares", "requests", request)["share"] == share
        for request in asked
    )


def _state_of(held: Held, now: int) -> str:
    if held.destroyed:
        return "revoked, half destroyed" if held.reason == "revocation" else "ended, half destroyed"
    return "ended" if held.reason or now >= held.terms.until else "open"


@dataclass(frozen=True)
class _Use:
    """Records read, leases left, the second of the last lease (0: none), whether both signed the grant."""

    read: int
    left: int | None
    last: int
    countersigned: bool


def _listed(terms: Terms, direction: str, partner: str, use: _Use, state: str, now: int) -> ListedShare:
    return ListedShare(
        terms.share,
        direction,
        partner,
        terms.count,
        use.read,
        state,
        moment_of(terms.until),
        0 if state.startswith(("revoked", "ended")) else max(0, -(-(terms.until - now) // DAY)),
        list(terms.fields),
        list(terms.purposes),
        terms.scope,
        "all" if terms.scope == "all" else "overlaps",
        use.left,
        moment_of(use.last) if use.last else "",
        "countersigned" if use.countersigned else "waiting",
    )


def share_in(party: Party, source: Path) -> tuple[str, Share]:
    """The share in a file, and the verified partner who granted it. Raises BadPeerFile or Unverified."""
    return _read_from_anybody(party, read_whole(source, SHARE_LIMIT_BYTES))


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
    """Who answers requests for this share: its grantor, or a room, verified like a partner."""
    if share.terms.holder == share.grantor.digest.hex():
        return share.grantor
    return holder_card(party, share.terms.holder)


def _require_ours(party: Party, partner: str, terms: Terms) -> None:
    """Return when the share is of a run of ours, or of all accounts under an agreement that says so."""
    if terms.scope == "all":
        agreement = agreement_with_digest(party, terms.agreement).agreement
        if partner_of(party, agreement) != partner or agreement.terms.level != "all":
            raise WrongRun(
                "the share is of all accounts, and its agreement is not of level all",
                "ask for a share of your own run",
            )
    elif not any(record.run == terms.run and record.partner == partner for record in all_runs(party)):
        raise WrongRun(
            "the share is of a run that we did not take part in", "ask for a share of your own run"
        )


def _require_not_revoked(party: Party, share: str) -> None:
    if party.folder.path("shares", "received", f"{share}.revoked").is_file():
        raise Refused("the granting party has revoked this share", "ask for a new share")


def _plain(record: Record) -> tuple[tuple[str, ...], dict[str, str]]:
    return record.tokens, dict(record.values)
