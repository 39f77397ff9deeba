"""Rates with shrinkage, the beta distribution, forecasts."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from made_deals import make_deals

from cleanroom.attribution.statistics import days_of, forecast, gather_deals, rates
from cleanroom.attribution.statistics.beta import chance_below, log_likelihood, quantile

TODAY = 30_000.0


@pytest.mark.parametrize(("one", "other"), [(1, 1), (2, 5), (30, 4), (1, 80), (250, 250)])
@pytest.mark.parametrize("at", [0.001, 0.1, 0.35, 0.5, 0.9, 0.999])
def test_chances_of_the_beta_distribution_are_binomial_tails(one: int, other: int, at: float) -> None:
    """NIST Digital Library of Mathematical Functions, 8.17.5: whole parameters."""
    size = one + other - 1
    tail = sum(comb(size, won) * at**won * (1 - at) ** (size - won) for won in range(one, size + 1))
    assert chance_below(at, one, other) == pytest.approx(tail, abs=1e-12)


def test_chances_of_fractional_parameters() -> None:
    """The arcsine distribution, Beta(1/2, 1/2): 2/pi arcsin(sqrt(x))."""
    for at in (0.01, 0.3, 0.77):
        assert chance_below(at, 0.5, 0.5) == pytest.approx(2 / np.pi * np.arcsin(np.sqrt(at)), abs=1e-13)


def test_a_quantile_undoes_a_chance() -> None:
    for one, other in ((0.5, 3.0), (12.5, 40.0), (200.0, 3.0)):
        for chance in (0.025, 0.5, 0.975):
            assert chance_below(quantile(chance, one, other), one, other) == pytest.approx(chance, abs=1e-10)


def test_the_likelihood_of_all_counts_adds_up_to_one() -> None:
    whole = sum(comb(9, won) * np.exp(log_likelihood(won, 9, 2.5, 4.0)) for won in range(10))
    assert whole == pytest.approx(1)


def rows(partner: str, won: int, lost: int) -> list[dict[str, str]]:
    base = {"segment": "s", "amount": "10", "created": "2025-01-01", "partner_id": partner,
            "attached": "2025-01-10", "closed": "2025-02-01"}  # fmt: skip
    outcomes = ["won"] * won + ["lost"] * lost
    return [base | {"deal_id": f"{partner}{at}", "outcome": each} for at, each in enumerate(outcomes)]


def test_fifty_equal_partners_are_drawn_together_and_few_stand_out() -> None:
    draw = np.random.default_rng(3)
    deals = []
    for at in range(50):
        won = int(draw.binomial(20, 0.3))
        deals += rows(f"p{at:02}", won, 20 - won)
    found = rates(gather_deals(deals, [], TODAY))
    assert (found.tested, found.by_chance) == (50, 2.5)
    assert found.outside == 0 and found.concentration > 100
    spread = max(each.raw for each in found.partners) - min(each.raw for each in found.partners)
    assert max(each.rate for each in found.partners) - min(each.rate for each in found.partners) < spread / 2


def test_partners_that_differ_are_found_and_few_deals_claim_nothing() -> None:
    deals = [each for at in range(12) for each in rows(f"p{at:02}", 6, 24)]
    deals += rows("star", 27, 3) + rows("lucky", 3, 0)
    found = {each.partner: each for each in rates(gather_deals(deals, [], TODAY)).partners}
    assert found["star"].says == "at least doubles the win rate of its strata"
    assert found["lucky"].says.startswith("not enough data")
    assert found["lucky"].rate < found["lucky"].raw == 1.0
    assert found["p00"].says in ("no difference shown", "below its strata")


def test_rates_are_compared_within_strata() -> None:
    """A partner in an easy segment is not special for winning there what everybody wins."""
    easy = [
        row | {"segment": "easy", "deal_id": f"e{row['deal_id']}"}
        for at in range(6)
        for row in rows(f"p{at}", 16, 4)
    ]
    hard = [row | {"segment": "hard"} for at in range(6, 12) for row in rows(f"p{at}", 4, 16)]
    found = rates(gather_deals(easy + hard, [], TODAY))
    assert found.outside == 0
    assert {round(each.expected, 1) for each in found.partners} == {0.8, 0.2}


def test_a_forecast_is_tested_on_past_quarters_and_bands_hold() -> None:
    made = make_deals(6, 3_000, 1.0)
    found = forecast(gather_deals(made.deals, made.stages, TODAY), {})
    assert len(found.tests) >= 5
    assert found.coverage is not None and 0.5 <= found.coverage <= 1
    assert 0 < found.low < found.middle < found.high
    off = [abs(each.came / each.middle - 1) for each in found.tests]
    assert np.median(off) < 0.3
    assert not found.partner_term and "no status" in found.reason


def test_being_attached_never_raises_a_forecast() -> None:
    """Also when all attached deals say so, and even with an effect that is there."""
    made = make_deals(7, 2_000, 2.5)
    deals = gather_deals(made.deals, made.stages, TODAY)
    plain = forecast(deals, {})
    attached = forecast(deals, {deal: "Attached" for deal in deals.ids})
    assert (plain.low, plain.middle, plain.high) == (attached.low, attached.middle, attached.high)
    assert attached.attached_without_action > 0


def test_a_partner_term_is_used_only_when_past_forecasts_were_better_with_it() -> None:
    strong = make_deals(8, 4_000, 4.0)
    deals = gather_deals(strong.deals, strong.stages, TODAY)
    statuses = {row["deal_id"]: "Influenced" for row in strong.deals if row["partner_id"]}
    with_ = forecast(deals, statuses)
    assert with_.partner_term and "better with it" in with_.reason
    assert sum(each.brier_partner - each.brier for each in with_.tests) < 0
    weak = make_deals(9, 1_500, 1.0)
    none = forecast(
        gather_deals(weak.deals, weak.stages, TODAY),
        {row["deal_id"]: "Influenced" for at, row in enumerate(weak.deals) if at % 2 and row["partner_id"]},
    )
    assert not none.partner_term or sum(each.brier_partner - each.brier for each in none.tests) < 0


def test_a_forecast_of_the_past_knows_nothing_of_later_days() -> None:
    """What happened after the horizon of the first forecast is turned around: that forecast stays."""
    made = make_deals(10, 1_500, 1.0)
    first = forecast(gather_deals(made.deals, made.stages, TODAY), {}).tests[0]
    turned = []
    for row in made.deals:
        day = days_of(row["closed"])
        later = day is not None and day > first.day + 91
        other = {"won": "lost", "lost": "won"}.get(row["outcome"], row["outcome"])
        turned.append(row | {"outcome": other if later else row["outcome"]})
    found = forecast(gather_deals(turned, made.stages, TODAY), {}).tests[0]
    assert (found.middle, found.came, found.brier) == (first.middle, first.came, first.brier)


def test_a_status_that_was_earned_later_is_not_known_to_a_past_forecast() -> None:
    """Statuses given to what was won: with their days they help no forecast, without they would."""
    made = make_deals(12, 2_500, 1.0)
    deals = gather_deals(made.deals, made.stages, TODAY)
    won = {
        row["deal_id"]: row["closed"] for row in made.deals if row["partner_id"] and row["outcome"] == "won"
    }
    statuses = dict.fromkeys(won, "Influenced")
    since = {deal: float(days_of(day) or 0) for deal, day in won.items()}
    assert forecast(deals, statuses).partner_term
    assert not forecast(deals, statuses, since).partner_term
