"""Letters of partners: a commitment, proofs, a revocation, decisions of a review, a prepared list, a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import Commitment, read_proofs
from cleanroom.moment import moment_of
from cleanroom.number import count_of
from cleanroom.session.attribution.claim_roots import received_commitments
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.match.runs import find_run
from cleanroom.session.party import Party
from cleanroom.session.post.letters import LETTER_LIMIT, Letter, read_letter
from cleanroom.session.review.review_letters import describe_taken, take_review
from cleanroom.session.share.sharing import take_revocation
from overlap.errors import ForgedFile, MalformedFile, Refused


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
    commitment = Commitment.from_bytes(letter.body)
    if commitment.origin != party.card_of(letter.partner).digest:
        raise ForgedFile(
            "the commitment names another party as its owner",
            "ask for the file made by 'overlap claims commit'",
        )
    received = received_commitments(party, letter.partner)
    lines = [
        f"epoch {commitment.epoch}, {count_of(commitment.leaves, 'leaf', 'leaves')}, "
        f"received {moment_of(party.now)}"
    ]
    for known in received:
        if known.commitment == commitment:
            return Taken("commitment", letter.partner, [f"already received {moment_of(known.received_at)}"])
    newest = max((known.commitment.epoch for known in received), default=0)
    if commitment.epoch <= newest:
        raise Refused(
            f"epoch {newest} of this partner is here already, and this is not later",
            "an epoch is committed once; two different ones are proof of cheating: keep both files",
        )
    received_at = party.note(
        letter.partner, "commitment", received=commitment.digest, leaves=commitment.leaves
    ).time
    record = {
        "commitment": commitment.to_bytes().decode(),
        "received_at": received_at,
        "stated_at": letter.time,
    }
    party.folder.write_record(record, "claims", "received", letter.partner, str(commitment.epoch))
    return Taken("commitment", letter.partner, lines)


def _take_claims(party: Party, letter: Letter) -> Taken:
    if len(letter.body) < 16:
        raise MalformedFile("the proofs name no run", "ask for the file made by 'overlap claims prove'")
    run = find_run(party, letter.body[:16].hex())
    if run.partner != letter.partner:
        raise Refused("the proofs are for a run with another partner", "ask for the proofs of your own run")
    proofs = read_proofs(letter.body[16:])
    write_whole(party.folder.path("claims", "proofs", letter.partner, run.run), letter.body[16:])
    party.note(letter.partner, "release", received=bytes.fromhex(run.run), claims=len(proofs))
    return Taken("claims", letter.partner, [f"{count_of(len(proofs), 'proof')} for run {run.run}"])


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
