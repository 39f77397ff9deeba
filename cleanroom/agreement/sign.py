"""Two signatures over one text: the proposer signs, the accepter signs, and the period is fixed.

text ──sign_proposal──→ file with one signature ──accept──→ file with two ──read_signed──→ SignedAgreement
                                 └──read_proposal──→ Proposal
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cleanroom.agreement.contract import require_software
from cleanroom.agreement.document import (
    ACCEPTANCE_LIMIT,
    PERIOD_LIMIT,
    ROLES,
    Agreement,
    Proposal,
    Signature,
    SignedAgreement,
    Software,
    effective_period,
)
from cleanroom.agreement.parse import parse
from cleanroom.agreement.text import join_signatures, split_signatures
from cleanroom.moment import moment_of
from overlap import canonical
from overlap.errors import MalformedFile, Refused, Unverified
from overlap.keys import Card, PartyKeys

_PURPOSE = b"agreement"


def sign_proposal(text: bytes, keys: PartyKeys, now: int) -> bytes:
    """The text with the proposer's signature, to be sent to the accepter.

    Raises BadInput for a text that is not an agreement, Refused when the keys are not the proposer's, `now`
    is before the text was made, or the agreement could not come into force any more.
    """
    agreement = parse(text, peer=False)
    _require_time(agreement, agreement.proposed, now)
    return join_signatures(text, (_sign(agreement, "proposer", keys, now),))


def read_proposal(data: bytes, cards: Iterable[Card]) -> Proposal:
    """The agreement in `data` with the proposer's signature checked; nobody needs to have accepted it.

    `cards` are the confirmed cards, our own among them. Raises MalformedFile, ForgedFile, or Unverified when
    the text names a card, that of a room too, which is not among them.
    """
    agreement, signatures = _read(data, tuple(cards))
    return Proposal(agreement, _digest(agreement.text), signatures[0])


def accept(data: bytes, cards: Iterable[Card], software: Software, keys: PartyKeys, now: int) -> bytes:
    """The proposal with the accepter's signature: the signed agreement, for both parties to keep.

    Raises what `read_proposal` raises, ContractMismatch when our software differs from the contract, and
    Refused when the keys are not the accepter's, the proposal is already accepted or too old, or it could not
    come into force.
    """
    proposal = read_proposal(data, cards)
    if len(split_signatures(data)[1]) != 1:
        raise Refused("the agreement is already accepted", "use the signed file as it is")
    agreement = proposal.agreement
    require_software(agreement, software)
    _require_time(agreement, proposal.signature.time, now)
    return join_signatures(agreement.text, (proposal.signature, _sign(agreement, "accepter", keys, now)))


def read_signed(data: bytes, cards: Iterable[Card]) -> SignedAgreement:
    """The agreement in `data` with both signatures checked and its period fixed.

    Raises MalformedFile, ForgedFile, Unverified as `read_proposal` does; MalformedFile also when only one
    party has signed, or the times of the signatures contradict the text.
    """
    agreement, signatures = _read(data, tuple(cards))
    if len(signatures) != 2:
        raise MalformedFile(
            "the agreement is not accepted yet: the accepter's signature is missing",
            "the accepter signs it with 'overlap agreement accept'",
        )
    proposed, accepted = signatures
    problem = _time_problem(agreement, proposed.time, accepted.time)
    if problem:
        raise MalformedFile(problem, "propose the agreement again and have it accepted in time")
    start, end = effective_period(agreement, accepted.time)
    file_digest = hashlib.sha256(data).hexdigest()
    return SignedAgreement(
        agreement, _digest(agreement.text), file_digest, (proposed, accepted), accepted.time, start, end
    )


def _read(data: bytes, cards: tuple[Card, ...]) -> tuple[Agreement, tuple[Signature, ...]]:
    text, signatures = split_signatures(data)
    if not signatures:
        raise MalformedFile(
            "the agreement carries no signature", "ask for the file made by 'overlap agreement propose'"
        )
    agreement = parse(text)
    named = {role: _named_card(agreement, role, cards) for role in ROLES}
    _require_room(agreement, cards)
    for signature in signatures:
        if signature.party != agreement.side(signature.role).party:
            raise MalformedFile(
                f"the {signature.role}'s signature line names another party than the text",
                "ask for the file again, unchanged",
            )
        named[signature.role].verify(
            "signing",
            _PURPOSE,
            _message(signature.role, signature.party, signature.time, text),
            signature.value,
            f"the agreement's {signature.role}",
        )
    if signatures[0].time < agreement.proposed:
        raise MalformedFile(
            "the proposer signed before the time at which the text says it was made",
            "ask the proposer to make the proposal again",
        )
    return agreement, signatures


def _named_card(agreement: Agreement, role: str, cards: tuple[Card, ...]) -> Card:
    side = agreement.side(role)
    for card in cards:
        if card.digest.hex() == side.card and card.party == side.party:
            return card
    raise Unverified(
        f"the agreement names a card as its {role} that is not among the confirmed cards",
        "add the party's present card with 'overlap partner add', or ask for a proposal to your present card",
    )


def _require_room(agreement: Agreement, cards: tuple[Card, ...]) -> None:
    room = agreement.room
    if room and not any((card.party, card.digest.hex()) == (room.party, room.card) for card in cards):
        raise Unverified(
            "the agreement names a card as its room that is not among the confirmed cards",
            "add the room's present card with 'overlap partner add', and confirm its fingerprint",
        )


def _sign(agreement: Agreement, role: str, keys: PartyKeys, now: int) -> Signature:
    side = agreement.side(role)
    if (keys.party, keys.card.digest.hex()) != (side.party, side.card):
        raise Refused(
            f"these keys are not those of the agreement's {role}",
            f"the {role} named in the text signs, with the keys behind the card named there",
        )
    value = keys.sign("signing", _PURPOSE, _message(role, side.party, now, agreement.text))
    return Signature(role, side.party, now, value)


def _message(role: str, party: str, time: int, text: bytes) -> bytes:
    return canonical.digest(
        role.encode(), party.encode(), moment_of(time).encode(), hashlib.sha256(text).digest()
    )


def _require_time(agreement: Agreement, earlier: int, now: int) -> None:
    problem = _time_problem(agreement, earlier, now)
    if problem:
        raise Refused(problem, "correct this machine's clock, or ask for a new proposal")


def _time_problem(agreement: Agreement, earlier: int, time: int) -> str | None:
    """What is wrong with signing at `time` what was made or signed at `earlier`."""
    start, end = effective_period(agreement, time)
    if time < earlier:
        return "the agreement would be signed before it was proposed"
    if time - agreement.proposed > ACCEPTANCE_LIMIT:
        return f"the proposal is older than {ACCEPTANCE_LIMIT // 86_400} days"
    if end <= start:
        return "the agreement would end before it begins (terms.until)"
    if end - start > PERIOD_LIMIT:
        return f"the agreement would run for more than {PERIOD_LIMIT // 86_400} days (terms.until)"
    return None


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
