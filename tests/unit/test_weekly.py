"""Every section of the weekly review. Expected items: docs/weekly.md, worked by hand on small pipelines."""

from __future__ import annotations

from typing import Any

import pytest
from stories import NOW, act, brought, deal, entered, pipeline

from cleanroom.attribution import weekly
from cleanroom.attribution.classification import Pipeline, judge_pipeline, status_table
from cleanroom.attribution.currencies import exact_amount
from cleanroom.attribution.holding import Holding

#: 2026-11-22, a Sunday of week 47; the next review is on Monday.
TODAY = NOW // 86_400
NEXT = "2026-11-23"


def reviewed(made: Pipeline, **options: Any) -> weekly.Review:
    judged = judge_pipeline(made)
    return weekly.make_review(judged, status_table(judged), **options)


def section(name: str, made: Pipeline, **options: Any) -> list[tuple[str, ...]]:
    """(code, opportunity, account, owner, due, amount) of the items of a section."""
    found = reviewed(made, **options).section(name)
    return [(one.code, one.opportunity, one.account, one.owner, one.due, one.amount) for one in found]


def says(name: str, made: Pipeline, **options: Any) -> list[str]:
    return [one.what for one in reviewed(made, **options).section(name)]


def held(partner: str, *accounts: str) -> list[Holding]:
    return [Holding(partner, account, "asserted") for account in accounts]


class TestEvidence:
    def test_what_a_disputed_deal_lacks_and_would_become(self) -> None:
        made = pipeline([act("demo", "2026-11-10", proof="", id="a")])
        assert section("evidence", made) == [("missing-evidence", "O1", "A1", "jo", "2026-11-24", "100")]
        assert says("evidence", made) == ["demo (a) of 2026-11-10 lacks proof; with it Influenced"]

    def test_an_introduction_would_source_once_it_has_both(self) -> None:
        made = pipeline([brought("2026-04-20", proof="", owner="", id="a")], deals=[deal(owner="ann")])
        assert says("evidence", made)[0] == (
            "introduction (a) of 2026-04-20 lacks proof, owner; with it Sourced"
        )
        assert section("evidence", made)[0][3:5] == ("ann", "2026-05-04")

    def test_two_claims_without_proof_would_be_rivals(self) -> None:
        made = pipeline([brought("2026-04-20", name, proof="", id=name) for name in ("contoso", "fabrikam")])
        assert [one.endswith("still Disputed with it, by rivals") for one in says("evidence", made)] == [
            True,
            True,
        ]

    def test_disputed_deals_come_first_then_what_counts_for_nothing_then_the_rest(self) -> None:
        deals = [
            deal(),
            deal(id="O2", account_id="A2", amount="9000"),
            deal(id="O3", account_id="A3", amount="500"),
        ]
        made = pipeline(
            [
                act("demo", "2026-11-10", proof="", id="a"),
                act("demo", "", id="b", opportunity_id="O2"),
                act("golf", "2026-11-10", id="c", opportunity_id="", account_id="A2"),
                act("demo", "2026-11-10", id="d", opportunity_id="O3", partner=""),
                act("recommendation", "2026-11-10", id="e", opportunity_id="O3"),
                act("demo", "2026-11-11", id="f", opportunity_id="O3", proof=""),
                act("demo", "2026-11-11", id="g", opportunity_id="gone", partner=""),
            ],
            deals=deals,
        )
        found = section("evidence", made)
        assert [(code, place, amount) for code, place, _, _, _, amount in found] == [
            ("missing-evidence", "O1", "100"),
            ("missing-field", "O2", "9000"),
            ("missing-field", "O2", "9000"),
            ("missing-field", "O3", "500"),
            ("unproven", "O3", "500"),
        ]
        told = says("evidence", made)
        assert told[1] == "demo (b) lacks a usable date; until then it counts for nothing"
        assert told[2] == "golf (c) lacks a type of the menu; until then it counts for nothing"
        assert told[3] == "demo (d) lacks a usable partner; until then it counts for nothing"
        assert told[4] == "demo (f) of 2026-11-11 lacks proof; the status stays Influenced without it"

    def test_a_closed_deal_without_dispute_is_left_alone(self) -> None:
        over = deal(status="won", closed="2026-11-15")
        actions = [act("recommendation", "2026-11-10"), act("demo", "2026-11-11", proof="")]
        assert section("evidence", pipeline(actions, deals=[over])) == []


