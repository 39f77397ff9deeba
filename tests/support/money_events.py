"""A plan with a rule of every kind, and random events with reversals for it."""

from __future__ import annotations

from hypothesis import strategies as st
from plans import make_plan

from cleanroom.attribution import payouts

RULES = """
[[partner]]
id = "p1"
parent = "p9"

[[rule]]
id = "tiered"
type = "commission"
kinds = ["sourced"]
bands = [{ from = "0", rate = "3.33%" }, { from = "500", rate = "7.7%" }, { from = "1200", rate = "11%" }]
cap = { deal = "60", period = "130" }
split = { by = "parent", parent = "33%" }

[[rule]]
id = "cliff"
type = "commission"
kinds = ["renewal"]
tiers = "cliff"
over = "year"
bands = [{ from = "0", rate = "3%" }, { from = "700", rate = "5%" }]

[[rule]]
id = "joint"
type = "commission"
kinds = ["won"]
rate = "9.99%"
split = { by = "points", points = { "action:demo" = 2, "action:intro" = 3 } }
holdback = { share = "17%", days = 30 }

[[rule]]
id = "meeting"
type = "spiff"
kinds = ["meeting"]
amount = "25"
once_per = "deal"
"""
PLAN = make_plan(RULES)
RATES = "\n".join(
    f"2026-{month:02d}-{day:02d},USD,EUR,0.9{day},ECB" for month in (2, 3, 5) for day in range(10, 20)
)


@st.composite
def rows(draw: st.DrawFn) -> list[list[str]]:
    """Events with unique ids, some of them reversals of earlier ones."""
    made: list[list[str]] = []
    for at in range(draw(st.integers(1, 14))):
        date = f"2026-0{draw(st.sampled_from([2, 3, 5]))}-{draw(st.integers(10, 19))}"
        kind = draw(
            st.sampled_from(
                ["sourced", "renewal", "won", "meeting", "action:demo", "action:intro", "refund", "cancel"]
            )
        )
        partner, deal = draw(st.sampled_from(["p1", "p2", "p3"])), draw(st.sampled_from(["d1", "d2"]))
        amount, currency, original = "", "", ""
        if kind in ("refund", "cancel"):
            if not made:
                continue
            before = draw(st.sampled_from(made))
            original, partner, deal = before[0], before[3], before[4]
        if kind in ("sourced", "renewal", "won", "refund"):
            currency = draw(st.sampled_from(["EUR", "USD"]))
            amount = payouts.write_amount(draw(st.integers(0, 90_000)), 2)
        made.append([f"e{at}", date, kind, partner, deal, "", amount, currency, original])
    return made
