"""Letters of partners: a commitment, proofs, a revocation, decisions of a review, a prepared list, a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import ClaimsLog, Commitment, read_bundle, sealed_entry
from cleanroom.moment import moment_of
from cleanroom.session.attribution.claim_roots import received_commitments
from cleanroom.session.attribution.claim_terms import terms_with
from cleanroom.session.attribution.claim_verifying import failure_text, take_bundle
from cleanroom.session.attribution.claim_witnessing import cards_of, keep_seen, require_seen, seen_log
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import LETTER_LIMIT, Letter, read_letter
from cleanroom.session.review.review_letters import describe_taken, take_review
from cleanroom.session.share.sharing import take_revocation
from overlap.errors import ForgedFile, Refused


@dataclass(frozen=True)
class Taken:
    """What was received from whom, and what it means."""

    what: str
    partner: str
    lines: list[str]


def receive_file(party: Party, source: Path) -> Taken:
    """Take in a letter. Raises BadPeerFile, Unverified or Refused."""
    letter = read_letter(party, read_whole(source, LETTER_LIMIT))
    return _TAKERS[letter.kind](party, letter)


def _take_commitment(party: Party, letter: Letter) -> Taken:
    commitment, salt, log = _read_commitment(letter.body)
    partner = letter.partner
    if commitment.origin not in {card.digest for card in cards_of(party, partner)}:
        raise ForgedFile(
            "the commitment names another party as its owner",
            "ask for the file made by 'overlap claims commit'",
        )
    log.signer(cards_of(party, partner))
    if commitment.epoch != len(log.entries) or log.entries[-1] != sealed_entry(salt, commitment):
        raise ForgedFile(
            "the commitment is not the newest entry of the partner's claims log",
            "ask for the file made by 'overlap claims send'",
        )
    terms = terms_with(party, partner)
    if terms is not None and terms.logs[partner] != log.origin:
        raise Refused("this is not the claims log that the terms name", "ask for the log that was agreed")
    require_seen(party, partner, log)
    received = received_commitments(party, partner)
    for known in received:
        if known.commitment == commitment:
            return Taken("commitment", partner, [f"already received {moment_of(known.received_at)}"])
    newest = max((known.commitment.epoch for known in received), default=0)
    if commitment.epoch <= newest:
        raise Refused(
            f"epoch {newest} of this partner is here already, and this is not later",
            "ask for the newest epoch, made by 'overlap claims send'",
        )
    received_at = party.note(partner, "commitment", received=commitment.digest, leaves=commitment.leaves).time
    record = {
        "commitment": commitment.to_bytes().decode(),
        "checkpoint": log.note.text,
        "received_at": received_at,
        "stated_at": letter.time,
    }
    party.folder.write_record(record, "claims", "received", partner, str(commitment.epoch))
    keep_seen(party, log)
    lines = [f"epoch {commitment.epoch}, {commitment.leaves:,} leaves, received {moment_of(party.now)}"]
    return Taken("commitment", partner, lines)


def _read_commitment(body: bytes) -> tuple[Commitment, bytes, ClaimsLog]:
    """The commitment of an epoch, the salt of its entry, and the claims log that it is in."""
    end = body.find(b"\n", body.find(b"\n") + 1) + 1
    salt, text = body[end : end + 32], body[end + 32 :].decode("utf-8", errors="replace")
    return Commitment.from_bytes(body[:end]), salt, ClaimsLog.from_text(text)


def _take_claims(party: Party, letter: Letter) -> Taken:
    bundle = read_bundle(letter.body)
    run = find_run(party, bundle.run.hex())
    if run.partner != letter.partner:
        raise Refused("the proofs are for a run with another partner", "ask for the proofs of your own run")
    known = seen_log(party, bundle.log.origin)
    checked = take_bundle(party, run, letter.body)
    place = ("claims", "proofs", letter.partner, run.run)
    received_at = party.note(
        letter.partner, "release", received=bytes.fromhex(run.run), claims=len(bundle.claims)
    ).time
    taken = {"received_at": received_at, "epochs": len(known.entries) if known else 0}
    party.folder.write_record(taken, *place[:-1], f"{run.run}.taken")
    write_whole(party.folder.path(*place), letter.body)
    lines = [
        f"{len(bundle.claims) - checked.failed:,} of {len(bundle.claims):,} proofs for run {run.run} hold"
    ]
    codes = sorted({claim.code for claim in checked.claims} - {""})
    return Taken("claims", letter.partner, lines + [f"{code}: {failure_text(code)}" for code in codes])


def _take_revocation(party: Party, letter: Letter) -> Taken:
    return Taken("revocation", letter.partner, take_revocation(party, letter.partner, letter.body))


def _take_review(party: Party, letter: Letter) -> Taken:
    return Taken("review", letter.partner, describe_taken(take_review(party, letter)))


def _take_preparation(party: Party, letter: Letter) -> Taken:
    from cleanroom.session.match.preparing import take_preparation

    return Taken("preparation", letter.partner, take_preparation(party, letter))


def _take_update(party: Party, letter: Letter) -> Taken:
    from cleanroom.session.match.preparing import take_update

    return Taken("update", letter.partner, take_update(party, letter))


def _take_checkpoint(party: Party, letter: Letter) -> Taken:
    from cleanroom.session.audit.syncing import take_sync

    return Taken("checkpoint", letter.partner, take_sync(party, letter))


def _take_forget(party: Party, letter: Letter) -> Taken:
    from cleanroom.session.accounts.recalling import take_recall

    return Taken("forget", letter.partner, take_recall(party, letter))


_TAKERS: dict[str, Callable[[Party, Letter], Taken]] = {
    "commitment": _take_commitment,
    "claims": _take_claims,
    "revocation": _take_revocation,
    "review": _take_review,
    "preparation": _take_preparation,
    "update": _take_update,
    "checkpoint": _take_checkpoint,
    "forget": _take_forget,
}
