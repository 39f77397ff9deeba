"""Open deals at risk and safe. Expected reasons: docs/weekly.md, worked by hand on small pipelines."""

from __future__ import annotations

from typing import Any

from stories import act, deal, entered, pipeline

from cleanroom.attribution import weekly
from cleanroom.attribution.classification import Pipeline, judge_pipeline, status_table
from cleanroom.attribution.holding import Holding

# Today is 2026-11-22.
SAFE_ACT = {"next_step": "pilot", "due": "2026-11-30"}


def won(count: int, days: int = 20, closed: str = "2026-08-01") -> tuple[list[Any], list[Any]]:
    """Won deals W1, W2, … that were 10, 20 … per deal (here all `days`) in Discovery before they closed."""
    deals, stages = [], []
    for number in range(count):
        name = f"W{number}"
        begun = f"2026-07-{31 - days + 1:02}"
        deals.append(
            deal(id=name, account_id=f"X{number}", status="won", created="2026-06-01", closed=closed)
        )
        stages += entered(("Discovery", begun), opportunity=name)
    return deals, stages


def outlook(made: Pipeline, **options: Any) -> dict[str, weekly.Outlook]:
    judged = judge_pipeline(made)
    review = weekly.make_review(judged, status_table(judged), **options)
    return {one.opportunity: one for one in review.deals}


def codes(one: weekly.Outlook, side: str) -> list[str]:
    return [each.code for each in one.reasons if each.side == side]


def says(one: weekly.Outlook, code: str) -> str:
    return next(each.says for each in one.reasons if each.code == code)


def moved(entered_on: str, count: int = 5, **change: str) -> Pipeline:
    """O1 in Discovery since a day, with a proven demo and a next joint step, beside won deals."""
    deals, stages = won(count)
    demo = act("demo", "2026-11-10", id="a", **(SAFE_ACT | change))
    return pipeline([demo], deals=[deal(), *deals], stages=[*stages, *entered(("Discovery", entered_on))])


class TestVerdict:
    def test_a_deal_with_nothing_against_it_is_safe_and_says_why(self) -> None:
        (one,) = outlook(moved("2026-11-12")).values()
        assert (one.verdict, one.status, one.amount, one.currency) == ("safe", "Influenced", "100", "EUR")
        assert [(each.code, each.says) for each in one.reasons] == [
            ("status", "Influenced by contoso"),
            ("acted", "the last action of contoso was demo of 2026-11-10"),
            ("step", "next joint step with contoso: pilot, due 2026-11-30"),
            ("stage-age", "10 days in Discovery; 9 in 10 of 5 won deals left it within 20 days"),
        ]
        assert {each.side for each in one.reasons} == {"for"}

    def test_the_last_day_that_won_deals_had_is_not_too_long(self) -> None:
        (one,) = outlook(moved("2026-11-02")).values()
        assert one.verdict == "safe"
        (one,) = outlook(moved("2026-11-01")).values()
        assert (one.verdict, codes(one, "risk")) == ("at risk", ["stage-age"])
        assert says(one, "stage-age") == (
            "21 days in Discovery; 9 in 10 of 5 won deals left it within 20 days"
        )

    def test_too_few_won_deals_leave_it_unclear(self) -> None:
        (one,) = outlook(moved("2026-01-01", count=4)).values()
        assert (one.verdict, codes(one, "doubt")) == ("unclear", ["no-comparison"])
        assert says(one, "no-comparison") == "4 won deals tell how long is usual; 5 are needed"

    def test_without_a_history_the_age_of_the_deal_is_compared(self) -> None:
        # Won deals took 61 days (1 June to 1 August); O1 has stood open since 1 May.
        deals, _ = won(5)
        demo = act("demo", "2026-11-10", id="a", **SAFE_ACT)
        (one,) = outlook(pipeline([demo], deals=[deal(), *deals])).values()
        assert codes(one, "risk") == ["deal-age"]
        assert says(one, "deal-age") == "open for 205 days; 9 in 10 of 5 won deals closed within 61 days"

    def test_one_slow_won_deal_in_ten_does_not_move_the_limit(self) -> None:
        deals, stages = won(10)
        stages[0]["entered"] = "2026-06-01"
        for extra, limit in ((deals, 20), (deals[:9], 61)):
            demo = act("demo", "2026-11-10", id="a", **SAFE_ACT)
            here = [*stages[: len(extra)], *entered(("Discovery", "2026-11-12"))]
            (one,) = outlook(pipeline([demo], deals=[deal(), *extra], stages=here)).values()
            assert says(one, "stage-age").endswith(f"within {limit} days")


