"""What a careful reader would ask before signing: a policy that is correct can still be unwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from cleanroom.agreement.document import (
    ACCOUNT_LEVELS,
    METHODS,
    NUMBER_LEVELS,
    OBLIGATIONS,
    PERSONAL_FIELDS,
    ROLES,
    Agreement,
    PartyTerms,
    Policy,
    Terms,
)
from cleanroom.agreement.parse import find_problems, parse_document
from cleanroom.agreement.parse_checks import differing

ERROR: Final = "error"
WARNING: Final = "warning"

_DAY: Final = 86_400
#: Days after which an end is far: a year in any case, half of one for what leaves for another system.
_FAR: Final = 366
_FAR_EXPORT: Final = 184
#: A result over fewer accounts says too much about single ones; numbers alone need more to hide them.
_FEW: Final = 5
_FEW_IN_NUMBERS: Final = 10
#: Days to a run: more runs watch a list and do not plan with it. The difference of two numbers is one more.
_DAYS_TO_A_RUN: Final = 7
_RUNS_OF_NUMBERS: Final = 4
#: Runs of an agreement that has no period for them, and could see all of them on one day.
_RUNS_AT_ONCE: Final = 6
#: Epsilon of all runs together, above which the noise hides little.
_EPSILON: Final = 4
#: Purposes for which somebody has to be called or written to.
_ABOUT_PEOPLE: Final = frozenset({"co-sell", "customer-success", "joint-marketing"})
#: How many times the list of the other side one side may have.
_UNEVEN: Final = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to correct (`error`) or to think about (`warning`), and the clause where it stands."""

    severity: str
    clause: str
    what: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.clause}: {self.what}"


def lint(data: bytes, now: int) -> list[Finding]:
    """The findings in the text of a policy or an agreement, in the order of the clauses; errors first.

    An error is what the parser refuses, and what contradicts itself. `now` is in unix seconds.
    """
    if problems := find_problems(data):
        return [Finding(ERROR, problem.place, problem.what) for problem in problems]
    document = parse_document(data)
    found = [
        *_contradictions(document, now),
        *_side_warnings(document),
        *_term_warnings(document),
        *_run_warnings(document),
        *_share_warnings(document.terms),
    ]
    return sorted(found, key=lambda finding: finding.severity != ERROR)


