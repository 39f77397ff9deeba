"""What a new policy or agreement would change: who would see more, who less, and for how long."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from cleanroom.agreement.document import (
    LEVELS,
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

_DAY: Final = 86_400

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
    yield from _disclosed(role, old, new)
    if before.preset != after.preset:
        named = after.preset or "listed one by one"
        yield Change(OTHER, f"{role}.preset", f"the fields of {shower} are {named}")
    what = f"{shower} may put {after.size_bound:,} identifiers into a run, instead of {before.size_bound:,}"
    yield from _number(f"{role}.size_bound", before.size_bound, after.size_bound, what)


def _disclosed(role: str, old: Document, new: Document) -> Iterator[Change]:
    """Accounts that are shown without a match at one level only."""
    shower, viewer = _name(new, role), _name(new, OTHER_ROLE[role])
    if (old.terms.level == "all") == (new.terms.level == "all"):
        return
    wider = new.terms.level == "all"
    side = _of(new if wider else old, role)
    for population in side.populations:
        could = "could newly be given" if wider else "could no longer be given"
        what = f"{viewer} {could} of every account of {shower}'s {population}: {', '.join(side.fields)}"
        yield Change(WIDER if wider else NARROWER, "terms.level", what)


def _terms(old: Document, new: Document) -> Iterator[Change]:
    before, after = old.terms, new.terms
    was, now = LEVELS.index(before.level), LEVELS.index(after.level)
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
    yield from _limits(before, after)
    yield from _pairs(old, new)
    yield from _counting(before, after)
    for name in ("starter", "veto", "protocol", "amounts", "prepared", "lease_holder", "asymmetry"):
        yield from _other(name, before, after)
    if isinstance(old, Agreement) and isinstance(new, Agreement) and old.room != new.room:
        room = "no room" if new.room is None else f"the room {new.room.party}, with the card that is named"
        yield Change(OTHER, "room", f"{room} has a part in it")


def _limits(before: Terms, after: Terms) -> Iterator[Change]:
    """Limits that may be missing: without one, most is allowed."""
    if before.obligations != after.obligations:
        for value in _both(before.obligations, after.obligations):
            if value not in after.obligations:
                yield Change(WIDER, "terms.obligations", f"{value} is no longer promised")
            elif value not in before.obligations:
                yield Change(NARROWER, "terms.obligations", f"{value} is promised")
    # A budget that begins anew after a period allows more, the more often the shorter the period.
    rates = [1 / terms.budget_period if terms.budget_period else 0.0 for terms in (before, after)]
    period = after.budget_period // _DAY
    what = f"runs are counted over {f'any {period} days' if period else 'the whole life'}"
    yield from _number("terms.budget_period", rates[0], rates[1], what)
    for name, unit, what in (
        ("max_export_age", _DAY, "a list goes into a run up to an age of {} days"),
        ("read_budget", 1, "a share can be asked for its records {} times"),
    ):
        most = [getattr(terms, name) or math.inf for terms in (before, after)]
        number = "any number of" if most[1] == math.inf else f"{most[1] // unit:,}"
        yield from _number(f"terms.{name}", most[0], most[1], what.format(number))


def _pairs(old: Document, new: Document) -> Iterator[Change]:
    """Pairs of populations that both documents have; others are said where populations come and go."""
    was, now = ({*(doc.terms.pairs or _product(doc))} for doc in (old, new))
    for one, two in _both(tuple(_product(old)), tuple(_product(new))):
        place = f"{_name(new, 'proposer')}'s {one} with {_name(new, 'accepter')}'s {two}"
        if (one, two) in now - was and (one, two) in _product(old):
            yield Change(WIDER, "terms.pairs", f"{place} would newly be compared")
        elif (one, two) in was - now and (one, two) in _product(new):
            yield Change(NARROWER, "terms.pairs", f"{place} would no longer be compared")


def _product(document: Document) -> list[tuple[str, str]]:
    return list(product(document.proposer.populations, document.accepter.populations))


def _counting(before: Terms, after: Terms) -> Iterator[Change]:
    one, two = before.counting, after.counting
    if one == two:
        return
    if one is None or two is None:
        if before.level == after.level == "counts":
            what = "a room counts, with noise" if two else "no room counts, and no noise is added"
            yield Change(NARROWER if two else WIDER, "counting", what)
        return
    was, now = (f"{terms.epsilon}/{terms.epsilon_of}" for terms in (one, two))
    what = f"the noise is for epsilon {now}, instead of {was}"
    yield from _number("counting.epsilon", one.epsilon / one.epsilon_of, two.epsilon / two.epsilon_of, what)
    for role in ROLES:
        if one.bounds(role) != two.bounds(role):
            what = "the identifiers of the populations have other bounds"
            yield Change(OTHER, f"counting.{role}_bounds", what)


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
    elif name == "asymmetry":
        what = f"the reason why the sides differ is: {two}" if two else "the sides do not differ any more"
        yield Change(OTHER, clause, what)
    else:
        yield Change(OTHER, clause, f"{name} is {two}, instead of {one}")


def _number(clause: str, before: float, after: float, what: str) -> Iterator[Change]:
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
