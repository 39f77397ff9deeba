"""What holds for the review of every pipeline: the seeds of the statuses, with answers and steps added."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from agreeing_statuses import judged
from random_pipelines import Generator

from cleanroom.attribution import weekly
from cleanroom.attribution.classification import (
    Judged,
    completeness,
    headline_table,
    judge_pipeline,
    status_table,
    totals,
)
from cleanroom.attribution.classification.amounts import CURRENCIES, add_up
from cleanroom.report import weekly_page, weekly_text
from cleanroom.report.weekly_text import LINES

SEEDS = range(20)


def made_of(seed: int, accounts: int = 15) -> tuple[Judged, dict[str, Any], random.Random]:
    """A pipeline whose actions have due days, answers and loop-backs beside it."""
    generator = Generator(seed)
    rows = generator.pipeline(accounts)
    rng = random.Random(seed)
    days = ["", "", "2026-04-20", "2026-11-18", "2026-11-20T10:00:00Z", "2026-11-25", "2027-01-01"]
    for row in rows["actions"]:
        row |= {name: rng.choice(days) for name in ("responded", "looped_back")}
        row["due"] = rng.choice(["", "2026-11-20", "2026-11-25", "2027-01-01"])
    for deal in rows["opportunities"]:
        if rng.random() < 0.5:
            deal["status"] = "open"
    return judged(generator.rules, rows), rows, rng


def review_of(made: Judged, seed: int, **options: Any) -> weekly.Review:
    past, _, rng = made_of(seed)
    less = past.pipeline.actions
    assert less is None or made.pipeline.actions is not None
    earlier = judge_pipeline(replace(past.pipeline, actions=None if less is None else less.iloc[::2]))
    ids = made.deals.ids.to_pylist()
    disputes = [
        weekly.OpenDispute(
            f"d{n}", rng.choice(["contoso", "Fabrikam"]), rng.choice(ids), "rate", 2, n - 3, "1", "EUR"
        )
        for n in range(3)
    ]
    known = {"contoso": 20_000}
    table = weekly.Past("2026-W46", status_table(earlier))
    return weekly.make_review(
        made,
        status_table(made),
        past=table,
        disputes=disputes,
        known=known,
        starts={"contoso": 20_770},
        overlaps=[
            weekly.NewOverlap(f"2026-11-{n:02}", f"Partner {n % 7} of many", f"A{n}", "r", 1)
            for n in range(5, 23)
        ],
        **options,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    one, rows, _ = made_of(seed)
    mixed = {name: random.Random(seed).sample(part, len(part)) for name, part in rows.items()}
    two = judged(Generator(seed).rules, mixed)
    assert review_of(one, seed) == review_of(two, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_item_names_what_exists_and_who_is_to_do_it_when(seed: int) -> None:
    made, rows, _ = made_of(seed)
    deals = {one["id"]: one for one in rows["opportunities"]}
    accounts = {
        one[key] for part in ("opportunities", "actions") for one in rows[part] for key in ("account_id",)
    }
    actions = {one["id"] for one in rows["actions"]}
    review = review_of(made, seed)
    assert review.items
    for one in review.items:
        assert one.opportunity in deals or (not one.opportunity and one.account in accounts - {""})
        assert one.section in weekly.SECTIONS and len(one.due) == 10
        assert not one.opportunity or one.account == deals[one.opportunity]["account_id"]
        if one.section not in ("disputes", "inactive"):
            assert one.action in {*actions, ""}
            assert not one.amount or one.amount == deals[one.opportunity]["amount"]
        assert one.amount == "" or one.currency in CURRENCIES
    keys = [row[-1] for row in weekly.tasks(review)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_review_of_one_partner_names_no_other(seed: int) -> None:
    made, _, _ = made_of(seed)
    whole = review_of(made, seed)
    for partner in made.partners:
        mine = review_of(made, seed, partner=partner.upper())
        assert {
            one.partner for part in (mine.items, mine.plays, mine.changes, mine.listed) for one in part
        } <= {partner}
        assert mine.items == tuple(one for one in whole.items if one.partner == partner)
        page = weekly_page(mine, {}, "vendor").decode()
        text = "\n".join(weekly_text(mine, {}))
        assert not [one for one in made.partners if one != partner and (one in page or one in text)]
    parts = [one.partner for one in whole.items]
    assert len(parts) == sum(
        len(review_of(made, seed, partner=one).items) for one in {*parts} - {""}
    ) + parts.count("")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_open_deal_has_one_verdict_and_its_reasons(seed: int) -> None:
    made, rows, _ = made_of(seed)
    review = review_of(made, seed)
    assert sorted(one.opportunity for one in review.deals) == sorted(
        one["id"] for one in rows["opportunities"] if one["status"] == "open"
    )
    headline = headline_table(made)
    best = dict(zip(headline["opportunity"], headline["status"], strict=True))
    for one in review.deals:
        sides = {each.side for each in one.reasons}
        expected = "at risk" if "risk" in sides else "unclear" if "doubt" in sides else "safe"
        assert (one.verdict, one.status) == (expected, best[one.opportunity]) and one.deciding
        assert len({each.code for each in one.reasons}) == len(one.reasons)
    for partner in made.partners:
        mine = {one.opportunity for one in review_of(made, seed, partner=partner).deals}
        assert mine <= {one.opportunity for one in review.deals}


@pytest.mark.parametrize("seed", SEEDS)
def test_money_is_sorted_inside_each_currency_and_moves_add_up(seed: int) -> None:
    made, _, _ = made_of(seed)
    review = review_of(made, seed)
    for name in weekly.SECTIONS:
        items = review.section(name)
        assert weekly.ordered(items) == items
        for code in {one.code for one in items}:
            for currency in {one.currency for one in items}:
                amounts = [
                    float(one.amount)
                    for one in items
                    if (one.code, one.currency) == (code, currency) and one.amount
                ]
                assert amounts == sorted(amounts, reverse=True)
    # What was there, with what moved, is what is there: by currency and headline status.
    before, after = {}, {}
    past, _, _ = made_of(seed)
    less = past.pipeline.actions
    earlier = judge_pipeline(replace(past.pipeline, actions=None if less is None else less.iloc[::2]))
    for sums, table in ((before, headline_table(earlier)), (after, headline_table(made))):
        sums |= {
            (one["currency"], one["status"]): one["amount"] or "0" for one in totals(table) if one["currency"]
        }
    for currency, status in {*before, *after}:
        came = [one.amount for one in review.moved if (one.currency, one.after) == (currency, status)]
        left = [one.amount for one in review.moved if (one.currency, one.before) == (currency, status)]
        grown = add_up([before.get((currency, status), "0"), *came])
        assert grown == add_up([after.get((currency, status), "0"), *left])


@pytest.mark.parametrize("seed", SEEDS)
def test_one_screen_holds_it_and_fields_are_counted_once(seed: int) -> None:
    made, rows, _ = made_of(seed)
    review = review_of(made, seed)
    lines = weekly_text(review, {})
    assert len(lines) <= LINES
    # Week 46 began on 9 November; of seven partners three are named.
    (told,) = [line for line in lines if "both hold" in line]
    assert "both hold 14 new accounts: 2 with " in told
    assert not [one for one in lines if len(one) > 118 and not one[10:].startswith("overlap ")]
    counted = completeness(made)
    assert list(review.fields) == counted
    assert {one.of for one in counted} <= set(range(len(rows["actions"]) + 1))
    assert all(one.filled <= one.of for one in counted)
