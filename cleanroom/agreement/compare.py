"""What a new policy or agreement would change: who would see more, who less, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.agreement.document import (
    NUMBER_LEVELS,
    OTHER_ROLE,
    ROLES,
    Agreement,
    PartyTerms,
    Policy,
    Terms,
)
from cleanroom.agreement.lint import days_in_force

WIDER: Final = "wider"
NARROWER: Final = "narrower"
OTHER: Final = "other"

#: Levels by how much they show.
_RANK: Final = {"counts": 0, "sum": 1, "overlaps": 2}

Document = Policy | Agreement


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `kind` says whether more is allowed, less, or something else."""

    kind: str
    clause: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} ({self.clause})"


def compare(old: Document, new: Document) -> list[Change]:
    """All changes, the ones that allow more first. Sides are compared by role, comments are not compared."""
    found = [*(change for role in ROLES for change in _side(role, old, new)), *_terms(old, new)]
    order = (WIDER, NARROWER, OTHER)
    return sorted(found, key=lambda change: order.index(change.kind))


def _side(role: str, old: Document, new: Document) -> Iterator[Change]:
    shower, viewer = _name(new, role), _name(new, OTHER_ROLE[role])
    before, after = (_of(document, role) for document in (old, new))
    for population in _both(before.populations, after.populations):
        was, now = (_cells(document, role, population) for document in (old, new))
        place = f"{shower}'s {population}"
        if population not in before.populations:
            what = f"{viewer} would newly {_learn(new.terms)} {place}"
            yield Change(WIDER, f"{role}.populations", what)
        elif population not in after.populations:
            what = f"{viewer} would no longer {_learn(old.terms)} {place}"
            yield Change(NARROWER, f"{role}.populations", what)
        if gained := [field for field in after.fields if field in now - was]:
            what = f"{viewer} would newly see of {place}: {', '.join(gained)}"
            yield Change(WIDER, f"{role}.fields", what)
        if lost := [field for field in before.fields if field in was - now]:
            what = f"{viewer} would no longer see of {place}: {', '.join(lost)}"
            yield Change(NARROWER, f"{role}.fields", what)
    what = f"{shower} may put {after.size_bound:,} identifiers into a run, instead of {before.size_bound:,}"
    yield from _number(f"{role}.size_bound", before.size_bound, after.size_bound, what)


def _terms(old: Document, new: Document) -> Iterator[Change]:
    before, after = old.terms, new.terms
    was, now = _RANK[before.level], _RANK[after.level]
    yield from _number("terms.level", was, now, f"the level is {after.level}, instead of {before.level}")
    for name in ("purposes", "relations"):
        one, two = getattr(before, name), getattr(after, name)
        for value in _both(one, two):
            if value not in one:
                yield Change(WIDER, f"terms.{name}", f"{value} is added to the {name}")
            elif value not in two:
                yield Change(NARROWER, f"terms.{name}", f"{value} is taken from the {name}")
    yield from _period(old, new)
    what = f"there may be {after.run_budget} runs, instead of {before.run_budget}"
    yield from _number("terms.run_budget", before.run_budget, after.run_budget, what)
    what = f"results are withheld below {after.minimum_count} accounts, instead of {before.minimum_count}"
    yield from _number("terms.minimum_count", -before.minimum_count, -after.minimum_count, what)
    for name, what in (
        ("exportable", "what is shown {} be exported"),
        ("candidates", "close names and bare websites {} be matched too"),
    ):
        allowed = getattr(after, name)
        text = what.format("may" if allowed else "may not")
        yield from _number(f"terms.{name}", getattr(before, name), allowed, text)
    for name in ("starter", "veto", "protocol", "amounts", "prepared"):
        yield from _other(name, before, after)


def _period(old: Document, new: Document) -> Iterator[Change]:
    before, after = old.terms, new.terms
    by_date = before.until is not None and after.until is not None
    ends = (before.until, after.until) if by_date else (days_in_force(old), days_in_force(new))
    what = f"it is in force for {days_in_force(new)} days, instead of {days_in_force(old)}"
    if by_date and days_in_force(old) == days_in_force(new):
        what = "it ends at another time"
    yield from _number("terms.until", ends[0] or 0, ends[1] or 0, what)


def _other(name: str, before: Terms, after: Terms) -> Iterator[Change]:
    one, two = getattr(before, name), getattr(after, name)
    clause = name if name in ("amounts", "prepared") else f"terms.{name}"
    if one == two:
        return
    if name == "prepared" and one is None:
        yield Change(WIDER, clause, "the side that does not start may prepare its list; updates tell more")
    elif name == "prepared" and two is None:
        yield Change(NARROWER, clause, "no list is prepared any more")
    elif name in ("amounts", "prepared"):
        yield Change(OTHER, clause, f"the table [{name}] is another one")
    else:
        yield Change(OTHER, clause, f"{name} is {two}, instead of {one}")


def _number(clause: str, before: int, after: int, what: str) -> Iterator[Change]:
    """A change where more is wider."""
    if before != after:
        yield Change(WIDER if after > before else NARROWER, clause, what)


def _cells(document: Document, role: str, population: str) -> set[str]:
    """The fields that a side shows of a population."""
    side = _of(document, role)
    return set(side.fields) if population in side.populations else set()


def _learn(terms: Terms) -> str:
    return (
        "learn how many accounts it shares of"
        if terms.level in NUMBER_LEVELS
        else "learn which accounts it shares of"
    )


def _of(document: Document, role: str) -> PartyTerms:
    side: PartyTerms = getattr(document, role)
    return side


def _name(document: Document, role: str) -> str:
    return _of(document, role).party or f"the {role}"


def _both(one: tuple[Any, ...], two: tuple[Any, ...]) -> list[Any]:
    """All of both, in the order of the new one."""
    return [*two, *(value for value in one if value not in two)]
