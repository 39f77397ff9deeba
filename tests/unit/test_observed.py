"""Touches, files' rows, the rules' credit, edge cases and types of action on small pipelines, by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from agreeing_statuses import judged as random_judged
from random_pipelines import Generator
from stories import NOW, act, brought, deal, entered, pipeline

from cleanroom.attribution import classification, models, observed, statistics
from overlap.errors import Refused

WON = deal(status="won", closed="2026-07-31")


class Small:
    """Everything that is laid out from one pipeline."""

    def __init__(self, *words: Any, judged: classification.Judged | None = None, **options: Any) -> None:
        self.judged = judged or classification.judge_pipeline(pipeline(*words, **options))
        self.statuses = classification.status_table(self.judged)
        self.headlines = classification.headline_table(self.judged)
        self.chosen = observed.choose_deals(self.judged, "EUR" if judged else "")
        self.touches = observed.gather_touches(self.judged)
        self.names = observed.step_names(self.judged.partners)
        self.paths = observed.journey_rows(self.judged, self.chosen, self.touches, self.names)
        self.deals = observed.deal_rows(
            self.judged, self.chosen, self.touches, self.statuses, self.headlines, self.names, {}
        )

    def row(self) -> dict[str, str]:
        (row,) = self.deals.rows
        return dict(zip(statistics.DEAL_COLUMNS, row, strict=True))

    def since(self) -> tuple[str, str]:
        (row,) = observed.status_rows(self.judged, self.deals, self.statuses)
        return row[1], row[2]

    def given(self) -> dict[str, Fraction]:
        found = observed.rule_credit(self.judged, self.chosen, self.statuses)
        return {partner: one.deals for partner, one in found.items()}

    def edges(self) -> dict[str, list[str]]:
        found = observed.edge_cases(self.judged, self.touches, self.statuses)
        return {code: [one.says for one in edges] for code, edges in found.items() if edges}

    def motion(self, kind: str) -> observed.Motion:
        return next(one for one in observed.motions(self.judged, self.touches) if one.type == kind)


# Journeys.


def test_steps_are_in_the_order_of_time_and_of_the_id_on_one_day() -> None:
    acts = [
        act("demo", "2026-05-03", "b", id="2"),
        act("demo", "2026-05-03", "c", id="1"),
        act("demo", "2026-05-02", "a", id="9"),
        act("demo", "2026-05-04", "a", id="0"),
        brought("2026-04-20", "z"),
    ]
    assert Small(acts, deals=[WON]).paths.rows == [("z > a > c > b > a", 1, 100, 0)]


def test_a_late_action_is_a_step_when_it_arrived_and_none_after_the_close() -> None:
    acts = [
        act("demo", "2026-05-03", "late", logged="2026-06-20"),
        act("demo", "2026-06-01", "prompt"),
        act("demo", "2026-07-20", "over", logged="2026-08-20"),
    ]
    made = Small(acts, deals=[WON])
    assert made.paths.rows == [("prompt > late", 1, 100, 0)] and made.paths.left_out == {"after-close": 1}


def test_presence_on_an_account_is_no_step_of_its_deals() -> None:
    made = Small([act("demo", "2026-05-03", opportunity_id="", account_id="A1")], deals=[WON])
    assert made.paths.rows == [] and made.paths.left_out == {"no-action": 1}


def test_equal_paths_are_one_row_with_exact_sums() -> None:
    deals = [deal(id=f"O{n}", account_id=f"A{n}", status="won" if n < 3 else "lost", closed="2026-07-31",
                  amount="0.1") for n in range(4)]  # fmt: skip
    acts = [act("demo", "2026-05-03", opportunity_id=f"O{n}", id=str(n)) for n in range(4)]
    (row,) = Small(acts, deals=deals).paths.rows
    assert (row[0], row[1], str(row[2]), row[3]) == ("contoso", 3, "0.3", 1)


def test_deals_before_the_rules_and_without_a_day_are_left_out() -> None:
    deals = [deal(id="O1", created="2014-05-01"), deal(id="O2", created=""), deal(id="O3")]
    assert Small(deals=deals).chosen.left_out == {"before-rules": 1, "no-created": 1}


def test_names_never_meet_when_they_are_written_otherwise() -> None:
    partners = ["a > b", "a \u203a b", "> ", "\x1b", "(nobody)", "?"]
    names = observed.step_names(partners, ("(nobody)",))
    assert len(set(names)) == len(partners) and "(nobody)" not in names
    assert names[1] == "a \u203a b" and not any(">" in name or not name.isprintable() for name in names)
    journeys = models.gather([" > ".join(names)], [1])
    assert set(journeys.partners) == set(names)


# Deals and statuses.


def test_the_source_leads_and_the_first_touch_attaches() -> None:
    acts = [brought("2026-04-20", "opener"), act("demo", "2026-07-20", "closer")]
    made = Small(acts, deals=[WON])
    # What came before the deal attaches from its first day on.
    assert (made.row()["partner_id"], made.row()["attached"]) == ("opener", "2026-05-01")
    assert made.since() == ("Sourced", "2026-05-01")
    assert made.deals.shared == 1


def test_the_best_status_leads_and_an_earlier_touch_of_another_still_attaches() -> None:
    acts = [act("co-marketing", "2026-05-10", "present"), act("demo", "2026-07-20", "mover")]
    made = Small(acts, deals=[WON])
    assert (made.row()["partner_id"], made.row()["attached"]) == ("mover", "2026-05-10")
    # Nothing after its close can take it away; before, a deal that stood still would have.
    assert made.since() == ("Influenced", "2026-07-31")


def test_a_status_holds_from_the_change_of_stage_that_it_led_to() -> None:
    stages = entered(("Discovery", "2026-05-01"), ("Proposal", "2026-05-20"))
    assert Small([act("demo", "2026-05-10")], stages=stages).since() == ("Influenced", "2026-05-20")
    assert Small([act("demo", "2026-11-20")], stages=stages).since() == ("Influenced", "2026-11-20")


def test_a_match_alone_attaches_nobody() -> None:
    made = Small(holdings=[classification_holding()])
    assert made.row()["partner_id"] == made.row()["attached"] == ""
    assert made.since() == ("Unattributed", "")


def classification_holding() -> Any:
    from cleanroom.attribution.holding import Holding

    return Holding("contoso", "A1", "logged", 1, "ab" * 32)


def test_of_two_stages_on_one_day_the_last_is_kept() -> None:
    stages = entered(
        ("Discovery", "2026-04-01"), ("B", "2026-05-02T09:00:00Z"), ("A", "2026-05-02T17:00:00Z"),
        ("Closed Won", "2026-07-31"), ("Paid", "2026-08-01"),
    )  # fmt: skip
    made = Small(deals=[WON], stages=stages)
    rows, left_out = observed.stage_rows(made.judged, made.deals)
    assert rows == [("O1", "A", "2026-05-02"), ("O1", "Closed Won", "2026-07-31")]
    assert left_out == {"stage-outside": 1, "same-day": 1, "after-close": 1}


# The rules' credit.


def test_a_deal_is_shared_by_all_that_earn_on_it() -> None:
    acts = [
        brought("2026-04-20", "a"),
        act("demo", "2026-07-20", "b"),
        act("demo", "2026-07-20", "c", proof=""),
    ]
    assert Small(acts, deals=[WON]).given() == {"a": Fraction(1, 2), "b": Fraction(1, 2)}
    assert Small(acts, deals=[deal(status="lost", closed="2026-07-31")]).given() == {}


def test_several_currencies_are_refused_and_one_without_a_name_is_not() -> None:
    with pytest.raises(Refused, match="EUR, USD"):
        Small(deals=[deal(), deal(id="O2", currency="USD")])
    assert Small(deals=[deal(currency="")]).chosen.currency == ""


def test_deals_of_one_type_are_chosen_by_its_name() -> None:
    two = [deal(type="Renewal "), deal(id="O2", type="New Business"), deal(id="O3", type="")]
    judged = Small(deals=two).judged
    chosen = observed.choose_deals(judged, "", "renewal")
    assert chosen.kept.tolist() == [True, False, False]
    assert chosen.left_out == {"other-type": 2}
    with pytest.raises(Refused, match="of this type"):
        observed.choose_deals(judged, "", "Upsell")


# Edge cases.


def test_much_motion_without_credit_is_an_edge() -> None:
    acts = [act("co-marketing", f"2026-05-0{day}") for day in (2, 3, 4)]
    assert Small(acts).edges() == {"touched-uncredited": ["3 actions"]}
    assert Small(acts[:2]).edges() == {}
    assert Small([*acts, act("demo", "2026-11-20")]).edges() == {}


@pytest.mark.parametrize(
    ("day", "edges"), [("2026-06-01", ["demo x"]), ("2026-06-02", None), ("2026-05-31", None)]
)
def test_the_last_day_of_a_window_is_an_edge(day: str, edges: list[str] | None) -> None:
    # A demo counts for sixty days: the close on 31 July is the last one of 1 June.
    assert Small([act("demo", day, id="x")], deals=[WON]).edges().get("last-day") == edges


def test_a_source_on_its_last_day_is_an_edge() -> None:
    assert Small([brought("2026-04-01", id="x")]).edges() == {"last-day": ["introduction x"]}
    assert Small([brought("2026-04-02", id="x")]).edges() == {}


def test_one_missing_field_is_an_edge_and_two_are_not() -> None:
    assert Small([brought("2026-04-20", id="x", proof="")]).edges() == {
        "one-field": ["introduction x lacks its proof"]
    }
    assert Small([brought("2026-04-20", proof="", owner="")]).edges() == {}


def test_equal_points_are_an_edge() -> None:
    acts = [act("demo", "2026-11-20", "a"), act("demo", "2026-11-19", "b")]
    assert Small(acts).edges() == {"equal-points": ["2 partners with 5 points each"]}
    assert Small([*acts, act("recommendation", "2026-11-20", "b")]).edges() == {}


# What types of action went with.


def market(count: int, **change: str) -> list[dict[str, str]]:
    return [deal(id=f"O{n}", account_id=f"A{n}", **change) for n in range(count)]


def test_each_type_is_told_by_what_it_went_with() -> None:
    deals = market(40, status="won", closed="2026-07-31")
    deals[30:] = [one | {"status": "lost"} for one in deals[30:]]
    acts = [act("demo", "2026-06-15", opportunity_id=f"O{n}", id=f"d{n}") for n in range(40)]
    acts += [act("co-marketing", "2026-05-02", opportunity_id=f"O{n}", id=f"c{n}") for n in range(19)]
    acts += [brought("2026-04-20", account_id=f"A{n}", id=f"i{n}") for n in range(25)]
    acts += [brought("2026-04-20", account_id=f"nowhere{n}", id=f"n{n}") for n in range(5)]
    made = Small(acts, deals=deals)
    demo, social, intro = (made.motion(one) for one in ("demo", "co-marketing", "introduction"))
    assert (demo.moved.count, demo.moved.of, demo.won.count, demo.neither.count) == (30, 40, 30, 10)
    assert (demo.moved.low, demo.moved.high) == statistics.wilson(30, 40)
    # Under twenty no share is told.
    assert (social.won.count, social.won.of, social.won.share) == (19, 19, None)
    assert (intro.created.count, intro.created.of, intro.neither.count, intro.neither.of) == (25, 30, 5, 30)
    assert intro.moved.of == 0 and demo.created.of == 0


def test_what_still_has_time_is_not_judged() -> None:
    made = Small([act("demo", "2026-11-20"), act("demo", "2026-05-02")], stages=entered(("X", "2026-05-20")))
    demo = made.motion("demo")
    assert (demo.actions, demo.waiting, demo.moved.count, demo.moved.of, demo.won.of) == (2, 1, 1, 1, 0)


# All of it on random pipelines.


@pytest.mark.parametrize("seed", range(12))
def test_numbers_add_up_on_random_pipelines(seed: int) -> None:
    generator = Generator(seed)
    made = Small(judged=random_judged(generator.rules, generator.pipeline(40)))
    rows = {row["id"]: row for row in made.judged.deals.frame.to_dict("records")}
    ids = made.judged.deals.ids.to_pylist()
    met = {ids[at] for at in made.touches.deal[~made.touches.after] if made.chosen.kept[at]}
    assert made.paths.won == sum(rows[one]["status"] == "won" for one in met)
    assert made.paths.lost == sum(rows[one]["status"] == "lost" for one in met)
    assert sum(made.paths.left_out.get(code, 0) for code in (*made.chosen.left_out, "open", "no-action")) == (
        len(ids) - made.paths.won - made.paths.lost
    )
    # What the statistics are given they take, every row of it.
    deals = [dict(zip(statistics.DEAL_COLUMNS, row, strict=True)) for row in made.deals.rows]
    stages = observed.stage_rows(made.judged, made.deals)[0]
    entries = [dict(zip(statistics.STAGE_COLUMNS, row, strict=True)) for row in stages]
    taken = statistics.gather_deals(deals, entries, NOW / 86_400)
    assert taken.left_out == {} and taken.undated == 0 and len(taken.ids) == len(deals)
    earning = made.statuses[made.statuses["status"].isin(classification.EARNING)]
    won = {
        one
        for one in earning["opportunity"]
        if rows[one]["status"] == "won" and made.chosen.kept[ids.index(one)]
    }
    assert sum(made.given().values()) == len(won)
    # Whoever earns was met on the way.
    steps = {step for path, *_ in made.paths.rows for step in path.split(" > ")}
    assert set(made.given()) <= steps
    for one in observed.motions(made.judged, made.touches):
        assert all(
            share.count <= share.of <= one.actions for share in (one.created, one.moved, one.won, one.neither)
        )
