"""Everything an agreement allows, as one list: what the exports to other languages are written from.

This says the rules of `decide` a second time, from the other end: not whether a request may pass, but all
that may. A test holds the two against each other through Cedar. A new term is added here, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleanroom.agreement.document import ACCOUNT_LEVELS, OTHER_ROLE, ROLES, SignedAgreement


@dataclass(frozen=True, slots=True)
class Permit:
    """What the side `role` may do, from the start up to but excluding the end of the agreement.

    `cells` are (population, field) of the side `owner`; the field is "" where whole accounts are meant. The
    request has to name one of `purposes`; where there are none it has to name none. It may name one of
    `peers`, populations of the side that is not the owner; where there are none it may not. `clause` is the
    place in the text that says so, `name` is its own within one agreement.
    """

    name: str
    role: str
    action: str
    owner: str
    cells: tuple[tuple[str, str], ...]
    purposes: tuple[str, ...]
    peers: tuple[str, ...]
    clause: str


def permits(signed: SignedAgreement) -> list[Permit]:
    """All permits of an agreement, the proposer's first, in the order of the actions."""
    return [permit for role in ROLES for permit in _permits_of(signed, role)]


def _permits_of(signed: SignedAgreement, role: str) -> Iterator[Permit]:
    terms, other = signed.agreement.terms, OTHER_ROLE[role]
    yield from _paired(signed, role, "match", role, f"{role}.populations")
    if terms.level not in ACCOUNT_LEVELS:
        return
    yield from _paired(signed, role, "grant", role, f"{role}.fields")
    if terms.level == "all":
        cells = _cells(signed, role, signed.agreement.side(role).populations)
        yield Permit(f"{role}.disclose", role, "disclose", role, cells, terms.purposes, (), "terms.level")
    yield from _paired(signed, role, "read", other, f"{other}.fields")
    if terms.exportable:
        yield from _paired(signed, role, "export", other, "terms.exportable")


def _paired(signed: SignedAgreement, role: str, action: str, owner: str, clause: str) -> Iterator[Permit]:
    """One permit for all populations of the owner; where pairs are agreed, one for each."""
    side, peer = signed.agreement.side(owner), signed.agreement.side(OTHER_ROLE[owner])
    terms = signed.agreement.terms
    groups = [(f"{role}.{action}", side.populations, peer.populations)]
    if terms.pairs:
        at = ROLES.index(owner)
        groups = [
            (
                f"{role}.{action}.{population}",
                (population,),
                tuple(pair[1 - at] for pair in terms.pairs if pair[at] == population),
            )
            for population in side.populations
        ]
    for name, populations, peers in groups:
        whole = action == "match"
        cells = tuple((one, "") for one in populations) if whole else _cells(signed, owner, populations)
        yield Permit(name, role, action, owner, cells, () if whole else terms.purposes, peers, clause)


def _cells(signed: SignedAgreement, owner: str, populations: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    fields = signed.agreement.side(owner).fields
    return tuple((population, field) for population in populations for field in fields)
