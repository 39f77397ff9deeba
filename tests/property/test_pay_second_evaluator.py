"""A second evaluator, written from the plan's words with decimals and whole periods, agrees on totals.

It knows no scopes and no lines: it nets every sale by its refunds, adds up quarters and rates them once.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import bands_of, make_plan, run

from cleanroom.attribution import payouts

STEPS = (("0", "3.33%"), ("1000", "7%"), ("2500.50", "11.125%"))
RATES = {"USD": Decimal("0.91375"), "EUR": Decimal(1)}


def plan_of(tiers: str) -> payouts.Plan:
    rule = '[[rule]]\nid = "t"\ntype = "commission"\nkinds = ["sourced"]\n'
    return make_plan(f'{rule}tiers = "{tiers}"\n{bands_of(*STEPS)}\n')


PLANS = {tiers: plan_of(tiers) for tiers in ("marginal", "cliff")}


@st.composite
def sales(draw: st.DrawFn) -> list[list[str]]:
    """Sales and refunds over two quarters; refunds may be too large, too early, or of refunds."""
    made: list[list[str]] = []
    for at in range(draw(st.integers(1, 12))):
        date = f"2026-0{draw(st.integers(2, 5))}-1{draw(st.integers(0, 4))}"
        amount = payouts.write_amount(draw(st.integers(1, 200_000)), 2)
        if made and draw(st.booleans()):
            before = draw(st.sampled_from(made))
            made.append([f"e{at}", date, "refund", *before[3:6], amount, before[7], before[0]])
        else:
            partner, currency = draw(st.sampled_from("pq")), draw(st.sampled_from(["EUR", "USD"]))
            made.append([f"e{at}", date, "sourced", partner, f"d{at}", "", amount, currency, ""])
    return made


def second_opinion(rows: list[list[str]], tiers: str) -> dict[str, Decimal]:
    """Euros by partner."""
    left = {row[0]: Decimal(row[6]) for row in rows if row[2] == "sourced"}
    sold = {row[0]: row for row in rows if row[2] == "sourced"}
    for row in sorted((row for row in rows if row[2] == "refund"), key=lambda row: (row[1], row[0])):
        original = sold.get(row[8])
        if original is not None and original[1] <= row[1] and Decimal(row[6]) <= left[row[8]]:
            left[row[8]] -= Decimal(row[6])
    volumes: dict[tuple[str, bool], Decimal] = defaultdict(Decimal)
    for name, amount in left.items():
        row = sold[name]
        volumes[row[3], row[1] >= "2026-04-01"] += amount * RATES[row[7]]
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for (partner, _), volume in volumes.items():
        due = Decimal(0)
        for at, (low, rate) in enumerate(STEPS):
            share, high = (
                Decimal(rate[:-1]) / 100,
                Decimal(STEPS[at + 1][0]) if at + 1 < len(STEPS) else volume,
            )
            if tiers == "cliff" and volume >= Decimal(low):
                due = volume * share
            elif tiers == "marginal" and volume > Decimal(low):
                due += (min(volume, max(high, Decimal(low))) - Decimal(low)) * share
        totals[partner] += due.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return totals


@pytest.mark.parametrize("tiers", ["marginal", "cliff"])
@settings(max_examples=150, deadline=None)
@given(rows=sales())
def test_both_evaluators_pay_the_same(tiers, rows):
    rates = "\n".join(
        f"2026-0{month}-1{day},USD,EUR,0.91375,ECB" for month in range(2, 6) for day in range(5)
    )
    answer = run(PLANS[tiers], rows, rates)
    with localcontext() as context:
        context.prec = 60
        expected = second_opinion(rows, tiers)
    paid = {row["partner_id"]: Decimal(row["total"]) for row in answer["totals"]}
    assert {name: amount for name, amount in expected.items() if amount} == {
        name: amount for name, amount in paid.items() if amount
    }
