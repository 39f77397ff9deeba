"""Reading a plan file: TOML 1.0, narrowed. Percentages and amounts stand in quotes, a float is refused.

`lint_plan` lists everything that is wrong or doubtful at once; `read_plan` gives the plan of a file that has
no fault. The digest of a plan is SHA-256 over the file's bytes and stands on every line that it pays.
"""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any, Final, NoReturn

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.days import PERIODS
from cleanroom.attribution.payouts.plan import (
    BASES,
    PARTNER_TYPES,
    PLAN_LINE,
    TRIGGERS,
    Partner,
    Plan,
    Rule,
)
from cleanroom.attribution.payouts.plan_checks import check_plan
from cleanroom.attribution.payouts.plan_rules import read_rule
from cleanroom.attribution.payouts.toml_table import PlanFinding, TomlTable
from overlap.errors import BadInput

__all__ = ["PLAN_LIMIT", "lint_plan", "read_plan"]

#: Bytes of a plan file: tens of thousands of partners, each a table.
PLAN_LIMIT: Final = 8 * 2**20

_HINT: Final = "'overlap pay lint PLAN.toml' lists every finding with its place"


class _FloatFound(Exception):
    """A number with a point stands in the file."""


def read_plan(data: bytes) -> Plan:
    """The plan in a file's bytes; BadInput, naming the first fault, when it has any."""
    plan, found = _read(data)
    errors = [one for one in found if one.severity == "error"]
    if plan is None or errors:
        first = errors[0]
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        raise BadInput(
            f"the plan has a fault at {first.place or 'its top'}: {first.code}, {first.text}{more}", _HINT
        )
    return plan


def lint_plan(data: bytes) -> list[PlanFinding]:
    """Every fault and doubt in a plan file, errors first."""
    return sorted(_read(data)[1], key=lambda one: (one.severity, one.place, one.code))


def _read(data: bytes) -> tuple[Plan | None, list[PlanFinding]]:
    found: list[PlanFinding] = []
    values = _parse(data, found)
    if values is None:
        return None, found
    plan = _plan(TomlTable(values, "", found), hashlib.sha256(data).hexdigest())
    check_plan(plan, found)
    return plan, found


def _parse(data: bytes, found: list[PlanFinding]) -> dict[str, Any] | None:
    def fault(code: str, text: str) -> None:
        found.append(PlanFinding("error", code, "", text))

    if len(data) > PLAN_LIMIT:
        fault("too-large", f"a plan has at most {PLAN_LIMIT:,} bytes")
        return None
    try:
        text = data.decode()
        if text.splitlines()[:1] != [PLAN_LINE]:
            fault("not-a-plan", f"the first line is {PLAN_LINE}")
            return None
        values = tomllib.loads(text, parse_float=_refuse_float)
    except _FloatFound:
        fault("float", 'a number with a point is written in quotes: "7.5%", "1000.50"')
        return None
    except (ValueError, RecursionError):
        fault("not-toml", "the file is not TOML 1.0 in UTF-8, or names a key twice")
        return None
    values.pop("format")
    return values


def _refuse_float(_text: str) -> NoReturn:
    raise _FloatFound


def _plan(top: TomlTable, digest: str) -> Plan:
    currency = top.text("currency")
    exponent = exponent_of(currency)
    if exponent is None:
        top.fault("currency-unknown", "currency", "the currency is not in ISO 4217")
        exponent = 2
    partners = _partners(top)
    rules = _rules(top, exponent)
    sections = {name: top.table(name) for name in ("schedule", "disputes", "clawback")}
    for name, section in sections.items():
        if section is None:
            top.fault("section-missing", name, f"a plan says what holds for its {name}")
    schedule, disputes, clawback = (section or TomlTable({}, name, []) for name, section in sections.items())
    rights = top.table("rights") or TomlTable({}, "rights", top.found)
    fx = top.table("fx") or TomlTable({}, "fx", top.found)
    plan = Plan(
        name=top.text("name"),
        version=top.count("version", 1, least=1),
        digest=digest,
        currency=currency,
        exponent=exponent,
        base=top.choice("base", BASES, "bookings"),
        trigger=top.choice("earned_when", TRIGGERS, "booked"),
        start=top.day("from") or 0,
        end=top.day("until") or 0,
        period=top.choice("period", tuple(PERIODS), "quarter"),
        rules=rules,
        partners=partners,
        lock_days=schedule.count("lock_days"),
        pay_days=schedule.count("pay_days"),
        minimum=schedule.money("minimum", exponent, "0"),
        dispute_days=disputes.count("open_days"),
        answer_days=disputes.count("answer_days"),
        decides=disputes.text("decides"),
        clawback_days=_clawback_days(clawback),
        approves=rights.words("approve") or ("approver",),
        overrides=rights.words("override") or ("approver",),
        company_since=top.day("company_since", needed=False),
        fx_days_back=fx.count("days_back", 0),
        texts={
            name: section.text("terms", "", prose=True)
            for name, section in (("schedule", schedule), ("disputes", disputes), ("clawback", clawback))
        },
    )
    for table in (schedule, disputes, clawback, rights, fx, top):
        table.done()
    return plan


def _clawback_days(clawback: TomlTable) -> int | None:
    """Days after the earning event in which a reversal takes money back; None is without end."""
    if clawback.choice("window", ("days", "always"), "days") == "always":
        return None
    return clawback.count("days")


def _partners(top: TomlTable) -> dict[str, Partner]:
    partners: dict[str, Partner] = {}
    for table in top.tables("partner"):
        one = Partner(
            table.partner("id"),
            table.choice("type", PARTNER_TYPES, ""),
            table.partner("parent", ""),
        )
        table.done()
        if not one.id:
            continue
        if one.id in partners:
            table.fault("partner-twice", "id", "two partners have one id")
        partners[one.id] = one
    return partners


def _rules(top: TomlTable, exponent: int) -> tuple[Rule, ...]:
    rules = []
    for table in top.tables("rule"):
        rules.append(read_rule(table, exponent))
        table.done()
    if not rules:
        top.fault("missing", "rule", "a plan has at least one rule")
    return tuple(rules)
