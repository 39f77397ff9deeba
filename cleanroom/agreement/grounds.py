"""Why a request is allowed or denied: every clause that speaks, its line, and what would turn the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cleanroom.agreement.decide import (
    DEFAULT,
    Decision,
    Request,
    _form_refusals,
    _refusals,
    _showing_role,
    decide,
)
from cleanroom.agreement.document import ACCOUNT_LEVELS, ACTIONS, OTHER_ROLE, ROLES, SignedAgreement
from cleanroom.agreement.standin import is_policy
from cleanroom.moment import moment_of

_HEADER: Final = re.compile(r"\[ *([a-z_]+) *\]\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Quote:
    """Where a clause stands: the number of its first line (0: nowhere), its lines, and the comment above."""

    line: int
    text: tuple[str, ...]
    comment: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """One clause that speaks for or against a request, and where it stands. `change` is what would turn this
    one clause over, "" where another clause is the nearer one."""

    clause: str
    reason: str
    change: str
    quote: Quote


@dataclass(frozen=True, slots=True)
class Grounds:
    """A decision and its grounds: allowed, all clauses that had to hold; else all that speak against it."""

    request: Request
    now: int
    decision: Decision
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a party may do at one time with one field of one population of the other side, by purpose."""

    party: str
    field: str
    population: str
    read: tuple[str, ...]
    export: tuple[str, ...]


def find_grounds(signed: SignedAgreement, request: Request, now: int) -> Grounds:
    """The decision and every clause behind it, in the order of the rules. Never raises for a bad request."""
    decision = decide(signed, request, now)
    if decision.allowed:
        return Grounds(request, now, decision, tuple(_allowing(signed, request, decision)))
    # The rules after those about the request's own form rely on a good form.
    against = list(_form_refusals(signed, request, now)) or list(_refusals(signed, request, now))
    grounds = (
        Ground(clause, reason, _permission(signed, request, clause), quote(signed.agreement.text, clause))
        for clause, reason in against
    )
    return Grounds(request, now, decision, tuple(grounds))


def what_is_shown(signed: SignedAgreement, now: int) -> list[Cell]:
    """Every agreed field of each agreed population for both sides, with the purposes allowed at `now`."""
    agreement = signed.agreement
    cells = []
    for role in ROLES:
        shown, viewer = agreement.side(role), agreement.side(OTHER_ROLE[role]).party
        for population in shown.populations:
            for field in shown.fields:
                allowed = {
                    action: tuple(
                        purpose
                        for purpose in agreement.terms.purposes
                        if decide(signed, Request(action, viewer, field, population, purpose), now).allowed
                    )
                    for action in ("read", "export")
                }
                cells.append(Cell(viewer, field, population, allowed["read"], allowed["export"]))
    return cells


def matched_populations(signed: SignedAgreement, now: int) -> dict[str, tuple[str, ...]]:
    """For each party, which of its populations it may put into a match at `now`."""
    agreement = signed.agreement
    sides = (agreement.proposer, agreement.accepter)
    return {
        side.party: tuple(
            population
            for population in side.populations
            if decide(signed, Request("match", side.party, population=population), now).allowed
        )
        for side in sides
    }


def quote(text: bytes, clause: str) -> Quote:
    """The lines of a clause such as `terms.until`, `[prepared]` as `prepared`, and the comment above them."""
    table, _, key = clause.rpartition(".")
    lines = text.decode(errors="replace").split("\n")
    here = ""
    for number, line in enumerate(lines):
        header = _HEADER.fullmatch(line.strip())
        if header:
            here = header[1]
        found = header and not table and here == key
        if found or (here == table and re.match(rf"{re.escape(key)} *=", line.strip())):
            return _quote_at(lines, number)
    return Quote(0, (), ())


def _quote_at(lines: list[str], number: int) -> Quote:
    """The value may run over several lines, up to the bracket that closes its list."""
    last = number
    while _open_brackets(lines[number : last + 1]) > 0 and last + 1 < len(lines):
        last += 1
    first = number
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    comment = tuple(line.strip().removeprefix("#").strip() for line in lines[first:number])
    return Quote(number + 1, tuple(line.rstrip() for line in lines[number : last + 1]), comment)


