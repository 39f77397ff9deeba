"""From a signed agreement to the contract of a run, and the comparison with our own software."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.agreement.document import OTHER_ROLE, Agreement, SignedAgreement, Software, Terms
from overlap.errors import ContractMismatch, UsageError
from overlap.protocol.buckets import bucket_count
from overlap.protocol.contract import FORMAT, SUITE, Amounts, Contract, Counting, Side

_HINT = "bring both sides to the same version of this software, or propose a new agreement"


@dataclass(frozen=True, slots=True)
class ClaimRoot:
    """What a party has committed: the root (hex, "" for none) and the number of leaves."""

    root: str
    leaves: int


def require_software(agreement: Agreement, own: Software) -> None:
    """Return when this machine's software can fulfil the contract; else ContractMismatch with the field.

    The agreement may use fewer kinds than the software knows, never others and never in another order.
    """
    agreed = agreement.software
    for field in ("protocol", "normaliser", "normaliser_digest", "data_digest"):
        ours, theirs = getattr(own, field), getattr(agreed, field)
        if ours != theirs:
            raise ContractMismatch(field, _short(ours), _short(theirs), _HINT)
    if tuple(kind for kind in own.kinds if kind in agreed.kinds) != agreed.kinds:
        raise ContractMismatch("kinds", ",".join(own.kinds), ",".join(agreed.kinds), _HINT)
    measured = dict(zip(own.kinds, own.false_hits, strict=True))
    expected = tuple(measured[kind] for kind in agreed.kinds)
    if expected != agreed.false_hits:
        raise ContractMismatch("false_hits", _listed(expected), _listed(agreed.false_hits), _HINT)
    if own.most != agreed.most:
        raise ContractMismatch("most", str(own.most), str(agreed.most), _HINT)


def build_contract(signed: SignedAgreement, claims: Mapping[str, ClaimRoot]) -> Contract:
    """The contract of a run under `signed`; `claims` maps party names to what they committed.

    A party that is left out has committed nothing; a stranger is a UsageError. The contract names the
    agreement by `file_digest`, so that both sides also mean the same acceptance, and with it the same end.
    At level "all" a run is one of level "overlaps". Where a list is prepared, its state and the elements that
    a run asks are filled in when the run begins; until then it says the most.
    """
    agreement = signed.agreement
    if any(agreement.role_of(party) is None for party in claims):
        raise UsageError("claims are given for a party outside the agreement", "give those of its parties")
    starter = agreement.terms.starter
    software = agreement.software
    return Contract(
        format=FORMAT,
        suite=SUITE,
        protocol=software.protocol,
        level="overlaps" if agreement.terms.level == "all" else agreement.terms.level,
        kinds=software.kinds,
        false_hits=software.false_hits,
        most=software.most,
        veto=agreement.terms.veto,
        normaliser=software.normaliser,
        normaliser_digest=software.normaliser_digest,
        data_digest=software.data_digest,
        agreement=signed.file_digest,
        buckets=bucket_count(
            software.protocol, *(side.size_bound for side in (agreement.proposer, agreement.accepter))
        ),
        starter=_side(agreement, starter, claims),
        responder=_side(agreement, OTHER_ROLE[starter], claims),
        amounts=_amounts(agreement.terms),
        counting=_counting(agreement),
        queries=agreement.side(starter).size_bound if agreement.terms.prepared else 0,
    )


def _amounts(terms: Terms) -> Amounts | None:
    """What is summed; the side with the amounts is the responder, for it is never the starter."""
    agreed = terms.amounts
    if agreed is None:
        return None
    return Amounts(agreed.of, agreed.currency, agreed.granule, agreed.maximum, terms.minimum_count)


def _counting(agreement: Agreement) -> Counting | None:
    """What the room counts; the sides are named by who starts."""
    agreed, room, starter = agreement.terms.counting, agreement.room, agreement.terms.starter
    if agreed is None or room is None:
        return None
    return Counting(
        room.card,
        agreed.bounds(starter),
        agreed.bounds(OTHER_ROLE[starter]),
        agreement.terms.minimum_count,
        agreed.epsilon,
        agreed.epsilon_of,
    )


def _side(agreement: Agreement, role: str, claims: Mapping[str, ClaimRoot]) -> Side:
    terms = agreement.side(role)
    claim = claims.get(terms.party, ClaimRoot("", 0))
    return Side(terms.party, terms.card, terms.populations, terms.size_bound, claim.root, claim.leaves)


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))


def _short(value: str) -> str:
    return value if len(value) <= 24 else value[:16] + "…"
