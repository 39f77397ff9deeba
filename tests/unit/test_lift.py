"""Intervals of rates, deals as the statistics read them, and lift: what it finds and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from made_deals import Made, make_deals

from cleanroom.attribution.statistics import gather_deals, lift, newcombe, wilson
from cleanroom.attribution.statistics.deals import amount_at, days_of
from cleanroom.attribution.statistics.outcomes import MEASURES, raw_difference, seen_after
from cleanroom.attribution.statistics.trials import _expected, _match, _Trials, spell_at
from cleanroom.cli.app import overlap
from overlap.errors import Refused, UsageError

TODAY = 30_000.0


# -- intervals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("won", "of", "low", "high"), [(81, 263, 0.2553, 0.3662), (0, 20, 0, 0.1611)])
def test_wilsons_interval(won: int, of: int, low: float, high: float) -> None:
    """Newcombe (1998), Two-sided confidence intervals for the single proportion, method 3."""
    assert wilson(won, of) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_newcombes_interval(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    """Newcombe (1998), Interval estimation for the difference between independent proportions, method 10."""
    difference, found_low, found_high = newcombe(*one, *other)
    assert (found_low, found_high) == pytest.approx((low, high), abs=5e-5)
    assert difference == pytest.approx(one[0] / one[1] - other[0] / other[1])


def test_intervals_of_nothing_are_everything() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(0, 0, 3, 5) == (0.0, -1.0, 1.0)


# -- deals -------------------------------------------------------------------------------------------------

DEAL = {"deal_id": "d1", "segment": "s", "amount": "10", "created": "2025-01-01", "partner_id": "p",
        "attached": "2025-01-10", "closed": "2025-02-01", "outcome": "won"}  # fmt: skip
STAGE = {"deal_id": "d1", "stage": "one", "entered": "2025-01-01"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"deal_id": ""}, "no-id"),
        ({"amount": "much"}, "no-amount"),
        ({"amount": "0"}, "no-amount"),
        ({"amount": "-5"}, "no-amount"),
        ({"amount": "inf"}, "no-amount"),
        ({"created": "01.02.2025"}, "bad-date"),
        ({"attached": "2025-01-10T10:00:00"}, "bad-date"),
        ({"closed": "2100-01-01"}, "future-date"),
        ({"created": ""}, "no-created"),
        ({"outcome": "maybe"}, "unknown-outcome"),
        ({"outcome": "open"}, "outcome-without-close"),
        ({"closed": ""}, "outcome-without-close"),
        ({"closed": "2024-12-31"}, "closed-before-created"),
    ],
)
def test_a_deal_that_cannot_be_used_is_counted_by_its_code(changed: dict[str, str], code: str) -> None:
    deals = gather_deals([DEAL | changed], [], TODAY)
    assert (deals.ids, dict(deals.left_out)) == ((), {code: 1})


def test_a_deal_id_that_occurs_twice_is_used_by_neither_row() -> None:
    deals = gather_deals([DEAL, DEAL | {"amount": "11"}, DEAL | {"deal_id": "d2"}], [], TODAY)
    assert (deals.ids, dict(deals.left_out)) == (("d2",), {"double-id": 1})


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"deal_id": "other"}, "unknown-deal"),
        ({"entered": "soon"}, "bad-date"),
        ({"entered": "2100-01-01"}, "future-date"),
        ({"entered": "2024-12-31"}, "stage-outside-deal"),
        ({"entered": "2025-02-02"}, "stage-outside-deal"),
    ],
)
def test_a_stage_that_cannot_be_used_is_counted_by_its_code(changed: dict[str, str], code: str) -> None:
    deals = gather_deals([DEAL], [STAGE | changed], TODAY)
    assert (len(deals.spell_deal), dict(deals.left_out)) == (0, {code: 1})


@pytest.mark.parametrize("attached", ["", "2024-12-31", "2025-02-02"])
def test_an_attachment_without_a_day_inside_the_deal_is_counted_and_not_used(attached: str) -> None:
    deals = gather_deals([DEAL | {"attached": attached}], [STAGE], TODAY)
    assert (deals.undated, deals.attached.tolist(), len(deals.ids)) == (1, [np.inf], 1)


def test_a_day_is_its_beginning_and_an_instant_needs_a_zone() -> None:
    assert days_of("1970-01-02") == 1
    assert days_of("1970-01-02T06:00:00+06:00") == 1
    assert days_of("1970-01-01T12:00:00Z") == 0.5
    assert days_of("1970-01-01T12:00:00") is None
    assert days_of("soon") is None


def test_stays_end_at_the_next_stage_or_the_close() -> None:
    stages = [STAGE | {"stage": "two", "entered": "2025-01-20"}, STAGE]
    deals = gather_deals([DEAL], stages, TODAY)
    assert deals.spell_stage.tolist() == ["one", "two"]
    assert (deals.spell_left - deals.spell_entered).tolist() == [19, 12]


def test_a_row_for_a_new_amount_begins_no_stay() -> None:
    stages = [STAGE, STAGE | {"entered": "2025-01-05", "amount": "20"}]
    stages.append(STAGE | {"stage": "two", "entered": "2025-01-20", "amount": "30"})
    deals = gather_deals([DEAL], stages, TODAY)
    assert deals.spell_stage.tolist() == ["one", "two"]
    assert (deals.spell_left - deals.spell_entered).tolist() == [19, 12]


def test_the_amount_at_a_moment_is_the_last_one_told_before_it() -> None:
    other = DEAL | {"deal_id": "d2"}
    stages = [
        STAGE | {"entered": "2025-01-05", "amount": "20"},
        STAGE | {"entered": "2025-01-20", "amount": "30"},
        STAGE | {"entered": "2025-01-25", "amount": "nothing"},
        STAGE | {"deal_id": "d2", "entered": "2025-01-03", "amount": "7"},
    ]
    deals = gather_deals([DEAL, other], stages, TODAY)
    who = np.array([0, 0, 0, 0, 1, 1])
    days = ("2025-01-04", "2025-01-05", "2025-01-19", "2025-01-30", "2025-01-02", "2025-01-03")
    moments = np.array([days_of(day) for day in days])
    found = np.exp(amount_at(deals, who, moments))
    np.testing.assert_allclose(found, [np.nan, 20, 20, 30, np.nan, 7])
    silent = gather_deals([DEAL], [STAGE], TODAY)
    assert np.isnan(amount_at(silent, np.array([0]), moments[:1])).all()


# -- lift --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def null() -> Made:
    return make_deals(1, 2_500, 1.0)


def test_without_an_effect_the_raw_difference_is_large_and_the_matched_one_is_not(null: Made) -> None:
    found = lift(gather_deals(null.deals, null.stages, TODAY))
    assert not found.refused and found.matched is not None
    assert found.naive.low > 0.25
    assert found.matched.low < 0 < found.matched.high
    assert abs(found.matched.difference) < 0.08


def test_an_effect_is_found() -> None:
    made = make_deals(3, 4_000, 1.6)
    found = lift(gather_deals(made.deals, made.stages, TODAY)).matched
    assert found is not None
    assert found.low > 0
    assert found.low <= made.truth <= found.high


@pytest.mark.parametrize("measure", MEASURES)
def test_the_order_of_the_rows_is_no_matter(measure: str) -> None:
    made = make_deals(4, 700, history=True)
    one = lift(gather_deals(made.deals, made.stages, TODAY), measure)
    assert one.matched is not None
    assert one == lift(gather_deals(made.deals[::-1], made.stages[::-1], TODAY), measure)


def test_days_and_amounts_that_partners_do_not_change_are_found_unchanged() -> None:
    made = make_deals(2, 1_200, history=True)
    deals = gather_deals(made.deals, made.stages, TODAY)
    for measure, raw in (("days", 20.0), ("amount", 0.1)):
        found = lift(deals, measure)
        assert found.matched is not None and found.naive is not None
        assert found.naive.low > raw
        assert found.matched.low < 0 < found.matched.high


def test_partners_that_hurry_deals_and_raise_amounts_are_seen() -> None:
    made = make_deals(6, 1_800, speed=1.5, growth=1.25, history=True)
    deals = gather_deals(made.deals, made.stages, TODAY)
    days, amount = lift(deals, "days"), lift(deals, "amount")
    assert days.matched is not None and amount.matched is not None and made.law is not None
    truth = made.law.days(days.horizon_days)
    assert truth < -4 and days.matched.high < 0
    assert days.matched.low <= truth <= days.matched.high
    assert amount.matched.low > 0.1 and amount.matched.high < 0.3


def test_days_are_the_restricted_mean_of_kaplan_and_meier() -> None:
    """With an end known for every deal the weights are counted; the area below the curve agrees closely."""
    draw = np.random.default_rng(4)
    rows = []
    for at in range(3_000):
        created, took = int(draw.integers(0, 300)), int(draw.exponential(80)) + 1
        closed = created + took
        row = DEAL | {"deal_id": f"d{at}", "created": _iso(created), "attached": "", "partner_id": ""}
        done = closed <= 300
        rows.append(row | {"closed": _iso(closed) if done else "", "outcome": "lost" if done else ""})
    deals = gather_deals(rows, [], TODAY)
    who, horizon = np.arange(len(deals.ids)), 100.0
    days, weight = seen_after(deals, "days", who, deals.created, np.ones(len(who)), horizon)
    assert (days * weight).sum() / weight.sum() == pytest.approx(80 * (1 - np.exp(-100 / 80)), abs=1.5)
    plain = np.minimum(np.minimum(deals.closed, deals.end) - deals.created, horizon).mean()
    assert (days * weight).sum() / weight.sum() > plain + 3


def _iso(day: int) -> str:
    return str(np.datetime64("2024-01-01") + day)


def test_the_raw_days_and_amounts_are_plain_means() -> None:
    rows = [
        DEAL | {"deal_id": f"d{at}", "partner_id": partner, "amount": amount, "closed": closed}
        for at, (partner, amount, closed) in enumerate(
            [
                ("p", "10", "2025-01-11"),
                ("p", "40", "2025-01-21"),
                ("", "5", "2025-01-06"),
                ("", "5", "2025-01-08"),
            ]
        )
    ]
    deals = gather_deals(rows, [], TODAY)
    days, amount = raw_difference(deals, "days"), raw_difference(deals, "amount")
    assert days is not None and amount is not None
    assert days[0] == pytest.approx(15 - 6) and days[1] < 9 < days[2]
    assert amount[0] == pytest.approx(20 / 5 - 1) and amount[3:] == (2, 2)
    assert raw_difference(gather_deals(rows[:3], [], TODAY), "days") is None


def test_amounts_without_a_history_are_refused_and_told_raw(null: Made) -> None:
    found = lift(gather_deals(null.deals, null.stages, TODAY), "amount")
    assert found.matched is None and found.naive is not None
    assert "only the raw ratio is told" in found.refused["no-amount-history"]


def test_amounts_of_today_written_on_every_stage_are_refused() -> None:
    made = make_deals(4, 700)
    now = {row["deal_id"]: row["amount"] for row in made.deals}
    stages = [row | {"amount": now[row["deal_id"]]} for row in made.stages]
    found = lift(gather_deals(made.deals, stages, TODAY), "amount")
    assert found.matched is None and set(found.refused) == {"amounts-never-change"}


def test_controls_had_the_amount_at_that_moment_not_later() -> None:
    """Attached at 100 and grown to 1,000 after: deals of 100 at the time are its like, those of 1,000 not."""
    made = make_deals(8, 900, history=True)
    before = lift(gather_deals(made.deals, made.stages, TODAY))
    grown = [
        row | {"amount": str(10 * float(row["amount"]))} if row["partner_id"] else row for row in made.deals
    ]
    after = lift(gather_deals(grown, made.stages, TODAY))
    assert before.matched is not None and after.matched is not None
    assert after.matched.of == before.matched.of
    assert after.matched.difference == before.matched.difference


def test_the_controls_of_an_attachment_stood_where_it_stood() -> None:
    """Attached on day 10 of stage one. c1 to c3 stood there on their own day 10; the others did not."""
    base = DEAL | {"partner_id": "", "attached": "", "closed": "2025-03-01", "amount": "12"}
    rows = [
        DEAL,
        base | {"deal_id": "c1"},
        base | {"deal_id": "c2", "outcome": "lost", "amount": "8"},
        # Attached later than its own day 10: it could have been attached, and counts.
        base | {"deal_id": "c3", "outcome": "lost", "partner_id": "q", "attached": "2025-02-01"},
        base | {"deal_id": "larger", "amount": "16"},
        base | {"deal_id": "other segment", "segment": "t"},
        base | {"deal_id": "closed before", "closed": "2025-01-05"},
        base | {"deal_id": "attached before", "partner_id": "q", "attached": "2025-01-04"},
        base | {"deal_id": "went on", "closed": "2025-02-20"},
        base | {"deal_id": "still open", "closed": "", "outcome": "", "created": "2025-06-01"},
    ]
    stages = [{"deal_id": row["deal_id"], "stage": "one", "entered": row["created"]} for row in rows]
    stages.append({"deal_id": "went on", "stage": "two", "entered": "2025-01-06"})
    stages.append({"deal_id": "still open", "stage": "two", "entered": "2025-06-05"})
    deals = gather_deals(rows, stages, TODAY)
    spell = spell_at(deals, np.array([deals.ids.index("d1")]))
    trials = _match(deals, np.array([deals.ids.index("d1")]), spell)
    assert {deals.ids[deal] for deal in trials.pair_deal} == {"c1", "c2", "c3"}
    assert set(trials.pair_moment - days_of("2025-01-01")) == {9}
    # Won against one of three controls, which do not lie on both sides in numbers: the plain mean.
    assert _expected(trials, np.ones(3), np.array([1.0, 0.0, 0.0])).tolist() == pytest.approx([1 / 3])


def test_controls_are_brought_to_the_amount_by_a_straight_line() -> None:
    larger = np.array([-0.3, -0.2, -0.1, 0.1, 0.2, 0.3, 0.4])
    zero = np.zeros(7, np.int64)
    trials = _Trials(zero[:1], zero[:1], zero[:1], zero, zero, zero, larger)
    assert _expected(trials, np.ones(7), 0.5 + 2 * larger).tolist() == pytest.approx([0.5])
    assert _expected(trials, np.array([3.0, 2, 1, 1, 4, 1, 2]), 0.5 + 2 * larger) == pytest.approx([0.5])
    assert np.isnan(_expected(trials, np.zeros(7), larger)).all()


def without(made: Made, **changed: Any) -> Made:
    deals = [row | {name: change(row) for name, change in changed.items()} for row in made.deals]
    return Made(deals, made.stages, made.truth)


def codes(made: Made) -> set[str]:
    found = lift(gather_deals(made.deals, made.stages, TODAY))
    assert (found.matched is None) == bool(found.refused)
    return set(found.refused)


def test_attachments_without_days_are_refused(null: Made) -> None:
    assert "time-bias-undated" in codes(without(null, attached=lambda _: ""))


def test_attachments_on_the_day_of_the_close_are_refused(null: Made) -> None:
    late = without(null, attached=lambda row: row["partner_id"] and (row["closed"] or row["attached"]))
    assert "time-bias-at-close" in codes(late)


def test_few_deals_are_refused() -> None:
    made = make_deals(5, 120, 1.0)
    assert codes(made) == {"thin-strata"}


def test_deals_of_one_outcome_are_refused(null: Made) -> None:
    won = Made([row for row in null.deals if row["outcome"] != "lost"], null.stages, 0)
    assert "one-outcome" in codes(won)


def test_deals_without_stages_are_refused(null: Made) -> None:
    assert "no-stage" in codes(Made(null.deals, [], 0))


def test_deals_without_partners_are_refused(null: Made) -> None:
    assert "no-attachments" in codes(without(null, partner_id=lambda _: "", attached=lambda _: ""))


def run(tmp_path: Path, made: Made, *words: str) -> Result:
    for name, rows in (("deals", made.deals), ("stages", made.stages)):
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    names = [str(tmp_path / "deals.csv"), str(tmp_path / "stages.csv")]
    return CliRunner().invoke(overlap, ["lift", *names, *words], standalone_mode=False)


def test_the_command_answers_naive_matched_and_refused(tmp_path: Path, null: Made) -> None:
    done = run(tmp_path, null, "--json")
    answer = json.loads(done.stdout)
    assert done.exception is None
    for name in ("naive", "matched"):
        assert answer[name]["low"] <= answer[name]["difference"] <= answer[name]["high"]
    assert answer["naive"]["label"] == "not comparable"
    assert answer["refused"] == []
    text = run(tmp_path, null).stdout
    assert "not comparable" in text and "immortal time" in text


def test_the_command_fails_with_reasons_when_the_comparison_is_invalid(tmp_path: Path) -> None:
    done = run(tmp_path, make_deals(5, 120, 1.0), "--json")
    assert isinstance(done.exception, Refused)
    assert done.exception.exit_code != 0
    answer = json.loads(done.stdout)
    assert answer["matched"] is None
    assert [each["code"] for each in answer["refused"]] == ["thin-strata"]
    assert "refused    thin-strata: " in run(tmp_path, make_deals(5, 120, 1.0)).stdout


def test_today_is_an_argument(tmp_path: Path, null: Made) -> None:
    early = json.loads(run(tmp_path, null, "--as-of", "2024-06-01", "--json").stdout)
    assert early["left_out"]["future-date"] > 100
    assert early["deals"] < len(null.deals)
    assert " future-date: a date after today" in run(tmp_path, null, "--as-of", "2024-06-01").stdout
    assert isinstance(run(tmp_path, null, "--as-of", "soon").exception, UsageError)


@pytest.mark.slow
def test_over_two_dozen_markets_intervals_cover_and_few_claim_what_is_not_there() -> None:
    """Fixed seeds; `python benchmarks/lift.py` has 200 of each."""
    covered, claimed = 0, 0
    for seed in range(12):
        for effect in (1.0, 1.35):
            made = make_deals(1_000 + seed, 1_200, effect)
            found = lift(gather_deals(made.deals, made.stages, TODAY)).matched
            assert found is not None
            covered += found.low <= made.truth <= found.high
            claimed += effect == 1.0 and not found.low <= 0 <= found.high
    assert covered >= 21
    assert claimed <= 2


@pytest.mark.slow
@pytest.mark.parametrize("measure", ["days", "amount"])
def test_days_and_amounts_over_a_dozen_markets(measure: str) -> None:
    """Fixed seeds; `python benchmarks/lift.py` has 200 of each."""
    covered, claimed = 0, 0
    for seed in range(6):
        for effect in (1.0, 1.3):
            changed = {"speed": effect} if measure == "days" else {"growth": effect, "history": True}
            made = make_deals(2_000 + seed, 1_000, **changed)
            found = lift(gather_deals(made.deals, made.stages, TODAY), measure)
            assert found.matched is not None and made.law is not None
            horizon = found.horizon_days
            law = made.law
            truth = law.days(horizon) if measure == "days" else float(np.expm1(law.amount(horizon)))
            covered += found.matched.low <= truth <= found.matched.high
            claimed += effect == 1.0 and not found.matched.low <= 0 <= found.matched.high
    assert covered >= 10
    assert claimed <= 1


def test_the_command_answers_every_measure(tmp_path: Path) -> None:
    made = make_deals(4, 700, history=True)
    assert json.loads(run(tmp_path, made, "--json").stdout)["measure"] == "win"
    for measure, unit in (("days", " days ["), ("amount", " % [")):
        answer = json.loads(run(tmp_path, made, "--measure", measure, "--json").stdout)
        assert answer["measure"] == measure and answer["refused"] == []
        assert answer["matched"]["low"] <= answer["matched"]["difference"] <= answer["matched"]["high"]
        assert len(answer["limits"]) == 3
        text = run(tmp_path, made, "--measure", measure).stdout
        assert unit in text and answer["limits"][2] in text
    plain = make_deals(4, 700)
    done = run(tmp_path, plain, "--measure", "amount", "--json")
    assert isinstance(done.exception, Refused)
    assert "set before" in json.loads(done.stdout)["biases_of_naive"][-1]