def days_in_force(document: Policy | Agreement) -> int:
    """The days from beginning to end, rounded up; an end by date without a beginning counts from the
    proposal."""
    terms = document.terms
    if terms.duration is not None:
        return -(-terms.duration // _DAY)
    begin = terms.not_before
    if begin is None:
        begin = document.proposed if isinstance(document, Agreement) else terms.until
    return -(-((terms.until or 0) - (begin or 0)) // _DAY)


def _contradictions(document: Policy | Agreement, now: int) -> Iterator[Finding]:
    terms = document.terms
    if terms.until is not None and terms.until <= now:
        yield Finding(ERROR, "terms.until", "is past: nothing would ever be allowed")
    smaller = min(document.proposer.size_bound, document.accepter.size_bound)
    if terms.minimum_count > smaller:
        what = f"is above a side's size_bound of {smaller:,}: every result would be withheld"
        yield Finding(ERROR, "terms.minimum_count", what)
    if "territory-planning" in terms.purposes and not terms.exportable and terms.level in ACCOUNT_LEVELS:
        what = "names territory-planning, and exportable is false: nothing would reach a plan"
        yield Finding(WARNING, "terms.purposes", what)


def _side_warnings(document: Policy | Agreement) -> Iterator[Finding]:
    sides = {"proposer": document.proposer, "accepter": document.accepter}
    for role, side in sides.items():
        yield from _one_side(role, side, document.terms)
    one, other = sides.values()
    for name in differing(one, other) or ():
        what = "differ between the sides: one gives more than it gets; judge the reason in terms.asymmetry"
        yield Finding(WARNING, f"{ROLES[0]}.{name}", what)
    if max(one.size_bound, other.size_bound) > _UNEVEN * min(one.size_bound, other.size_bound):
        what = f"is more than {_UNEVEN} times the other's: the longer list can ask about all of the shorter"
        role = max(sides, key=lambda role: sides[role].size_bound)
        yield Finding(WARNING, f"{role}.size_bound", what)


def _one_side(role: str, side: PartyTerms, terms: Terms) -> Iterator[Finding]:
    if "prospects" in side.populations:
        what = "holds prospects: often what marketing bought, and not known to be anybody's customers"
        yield Finding(WARNING, f"{role}.populations", what)
    if side.preset and not side.fields:
        what = "is a preset that is not known here, so nothing is said of its fields"
        yield Finding(WARNING, f"{role}.preset", what)
    personal = [name for name in side.fields if name in PERSONAL_FIELDS]
    if personal and not _ABOUT_PEOPLE & set(terms.purposes):
        what = f"shows {', '.join(personal)}, which can name a person, and no purpose needs a person"
        yield Finding(WARNING, f"{role}.fields", what)


def _term_warnings(document: Policy | Agreement) -> Iterator[Finding]:
    terms, days = document.terms, days_in_force(document)
    if days > _FAR:
        what = f"is {days} days away: a renewal is one more signature, and makes both look again"
        yield Finding(WARNING, "terms.until", what)
    elif days > _FAR_EXPORT and terms.exportable:
        what = f"is {days} days away, and what is exported until then stays exported"
        yield Finding(WARNING, "terms.until", what)
    few = _FEW_IN_NUMBERS if terms.level in NUMBER_LEVELS else _FEW
    if terms.minimum_count < few:
        what = f"is {terms.minimum_count}: a result of so few says too much about an account; take {few}"
        yield Finding(WARNING, "terms.minimum_count", what)
    if terms.protocol != METHODS[0]:
        what = "is experimental: nobody but its author has reviewed its parameters and checks"
        yield Finding(WARNING, "terms.protocol", what)
    if terms.prepared is not None:
        what = "shows the side that asks what entered or left the list, also where it asked before"
        yield Finding(WARNING, "prepared", what)
    if terms.level == "all":
        what = "is all: each side may show every account of its populations, matched or not"
        yield Finding(WARNING, "terms.level", what)


def _run_warnings(document: Policy | Agreement) -> Iterator[Finding]:
    """What is unwise about how often, and with how old a list, runs may be made."""
    terms, days = document.terms, days_in_force(document)
    within = min(days, terms.budget_period // _DAY) if terms.budget_period else days
    if terms.level in NUMBER_LEVELS and terms.run_budget > _RUNS_OF_NUMBERS:
        what = (
            f"is {terms.run_budget}: the difference of two runs is a number about what changed between them"
        )
        yield Finding(WARNING, "terms.run_budget", what)
    elif terms.run_budget * _DAYS_TO_A_RUN > max(within, _DAYS_TO_A_RUN):
        what = f"is {terms.run_budget} in {within} days, more than one a week: that watches a list"
        yield Finding(WARNING, "terms.run_budget", what)
    if terms.run_budget > _RUNS_AT_ONCE and not terms.budget_period:
        what = f"is missing: all {terms.run_budget} runs could be made on one day"
        yield Finding(WARNING, "terms.budget_period", what)
    if not terms.max_export_age:
        what = "is missing: a list of any age may be put into a run, with accounts that have long left it"
        yield Finding(WARNING, "terms.max_export_age", what)
    if terms.counting is not None:
        periods = -(-days * _DAY // terms.budget_period) if terms.budget_period else 1
        spent = Fraction(terms.counting.epsilon, terms.counting.epsilon_of) * terms.run_budget * periods
        if spent > _EPSILON:
            what = f"adds up to {float(spent):.1f} over all runs, and above {_EPSILON} the noise hides little"
            yield Finding(WARNING, "counting.epsilon", what)


def _share_warnings(terms: Terms) -> Iterator[Finding]:
    """What is unwise about how what was shown is read and kept."""
    if terms.level not in ACCOUNT_LEVELS:
        return
    if not terms.read_budget:
        what = "is missing: a share can be asked for its records any number of times until the end"
        yield Finding(WARNING, "terms.read_budget", what)
    if terms.exportable and OBLIGATIONS[0] not in terms.obligations:
        what = f"does not have {OBLIGATIONS[0]}: nobody promises to take out what was exported"
        yield Finding(WARNING, "terms.obligations", what)