class TestDisputed:
    def test_rivals_both_stand_there_with_the_day_of_their_clock(self) -> None:
        made = pipeline([brought("2026-04-20", name, id=name) for name in ("contoso", "fabrikam")])
        assert section("disputed", made) == [("disputed", "O1", "A1", "jo", "2026-05-04", "100")] * 2

    def test_a_late_action_without_a_late_stage(self) -> None:
        stages = entered(("Discovery", "2026-05-01"))
        (told,) = says("disputed", pipeline([act("security-review", "2026-11-10", id="a")], stages=stages))
        assert told.startswith("security-review (a) of 2026-11-10: the stage history shows no late stage")

    def test_a_dispute_is_told_once_with_its_clock(self) -> None:
        made = pipeline([act("demo", "2026-11-10")], disputes=[("O1", "contoso")])
        assert section("disputed", made) == [("disputed", "O1", "A1", "jo", "2026-11-24", "100")]
        clock = weekly.OpenDispute("d1", "Contoso", "O1", "rate", 3, -2, "60.00", "EUR")
        assert section("disputed", made, disputes=[clock]) == []
        assert section("disputes", made, disputes=[clock]) == [
            ("dispute-open", "O1", "A1", "", "2026-11-20", "60.00")
        ]
        assert says("disputes", made, disputes=[clock]) == [
            "dispute d1 (rate): open for 3 days, answer 2 days overdue"
        ]


class TestResponse:
    def test_the_last_day_of_the_clock_is_in_time(self) -> None:
        for waits, found in (("2026-11-20", []), ("2026-11-19", ["no-response"])):
            made = pipeline([act("introduction", waits)])
            assert [one[0] for one in section("response", made)] == found
        made = pipeline([act("introduction", "2026-11-19", id="a")])
        assert says("response", made) == ["introduction (a) of 2026-11-19 waits for an answer, for 3 days"]
        assert section("response", made)[0][4] == "2026-11-21"

    def test_a_late_answer_is_told_in_the_week_it_came(self) -> None:
        made = pipeline([act("introduction", "2026-11-10", responded="2026-11-18", id="a")])
        assert says("response", made) == [
            "introduction (a) of 2026-11-10 was answered after 8 days; the rule is 2"
        ]
        judged = judge_pipeline(made)
        past = weekly.Past("2026-W47", status_table(judged))
        assert [one[0] for one in section("response", made, past=past)] == ["late-response"]
        early = pipeline([act("introduction", "2026-11-01", responded="2026-11-12")])
        assert section("response", early) == []
        assert [
            one[0] for one in section("response", early, past=weekly.Past("2026-W45", past.statuses))
        ] == ["late-response"]
        nowhere = act("introduction", "2026-11-10", responded="2026-11-18", opportunity_id="gone")
        assert section("response", pipeline([nowhere])) == []
        in_time = pipeline([act("introduction", "2026-11-16", responded="2026-11-18T23:00:00Z")])
        assert section("response", in_time) == []
        future = pipeline([act("introduction", "2026-11-10", responded="2026-11-23")])
        assert [one[0] for one in section("response", future)] == ["no-response"]

    def test_only_introductions_that_still_matter_wait(self) -> None:
        def codes(deals: list[dict[str, str]], *actions: dict[str, str]) -> list[str]:
            return [one[0] for one in section("response", pipeline(actions, deals=deals))]

        lost = [deal(status="lost", closed="2026-05-20")]
        recent = [deal(status="lost", closed="2026-10-20")]
        assert codes([deal()], act("demo", "2026-11-01")) == []
        assert codes(lost, act("introduction", "2026-05-03")) == []
        assert codes(recent, act("introduction", "2026-05-03")) == ["no-response"]
        assert codes(lost, brought("2026-04-20")) == []
        # Nothing of ours is in the account: it waits while its window of 30 days lasts.
        assert codes([deal()], brought("2026-10-23", account_id="A9")) == ["no-response"]
        assert codes([deal()], brought("2026-10-22", account_id="A9")) == []

    def test_an_introduction_on_an_account_is_about_its_largest_open_deal(self) -> None:
        deals = [
            deal(amount="5", currency="USD"),
            deal(id="O2", amount="70"),
            deal(id="O3", amount="80"),
            deal(id="O4", amount="900", status="lost", closed="2026-11-20"),
        ]
        made = pipeline([brought("2026-11-10", owner="")], deals=deals)
        assert section("response", made) == [("no-response", "O3", "A1", "", "2026-11-12", "80")]


