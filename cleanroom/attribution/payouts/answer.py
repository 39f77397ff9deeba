"""What `overlap pay PLAN.toml EVENTS.csv --json` prints: lines, totals, what was rounded where, findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.engine import Rated
from cleanroom.attribution.payouts.findings import Finding
from cleanroom.attribution.payouts.line import Line
from cleanroom.attribution.payouts.money import amount_text, write_amount, write_exact
from cleanroom.attribution.payouts.plan import Plan
from cleanroom.attribution.payouts.states import standing
from cleanroom.attribution.payouts.wording import formula_of
from cleanroom.memory import uncollected
from cleanroom.moment import iso_day

__all__ = ["ANSWER_FORMAT", "answer", "line_fields", "plan_fields", "totals_of"]

ANSWER_FORMAT: Final = "overlap-pay/1"
STANDINGS: Final = ("accrued", "held", "payable")
_SUMS: Final = (*STANDINGS, "forfeited")


def answer(
    plans: Sequence[Plan], rated: Rated, as_of: int, rate_findings: Iterable[Finding] = ()
) -> dict[str, Any]:
    """The whole answer, as FORMATS.md describes it."""
    with uncollected():
        return _answer(plans, rated, as_of, rate_findings)


def _answer(
    plans: Sequence[Plan], rated: Rated, as_of: int, rate_findings: Iterable[Finding]
) -> dict[str, Any]:
    effects = Counter(one.effect for one in rated.findings)
    plan = plans[-1]
    return {
        "format": ANSWER_FORMAT,
        "as_of": iso_day(as_of),
        "plans": [plan_fields(one) for one in plans],
        "events": {"rows": rated.rows, "used": rated.used}
        | {effect: effects[effect] for effect in ("noted", "held", "once", "refused")},
        "lines": [line_fields(line, as_of) for line in rated.lines],
        "totals": totals_of(rated.lines, as_of),
        "rounded": _rounded(rated),
        "funds": rated.funds.balances(as_of, plan.currency, plan.exponent),
        "findings": [_finding("events", one) for one in rated.findings]
        + [_finding("rates", one) for one in rate_findings],
    }


def plan_fields(plan: Plan) -> dict[str, Any]:
    """What names a version of a plan."""
    return {
        "name": plan.name,
        "version": plan.version,
        "digest": plan.digest,
        "currency": plan.currency,
        "base": plan.base,
        "earned_when": plan.trigger,
        "from": iso_day(plan.start),
        "until": iso_day(plan.end),
        "period": plan.period,
    }


def line_fields(line: Line, as_of: int) -> dict[str, Any]:
    """One line; amounts are decimal text beside minor units, None while a held line has no amount."""
    exponent = exponent_of(line.currency) or 0
    rate = line.rate
    return {
        "line": line.line,
        "event_id": line.event,
        "date": iso_day(line.second // 86_400),
        "kind": line.kind,
        "rule": line.rule.id,
        "type": line.rule.type,
        "partner_id": line.partner,
        "deal_id": line.deal,
        "product": line.product,
        "part": line.part,
        "scope": line.scope.text(),
        "period": line.period,
        "of_period": line.of_period,
        "base": None if line.base is None else amount_text(line.base, line.base_currency),
        "base_currency": line.base_currency,
        "fx": None
        if rate is None
        else {
            "base": rate.base,
            "quote": rate.quote,
            "rate": rate.text,
            "inverted": rate.inverted,
            "date": iso_day(rate.day),
            "source": rate.source,
        },
        "exact": _exact(line),
        "weight": line.weight,
        "forfeited": write_amount(line.forfeited, exponent),
        "amount": None if line.code else write_amount(line.minor, exponent),
        "minor": None if line.code else line.minor,
        "currency": line.currency,
        "state": standing(line, as_of),
        "hold_until": "" if not line.hold_until else iso_day(line.hold_until),
        "reverses": line.reverses,
        "fund": line.fund,
        "code": line.code,
        "formula": formula_of(line),
        "plan": line.plan.digest,
    }


def totals_of(lines: Iterable[Line], as_of: int) -> list[dict[str, Any]]:
    """Per partner and currency: what is accrued, held, payable, their sum, what caps took."""
    sums: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(lambda: dict.fromkeys(_SUMS, 0))
    for line in lines:
        if line.code or line.fund:
            continue
        row = sums[line.partner, line.currency]
        row[standing(line, as_of)] += line.minor
        row["forfeited"] += line.forfeited
    rows = []
    for (partner, currency), row in sorted(sums.items()):
        exponent = exponent_of(currency) or 0
        minor = sum(row[name] for name in STANDINGS)
        amounts = {name: write_amount(row[name], exponent) for name in _SUMS}
        total = {"total": write_amount(minor, exponent), "minor": minor}
        rows.append({"partner_id": partner, "currency": currency} | amounts | total)
    return rows


def _exact(line: Line) -> str:
    return write_exact(Fraction(line.exact_numerator, line.exact_denominator))


def _rounded(rated: Rated) -> list[dict[str, Any]]:
    """Every scope whose exact due is no whole number of minor units: exact, rounded, and the difference."""
    rows = []
    for scope, meter in rated.meters.items():
        exact = Fraction(meter.exact, meter.tariff.denominator)
        if exact.denominator != 1:
            rows.append(
                {
                    "scope": scope.text(),
                    "rule": scope.rule,
                    "partner_id": scope.partner,
                    "currency": meter.currency,
                    "exact": write_exact(exact),
                    "minor": meter.due,
                    "difference": write_exact(meter.due - exact),
                }
            )
    return sorted(rows, key=lambda row: str(row["scope"]))


def _finding(file: str, one: Finding) -> dict[str, Any]:
    return {
        "file": file,
        "row": one.row,
        "event_id": one.event_id,
        "code": one.code,
        "effect": one.effect,
        "text": one.text,
    }
