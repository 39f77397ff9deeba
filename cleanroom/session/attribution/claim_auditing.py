"""Random audits of committed lists: a nonce is committed, an epoch follows, leaves are drawn and opened.

claims/audits/PARTNER/begun       our nonces for audits of that partner, and when each was begun
claims/audits/PARTNER/expected    digests of the partner's nonces, and before which epoch of ours each came
claims/audits/PARTNER/answered    epochs of ours that were opened for an audit, and the digest of the draw
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleanroom.attribution import (
    ANSWER_LIMIT,
    DRAW_LIMIT,
    Draw,
    answer_draw,
    audit_commitment,
    check_answer,
    guess_chance,
)
from cleanroom.session.attribution.claim_roots import own_commitments, received_commitments
from cleanroom.session.attribution.claim_terms import terms_with
from cleanroom.session.attribution.claiming import read_own_opening
from cleanroom.session.attribution.claims_log import own_notes
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import Refused, UsageError

#: Leaves that are drawn when no terms say how many: without failure they show that 95 % are genuine.
USUAL_DRAWS = 59


@dataclass(frozen=True)
class Audited:
    """The result of an audit. `genuine` is the share that is genuine at least, with 95 % confidence."""

    partner: str
    epoch: int
    draws: int
    opened: int
    dummy: int
    failed: int
    genuine: float


def begin_audit(party: Party, partner: str) -> str:
    """Draw a nonce for the next epoch of a partner and commit to it; the digest, for the partner."""
    party.verified_card_of(partner)
    nonce = party.random(32)
    digest = audit_commitment(nonce)
    begun = _records(party, partner, "begun")
    last = max((one.commitment.epoch for one in received_commitments(party, partner)), default=0)
    party.note(partner, "checkpoint", audit=digest)
    _keep(party, partner, "begun", [*begun, {"nonce": nonce.hex(), "after": last, "time": party.now}])
    return digest.hex()


def expect_audit(party: Party, partner: str, digest: str) -> int:
    """Remember the digest of a partner's nonce; from the next epoch of ours on it may draw. That epoch."""
    party.verified_card_of(partner)
    if len(digest) != 64 or any(char not in "0123456789abcdef" for char in digest):
        raise UsageError("this is not the digest of a nonce", "give what 'overlap claims audit begin' said")
    last = len(own_commitments(party))
    expected = _records(party, partner, "expected")
    if not any(one["digest"] == digest for one in expected):
        party.note(partner, "checkpoint", audit=bytes.fromhex(digest))
        _keep(party, partner, "expected", [*expected, {"digest": digest, "after": last}])
    return last + 1


def draw_audit(party: Party, partner: str, draws: int | None, out: Path) -> Draw:
    """Write which leaves of the partner's newest epoch are opened; it must have come after the nonce."""
    begun = _records(party, partner, "begun")
    received = received_commitments(party, partner)
    if not begun or not received or received[-1].commitment.epoch <= begun[-1]["after"]:
        raise Refused(
            "no epoch of the partner has come since the audit was begun",
            "'overlap claims audit begin' comes before the epoch that is audited",
        )
    terms = terms_with(party, partner)
    number = draws or (terms.audit_draws if terms else USUAL_DRAWS)
    newest = received[-1]
    nonce = bytes.fromhex(begun[-1]["nonce"])
    draw = Draw(newest.commitment.epoch, nonce, newest.checkpoint, number)
    write_whole(out, draw.to_bytes())
    write_whole(party.folder.path("claims", "audits", partner, "draw"), draw.to_bytes())
    return draw


def answer_audit(party: Party, partner: str, source: Path, out: Path) -> Draw:
    """Open the leaves that a partner drew.

    Refused unless its nonce was committed before the epoch, the draw is over our checkpoint, it draws no more
    than the terms allow, and no other draw of that epoch was answered.
    """
    party.verified_card_of(partner)
    data = read_whole(source, DRAW_LIMIT)
    draw = Draw.from_bytes(data)
    digest = audit_commitment(draw.nonce).hex()
    expected = [one["after"] for one in _records(party, partner, "expected") if one["digest"] == digest]
    if not expected or expected[0] >= draw.epoch:
        raise Refused(
            "the nonce of this draw was not committed before the epoch",
            "whoever chooses it afterwards chooses the leaves: 'overlap claims audit expect' comes first",
        )
    notes = own_notes(party)
    if not 0 < draw.epoch <= len(notes) or notes[draw.epoch - 1].text != draw.checkpoint:
        raise Refused("the draw is not over a checkpoint of ours", "ask the partner to draw again")
    terms = terms_with(party, partner)
    if draw.draws > (terms.audit_draws if terms else USUAL_DRAWS):
        raise Refused("the draw asks for more leaves than was agreed", "agree on audit_draws in claims terms")
    answered = _records(party, partner, "answered")
    name = hashlib.sha256(data).hexdigest()
    if any(one["epoch"] == draw.epoch and one["draw"] != name for one in answered):
        raise Refused("another draw of this epoch was answered already", "an epoch is audited once")
    answer = answer_draw(draw, read_own_opening(party, draw.epoch))
    party.note(partner, "release", audit=bytes.fromhex(name), leaves=draw.draws)
    _keep(party, partner, "answered", [*answered, {"epoch": draw.epoch, "draw": name}])
    write_whole(out, answer)
    return draw


def check_audit(party: Party, partner: str, source: Path | None, documents: Sequence[Path] = ()) -> Audited:
    """The result of the newest draw from a partner; without an answer every draw failed."""
    place = party.folder.path("claims", "audits", partner, "draw")
    if not place.is_file():
        raise UsageError("no leaves of this partner were drawn", "'overlap claims audit draw' draws them")
    draw = Draw.from_bytes(read_whole(place, DRAW_LIMIT))
    received = {one.commitment.epoch: one.commitment for one in received_commitments(party, partner)}
    answer = read_whole(source, ANSWER_LIMIT) if source else None
    digests = None
    if documents:
        digests = frozenset(hashlib.sha256(read_whole(one, 2**30)).digest() for one in documents)
    result = check_answer(draw, answer, received[draw.epoch], digests)
    return Audited(
        partner, draw.epoch, draw.draws, result.opened, result.dummy, result.failed, result.genuine
    )


def lucky_guesses(party: Party, audited: Audited, targets: int, universe: int) -> tuple[float, float]:
    """What guessing could have given for the audited epoch: see `guess_chance`."""
    received = {one.commitment.epoch: one.commitment for one in received_commitments(party, audited.partner)}
    return guess_chance(received[audited.epoch].leaves, audited.genuine, targets, universe)


def _records(party: Party, partner: str, name: str) -> list[dict[str, Any]]:
    place = ("claims", "audits", partner, name)
    if not party.folder.path(*place).is_file():
        return []
    found: list[dict[str, Any]] = party.folder.read_record(*place)["audits"]
    return found


def _keep(party: Party, partner: str, name: str, records: list[dict[str, Any]]) -> None:
    party.folder.write_record({"audits": records}, "claims", "audits", partner, name)
