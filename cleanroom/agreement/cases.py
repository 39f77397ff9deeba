"""Tests of a policy, written by the people who have to answer for it: `overlap-policy-cases/1`.

A case names who, what, when, and the expected answer. Every part may be a list, or "every"; then all
combinations are asked, and all must be answered so.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cleanroom.agreement.decide import Decision, Request, decide, explain
from cleanroom.agreement.document import ACTIONS, FIELDS, PURPOSES, ROLES, SignedAgreement
from cleanroom.agreement.standin import read_when
from cleanroom.moment import moment_of
from overlap.errors import BadInput, UsageError
from overlap.records import STANDARD_POPULATIONS

CASES_FORMAT: Final = "overlap-policy-cases/1"
#: Bytes of a file of cases.
CASES_LIMIT: Final = 1024 * 1024
#: Requests of one case; more say nothing more and only take time.
REQUESTS_LIMIT: Final = 1_000_000
EVERY: Final = "every"
#: Somebody who is in no agreement, and a group of accounts that is in none.
STRANGER: Final = "stranger"
OTHER_POPULATION: Final = "another_population"
#: The moments at which an answer can change, and one of each calm stretch.
MOMENTS: Final = ("start - 1s", "start", "start + 1 day", "end - 1s", "end", "end + 1 day", "end + 520 weeks")
ANSWERS: Final = ("allow", "deny")

_WORD: Final = re.compile("[a-z][a-z0-9_]{0,39}")
#: The parts of a case that may be lists.
_LISTS: Final = ("party", "action", "field", "population", "peer_population", "purpose", "when")
_KEYS: Final = ("name", *_LISTS, "expect", "clause")
#: The parts that each action needs; what a case names beyond them is not asked of that action.
_PARTS: Final = {action: ("field", "population", "purpose") for action in ACTIONS} | {
    "match": ("population",)
}
#: The one action that cannot name the other side's population, which all others may.
_ALONE: Final = "disclose"
_SAMPLE: Final = """\
format = "overlap-policy-cases/1"

[[case]]
name = "the accepter reads names of customers while it runs"
party = "accepter"
action = "read"
field = "name"
population = "customers"
purpose = "co-sell"
when = "start + 1 day"
expect = "allow"
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One case as written; a part that stands alone is a list of one, and one that is left out is empty.

    `line` is where its `[[case]]` stands, `clause` is "" when any clause may decide.
    """

    name: str
    line: int
    party: tuple[str, ...]
    action: tuple[str, ...]
    field: tuple[str, ...]
    population: tuple[str, ...]
    peer_population: tuple[str, ...]
    purpose: tuple[str, ...]
    when: tuple[str, ...]
    allowed: bool
    clause: str


@dataclass(frozen=True, slots=True)
class Cases:
    """A file of cases; `accepted` (unix seconds) is when the policy is taken to be accepted, None when the
    file does not say."""

    accepted: int | None
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of a case, and what was decided."""

    request: Request
    when: str
    now: int
    decision: Decision

    def __str__(self) -> str:
        return f"{in_words(self.request)}, at {moment_of(self.now)} ({self.when}): {explain(self.decision)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, how many requests it asked, and those that were decided otherwise than expected."""

    case: Case
    requests: int
    wrong: tuple[Asked, ...]


def read_cases(data: bytes) -> Cases:
    """The cases in a file of our own. BadInput with every problem, and the smallest correct file."""
    problems: list[str] = []
    try:
        document = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        line = re.search(r"at line ([0-9]+)", str(error))
        place = f"line {line[1]}" if line else "the file"
        raise _bad([f"{place} is not valid TOML, or repeats a key"]) from error
    if document.get("format") != CASES_FORMAT:
        problems.append(f'the first line is not: format = "{CASES_FORMAT}"')
    problems += [f"'{key}' is not a known key" for key in document.keys() - {"format", "accepted", "case"}]
    accepted = _accepted(document.get("accepted"), problems)
    tables = document.get("case", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(one, dict) for one in tables):
        raise _bad([*problems, "there is no table [[case]]"])
    headers = [
        number
        for number, text in enumerate(data.decode().split("\n"), start=1)
        if re.fullmatch(r"\s*\[\[ *case *\]\]\s*(?:#.*)?", text)
    ]
    lines = headers if len(headers) == len(tables) else [0] * len(tables)
    cases = tuple(_read_case(table, line, problems) for table, line in zip(tables, lines, strict=True))
    if problems:
        raise _bad(problems)
    return Cases(accepted, cases)


def run_cases(signed: SignedAgreement, cases: Iterable[Case]) -> list[Outcome]:
    """Ask everything that the cases name. Raises BadInput for a party or time that means nothing here."""
    return [_run_case(signed, case) for case in cases]


def in_words(request: Request) -> str:
    """What a request asks, as a person would say it."""
    what = f"{request.party} asks to {request.action}"
    what += f" {request.field} of {request.population}" if request.field else f" {request.population}"
    what += f" matched with {request.peer_population}" if request.peer_population else ""
    return f"{what} for {request.purpose}" if request.purpose else what


def _run_case(signed: SignedAgreement, case: Case) -> Outcome:
    requests = _requests(signed, case)
    moments = [(when, _moment(signed, case, when)) for when in _every(case.when, MOMENTS)]
    if len(requests) * len(moments) > REQUESTS_LIMIT:
        raise BadInput(
            f"case '{case.name}' asks more than {REQUESTS_LIMIT:,} questions", "split it into several cases"
        )
    wrong = []
    for request, (when, now) in itertools.product(requests, moments):
        decision = decide(signed, request, now)
        if decision.allowed is not case.allowed or case.clause not in ("", decision.clause):
            wrong.append(Asked(request, when, now, decision))
    return Outcome(case, len(requests) * len(moments), tuple(wrong))


