"""Verifying a partner's claim bundle with our own accounts, our log and the terms, offline."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import (
    BUNDLE_LIMIT,
    CONFLICT_LIMIT,
    CONFLICT_LINE,
    FAILURES,
    Clocks,
    Failed,
    Known,
    Terms,
    Verdict,
    Verified,
    read_bundle,
    verify_bundle,
)
from cleanroom.log import Log, commitment, witness_key
from cleanroom.moment import moment_of
from cleanroom.session.attribution.claim_roots import Received, received_commitments
from cleanroom.session.attribution.claim_terms import partner_origin, terms_with
from cleanroom.session.attribution.claim_witnessing import (
    cards_of,
    keep_conflict,
    keep_seen,
    seen_log,
    take_conflict,
)
from cleanroom.session.attribution.claiming import known_keys
from cleanroom.session.folder import open_file, read_whole
from cleanroom.session.history import ClosedLog, own_history, partner_history
from cleanroom.session.match.runs import RunRecord, find_run
from cleanroom.session.party import Party
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile
from overlap.keys import Card


@dataclass(frozen=True)
class CheckedClaim:
    """A claim as verified: `code` is "" when it holds; then since when, by whose clock, from which epoch."""

    token: str
    code: str
    held_since: str
    dated_by: str
    grade: str
    epoch: int
    asserted: str


@dataclass(frozen=True)
class CheckedBundle:
    """A bundle as verified; `code` is what is wrong with it as a whole, or ""."""

    partner: str
    code: str
    epochs: int
    claims: list[CheckedClaim]

    @property
    def failed(self) -> int:
        """Claims that do not hold."""
        return sum(bool(claim.code) for claim in self.claims)


def check_bundle(
    party: Party, source: Path, documents: Sequence[Path] | None = None, at: int | None = None
) -> CheckedBundle:
    """Verify the bundle in a file; `at` is the second for which holding is judged, by default now.

    `documents` are evidence files that a bundle for pay must name. A bundle that no one here can be asked
    about is `malformed` or `wrong-origin`; nothing in it raises.
    """
    data = read_whole(source, BUNDLE_LIMIT, "a claim bundle has at most 512 MiB")
    digests = None
    if documents:
        digests = frozenset(hashlib.sha256(read_whole(one, 2**30)).digest() for one in documents)
    try:
        bundle = read_bundle(data)
        partner = _partner(party, bundle.sender)
        record = find_run(party, bundle.run.hex())
    except MalformedFile:
        return CheckedBundle("", "malformed", 0, [])
    except BadPeerFile:
        return CheckedBundle("", "wrong-origin", 0, [])
    known = known_about(party, record, at if at is not None else party.now, documents=digests)
    verdict = verify_bundle(data, known)
    if verdict.conflict is not None:
        keep_conflict(party, partner, verdict.conflict)
    return _described(record, verdict)


def check_file(
    party: Party, source: Path, documents: Sequence[Path] | None = None, at: int | None = None
) -> CheckedBundle:
    """As `check_bundle`; a file of two contradicting logs is checked and kept, and has the code so."""
    if source.is_file() and source.stat().st_size > BUNDLE_LIMIT:
        return CheckedBundle("", "too-large", 0, [])
    with open_file(source, BUNDLE_LIMIT) as file:
        is_conflict = file.read(len(CONFLICT_LINE)) == CONFLICT_LINE
    if not is_conflict:
        return check_bundle(party, source, documents, at)
    partner, _ = take_conflict(party, read_whole(source, CONFLICT_LIMIT))
    return CheckedBundle(partner, "contradicted", 0, [])


def take_bundle(party: Party, record: RunRecord, data: bytes) -> CheckedBundle:
    """Verify a bundle that came as a letter, and remember the claims log in it.

    ForgedFile when the log contradicts what was seen before; both are kept.
    """
    verdict = verify_bundle(data, known_about(party, record, party.now))
    if verdict.conflict is not None:
        keep_conflict(party, record.partner, verdict.conflict)
        raise ForgedFile(
            "the claims log in the bundle contradicts one that the partner showed before",
            "the two together are a proof: it is kept in claims/conflicts",
        )
    if not verdict.code and verdict.bundle is not None:
        keep_seen(party, verdict.bundle.log)
    return _described(record, verdict)


def known_about(
    party: Party,
    record: RunRecord,
    now: int,
    *,
    least: int | None = None,
    documents: frozenset[bytes] | None = None,
    logged: set[tuple[bytes, int]] | None = None,
) -> Known:
    """What we know about the partner of a run and about its matched accounts, to verify a bundle with.

    `logged` are the `logged_receipts` of what the partner sent, read here when nobody has read them.
    """
    partner = record.partner
    terms, origin = terms_with(party, partner), partner_origin(party, partner)
    log = seen_log(party, terms.logs[partner] if terms else origin)
    own = [party.keys.card, *(one.card for one in own_history(party.folder))]
    side = record.terms.responder if record.role == "starter" else record.terms.starter
    received = received_commitments(party, partner)
    confirmed = logged_receipts(party, partner, received) if logged is None else logged
    receipts = {
        one.commitment.epoch: one.received_at
        for one in received
        if (one.commitment.digest, one.received_at) in confirmed
    }
    return Known(
        cards=own,
        partner=cards_of(party, partner),
        keys=known_keys(party, record),
        now=now,
        clocks=clocks_of(own, terms),
        origin=origin,
        terms=terms,
        retired={one.card.digest: one.time for one in partner_history(party.folder, partner)},
        log=log,
        least=len(log.entries) if log is not None and least is None else least or 0,
        receipts=receipts if log is not None else {},
        bound=(bytes.fromhex(side.claim_root), side.claim_leaves) if side.claim_root else None,
        documents=documents,
    )


def clocks_of(cards: Sequence[Card], terms: Terms | None) -> Clocks:
    """The clocks that the owner of these cards, present and earlier, believes under the terms."""
    own = tuple(witness_key(card) for card in cards)
    if terms is None:
        return Clocks(own)
    return Clocks(own, terms.witnesses, terms.witnesses_needed, terms.authority, terms.counts_from)


def logged_receipts(party: Party, partner: str, received: Sequence[Received]) -> set[tuple[bytes, int]]:
    """Digest and second of each commitment whose receipt our signed log confirms; none if it was altered."""
    digests = [one.commitment.digest for one in received]
    logs: list[ClosedLog | Log] = [*party.closed_logs(partner), party.log(partner)]
    if not digests or any(log.verify() for log in logs):
        return set()
    return {
        (digest, entry.time)
        for log in logs
        for entry in log.entries()
        if entry.kind == "commitment" and "received" in entry.digests
        for digest in digests
        if entry.digests["received"] == commitment(log.salt(entry.sequence), "received", digest).hex()
    }


def _partner(party: Party, sender: bytes) -> str:
    for partner in party.partners():
        if sender in {card.digest for card in cards_of(party, partner)}:
            return partner
    raise BadPeerFile("the bundle is from nobody who is known here", "add the partner's card")


def _described(record: RunRecord, verdict: Verdict) -> CheckedBundle:
    claims = [_claim(outcome) for _, outcome in sorted(verdict.outcomes.items())]
    epochs = len(verdict.bundle.epochs) if verdict.bundle else 0
    return CheckedBundle(record.partner, verdict.code, epochs, claims)


def _claim(outcome: Verified | Failed) -> CheckedClaim:
    if isinstance(outcome, Failed):
        return CheckedClaim(outcome.token, outcome.code, "", "", "", 0, "")
    since = moment_of(outcome.committed_at) if outcome.committed_at is not None else ""
    grade = {"": "asserted", "receipt": "logged"}.get(outcome.dated_by, "witnessed")
    return CheckedClaim(outcome.token, "", since, outcome.dated_by, grade, outcome.epoch, outcome.since)


def failure_text(code: str) -> str:
    """What a code means."""
    return FAILURES[code]
