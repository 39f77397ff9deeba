"""From bytes to a policy or an agreement, or to the list of everything that is wrong with them.

Deny by default begins here: an unknown key, a missing end, a wildcard or a value of another type is refused,
and all problems are reported at once.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

from cleanroom.agreement.document import (
    AGREEMENT_FORMAT,
    POLICY_FORMAT,
    ROLES,
    SIZE_LIMIT,
    TITLE_LIMIT,
    Agreement,
    PartyTerms,
    Policy,
    Terms,
)
from cleanroom.agreement.forms import DIGEST, TITLE
from cleanroom.agreement.parse_checks import check_document, check_names
from cleanroom.agreement.parse_tables import (
    read_amounts,
    read_counting,
    read_prepared,
    read_room,
    read_side,
    read_software,
)
from cleanroom.agreement.parse_terms import read_terms
from cleanroom.agreement.sample import AGREEMENT_SAMPLE, POLICY_SAMPLE
from cleanroom.agreement.section import Section
from cleanroom.agreement.text import Problem, check_text
from overlap.errors import BadInput, MalformedFile


def parse_policy(data: bytes) -> Policy:
    """The policy in `data`; BadInput with every problem and the smallest correct policy."""
    policy, problems = _read(data, POLICY_FORMAT)
    if problems or not isinstance(policy, Policy):
        raise BadInput(_listing("policy", problems), _hint("correct the file", POLICY_SAMPLE))
    return policy


def parse(data: bytes, *, peer: bool = True) -> Agreement:
    """The agreement in `data`, which carries no signatures.

    Raises MalformedFile with every problem and the smallest correct agreement; BadInput instead when the file
    is our own (`peer=False`).
    """
    agreement, problems = _read(data, AGREEMENT_FORMAT)
    if not problems and isinstance(agreement, Agreement):
        return agreement
    listing = _listing("agreement", problems)
    if peer:
        raise MalformedFile(listing, _hint("ask for a corrected proposal", AGREEMENT_SAMPLE))
    raise BadInput(listing, _hint("correct the file", AGREEMENT_SAMPLE))


def parse_document(data: bytes) -> Policy | Agreement:
    """Our own policy or agreement in `data`, whichever its first line says. BadInput as in `parse_policy`."""
    return parse(data, peer=False) if _is_agreement(data) else parse_policy(data)


def find_problems(data: bytes) -> tuple[Problem, ...]:
    """Everything that is wrong with a policy or an agreement without signatures; empty when nothing is."""
    return tuple(_read(data, AGREEMENT_FORMAT if _is_agreement(data) else POLICY_FORMAT)[1])


def _is_agreement(data: bytes) -> bool:
    return data.startswith(_format_line(AGREEMENT_FORMAT))


def _read(data: bytes, format_name: str) -> tuple[Policy | Agreement | None, list[Problem]]:
    problems = check_text(data)
    if not data.startswith(_format_line(format_name)):
        problems.append(Problem("line 1", f'is not exactly: format = "{format_name}"'))
    if len(data) > SIZE_LIMIT:
        return None, problems
    try:
        # Carriage returns are refused above; without them the rest can be checked at the same time.
        source = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None, problems
    try:
        tables = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        return None, [*problems, _syntax_problem(error)]
    named = format_name == AGREEMENT_FORMAT
    return _read_document(data, _Tables(source, tables, problems), named), problems


class _Tables:
    """The tables of one document, each opened once, and all of them closed at the end."""

    def __init__(self, source: str, tables: dict[str, Any], problems: list[Problem]) -> None:
        self._source, self._problems = source, problems
        self.top = Section("", tables, source, problems)
        self.sections: dict[str, Section] = {}

    def open(self, name: str) -> Section:
        """The table of that name; a missing one is a problem."""
        section = Section(name, self.top.raw(name), self._source, self._problems)
        self.sections[name] = section
        return section

    def close(self) -> None:
        """Report every key that nobody asked for."""
        for section in (self.top, *self.sections.values()):
            section.close()


def _read_document(data: bytes, tables: _Tables, named: bool) -> Policy | Agreement:
    top, sections = tables.top, tables.sections
    top.has("format")
    title = top.word("title", TITLE, f"a text of 1 to {TITLE_LIMIT} characters")
    for name in (*ROLES, "terms", "contract") if named else (*ROLES, "terms"):
        tables.open(name)
    terms = read_terms(sections["terms"])
    if terms.level == "sum":
        terms = replace(terms, amounts=read_amounts(tables.open("amounts"), terms))
    elif top.has("amounts"):
        top.problem("amounts", "is a table for level sum only; leave it out")
    proposer, accepter = (read_side(sections[role], terms, named) for role in ROLES)
    if top.has("prepared"):
        tables.open("prepared")
        terms = replace(terms, prepared=read_prepared(sections, terms, proposer, accepter))
    if top.has("counting") and terms.level == "counts":
        terms = replace(terms, counting=read_counting(tables.open("counting"), terms, proposer, accepter))
    elif top.has("counting"):
        top.problem("counting", "is a table for level counts only; leave it out")
    check_document(sections, terms, proposer, accepter)
    if named:
        return _read_names(data, title, tables, terms, (proposer, accepter))
    if top.has("room"):
        top.problem("room", "is filled in when an agreement is proposed; leave it out of a policy")
    tables.close()
    return Policy(data, title, proposer, accepter, terms)


def _read_names(
    data: bytes, title: str, tables: _Tables, terms: Terms, sides: tuple[PartyTerms, PartyTerms]
) -> Agreement:
    """What only an agreement has: who, under which contract, and with which third party."""
    contract = tables.sections["contract"]
    room = read_room(tables.open("room")) if tables.top.has("room") else None
    proposed = contract.moment("proposed")
    renews = ""
    if contract.has("renews"):
        renews = contract.word("renews", DIGEST, "the digest of an agreement, 64 hex digits")
    software = read_software(contract)
    tables.close()
    check_names(tables.sections, terms, sides, room)
    return Agreement(data, title, *sides, terms, proposed, software, room, renews)


def _syntax_problem(error: ValueError | RecursionError) -> Problem:
    """The line of a TOML error; its message is left out, for it quotes the file."""
    line = re.search(r"at line ([0-9]+)", str(error))
    return Problem(f"line {line[1]}" if line else "file", "is not valid TOML, or repeats a key or table")


def _format_line(format_name: str) -> bytes:
    return f'format = "{format_name}"\n'.encode()


def _listing(what: str, problems: list[Problem]) -> str:
    number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    return f"the {what} has {number}: " + "; ".join(str(problem) for problem in problems)


def _hint(action: str, sample: str) -> str:
    return f"{action}; the smallest correct one is:\n\n{sample}"