def _requests(signed: SignedAgreement, case: Case) -> list[Request]:
    """All combinations; each action is asked with the parts that it takes."""
    agreement = signed.agreement
    populations = dict.fromkeys(
        (*STANDARD_POPULATIONS, *agreement.proposer.populations, *agreement.accepter.populations)
    )
    values = {
        "field": _every(case.field, FIELDS),
        "population": _every(case.population, (*populations, OTHER_POPULATION)),
        "peer_population": _every(case.peer_population, (*populations, OTHER_POPULATION)),
        "purpose": _every(case.purpose, PURPOSES),
    }
    found: list[Request] = []
    for action in _every(case.action, ACTIONS):
        taken = {*_PARTS[action], *(() if action == _ALONE else ("peer_population",))}
        lists = [(part in taken and values[part]) or (None,) for part in values]
        for word, (field, population, peer, purpose) in itertools.product(
            _every(case.party, (*ROLES, STRANGER)), itertools.product(*lists)
        ):
            found.append(Request(action, _party(signed, case, word), field, population, purpose, peer))
    return found


def _party(signed: SignedAgreement, case: Case, word: str) -> str:
    agreement = signed.agreement
    if word in ROLES:
        return agreement.side(word).party
    if word == STRANGER or agreement.role_of(word):
        return word
    raise BadInput(
        f"case '{case.name}' is about a party that is not in the policy",
        f"name one of {', '.join(ROLES)}, a party of the agreement, or '{STRANGER}' for anybody else",
    )


def _moment(signed: SignedAgreement, case: Case, when: str) -> int:
    try:
        return read_when(when, signed)
    except UsageError as error:
        raise BadInput(f"in case '{case.name}', 'when' is not understood", error.hint) from error


def _every(values: tuple[str, ...], all_of_them: tuple[str, ...]) -> tuple[str, ...]:
    return all_of_them if values == (EVERY,) else values


def _read_case(table: dict[str, Any], line: int, problems: list[str]) -> Case:
    name = table.get("name")
    label = f"case '{name}'" if isinstance(name, str) and name else f"the case at line {line}"
    found: list[str] = []
    if not isinstance(name, str) or not name or not name.isprintable():
        found.append("has no name")
    found += [f"has the unknown key '{key}'" for key in table if key not in _KEYS]
    parts = {key: _words(table, key, found) for key in _LISTS}
    actions = _every(parts["action"], ACTIONS)
    for key in ("party", "action", "when"):
        if not parts[key]:
            found.append(f"does not say '{key}'")
    found += list(_part_problems(actions, parts))
    expect, clause = table.get("expect"), table.get("clause", "")
    if expect not in ANSWERS:
        found.append("does not expect 'allow' or 'deny'")
    if not isinstance(clause, str):
        found.append("has a clause that is not a text")
    problems += [f"{label} {what}" for what in found]
    return Case(str(name), line, **parts, allowed=expect == "allow", clause=str(clause))


def _part_problems(actions: tuple[str, ...], parts: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """What makes a case say nothing: a word that no policy can hold is denied, whatever the policy says."""
    known = {"action": ACTIONS, "field": FIELDS, "purpose": PURPOSES}
    for key, allowed in known.items():
        if not {*parts[key]} <= {*allowed, EVERY}:
            yield f"names something in '{key}' that is none of {', '.join(allowed)}"
    if not all(_WORD.fullmatch(word) for word in (*parts["population"], *parts["peer_population"])):
        yield "names a population that is no word of a-z, 0-9 and '_'"
    needed = {key: action for action in actions for key in _PARTS.get(action, ())}
    for key, action in needed.items():
        if not parts[key]:
            yield f"does not say '{key}', which {action} needs"
    for key in ("field", "purpose"):
        if parts[key] and key not in needed and {*actions} <= {*ACTIONS}:
            yield f"says '{key}', which none of its actions takes"
    if parts["peer_population"] and actions == (_ALONE,):
        yield f"says 'peer_population', but what is {_ALONE}d is not matched with anything"


def _words(table: dict[str, Any], key: str, found: list[str]) -> tuple[str, ...]:
    """A value or a list of values as texts; a time of TOML becomes the text that stands for it."""
    value = table.get(key, [])
    listed = value if isinstance(value, list) else [value]
    texts = tuple(_time_text(item) if isinstance(item, datetime) else item for item in listed)
    if not all(isinstance(text, str) and text and text.isprintable() for text in texts):
        found.append(f"has something else than words in '{key}'")
        return ()
    if EVERY in texts and len(texts) > 1:
        found.append(f"has '{EVERY}' and more in '{key}'")
    return texts


def _time_text(value: datetime) -> str:
    """The text of a UTC time in whole seconds; any other gives one that is refused later."""
    good = value.utcoffset() == timedelta(0) and not value.microsecond
    return moment_of(int(value.timestamp())) if good else "not in UTC and whole seconds"


def _accepted(value: Any, problems: list[str]) -> int | None:
    if value is None:
        return None
    if isinstance(value, datetime) and value.utcoffset() == timedelta(0) and not value.microsecond:
        return int(value.timestamp())
    problems.append("'accepted' is not a time such as 2026-01-01T00:00:00Z")
    return None


def _bad(problems: list[str]) -> BadInput:
    number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return BadInput(
        f"the file of cases has {number}: {'; '.join(problems)}",
        f"correct the file; the smallest correct one is:\n\n{_SAMPLE}",
    )