class TestRisks:
    def test_disputed_and_what_it_lacks(self) -> None:
        (one,) = outlook(moved("2026-11-12", proof="")).values()
        assert (one.verdict, one.status, codes(one, "risk")) == ("at risk", "Disputed", ["disputed"])
        assert says(one, "disputed") == (
            "Disputed for contoso: a claim that would raise the status lacks what its type requires"
        )

    def test_attached_is_presence_and_a_partner_without_any_action_is_silent(self) -> None:
        deals, stages = won(5)
        here = [*stages, *entered(("Discovery", "2026-11-12"))]
        held = [Holding("contoso", "A1", "asserted")]
        (one,) = outlook(pipeline(deals=[deal(), *deals], stages=here, holdings=held)).values()
        assert (one.verdict, one.status) == ("at risk", "Attached")
        assert codes(one, "risk") == ["attached", "silent", "no-next-step"]
        assert says(one, "silent") == "no action of contoso is logged here"

    def test_a_partner_that_has_gone_silent(self) -> None:
        deals, stages = won(5)
        here = [*stages, *entered(("Discovery", "2026-11-12"))]
        for day, found in (("2026-09-23", []), ("2026-09-22", ["silent"])):
            demo = act("demo", day, id="a", **SAFE_ACT)
            (one,) = outlook(pipeline([demo], deals=[deal(), *deals], stages=here)).values()
            assert [code for code in codes(one, "risk") if code == "silent"] == found
        assert says(one, "silent") == "no action of contoso for 61 days; the last was demo of 2026-09-22"

    def test_a_step_past_its_day_and_none_at_all(self) -> None:
        (one,) = outlook(moved("2026-11-12", due="2026-11-21")).values()
        assert codes(one, "risk") == ["step-overdue"]
        assert says(one, "step-overdue") == "pilot was due 2026-11-21 with contoso, 1 day ago"
        (one,) = outlook(moved("2026-11-12", due="", next_step="")).values()
        assert codes(one, "risk") == ["no-next-step"]

    def test_a_close_date_that_has_passed(self) -> None:
        made = moved("2026-11-12")
        made.opportunities.loc[0, "closed"] = "2026-11-21"
        (one,) = outlook(made).values()
        assert codes(one, "risk") == ["close-passed"]
        assert says(one, "close-passed") == "its close date 2026-11-21 has passed"
        made.opportunities.loc[0, "closed"] = "2026-11-22"
        assert outlook(made)["O1"].verdict == "safe"


class TestWhoIsTold:
    def test_a_deal_without_a_partner_is_unclear_unless_it_is_slow(self) -> None:
        deals, stages = won(5)
        for day, verdict in (("2026-11-12", "unclear"), ("2026-10-01", "at risk")):
            here = [*stages, *entered(("Discovery", day))]
            (one,) = outlook(pipeline(deals=[deal(), *deals], stages=here)).values()
            assert (one.verdict, one.status, codes(one, "doubt")) == (verdict, "Unattributed", ["no-partner"])

    def test_of_one_partner_nothing_is_said_about_others(self) -> None:
        acts = [act("demo", "2026-11-10", name, id=name) for name in ("contoso", "fabrikam")]
        deals = [deal(), deal(id="O2", account_id="A2")]
        acts.append(act("demo", "2026-11-10", "fabrikam", id="b", opportunity_id="O2"))
        whole = outlook(pipeline(acts, deals=deals))
        assert says(whole["O1"], "status") == "Influenced by contoso, fabrikam"
        mine = outlook(pipeline(acts, deals=deals), partner="Contoso")
        assert list(mine) == ["O1"] and "fabrikam" not in repr(mine)

    def test_the_most_money_first_inside_each_verdict_and_currency(self) -> None:
        deals = [deal(id=f"O{n}", account_id=f"A{n}", amount=str(n)) for n in range(1, 4)]
        deals[1] |= {"currency": "AUD"}
        assert list(outlook(pipeline(deals=deals))) == ["O2", "O3", "O1"]

    def test_closed_deals_are_left_out_and_their_last_stage_tells_nothing(self) -> None:
        over = deal(id="L", status="lost", closed="2026-08-01")
        assert outlook(pipeline(deals=[over])) == {}
        # Entries in closed stages are no stay; a stage that is logged twice in a row is one stay.
        deals, stages = won(5)
        stages += entered(("Discovery", "2026-07-20"), opportunity="W0")
        stages += entered(("Closed Won", "2026-07-31"), opportunity="W1")
        demo = act("demo", "2026-11-10", id="a", **SAFE_ACT)
        here = [*stages, *entered(("Discovery", "2026-11-12"))]
        (one,) = outlook(pipeline([demo], deals=[deal(), *deals], stages=here)).values()
        assert says(one, "stage-age").endswith("5 won deals left it within 20 days")