def _open_brackets(lines: list[str]) -> int:
    """Brackets opened and not closed; texts and comments, in which one may stand, are left out."""
    bare = (re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", line) for line in lines)
    return sum(line.count("[") - line.count("]") for line in bare)


def _allowing(signed: SignedAgreement, request: Request, decision: Decision) -> Iterator[Ground]:
    """The clause that the decision names, with what would deny it; then all others that had to hold."""
    text, role = signed.agreement.text, _showing_role(signed, request)
    yield Ground(
        decision.clause, decision.reason, _denial(signed, request, role), quote(text, decision.clause)
    )
    terms, other, peer = signed.agreement.terms, OTHER_ROLE[role], request.peer_population
    others = {
        "terms.level": "the level shows fields of accounts" if request.field else "",
        f"{role}.fields": "the field is in the list" if request.field else "",
        f"{role}.populations": "the population is in the list",
        f"{other}.populations": "the population of the other side is in the list" if peer else "",
        "terms.pairs": "the two populations are in the list as a pair" if peer and terms.pairs else "",
        "terms.purposes": "the purpose is in the list" if request.purpose else "",
        "terms.not_before": f"it began at {moment_of(signed.not_before)}",
        "terms.until": f"it ends at {moment_of(signed.until)}",
    }
    for clause, reason in others.items():
        if reason and clause != decision.clause:
            yield Ground(clause, reason, "", quote(text, clause))


def _permission(signed: SignedAgreement, request: Request, clause: str) -> str:
    """What would make this clause allow the request."""
    if clause == DEFAULT:
        return _another_question(signed)
    table, _, key = clause.rpartition(".")
    values = {"fields": request.field, "purposes": request.purpose, "pairs": None}
    values["populations"] = request.population
    if key in {"populations", "pairs"}:
        role = _showing_role(signed, request)
        pair = (request.population, request.peer_population)
        values["populations"] = pair[table != role]
        values["pairs"] = ":".join(map(str, pair if role == "proposer" else pair[::-1]))
    if key in values:
        return f'in [{table}], "{values[key]}" added to {key}'
    start, end = moment_of(signed.not_before), moment_of(signed.until)
    level = "all" if request.action == "disclose" else "overlaps"
    fields = "" if signed.agreement.terms.level in ACCOUNT_LEVELS else ", and fields in both sides' tables"
    changes = {
        "terms.level": f'in [terms], level = "{level}"{fields}',
        "terms.not_before": f"waiting until {start}, or in [terms] an earlier not_before",
        "terms.until": f"asking before {end}; what has ended stays ended, so else a new agreement",
        "terms.exportable": "in [terms], exportable = true",
    }
    return changes.get(clause, f"another value of {clause}")


def _another_question(signed: SignedAgreement) -> str:
    parties = " or ".join(signed.agreement.side(role).party for role in ROLES)
    return (
        f"no change of the text, only another question: of {parties}; to {', '.join(ACTIONS)}; a match "
        "with a population only, the others with field, population and purpose"
    )


def _denial(signed: SignedAgreement, request: Request, role: str) -> str:
    """The smallest change of the text that denies an allowed request."""
    if request.action == "export":
        return "in [terms], exportable = false"
    if request.action == "disclose":
        return 'in [terms], level = "overlaps"'
    if request.action == "match":
        return f'in [{role}], "{request.population}" struck from populations'
    return f'in [{role}], "{request.field}" struck from fields'


def describe_grounds(signed: SignedAgreement, found: Grounds) -> list[str]:
    """The answer as lines for a person: what was asked, the answer, each clause with its line."""
    decision, grounds = found.decision, found.grounds
    answer = "ALLOWED" if decision.allowed else "DENIED"
    lines = [f"{answer}: {_asked(found.request)}, at {moment_of(found.now)}"]
    if decision.allowed:
        lines.append("all of this had to hold, and does:")
    elif len(grounds) > 1:
        lines.append(f"{len(grounds)} things speak against it, and each alone is enough:")
    else:
        lines.append("one thing speaks against it:")
    for ground in grounds:
        lines += _ground_lines(ground)
    changes = list(dict.fromkeys(ground.change for ground in grounds if ground.change))
    if decision.allowed:
        lines.append(f"the nearest change that would deny it: {changes[0]}")
        lines.append(f"without any change it is denied from {moment_of(signed.until)} on")
    elif len(changes) == 1:
        lines.append(f"the nearest change that would allow it: {changes[0]}")
    else:
        lines.append("the nearest changes that would allow it, all of them together:")
        lines += [f"- {change}" for change in changes]
    if any(re.search(" (added to|struck from) (fields|populations)$", change) for change in changes):
        lines.append('where the two sides differ after it, [terms] has to say why: asymmetry = "…"')
    return [*lines, *_taken_as(signed)]


def describe_period(signed: SignedAgreement, now: int) -> list[str]:
    """What the text is called, and whether it is in force at the time of the question."""
    start, end = moment_of(signed.not_before), moment_of(signed.until)
    running = signed.not_before <= now < signed.until
    state = "in force" if running else "not in force, so everything is denied"
    return [
        signed.agreement.title,
        f"at {moment_of(now)}: {state} (it is from {start} up to but excluding {end})",
        *_taken_as(signed),
    ]


def _taken_as(signed: SignedAgreement) -> list[str]:
    """The dates of a policy are not those of any agreement yet."""
    when = moment_of(signed.accepted_at)
    return [f"this is a policy, signed by nobody: its dates are as if accepted at {when}"] * is_policy(signed)


def _asked(request: Request) -> str:
    parts = (
        ("field", request.field),
        ("population", request.population),
        ("matched with", request.peer_population),
        ("purpose", request.purpose),
    )
    named = ", ".join(f"{name} {value}" for name, value in parts if value is not None)
    return f"{request.party} asks to {request.action} {named or 'nothing named'}"


def _ground_lines(ground: Ground) -> list[str]:
    place = ground.quote
    first = place.line - len(place.comment)
    texts = [*(f"# {text}" for text in place.comment), *(text.strip() for text in place.text)]
    quoted = [f"    line {number}: {text}" for number, text in enumerate(texts, start=first)]
    clause = "no clause allows it" if ground.clause == DEFAULT else ground.clause
    return [f"- {clause}: {ground.reason}", *quoted]
