"""The table [terms] of a policy or an agreement, and what contradicts itself inside it."""

from __future__ import annotations

from typing import Any

from cleanroom.agreement.document import (
    LEASE_HOLDERS,
    LEVELS,
    METHODS,
    MINIMUM_COUNT_LIMIT,
    NUMBER_LEVELS,
    OBLIGATIONS,
    PAIRS_LIMIT,
    PERIOD_LIMIT,
    PURPOSES,
    READ_BUDGET_LIMIT,
    REASON_LIMIT,
    RELATIONS,
    ROLES,
    RUN_BUDGET_LIMIT,
    SUM_MINIMUM,
    VETOES,
    Terms,
)
from cleanroom.agreement.forms import PAIR, PURPOSE, REASON, WORD
from cleanroom.agreement.section import Section
from overlap.identity import NO_VETO

_PERIOD_DAYS = PERIOD_LIMIT // 86_400


def read_terms(section: Section) -> Terms:
    """The rules for both sides; the terms of other tables are still those of a text without them."""
    level = _read_level(section)
    starter = section.choice("starter", ROLES)
    purposes = section.words("purposes", "purpose", PURPOSE, PURPOSES)
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
        **_read_limits(section, level),
    )


def _read_level(section: Section) -> str:
    level = section.raw("level")
    if level == "hidden":
        section.problem("level", "is hidden; to share nothing, sign no agreement")
    else:
        section.choice("level", LEVELS)
    return level if isinstance(level, str) else ""


def _read_end(section: Section, not_before: int | None) -> tuple[int | None, int | None]:
    if isinstance(section.raw("until"), str):
        return None, section.duration("until")
    until = section.moment("until")
    if until and not_before is not None and not 0 < until - not_before <= PERIOD_LIMIT:
        section.problem("until", f"is not after not_before, or more than {_PERIOD_DAYS} days after it")
    return until, None


def _read_matching(section: Section, level: str) -> dict[str, Any]:
    """What is matched beyond doubt, and what else: keys of `Terms`."""
    candidates = section.flag("candidates")
    veto = section.choice("veto", VETOES)
    relations = section.words("relations", "relation", WORD, RELATIONS)
    if relations and RELATIONS[0] not in relations:
        section.problem("relations", f"leaves out {RELATIONS[0]}, which every match begins with")
    if level in NUMBER_LEVELS and (candidates or veto not in ("", NO_VETO) or len(relations) > 1):
        needs = f'candidates = false, veto = "{NO_VETO}" and {RELATIONS[0]} alone'
        section.problem("level", f"is {level}, which needs {needs}")
    protocol = section.choice("protocol", METHODS) if section.has("protocol") else METHODS[0]
    if level in NUMBER_LEVELS and protocol not in ("", METHODS[0]):
        section.problem("protocol", f"is for level overlaps; leave it out at level {level}")
    return {"candidates": candidates, "veto": veto, "relations": relations, "protocol": protocol}


def _read_limits(section: Section, level: str) -> dict[str, Any]:
    """The keys that may be left out, which then are what they were before there were any."""
    read_budget = lease_holder = None
    if section.has("read_budget"):
        read_budget = section.number("read_budget", 1, READ_BUDGET_LIMIT, "leases")
    if section.has("lease_holder"):
        lease_holder = section.choice("lease_holder", LEASE_HOLDERS)
    for key, value in (("read_budget", read_budget), ("lease_holder", lease_holder)):
        if value is not None and level in NUMBER_LEVELS:
            what = f"is about shares, but a {level} agreement shows no account; leave it out"
            section.problem(key, what)
    return {
        "pairs": _read_pairs(section),
        "budget_period": section.duration("budget_period") if section.has("budget_period") else 0,
        "max_export_age": section.duration("max_export_age") if section.has("max_export_age") else 0,
        "read_budget": read_budget or 0,
        "obligations": _read_obligations(section, level),
        "asymmetry": section.word("asymmetry", REASON, f"a reason of 1 to {REASON_LIMIT} characters")
        if section.has("asymmetry")
        else "",
        "lease_holder": lease_holder or LEASE_HOLDERS[0],
    }


def _read_pairs(section: Section) -> tuple[tuple[str, str], ...]:
    if not section.has("pairs"):
        return ()
    written = 'two populations such as "customers:prospects", the proposer\'s first'
    texts = section.words("pairs", "pair", PAIR, limit=PAIRS_LIMIT, written=written)
    forms = [PAIR.fullmatch(text) for text in texts]
    return tuple((form[1], form[2]) for form in forms if form)


def _read_obligations(section: Section, level: str) -> tuple[str, ...]:
    if not section.has("obligations"):
        return ()
    obligations = section.words("obligations", "obligation", PURPOSE, OBLIGATIONS)
    if OBLIGATIONS[0] in obligations and level in NUMBER_LEVELS:
        what = f"has {OBLIGATIONS[0]}, but a {level} agreement shows nothing that could be deleted"
        section.problem("obligations", what)
    return obligations
