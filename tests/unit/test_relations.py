"""Who stands how in an account, and the journey of a deal. Expected: docs/attribution.md, worked by hand."""

from __future__ import annotations

from stories import act, brought, deal, entered, pipeline, second

from cleanroom.attribution.classification import judge_pipeline
from cleanroom.attribution.holding import Holding
from cleanroom.attribution.observed import connectors_of, journey_of, relations_of

# Today is 2026-11-22; a partner is silent after 60 days.


def test_who_acted_lately_comes_first_then_by_number_of_actions_then_by_proven_time() -> None:
    holdings = [
        Holding("contoso", "A1", "witnessed", second("2020-03-04")),
        Holding("fabrikam", "A1", "asserted"),
        Holding("northwind", "A1", "logged", second("2019-01-01")),
        Holding("northwind", "A9", "logged", second("2019-01-01")),
    ]
    actions = [
        act("demo", "2026-11-01", "fabrikam", owner="ann"),
        act("demo", "2026-01-05", id="x"),
        brought("2026-04-20", id="y"),
        act("demo", "2025-11-21", id="old"),
        act("golf", "2026-11-20", id="unknown"),
    ]
    found = relations_of(judge_pipeline(pipeline(actions, holdings=holdings)), "A1")
    assert [(one.partner, one.actions, one.year, one.last, one.ours) for one in found] == [
        ("fabrikam", 1, 1, "2026-11-01", "ann"),
        ("contoso", 3, 2, "2026-04-20", "jo"),
        ("northwind", 0, 0, "", ""),
    ]
    assert [(one.grade, one.held_since) for one in found] == [
        ("asserted", ""), ("witnessed", "2020-03-04"), ("logged", "2019-01-01"),
    ]  # fmt: skip
    assert [one.deals for one in found] == [("O1 Influenced",), ("O1 Sourced",), ("O1 Attached",)]


def test_nobody_is_in_an_account_without_match_or_action() -> None:
    assert relations_of(judge_pipeline(pipeline()), "A1") == ()


def test_two_equal_partners_stand_by_name_and_the_order_of_rows_changes_nothing() -> None:
    actions = [act("demo", "2026-11-01", name, id=name) for name in ("b", "a")]
    for rows in (actions, actions[::-1]):
        found = relations_of(judge_pipeline(pipeline(rows)), "A1")
        assert [one.partner for one in found] == ["a", "b"]


def test_a_connector_is_in_many_accounts_and_acts_there() -> None:
    deals = [deal(), deal(id="O2", account_id="A2"), deal(id="O3", account_id="A3")]
    holdings = [Holding("wide", f"A{n}", "asserted") for n in range(1, 6)]
    actions = [
        act("demo", "2026-11-01", "busy", id="1"),
        act("demo", "2026-11-02", "busy", id="2", opportunity_id="O2"),
        act("demo", "2026-02-02", "busy", id="3", opportunity_id="O3"),
    ]
    found = connectors_of(judge_pipeline(pipeline(actions, deals=deals, holdings=holdings)))
    assert [(one.partner, one.accounts, one.active, one.year, one.last) for one in found] == [
        ("busy", 3, 2, 3, "2026-11-02"),
        ("wide", 5, 0, 0, ""),
    ]


def test_the_journey_goes_from_the_introduction_to_the_close() -> None:
    over = deal(status="won", closed="2026-08-01")
    stages = entered(("Discovery", "2026-05-02"), ("Negotiation", "2026-07-01"))
    actions = [
        brought("2026-04-20", id="a"),
        act("security-review", "2026-07-10", "fabrikam", id="b", role="SI"),
        act("golf", "2026-07-11", id="c"),
        act("demo", "", id="d"),
        act("demo", "2026-07-12", id="other", opportunity_id="O9"),
    ]
    judged = judge_pipeline(pipeline(actions, deals=[over], stages=stages))
    assert [(one.day, one.kind, one.partner, one.what, one.counts) for one in journey_of(judged, "O1")] == [
        ("2026-04-20", "action", "contoso", "introduction (a)", True),
        ("2026-05-01", "created", "", "the deal was created", True),
        ("2026-05-02", "stage", "", "entered Discovery", True),
        ("2026-07-01", "stage", "", "entered Negotiation", True),
        ("2026-07-10", "action", "fabrikam", "security-review (b), as SI", True),
        ("2026-07-11", "action", "contoso", "golf (c)", False),
        ("2026-08-01", "closed", "", "won", True),
        ("", "action", "contoso", "demo (d)", False),
    ]
    assert [one.kind for one in journey_of(judge_pipeline(pipeline()), "O1")] == ["created"]