def test_a_partner_that_heard_nothing_for_fourteen_days() -> None:
    made = pipeline([act("introduction", "2026-11-07", responded="2026-11-07", id="a")])
    assert section("loop-back", made) == [("no-loop-back", "O1", "A1", "jo", "2026-11-21", "100")]
    for change in ({"date": "2026-11-08"}, {"looped_back": "2026-11-20"}):
        row = act("introduction", "2026-11-07", responded="2026-11-07") | change
        assert section("loop-back", pipeline([row])) == []


class TestPresence:
    def test_attached_without_an_action_for_sixty_days_is_stale(self) -> None:
        made = pipeline(holdings=held("contoso", "A1"), deals=[deal(owner="ann", created="2026-09-22")])
        assert section("stale", made) == [("stale-attached", "O1", "A1", "ann", "2026-11-21", "100")]
        assert says("stale", made) == ["present in the account and never active; the deal is 61 days old"]
        for change in ({"created": "2026-09-23"}, {"status": "won", "closed": "2026-11-01"}):
            younger = [deal(created="2026-09-22") | change]
            assert section("stale", pipeline(holdings=held("contoso", "A1"), deals=younger)) == []
        active = [act("co-marketing", "2026-09-23", id="a", opportunity_id="", account_id="A1")]
        assert section("stale", pipeline(active, holdings=held("contoso", "A1"))) == []
        late = pipeline([act("co-marketing", "2026-09-20", id="a")], holdings=held("contoso", "A1"))
        assert says("stale", late) == ["no action for 63 days; the last was co-marketing of 2026-09-20"]

    def test_a_silent_partner_gets_a_play_on_its_five_best_accounts(self) -> None:
        deals = [
            deal(id="O1", account_id="A1", amount="10"),
            deal(id="O2", account_id="A2", amount="900"),
            deal(id="O3", account_id="A3", amount="5000", currency="USD"),
            deal(id="O4", account_id="A4", amount="9999", status="lost", closed="2026-05-05"),
            deal(id="O5", account_id="A6", amount="99999"),
        ]
        accounts = held("contoso", "A0", "A1", "A2", "A3", "A4", "A5")
        made = reviewed(pipeline(deals=deals, holdings=accounts), starts={"contoso": TODAY - 7})
        (play,) = made.plays
        assert (play.partner, play.reason, play.start, play.week) == (
            "contoso", "no action is logged", "2026-11-15", 2,
        )  # fmt: skip
        assert [(one.account, one.opportunity, one.amount, one.why) for one in play.accounts] == [
            ("A2", "O2", "900", "open deal"),
            ("A1", "O1", "10", "open deal"),
            ("A3", "O3", "5000", "open deal"),
            ("A4", "O4", "9999", "earlier deal"),
            ("A0", "", "", "no deal yet"),
        ]
        assert [one.due for one in play.steps] == ["2026-11-22", "2026-11-29", "2026-12-06", "2026-12-13"]
        assert [one.account for one in play.steps] == ["A2", "A2", "A1", "A2"]
        (item,) = made.section("inactive")
        assert item.due == "2026-11-29" and "week 2: a joint discovery" in item.what

    def test_who_acted_or_was_matched_lately_is_not_silent(self) -> None:
        accounts = held("contoso", "A1")
        assert reviewed(pipeline(holdings=accounts), known={"contoso": TODAY - 60}).plays == ()
        assert len(reviewed(pipeline(holdings=accounts), known={"contoso": TODAY - 61}).plays) == 1
        for date, plays in (("2026-09-23", 0), ("2026-09-22", 1)):
            made = pipeline([act("demo", date)], holdings=accounts)
            assert len(reviewed(made, known={"contoso": TODAY - 400}).plays) == plays

    def test_an_ended_match_gives_no_account(self) -> None:
        """What is kept of it is in the table of statuses, not among the live holdings."""
        live = judge_pipeline(pipeline(holdings=held("contoso", "A1")))
        gone = judge_pipeline(pipeline())
        made = weekly.make_review(gone, status_table(live))
        assert (made.plays, made.items) == ((), ())

    def test_after_four_weeks_without_an_action_comes_the_nurture_lane(self) -> None:
        made = pipeline(holdings=held("contoso", "A1"))
        for days, week in ((27, 4), (28, 5), (90, 5)):
            found = reviewed(made, starts={"contoso": TODAY - days})
            assert found.plays[0].week == week
            lane = [one.reason for one in found.listed if one.list == "nurture lane"]
            assert len(lane) == (week == 5)
        assert lane == ["no action is logged; the play of 2026-08-24 ended without one: decide"]
        assert "decide: ready" in found.section("inactive")[0].what


