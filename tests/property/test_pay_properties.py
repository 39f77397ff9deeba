"""Money is exact: sums hold, the order of rows and batches changes nothing, a full reversal leaves zero."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from money_events import PLAN, RATES, rows
from plans import run

from cleanroom.attribution import payouts


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
        assert meter.shares is None or sum(meter.shares.values()) == meter.paid


@settings(max_examples=100, deadline=None)
@given(rows())
def test_what_is_cancelled_whole_leaves_nothing(events):
    """Every event that counted is cancelled, whatever was refunded of it before."""
    events = [row for row in events if not row[2].startswith("action:")]
    back = [[f"z{row[0]}", "2026-06-01", "cancel", "", "", "", "", "", row[0]] for row in events]
    answer = run(PLAN, [*events, *back], RATES)
    assert all(row["minor"] == 0 for row in answer["totals"])


@settings(deadline=None)
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


@settings(deadline=None)
@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_rounding_is_to_the_nearest_and_a_half_goes_away_from_zero(numerator, denominator):
    rounded, exact = payouts.round_half_up(numerator, denominator), Fraction(numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert payouts.round_half_up(Fraction(numerator, denominator)) == rounded


@settings(deadline=None)
@given(st.integers(-(10**14), 10**14), st.sampled_from([0, 2, 3, 4]))
def test_an_amount_is_read_as_it_was_written(minor, exponent):
    assert payouts.read_amount(payouts.write_amount(minor, exponent), exponent) == minor
