"""Payouts: what the events of deals pay partners under a commission plan, to the minor unit.

currencies, money   minor units, exact fractions, one rounding, shares that sum
days                days, instants, statement periods, UTC
plan_read           the plan file: strict, linted, digested
events, rates       the rows of EVENTS.csv and rates.csv: each an event, a rate or a finding
tariff, scopes      what a rule owes for a volume; lines are by how much that changes
engine              `rate`: events and plans in, lines and findings out
lookalikes          partners whose names look the same and are not
funds               entitlement, claims and expiry of co-op and marketing funds
answer              the result as FORMATS.md describes it

Nothing here reads a clock or a file, and nothing is a float. Taxes are out of scope.
"""

from cleanroom.attribution.currencies import CURRENCIES_AS_OF, exact_amount, exponent_of
from cleanroom.attribution.payouts.answer import ANSWER_FORMAT, answer, line_fields, plan_fields, totals_of
from cleanroom.attribution.payouts.days import Period, period_of, read_day, read_instant
from cleanroom.attribution.payouts.engine import Rated, rate
from cleanroom.attribution.payouts.events import EVENT_COLUMNS, Event, ReadEvents, read_events
from cleanroom.attribution.payouts.findings import CODES, Finding
from cleanroom.attribution.payouts.line import Line, Scope, line_id
from cleanroom.attribution.payouts.lookalikes import look_alikes
from cleanroom.attribution.payouts.money import (
    Exact,
    amount_text,
    read_amount,
    read_percent,
    round_half_up,
    share_out,
    write_amount,
    write_exact,
)
from cleanroom.attribution.payouts.plan import PLAN_LINE, Partner, Plan, Rule
from cleanroom.attribution.payouts.plan_read import PLAN_LIMIT, lint_plan, read_plan
from cleanroom.attribution.payouts.rates import RATE_COLUMNS, Rate, Rates, read_rates
from cleanroom.attribution.payouts.states import due_day, standing
from cleanroom.attribution.payouts.toml_table import PlanFinding
from cleanroom.attribution.payouts.wording import formula_of, percent_text

__all__ = [
    "ANSWER_FORMAT",
    "CODES",
    "CURRENCIES_AS_OF",
    "EVENT_COLUMNS",
    "PLAN_LIMIT",
    "PLAN_LINE",
    "RATE_COLUMNS",
    "Event",
    "Exact",
    "Finding",
    "Line",
    "Partner",
    "Period",
    "Plan",
    "PlanFinding",
    "Rate",
    "Rated",
    "Rates",
    "ReadEvents",
    "Rule",
    "Scope",
    "amount_text",
    "answer",
    "due_day",
    "exact_amount",
    "exponent_of",
    "formula_of",
    "line_fields",
    "line_id",
    "lint_plan",
    "look_alikes",
    "percent_text",
    "period_of",
    "plan_fields",
    "rate",
    "read_amount",
    "read_day",
    "read_events",
    "read_instant",
    "read_percent",
    "read_plan",
    "read_rates",
    "round_half_up",
    "share_out",
    "standing",
    "totals_of",
    "write_amount",
    "write_exact",
]