class TestSteps:
    def test_overdue_due_soon_without_a_day_and_missing(self) -> None:
        deals = [deal(id=f"O{n}", account_id=f"A{n}") for n in range(1, 7)]
        dues = {"O1": "2026-11-21", "O2": "2026-11-22", "O3": "2026-11-29", "O4": "2026-11-30", "O5": ""}
        actions = [
            act("demo", "2026-11-10", id=name, opportunity_id=name, next_step="call", due=due)
            for name, due in dues.items()
        ]
        actions.append(act("demo", "2026-11-10", opportunity_id="O6"))
        found = section("steps", pipeline(actions, deals=deals))
        assert [(code, place, due) for code, place, _, _, due, _ in found] == [
            ("step-overdue", "O1", "2026-11-21"),
            ("step-due", "O2", "2026-11-22"),
            ("step-no-day", "O5", NEXT),
            ("no-next-step", "O6", NEXT),
            ("step-due", "O3", "2026-11-29"),
        ]

    def test_a_later_action_closes_the_step_it_came_for(self) -> None:
        first = act("demo", "2026-11-01", id="a", next_step="call", due="2026-11-10")

        def codes(*actions: dict[str, str]) -> list[str]:
            return [one[0] for one in section("steps", pipeline(actions))]

        assert codes(first) == ["step-overdue"]
        assert codes(first, act("co-marketing", "2026-11-09", id="b")) == ["step-overdue"]
        assert codes(first, act("demo", "2026-11-10", id="b")) == ["no-next-step"]
        assert codes(first, act("demo", "2026-11-10", id="b", next_step="pilot", due="2027-02-01")) == []
        undated = first | {"due": ""}
        assert codes(undated) == ["step-no-day"]
        assert codes(undated, act("demo", "2026-11-02", id="b")) == ["no-next-step"]
        # Another partner's action closes nothing.
        other = act("demo", "2026-11-12", "fabrikam", id="b", next_step="x", due="2027-02-01")
        assert codes(first, other) == ["step-overdue"]

    def test_steps_on_accounts_and_on_closed_deals(self) -> None:
        step = {"next_step": "call", "due": "2026-11-20"}
        over = [deal(status="lost", closed="2026-11-01")]
        assert section("steps", pipeline([act("demo", "2026-10-01", **step)], deals=over)) == []
        assert section("steps", pipeline([brought("2026-10-01", **step)], deals=over)) == []
        waiting = brought("2026-10-01", account_id="A9", **step)
        assert section("steps", pipeline([waiting])) == [("step-overdue", "", "A9", "jo", "2026-11-20", "")]
        # An introduction alone asks for no next step of the account.
        assert section("steps", pipeline([brought("2026-11-21", account_id="A9")])) == []


