"""What the other side would newly see of one's accounts when one text replaces another, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cleanroom.agreement.document import ACCOUNT_LEVELS, Agreement, PartyTerms, Policy

Document = Policy | Agreement

#: What a level lets the other side learn of a population; the words stand where a field would.
NUMBERS: Final = "(how many are shared)"
SHARED: Final = "(which are shared)"
#: Said behind a field at level `all`, where it may be given of accounts that are not shared as well.
UNMATCHED: Final = " of every account"


@dataclass(frozen=True, slots=True)
class Newly:
    """A field of a population that the other side would newly see, with UNMATCHED behind it where that is of
    every account, or one of NUMBERS and SHARED; `clause` is the place in the new text that allows it."""

    population: str
    field: str
    clause: str


def newly_seen(old: Document, new: Document, role: str) -> list[Newly]:
    """What the other side of `role` would newly see of the accounts of `role`, in the order of the text.

    A purpose, a longer period or more runs are no new cells; `compare` says these.
    """
    found = []
    side = _side(new, role)
    for population in side.populations:
        before, after = _cells(old, role, population), _cells(new, role, population)
        for field in (NUMBERS, SHARED, *side.fields, *(name + UNMATCHED for name in side.fields)):
            if field in after and field not in before:
                listed = population in _side(old, role).populations
                level = field in (NUMBERS, SHARED) or (
                    field.endswith(UNMATCHED) and old.terms.level != new.terms.level
                )
                clause = "terms.level" if level else f"{role}.fields"
                found.append(Newly(population, field, clause if listed else f"{role}.populations"))
    return found


def _cells(document: Document, role: str, population: str) -> set[str]:
    """What is told of a population: whoever learns which accounts are shared can count them as well."""
    side = _side(document, role)
    if population not in side.populations:
        return set()
    if document.terms.level not in ACCOUNT_LEVELS:
        return {NUMBERS}
    every = {name + UNMATCHED for name in side.fields} if document.terms.level == "all" else set()
    return {NUMBERS, SHARED, *side.fields, *every}


def _side(document: Document, role: str) -> PartyTerms:
    return document.proposer if role == "proposer" else document.accepter
