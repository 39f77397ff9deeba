"""Formulas for dated journeys: published weights, and every edge that the publishers leave open."""

from __future__ import annotations

import pytest

from cleanroom.attribution.models import Touch, full_path, time_decay, w_shaped
from overlap.errors import UsageError

DAY = 86_400


def at(day: float) -> int:
    return int(day * DAY)


#: Adobe Analytics, "Attribution models and lookback windows": gaps of 9, 6, 0 and 0 days, half-life 7 days.
ADOBE = [Touch("paid search", at(0)), Touch("social", at(3)), Touch("email", at(9)), Touch("display", at(9))]


def test_adobes_time_decay_to_the_cent() -> None:
    found = time_decay(ADOBE, at(9), half_life_days=7).shares
    dollars = {partner: round(50 * share, 2) for partner, share in found.items()}
    assert dollars == {"display": 16.88, "email": 16.88, "social": 9.32, "paid search": 6.92}


def test_a_touch_one_half_life_earlier_weighs_half() -> None:
    found = time_decay([Touch("a", at(0)), Touch("b", at(30))], at(45), half_life_days=30).shares
    assert found["b"] == pytest.approx(2 * found["a"])


def test_a_journey_of_ten_years_still_adds_up_to_one() -> None:
    found = time_decay([Touch("a", 0), Touch("b", at(1))], at(20_000), half_life_days=7).shares
    assert sum(found.values()) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize("half_life", [0, -1, float("nan")])
def test_a_half_life_that_is_not_positive_is_refused(half_life: float) -> None:
    with pytest.raises(UsageError):
        time_decay(ADOBE, at(9), half_life_days=half_life)


MILESTONES = {"lead-created": at(10), "opportunity-created": at(20)}


def touches(**days: float) -> list[Touch]:
    return [Touch(partner, at(day)) for partner, day in days.items()]


def test_w_is_thirty_thirty_thirty_ten() -> None:
    """Marketo Measure, "Marketo Measure attribution models": the rest is shared in equal parts."""
    found = w_shaped(touches(first=1, lead=9, between=15, opp=20, after=25), at(30), MILESTONES).shares
    assert found == pytest.approx({"first": 0.3, "lead": 0.3, "opp": 0.3, "between": 0.05, "after": 0.05})


def test_full_path_is_four_times_twenty_two_and_a_half_and_two_for_each_of_five_in_between() -> None:
    """Marketo Measure; five middle touches get 2 % each (Marketo Nation)."""
    days = {"first": 1, "m1": 3, "lead": 9, "m2": 12, "m3": 13, "opp": 20, "m4": 22, "m5": 23, "won": 29}
    found = full_path(touches(**days), at(30), MILESTONES).shares
    for partner in ("first", "lead", "opp", "won"):
        assert found[partner] == pytest.approx(0.225)
    for partner in ("m1", "m2", "m3", "m4", "m5"):
        assert found[partner] == pytest.approx(0.02)


def test_no_middle_touch_leaves_its_ten_to_the_milestones_in_proportion() -> None:
    found = w_shaped(touches(first=1, lead=9, opp=20), at(30), MILESTONES).shares
    assert found == pytest.approx({"first": 1 / 3, "lead": 1 / 3, "opp": 1 / 3})


def test_a_missing_milestone_leaves_its_weight_to_the_parts_that_are_there() -> None:
    found = w_shaped(touches(first=1, middle=12, opp=20), at(30), {"opportunity-created": at(20)}).shares
    assert found == pytest.approx({"first": 30 / 70, "opp": 30 / 70, "middle": 10 / 70})


def test_a_milestone_before_every_touch_has_none() -> None:
    found = w_shaped(touches(late=15, opp=20), at(30), {"lead-created": at(2), "opportunity-created": at(20)})
    assert found.shares == pytest.approx({"late": 0.5, "opp": 0.5})


def test_a_touch_that_is_two_milestones_has_both_weights() -> None:
    found = w_shaped(touches(first=1, opp=20), at(30), {"lead-created": at(5), "opportunity-created": at(20)})
    assert found.shares == pytest.approx({"first": 60 / 90, "opp": 30 / 90})


def test_one_touch_has_everything() -> None:
    assert full_path(touches(only=9), at(30), MILESTONES).shares == {"only": 1.0}
    assert w_shaped(touches(only=9), at(30), {}).shares == {"only": 1.0}


def test_touches_at_one_instant_share_a_milestone() -> None:
    found = w_shaped(touches(a=1, b=1, opp=20), at(30), {"opportunity-created": at(20)}).shares
    assert found == pytest.approx({"a": 0.25, "b": 0.25, "opp": 0.5})


def test_repeated_touches_of_one_partner_add_up() -> None:
    same = [Touch("a", at(1)), Touch("b", at(9)), Touch("a", at(20)), Touch("a", at(15))]
    assert w_shaped(same, at(30), MILESTONES).shares == pytest.approx({"a": 0.7, "b": 0.3})


def test_touches_that_earn_nothing_are_counted_by_reason() -> None:
    given = [*touches(good=10, late=31, early=1), Touch("undated", None)]
    for found in (
        time_decay(given, at(30), half_life_days=30, since=at(5)),
        w_shaped(given, at(30), {}, since=at(5)),
        full_path(given, at(30), {}, since=at(5)),
    ):
        assert found.shares == {"good": 1.0}
        assert found.left_out == {"after-close": 1, "before-window": 1, "no-time": 1}


def test_without_a_usable_touch_nobody_has_credit() -> None:
    for found in (
        time_decay([], 0, half_life_days=7),
        w_shaped([], 0, {}),
        full_path([Touch("a", None)], 0, {}),
    ):
        assert found.shares == {}


def test_the_order_of_the_touches_is_no_matter() -> None:
    given = touches(a=1, b=9, c=12, d=20, e=29)
    for one, other in (
        (full_path(given, at(30), MILESTONES), full_path(given[::-1], at(30), MILESTONES)),
        (time_decay(given, at(30), half_life_days=9), time_decay(given[::-1], at(30), half_life_days=9)),
    ):
        assert one == other


def test_an_unknown_milestone_is_refused() -> None:
    with pytest.raises(UsageError):
        w_shaped(touches(a=1), at(30), {"closed-won": at(30)})