class TestChange:
    def test_statuses_and_headline_money_that_moved(self) -> None:
        deals = [deal(id=f"O{n}", account_id=f"A{n}", amount=f"{n}0.5") for n in range(1, 5)]
        weak = [act("co-marketing", "2026-11-01", id=f"w{n}", opportunity_id=f"O{n}") for n in range(1, 4)]
        before = status_table(judge_pipeline(pipeline(weak, deals=deals)))
        now = [
            *weak[:2],
            act("demo", "2026-11-10", opportunity_id="O1"),
            act("demo", "2026-11-10", opportunity_id="O2", proof=""),
            act("demo", "2026-11-10", "fabrikam", opportunity_id="O4"),
        ]
        later = [deals[0] | {"amount": "11"}, *deals[1:]]
        made = reviewed(pipeline(now, deals=later), past=weekly.Past("2026-W46", before))
        assert [(one.kind, one.opportunity, one.before, one.after) for one in made.changes] == [
            ("up", "O1", "Attached", "Influenced"),
            ("down", "O2", "Attached", "Disputed"),
            ("new", "O4", "", "Influenced"),
            ("gone", "O3", "Attached", ""),
        ]
        assert [(one.before, one.after, one.deals, one.amount) for one in made.moved] == [
            ("Attached", "Disputed", 1, "20.5"),
            ("Attached", "Influenced", 1, "11"),
            ("Attached", "Unattributed", 1, "30.5"),
            ("Unattributed", "Influenced", 1, "40.5"),
        ]
        assert made.since == "2026-W46" and reviewed(pipeline(now)).changes == ()

    def test_amounts_that_grew_and_currencies_that_changed(self) -> None:
        before = status_table(judge_pipeline(pipeline(deals=[deal(), deal(id="O2", amount="7")])))
        now = pipeline(deals=[deal(amount="90"), deal(id="O2", amount="7", currency="USD")])
        made = reviewed(now, past=weekly.Past("2026-W46", before))
        assert [(one.currency, one.before, one.after, one.amount) for one in made.moved] == [
            ("EUR", "Unattributed", "", "7"),
            ("EUR", "Unattributed", "Unattributed", "-10"),
            ("USD", "", "Unattributed", "7"),
        ]


def test_joint_account_plans_go_where_deals_move() -> None:
    deals = [
        deal(),
        deal(id="O2", amount="50", created="2026-05-02"),
        deal(id="O3", account_id="A3", amount="900"),
    ]
    actions = [
        act("demo", "2026-11-10", opportunity_id="O1"),
        act("demo", "2026-11-10", opportunity_id="O2", next_step="pilot", due="2026-12-24"),
        act("demo", "2026-11-10", opportunity_id="O3", next_step="pilot", due="2026-12-24"),
    ]
    found = [
        one for one in reviewed(pipeline(actions, deals=deals)).listed if one.list == "joint account plan"
    ]
    assert [(one.account, one.amount, one.reason) for one in found] == [
        ("A3", "900", "Influenced on O3"),
        ("A1", "150", "Influenced on O1, Influenced on O2"),
    ]
    alone = reviewed(pipeline(actions[:1]))
    assert alone.listed[0].reason == "Influenced on O1; no next joint step"


def test_enablement_goes_to_activity_that_moves_nothing() -> None:
    posts = [act("co-marketing", f"2026-11-0{n}") for n in (1, 2, 3)]
    (one,) = reviewed(pipeline(posts)).listed
    assert (one.list, one.reason) == ("enablement attention", "3 actions in 60 days, none moved a deal")
    assert reviewed(pipeline(posts[:2])).listed == ()
    (one,) = reviewed(pipeline([act("demo", "2026-11-10", proof="")])).listed
    assert one.reason == "1 deal Disputed for want of proof (1)"


def test_a_partner_in_none_of_our_accounts_goes_to_the_nurture_lane() -> None:
    made = reviewed(pipeline([act("demo", "2026-06-01")], deals=[deal(status="won", closed="2026-07-01")]))
    assert [(one.list, one.reason) for one in made.listed] == [
        ("nurture lane", "no action for 174 days, and no match shows it in our accounts")
    ]


