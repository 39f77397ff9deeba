"""Partner-influenced revenue by quarter, and the three lists of a review. Expected values by hand."""

from __future__ import annotations

from dataclasses import asdict
from fractions import Fraction
from typing import Any

import pytest
from made_deals import make_deals

from cleanroom.attribution import statistics
from cleanroom.attribution.statistics import DEAL_COLUMNS, LANES, Standing


def deals_of(*rows: tuple[str, ...]) -> statistics.Deals:
    made = [dict(zip(DEAL_COLUMNS, row, strict=True)) for row in rows]
    return statistics.gather_deals(made, [], 30_000.0)


def won(name: str, amount: str, closed: str) -> tuple[str, ...]:
    return (name, "s", amount, "2025-01-01", "p", "2025-01-01", closed, "won" if closed else "")


def test_every_quarter_has_what_was_won_and_what_an_action_had_a_part_in() -> None:
    found = statistics.influenced_by_quarter(
        deals_of(
            won("a", "100", "2025-03-31"), won("b", "40", "2025-04-01"), won("c", "5", "2025-10-01"),
            won("d", "7", "2025-02-01"), won("e", "1", "2026-01-15"), won("open", "9", ""),
        ),
        {"a": "Sourced", "b": "Attached", "c": "Assisted Close", "d": "Disputed", "e": "Influenced"},
    )  # fmt: skip
    assert [(one.quarter, one.won, one.deals, one.influenced, one.influenced_deals) for one in found] == [
        ("2025-Q1", 107.0, 2, 100.0, 1),
        ("2025-Q2", 40.0, 1, 0.0, 0),
        ("2025-Q3", 0.0, 0, 0.0, 0),
        ("2025-Q4", 5.0, 1, 5.0, 1),
        ("2026-Q1", 1.0, 1, 1.0, 1),
    ]
    assert [one.whole for one in found] == [True, True, True, True, False]
    assert statistics.influenced_by_quarter(deals_of(won("open", "9", "")), {}) == ()


def test_quarters_add_up_to_all_that_was_won() -> None:
    made = make_deals(5, 400)
    deals = statistics.gather_deals(made.deals, made.stages, 30_000.0)
    given = {row["deal_id"]: "Influenced" for row in made.deals if row["partner_id"]}
    found = statistics.influenced_by_quarter(deals, given)
    closed = [row for row in made.deals if row["outcome"] == "won"]
    assert sum(one.deals for one in found) == len(closed)
    assert sum(one.influenced_deals for one in found) == sum(row["deal_id"] in given for row in closed)
    assert sum(one.won for one in found) == pytest.approx(
        float(sum(Fraction(row["amount"]) for row in closed))
    )


def standing(**change: Any) -> Standing:
    usual = {
        "partner": "p", "open_pipeline": 50.0, "won": 10.0, "won_before": 0.0, "attached_pipeline": 0.0,
        "attached_won": 0.0, "tier": "member", "tier_because": "", "segment": "steady", "segment_because": "",
        "at_risk": False, "risk_because": "last action 9 days ago", "verticals": (), "regions": (),
    }  # fmt: skip
    return Standing(**usual | change)


@pytest.mark.parametrize(
    ("change", "lane", "because"),
    [
        ({}, LANES[0], "last action 9 days ago"),
        ({"won": 0.0}, LANES[1], "nothing won with its action yet"),
        ({"open_pipeline": 0.0, "attached_pipeline": 70.0}, LANES[1], "attached to 70 of pipeline without"),
        ({"open_pipeline": 0.0}, LANES[1], "no open deal"),
        ({"at_risk": True}, LANES[1], "its pipeline may go cold: last action 9 days ago"),
        ({"at_risk": True, "open_pipeline": 0.0}, LANES[2], "last action 9 days ago"),
    ],
)
def test_a_partner_is_on_the_list_that_its_numbers_say(
    change: dict[str, Any], lane: str, because: str
) -> None:
    (found,) = statistics.next_steps([standing(**change)])
    assert found.lane == lane and because in found.because and "in 182 days" in found.because


def test_everybody_is_on_one_list_and_lists_are_read_in_order() -> None:
    made = make_deals(5, 800)
    deals = statistics.gather_deals(made.deals, made.stages, 30_000.0)
    actions = [
        (row["partner_id"], statistics.days_of(row["attached"])) for row in made.deals if row["partner_id"]
    ]
    given = {row["deal_id"]: "Influenced" for row in made.deals if row["partner_id"]}
    standings = statistics.portfolio(deals, given, [(one, day or 0.0) for one, day in actions], {})
    found = statistics.next_steps(standings)
    assert sorted(one.partner for one in found) == sorted(one.partner for one in standings)
    assert [LANES.index(one.lane) for one in found] == sorted(LANES.index(one.lane) for one in found)
    assert len({one.lane for one in found}) > 1 and all(asdict(one)["because"] for one in found)
