"""Small commission plans for the tests: a head that every plan needs, and rating in one call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cleanroom.attribution import payouts

HEAD = """format = "overlap-plan/1"
name = "test"
version = 1
currency = "{currency}"
period = "quarter"
from = "2026-01-01"
until = "2027-01-01"

[schedule]
lock_days = 27
pay_days = 20

[disputes]
open_days = 30
answer_days = 5
decides = "resolver"

[clawback]
days = 180

"""

LAST_DAY = payouts.read_day("2026-12-31")
assert LAST_DAY is not None


def plan_bytes(rules: str, currency: str = "EUR") -> bytes:
    return (HEAD.format(currency=currency) + rules).encode()


def make_plan(rules: str, currency: str = "EUR") -> payouts.Plan:
    return payouts.read_plan(plan_bytes(rules, currency))


def flat(rate: str = "10%", more: str = "") -> str:
    return f'[[rule]]\nid = "flat"\ntype = "commission"\nkinds = ["sourced"]\nrate = "{rate}"\n{more}\n'


def rows_of(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.strip().splitlines()]


def run(
    plan: payouts.Plan | Sequence[payouts.Plan],
    events: str | Iterable[Sequence[str]],
    rates: str = "",
    as_of: int = LAST_DAY,
) -> dict[str, Any]:
    """The answer of `overlap pay` for rows of events without header."""
    plans = [plan] if isinstance(plan, payouts.Plan) else list(plan)
    rows = rows_of(events) if isinstance(events, str) else list(events)
    known, found = payouts.read_rates(rows_of(rates))
    return payouts.answer(plans, payouts.rate(plans, payouts.read_events(rows), known, as_of), as_of, found)


def amounts(answer: dict[str, Any]) -> list[tuple[str, str, str, str | None]]:
    """Event, partner, part and amount of every line."""
    return [(row["event_id"], row["partner_id"], row["part"], row["amount"]) for row in answer["lines"]]


def codes(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Event, code and effect of every finding."""
    return [(one["event_id"], one["code"], one["effect"]) for one in answer["findings"]]


def total(answer: dict[str, Any], partner: str = "acme", currency: str = "EUR") -> str:
    found = [
        row["total"]
        for row in answer["totals"]
        if (row["partner_id"], row["currency"]) == (partner, currency)
    ]
    return found[0] if found else "none"


def bands_of(*steps: tuple[str, str]) -> str:
    """The key `bands` from pairs of where a band begins and its rate."""
    return "bands = [" + ", ".join(f'{{ from = "{low}", rate = "{rate}" }}' for low, rate in steps) + "]"