class TestOrder:
    def test_money_sorts_inside_a_currency_and_is_never_added(self) -> None:
        rows = [("EUR", "5"), ("USD", "70"), ("EUR", "40.25"), ("", "3"), ("XXX", "9"), ("USD", "8")]
        deals = [
            deal(id=f"O{n}", account_id=f"A{n}", currency=currency, amount=amount)
            for n, (currency, amount) in enumerate(rows)
        ]
        actions = [act("demo", "2026-11-10", opportunity_id=f"O{n}", id=f"a{n}") for n in range(len(rows))]
        made = reviewed(pipeline(actions, deals=deals))
        assert [one.opportunity for one in made.section("steps")] == ["O2", "O0", "O1", "O5", "O3", "O4"]
        assert made.at_stake == (("EUR", "45.25", 2), ("USD", "78", 2))
        first = weekly.first_few(made.items, 5)
        assert [one.opportunity for one in first] == ["O2", "O1", "O0", "O5", "O3"]

    def test_a_deal_stands_once_among_the_first_and_presence_after_it(self) -> None:
        deals = [deal(), deal(id="O2", account_id="A2", amount="9000")]
        actions = [act("introduction", "2026-11-01", id="a", proof="")]
        made = reviewed(pipeline(actions, deals=deals, holdings=held("fabrikam", "A2")))
        assert [one.opportunity for one in weekly.first_few(made.items, 9)] == ["O1", "O2"]

    def test_a_task_keeps_its_id_from_week_to_week(self) -> None:
        rows = [act("introduction", "2026-11-10", responded="2026-11-18", id="a")]
        keys = [
            {row[5]: row[9] for row in weekly.tasks(reviewed(pipeline(rows, now=NOW + late)))}
            for late in (0, 7 * 86_400)
        ]
        # An answer that came late is told, and is nothing that could be done.
        assert set(keys[0]) == {"no-next-step"} and set(keys[1]) == {"no-next-step", "no-loop-back"}
        assert keys[0]["no-next-step"] == keys[1]["no-next-step"]
        assert len(set(keys[1].values())) == 2


def test_tasks_have_exact_amounts_and_nothing_that_steers_a_terminal() -> None:
    rows = [act("demo", "2026-11-10", "contoso", proof="", id="a", owner="jo\x1b[2J", next_step="x\n=y")]
    deals = [deal(amount="195000.0", owner="jo\x1b[2J")]
    found = list(weekly.tasks(reviewed(pipeline(rows, deals=deals))))
    assert {row[7:9] for row in found} == {("195000.00", "EUR")}
    assert "".join("".join(row) for row in found).isprintable()
    assert {(row[2], row[6]) for row in found} == {("jo?[2J", "contoso")}


@pytest.mark.parametrize(
    ("amount", "currency", "exact"),
    [
        ("195000.0", "EUR", "195000.00"),
        ("195000.0", "JPY", "195000"),
        ("-5", "KWD", "-5.000"),
        ("0.125", "EUR", "0.125"),
        ("12345678901234567890123456789012.10", "EUR", "12345678901234567890123456789012.10"),
        ("7.50", "", "7.5"),
        ("", "EUR", ""),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: str, currency: str, exact: str) -> None:
    assert exact_amount(amount, currency) == exact


def test_plays_come_as_tasks_from_this_week_on() -> None:
    made = reviewed(pipeline(holdings=held("contoso", "A1")), starts={"contoso": TODAY - 14})
    rows = [row for row in weekly.tasks(made) if row[5] == "inactive-partner"]
    assert [row[3] for row in rows] == ["2026-11-29", "2026-12-06"]
    assert len({row[9] for row in rows}) == 2


def test_completeness_is_part_of_the_review_and_of_one_partner() -> None:
    actions = [act("demo", "2026-11-10", role="influence"), act("demo", "2026-11-10", "fabrikam")]
    whole = {one.field: (one.filled, one.of) for one in reviewed(pipeline(actions)).fields}
    mine = {one.field: (one.filled, one.of) for one in reviewed(pipeline(actions), partner="Contoso").fields}
    assert (whole["role"], mine["role"]) == ((1, 2), (1, 1))


def test_an_empty_pipeline_has_an_empty_review() -> None:
    made = reviewed(pipeline())
    assert (made.items, made.plays, made.listed, made.since, made.week) == ((), (), (), "", "2026-W47")
    assert list(weekly.tasks(made)) == []
