"""Everything an agreement allows, as one list: what the exports to other languages are written from.

This says the rules of `decide` a second time, from the other end: not whether a request may pass, but all
that may. A test holds the two against each other through Cedar. A new term is added here, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleanroom.agreement.document import NUMBER_LEVELS, OTHER_ROLE, ROLES, SignedAgreement


@dataclass(frozen=True, slots=True)
class Permit:
    """What the side `role` may do, from the start up to but excluding the end of the agreement.

    `cells` are (population, field) of the side `owner`; the field is "" where whole accounts are meant. The
    request has to name one of `purposes`; where there are none it has to name none. `clause` is the place in
    the text that says so.
    """

    role: str
    action: str
    owner: str
    cells: tuple[tuple[str, str], ...]
    purposes: tuple[str, ...]
    clause: str

    @property
    def name(self) -> str:
        """A name that is its own within one agreement."""
        return f"{self.role}.{self.action}"


def permits(signed: SignedAgreement) -> list[Permit]:
    """All permits of an agreement, the proposer's first, in the order of the actions."""
    return [permit for role in ROLES for permit in _permits_of(signed, role)]


def _permits_of(signed: SignedAgreement, role: str) -> Iterator[Permit]:
    agreement, terms = signed.agreement, signed.agreement.terms
    own, other = agreement.side(role), OTHER_ROLE[role]
    whole = tuple((population, "") for population in own.populations)
    yield Permit(role, "match", role, whole, (), f"{role}.populations")
    if terms.level in NUMBER_LEVELS:
        return
    cells = {
        owner: tuple(
            (population, field)
            for population in agreement.side(owner).populations
            for field in agreement.side(owner).fields
        )
        for owner in ROLES
    }
    yield Permit(role, "grant", role, cells[role], terms.purposes, f"{role}.fields")
    yield Permit(role, "read", other, cells[other], terms.purposes, f"{other}.fields")
    if terms.exportable:
        yield Permit(role, "export", other, cells[other], terms.purposes, "terms.exportable")
