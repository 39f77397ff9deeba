"""Money is exact: sums hold, the order of rows and batches changes nothing, a full reversal leaves zero."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from plans import make_plan, run

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


@settings(max_examples=150, deadline=None)
@given(rows(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(events, random):
    shuffled = [*events]
    random.shuffle(shuffled)
    one, other = run(PLAN, events, RATES), run(PLAN, shuffled, RATES)
    for answer in (one, other):
        answer["findings"] = sorted((f["event_id"], f["code"]) for f in answer["findings"])
    assert one == other


@settings(max_examples=150, deadline=None)
@given(rows())
def test_every_row_counts_or_is_listed_and_the_lines_of_a_scope_sum_to_its_due(events):
    answer = run(PLAN, events, RATES)
    assert answer["events"]["rows"] == len(events)
    assert sum(answer["events"].values()) == 2 * len(events)
    rated = payouts.rate(
        [PLAN],
        payouts.read_events(events),
        payouts.read_rates([r.split(",") for r in RATES.split()])[0],
        20_818,
    )
    sums: Counter[object] = Counter()
    for line in rated.lines:
        if not line.code:
            sums[line.scope] += line.minor + line.forfeited
    for scope, meter in rated.meters.items():
        exact = Fraction(meter.exact, meter.tariff.denominator)
        assert sums[scope] == meter.due
        assert abs(meter.due - exact) <= Fraction(1, 2)
        assert sum(meter.shares.values()) == meter.paid


@settings(max_examples=100, deadline=None)
@given(rows())
def test_what_is_cancelled_whole_leaves_nothing(events):
    """Every event that counted is cancelled, whatever was refunded of it before."""
    events = [row for row in events if not row[2].startswith("action:")]
    back = [[f"z{row[0]}", "2026-06-01", "cancel", "", "", "", "", "", row[0]] for row in events]
    answer = run(PLAN, [*events, *back], RATES)
    assert all(row["minor"] == 0 for row in answer["totals"])


@given(
    st.integers(-(10**12), 10**12),
    st.dictionaries(st.text(min_size=1), st.integers(1, 10**6), min_size=1, max_size=9),
)
def test_shares_sum_and_no_share_is_a_whole_unit_off(total, weights):
    shares = payouts.share_out(total, weights)
    assert sum(shares.values()) == total
    whole = sum(weights.values())
    assert all(abs(shares[name] - Fraction(total * weight, whole)) < 1 for name, weight in weights.items())
    assert payouts.share_out(total, dict(reversed(weights.items()))) == shares


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_rounding_is_to_the_nearest_and_a_half_goes_away_from_zero(numerator, denominator):
    rounded, exact = payouts.round_half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert payouts.round_half_up(Fraction(numerator, denominator)) == rounded


@given(st.integers(-(10**14), 10**14), st.sampled_from([0, 2, 3, 4]))
def test_an_amount_is_read_as_it_was_written(minor, exponent):
    assert payouts.read_amount(payouts.write_amount(minor, exponent), exponent) == minor
