"""From bytes to a policy or an agreement, or to the list of everything that is wrong with them.

Deny by default begins here: an unknown key, a missing end, a wildcard or a value of another type is refused,
and all problems are reported at once.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any, Final

from cleanroom.agreement.document import (
    AGREEMENT_FORMAT,
    AMOUNT_LIMIT,
    AMOUNTS_BOUND_LIMIT,
    EVALUATIONS_LIMIT,
    FIELDS,
    KINDS_LIMIT,
    METHODS,
    MINIMUM_COUNT_LIMIT,
    MOST_LIMIT,
    NUMBER_LEVELS,
    PERIOD_LIMIT,
    POLICY_FORMAT,
    PREPARED_BOUND_LIMIT,
    PREPARED_TAGS_LIMIT,
    PURPOSES,
    RELATIONS,
    ROLES,
    RUN_BUDGET_LIMIT,
    SIZE_BOUND_LIMIT,
    SIZE_LIMIT,
    SUM_MINIMUM,
    TITLE_LIMIT,
    UPDATES_LIMIT,
    VETOES,
    Agreement,
    AmountTerms,
    PartyTerms,
    Policy,
    PreparedTerms,
    Software,
    Terms,
)
from cleanroom.agreement.sample import AGREEMENT_SAMPLE, POLICY_SAMPLE
from cleanroom.agreement.section import Section
from cleanroom.agreement.text import Problem, check_text
from overlap.errors import BadInput, MalformedFile
from overlap.identity import NO_VETO
from overlap.protocol import LEVELS
from overlap.records import AMOUNT_SOURCES

_WORD: Final = re.compile("[a-z][a-z0-9_]{0,39}")
_PURPOSE: Final = re.compile("[a-z][a-z-]{0,39}")
_PARTY: Final = re.compile("[a-z0-9][a-z0-9-]{0,39}")
_LABEL: Final = re.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,39}")
_CURRENCY: Final = re.compile("[A-Z]{3}")
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_TITLE: Final = re.compile(f"[^\\s](?:.{{0,{TITLE_LIMIT - 2}}}[^\\s])?")
_DURATION: Final = re.compile("(?:(1) (day|week)|([2-9]|[1-9][0-9]{1,2}) (day|week)s)")
_DAYS: Final = {"day": 1, "week": 7}
_DAY: Final = 86_400
_PERIOD_DAYS: Final = PERIOD_LIMIT // _DAY


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
    document = _read_document(data, source, tables, format_name == AGREEMENT_FORMAT, problems)
    return document, problems


def _read_document(
    data: bytes, source: str, tables: dict[str, Any], named: bool, problems: list[Problem]
) -> Policy | Agreement:
    top = Section("", tables, source, problems)
    top.has("format")
    title = top.word("title", _TITLE, f"a text of 1 to {TITLE_LIMIT} characters")
    names = (*ROLES, "terms", "contract") if named else (*ROLES, "terms")
    sections = {name: Section(name, top.raw(name), source, problems) for name in names}
    terms = _read_terms(sections["terms"])
    if terms.level == "sum":
        sections["amounts"] = Section("amounts", top.raw("amounts"), source, problems)
        terms = replace(terms, amounts=_read_amounts(sections["amounts"], terms))
    elif top.has("amounts"):
        top.problem("amounts", "is a table for level sum only; leave it out")
    proposer = _read_side(sections["proposer"], terms, named)
    accepter = _read_side(sections["accepter"], terms, named)
    if top.has("prepared"):
        sections["prepared"] = Section("prepared", top.raw("prepared"), source, problems)
        terms = replace(terms, prepared=_read_prepared(sections, terms, proposer, accepter))
    _compare_bounds(sections, terms, proposer, accepter)
    proposed = sections["contract"].moment("proposed") if named else 0
    software = _read_software(sections["contract"]) if named else None
    for section in (top, *sections.values()):
        section.close()
    if software is None:
        return Policy(data, title, proposer, accepter, terms)
    if proposer.party == accepter.party or proposer.card == accepter.card:
        sections["accepter"].problem("party", "is the same party or card as the proposer")
    return Agreement(data, title, proposer, accepter, terms, proposed, software)


def _compare_bounds(
    sections: dict[str, Section], terms: Terms, proposer: PartyTerms, accepter: PartyTerms
) -> None:
    if terms.minimum_count > min(proposer.size_bound, accepter.size_bound):
        sections["terms"].problem("minimum_count", "is larger than a size_bound, so no result could be shown")
    if terms.amounts and terms.amounts.held_by in ROLES:
        holder = {"proposer": proposer, "accepter": accepter}[terms.amounts.held_by]
        if holder.size_bound > AMOUNTS_BOUND_LIMIT:
            place = sections[terms.amounts.held_by]
            place.problem(
                "size_bound", f"is above {AMOUNTS_BOUND_LIMIT}, the most amounts that are encrypted"
            )


def _read_terms(section: Section) -> Terms:
    level = _read_level(section)
    starter = section.choice("starter", ROLES)
    purposes = section.words("purposes", "purpose", _PURPOSE, PURPOSES)
    not_before = None if section.raw("not_before") == "acceptance" else section.moment("not_before")
    until, duration = _read_end(section, not_before)
    exportable = section.flag("exportable")
    if exportable and level in NUMBER_LEVELS:
        section.problem(
            "exportable", f"is true, but a {level} agreement shows nothing that could be exported"
        )
    minimum = section.number("minimum_count", 1, MINIMUM_COUNT_LIMIT, "accounts")
    if level == "sum" and minimum < SUM_MINIMUM:
        section.problem("minimum_count", "is 1, but the sum over one account is that account's amount")
    return Terms(
        level=level,
        starter=starter,
        purposes=purposes,
        not_before=not_before,
        until=until,
        duration=duration,
        minimum_count=minimum,
        run_budget=section.number("run_budget", 1, RUN_BUDGET_LIMIT, "runs"),
        exportable=exportable,
        **_read_matching(section, level),
    )


def _read_matching(section: Section, level: str) -> dict[str, Any]:
    """What is matched beyond doubt, and what else: keys of `Terms`."""
    candidates = section.flag("candidates")
    veto = section.choice("veto", VETOES)
    relations = section.words("relations", "relation", _WORD, RELATIONS)
    if relations and RELATIONS[0] not in relations:
        section.problem("relations", f"leaves out {RELATIONS[0]}, which every match begins with")
    if level in NUMBER_LEVELS and (candidates or veto not in ("", NO_VETO) or len(relations) > 1):
        needs = f'candidates = false, veto = "{NO_VETO}" and {RELATIONS[0]} alone'
        section.problem("level", f"is {level}, which needs {needs}")
    protocol = section.choice("protocol", METHODS) if section.has("protocol") else METHODS[0]
    if level in NUMBER_LEVELS and protocol not in ("", METHODS[0]):
        section.problem("protocol", f"is for level overlaps; leave it out at level {level}")
    return {"candidates": candidates, "veto": veto, "relations": relations, "protocol": protocol}


def _read_amounts(section: Section, terms: Terms) -> AmountTerms:
    held_by = section.choice("held_by", ROLES)
    if held_by and held_by == terms.starter:
        section.problem("held_by", "is the starter, but the side with the amounts answers")
    granule = section.number("granule", 1, AMOUNT_LIMIT, "currency units")
    maximum = section.number("maximum", 1, AMOUNT_LIMIT, "currency units")
    if section.raw("maximum") == maximum and maximum % granule:
        section.problem("maximum", "is not a multiple of granule")
    return AmountTerms(
        held_by,
        section.choice("of", AMOUNT_SOURCES),
        section.word("currency", _CURRENCY, "a currency code of three letters, such as EUR"),
        granule,
        maximum,
    )


def _read_prepared(
    sections: dict[str, Section], terms: Terms, proposer: PartyTerms, accepter: PartyTerms
) -> PreparedTerms:
    section = sections["prepared"]
    if terms.level != "overlaps" or terms.protocol != METHODS[0]:
        sections["terms"].problem("level", "is not overlaps with protocol dh, which [prepared] is for")
    asker, holder = (accepter, proposer) if terms.starter == "accepter" else (proposer, accepter)
    changes = section.number("changes", 1, holder.size_bound, "identifiers")
    updates = section.number("updates", 1, UPDATES_LIMIT, "updates")
    queries = section.number("queries", 1, asker.size_bound, "identifiers")
    # The first run asks as many as the starter may have.
    evaluations = section.number("evaluations", asker.size_bound, EVALUATIONS_LIMIT, "elements")
    for role, side in (("proposer", proposer), ("accepter", accepter)):
        if side.size_bound > PREPARED_BOUND_LIMIT:
            what = f"is above {PREPARED_BOUND_LIMIT}, the most where a list is prepared"
            sections[role].problem("size_bound", what)
    if asker.size_bound > holder.size_bound:
        sections["terms"].problem("starter", "has the longer list, but the longer one is to be prepared")
    if holder.size_bound + updates * changes > PREPARED_TAGS_LIMIT:
        section.problem("updates", "with that many changes are too many to count; agree on fewer")
    return PreparedTerms(changes, updates, queries, evaluations)


def _read_level(section: Section) -> str:
    level = section.raw("level")
    if level == "all":
        section.problem("level", "is all; an agreement shows matched accounts only, at most overlaps")
    elif level == "hidden":
        section.problem("level", "is hidden; to share nothing, sign no agreement")
    else:
        section.choice("level", LEVELS)
    return level if isinstance(level, str) else ""


def _read_end(section: Section, not_before: int | None) -> tuple[int | None, int | None]:
    value = section.raw("until")
    if isinstance(value, str):
        return None, _read_duration(section, value)
    until = section.moment("until")
    if until and not_before is not None and not 0 < until - not_before <= PERIOD_LIMIT:
        section.problem("until", f"is not after not_before, or more than {_PERIOD_DAYS} days after it")
    return until, None


def _read_duration(section: Section, value: str) -> int:
    form = _DURATION.fullmatch(value)
    if form is None and ("month" in value or "year" in value):
        section.problem("until", 'counts months or years, which differ in length; write "90 days"')
    elif form is None:
        section.problem("until", 'is neither a time nor a duration such as "90 days" or "12 weeks"')
    if form is None:
        return 0
    seconds = int(form[1] or form[3]) * _DAYS[form[2] or form[4]] * _DAY
    if seconds > PERIOD_LIMIT:
        section.problem("until", f"is more than {_PERIOD_DAYS} days")
    return seconds


def _read_side(section: Section, terms: Terms, named: bool) -> PartyTerms:
    party = section.word("party", _PARTY, "a party name") if named else ""
    card = section.word("card", _DIGEST, "a card digest of 64 hex digits") if named else ""
    populations = section.words("populations", "population", _WORD)
    fields: tuple[str, ...] = ()
    if terms.level not in NUMBER_LEVELS:
        fields = section.words("fields", "field", _WORD, FIELDS)
    elif section.has("fields"):
        what = f"stands in a {terms.level} agreement, which shows no field; leave the line out"
        section.problem("fields", what)
    size_bound = section.number("size_bound", 1, SIZE_BOUND_LIMIT, "identifiers")
    return PartyTerms(party, card, populations, fields, size_bound)


def _read_software(section: Section) -> Software:
    kinds = section.words("kinds", "kind", _WORD, limit=KINDS_LIMIT)
    return Software(
        protocol=section.word("protocol", _LABEL, "the name of a protocol"),
        kinds=kinds,
        false_hits=section.numbers("false_hits", len(kinds), 1000, "hits in a thousand, one for each kind"),
        most=section.number("most", 1, MOST_LIMIT, "identifiers"),
        normaliser=section.word("normaliser", _LABEL, "a version"),
        normaliser_digest=section.word("normaliser_digest", _DIGEST, "a digest of 64 hex digits"),
        data_digest=section.word("data_digest", _DIGEST, "a digest of 64 hex digits"),
    )


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
