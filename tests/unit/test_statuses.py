"""The six statuses, their windows to the day, and the stories of users. Expected values: docs/attribution.md
and the rules that come along, worked by hand."""

from __future__ import annotations

import json

import pytest
from stories import (
    act,
    brought,
    deal,
    entered,
    headlines,
    judged,
    pipeline,
    rule,
    rules,
    second,
    status,
    table,
)

from cleanroom.attribution.classification import RULES, STATUSES, RuleBook, explain_status
from cleanroom.attribution.holding import Holding
from cleanroom.session.attribution.rule_files import default_rules

WON = deal(status="won", closed="2026-07-31")
LATE = entered(("Discovery", "2026-05-01"), ("Negotiation", "2026-06-15"))


def held(partner: str, day: str, grade: str = "logged") -> Holding:
    return Holding(partner, "A1", grade, second(day), "ab" * 32)


# The statuses.


def test_an_introduction_before_the_deal_sources_it() -> None:
    assert judged([brought("2026-04-20")]) == {("O1", "contoso"): ("Sourced", "sourced")}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-31", "Attached"),  # 31 days before
        ("2026-04-01", "Sourced"),  # 30 days: the last included day is the day of creation
        ("2026-05-01", "Sourced"),
        ("2026-05-01T23:59:59Z", "Sourced"),  # what shares a day is not later
        ("2026-05-02", "Attached"),
    ],
)
def test_the_window_of_an_origin_ends_on_the_day_of_creation(day: str, expected: str) -> None:
    assert status([brought(day)]) == expected


@pytest.mark.parametrize(("logged", "expected"), [("2026-05-15", "Sourced"), ("2026-05-16", "Attached")])
def test_a_source_is_locked_fourteen_days_after_creation(logged: str, expected: str) -> None:
    # Logged in time after it happened on the day of creation, so nothing but the lock is at work.
    book = rules(late_days="30")
    assert status([brought("2026-05-01", logged=logged)], book=book) == expected


def test_an_account_with_an_open_deal_is_not_net_new() -> None:
    older = deal(id="O0", created="2026-01-01")
    assert judged([brought("2026-04-20")], deals=[deal(), older])["O1", "contoso"][0] == "Attached"
    closed = deal(id="O0", created="2026-01-01", status="lost", closed="2026-04-19")
    assert judged([brought("2026-04-20")], deals=[deal(), closed])["O1", "contoso"][0] == "Sourced"
    assert (
        judged([brought("2026-04-20")], deals=[deal(), older], book=rules(net_new="false"))["O1", "contoso"][
            0
        ]
        == "Sourced"
    )


def test_one_introduction_sources_the_first_of_two_deals() -> None:
    second_one = deal(id="O2", created="2026-05-10")
    found = judged([brought("2026-04-20")], deals=[deal(), second_one])
    assert (found["O1", "contoso"][0], found["O2", "contoso"][0]) == ("Sourced", "Attached")


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-04-30", "Attached"),
        ("2026-05-01", "Influenced"),
        ("2026-07-31", "Influenced"),
        ("2026-08-01", "Attached"),
    ],
)
def test_an_advance_counts_while_the_deal_is_open(day: str, expected: str) -> None:
    assert status([act("specified-in", day)], deals=[WON]) == expected


@pytest.mark.parametrize(("day", "expected"), [("2026-06-01", "Attached"), ("2026-06-02", "Influenced")])
def test_an_advance_is_at_most_so_many_days_old_at_the_next_change(day: str, expected: str) -> None:
    # A demo has 60 days: 2 June and 60 days is 1 August, the day before which nothing happened.
    assert status([act("demo", day)], deals=[deal(status="won", closed="2026-08-01")]) == expected


def test_the_next_change_of_stage_is_what_counts_and_not_the_close() -> None:
    far = deal(status="won", closed="2026-11-01")
    changed = entered(("Discovery", "2026-05-01"), ("Proposal", "2026-07-01"))
    assert status([act("demo", "2026-06-01")], deals=[far]) == "Attached"
    assert status([act("demo", "2026-06-01")], deals=[far], stages=changed) == "Influenced"


def test_an_open_deal_that_does_not_move_lets_influence_lapse() -> None:
    assert status([act("demo", "2026-09-23")]) == "Influenced"  # 60 days before now
    assert status([act("demo", "2026-09-22")]) == "Attached"


def test_an_introduction_into_an_open_deal_moves_it() -> None:
    assert status([act("introduction", "2026-07-10")], deals=[WON]) == "Influenced"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-06-14", "disputed:contradiction"),
        ("2026-06-15", "assisted-close"),
        ("2026-07-31", "assisted-close"),
    ],
)
def test_a_late_action_is_in_a_late_stage(day: str, expected: str) -> None:
    assert rule([act("security-review", day)], deals=[WON], stages=LATE) == expected


def test_without_a_history_a_late_action_moves_the_deal() -> None:
    assert rule([act("security-review", "2026-07-10")], deals=[WON]) == "influenced"


def test_presence_is_attached_and_nothing_is_unattributed() -> None:
    assert rule([act("co-marketing", "2026-07-01")]) == "attached:action"
    assert rule([], holdings=[Holding("contoso", "A1", "asserted")]) == "attached:overlap"
    assert judged() == {("O1", ""): ("Unattributed", "unattributed")}


def test_an_action_on_the_account_alone_is_presence_on_its_deals() -> None:
    assert status([act("demo", "2026-07-01", opportunity_id="", account_id="A1")]) == "Attached"


# Evidence.


@pytest.mark.parametrize("lacking", ["proof", "owner"])
def test_an_origin_without_its_evidence_is_disputed(lacking: str) -> None:
    found = table([brought("2026-04-20", **{lacking: " "})]).iloc[0]
    assert (found["status"], found["rule"]) == ("Disputed", "disputed:evidence")
    assert json.loads(found["facts"])["lacks"] == lacking


def test_a_claim_that_would_raise_nothing_disputes_nothing() -> None:
    proven, unproven = act("demo", "2026-07-20"), act("recommendation", "2026-07-21", proof="")
    assert status([proven, unproven], deals=[WON]) == "Influenced"
    assert status([proven, brought("2026-04-20", proof="")], deals=[WON]) == "Disputed"


def test_late_logging_counts_from_arrival_or_is_disputed() -> None:
    late = brought("2026-04-01", logged="2026-04-20")
    found = table([late]).iloc[0]
    assert found["status"] == "Sourced"
    assert json.loads(found["facts"])["date"] == "2026-04-20"
    assert json.loads(found["facts"])["happened"] == "2026-04-01"
    assert status([brought("2026-04-01", logged="2026-05-03")]) == "Attached"
    assert rule([late], book=strict()) == "disputed:late-logging"


def strict() -> RuleBook:
    return rules(default_rules().replace(b'late = "arrival"', b'late = "disputed"'))


@pytest.mark.parametrize(("logged", "day"), [("2026-04-17", "2026-04-10"), ("2026-04-18", "2026-04-18")])
def test_seven_days_after_it_happened_is_in_time(logged: str, day: str) -> None:
    facts = json.loads(table([brought("2026-04-10", logged=logged)]).iloc[0]["facts"])
    assert facts["date"] == day


# Rivals.

RIVALS = [brought("2026-04-20"), brought("2026-04-22", "fabrikam")]


def test_rivals_without_proof_are_disputed() -> None:
    assert {one for one, _ in judged(RIVALS).values()} == {"Disputed"}


def test_held_first_decides_between_rivals() -> None:
    found = judged(RIVALS, holdings=[held("contoso", "2025-03-01"), held("fabrikam", "2025-02-28")])
    assert found["O1", "fabrikam"] == ("Sourced", "sourced:held-first")
    assert found["O1", "contoso"] == ("Attached", "attached:held-later")


def test_a_proven_time_beats_none() -> None:
    found = judged(
        RIVALS, holdings=[held("contoso", "2026-04-01"), Holding("fabrikam", "A1", "asserted", None)]
    )
    assert (found["O1", "contoso"][0], found["O1", "fabrikam"][0]) == ("Sourced", "Attached")


@pytest.mark.parametrize("grade", ["asserted", "after-disclosure", "contradicted"])
def test_other_grades_never_win_by_holding(grade: str) -> None:
    found = judged(RIVALS, holdings=[held("contoso", "2020-01-01", grade), held("fabrikam", "2026-04-01")])
    assert found["O1", "fabrikam"] == ("Sourced", "sourced:held-first")


def test_equal_times_are_decided_by_the_rule_for_ties() -> None:
    both = [held("contoso", "2025-03-01"), held("fabrikam", "2025-03-01")]
    assert {one for _, one in judged(RIVALS, holdings=both).values()} == {"disputed:rivals"}
    split = table(RIVALS, holdings=both, book=rules(tie='"split"'))
    assert set(split["rule"]) == {"sourced:split"} and set(split["share_of"]) == {2}


def test_a_third_rival_behind_a_tie_has_lost() -> None:
    three = [*RIVALS, brought("2026-04-23", "northwind")]
    times = [held("contoso", "2025-03-01"), held("fabrikam", "2025-03-01"), held("northwind", "2025-04-01")]
    found = judged(three, holdings=times)
    assert found["O1", "northwind"] == ("Attached", "attached:held-later")
    assert found["O1", "contoso"][1] == "disputed:rivals"


def test_a_rival_that_lost_keeps_its_influence() -> None:
    actions = [*RIVALS, act("demo", "2026-06-20")]
    found = table(actions, deals=[WON], holdings=[held("fabrikam", "2025-01-01")]).set_index("partner")
    assert found.loc["contoso", ["status", "lane_source", "lane_influence"]].tolist() == [
        "Influenced",
        False,
        True,
    ]


def test_a_rival_without_evidence_does_not_touch_the_other() -> None:
    found = judged([brought("2026-04-20"), brought("2026-04-22", "fabrikam", proof="")])
    assert (found["O1", "contoso"][0], found["O1", "fabrikam"][0]) == ("Sourced", "Disputed")


def test_holding_alone_is_attached_and_money_needs_an_action() -> None:
    assert status(holdings=[held("contoso", "2001-01-01", "witnessed")]) == "Attached"


def test_a_programme_may_demand_that_the_account_was_held_before() -> None:
    book = rules(holding='"required"')
    intro = [brought("2026-04-20")]
    assert status(intro, book=book) == "Attached"
    assert status(intro, book=book, holdings=[held("contoso", "2026-04-01")]) == "Sourced"
    ours = {"Contoso": [held("us", "2026-03-01")]}
    assert status(intro, book=book, holdings=[held("contoso", "2026-04-01")], own=ours) == "Attached"
    assert status(intro, book=book, holdings=[held("contoso", "2026-02-01")], own=ours) == "Sourced"


def test_our_own_holding_counts_by_the_clocks_of_the_partner_that_it_is_compared_with() -> None:
    book, intro = rules(holding='"required"'), [brought("2026-04-20")]
    later = [held("contoso", "2026-04-01")]
    for own, expected in (
        ({"fabrikam": [held("us", "2026-03-01")]}, "Sourced"),  # Another partner's clocks.
        ({"contoso": [held("us", "2026-03-01", "asserted")]}, "Sourced"),  # No clock that it believes.
        ({"contoso": [held("us", "2026-04-01")]}, "Attached"),  # The same second is not before ours.
        ({"contoso": [held("us", "2026-04-02"), held("us", "2026-03-31")]}, "Attached"),
    ):
        assert status(intro, book=book, holdings=later, own=own) == expected
    # Where nothing is required ours is not looked at.
    ours = {"contoso": [held("us", "2026-03-01")]}
    assert status(intro, holdings=later, own=ours) == "Sourced"
    lines = explain_status(pipeline(intro, book=book, holdings=later, own=ours), "O1", "contoso")
    assert lines[-1].startswith("would be Sourced if it had proven to hold the account before 2026-03-01")


def test_an_open_dispute_comes_before_everything() -> None:
    found = table([brought("2026-04-20")], disputes=[("O1", "Contoso")]).iloc[0]
    assert (found["status"], found["rule"], found["lane_source"]) == ("Disputed", "disputed:open", True)


# The pipeline.


def test_the_first_status_of_the_table_is_the_headline() -> None:
    actions = [brought("2026-04-20"), act("demo", "2026-11-01", "fabrikam")]
    assert headlines(actions) == {"O1": "Sourced"}
    assert headlines([*actions, act("recommendation", "2026-11-01", "northwind", proof="")]) == {
        "O1": "Disputed"
    }


def test_every_rule_gives_one_of_the_six_statuses() -> None:
    words = {one.lower().replace(" ", "-") for one in STATUSES}
    assert {name.split(":")[0] for name in RULES} == words


# Stories of users. R72 to R74, R76, R90, R101, R112 of the requirements, and those of the seeds' own text.

STORIES = {
    "R72 consultant recommends, client buys directly": (
        [act("recommendation", "2026-06-01", "it consultant")],
        deal(status="won", closed="2026-06-20", type="direct"),
        {"it consultant": "Influenced"},
    ),
    "R73 distributor educates, direct sale": (
        [act("joint-discovery", "2026-06-01", "distributor")],
        deal(status="won", closed="2026-07-01", type="direct"),
        {"distributor": "Influenced"},
    ),
    "R74 reseller shows, customer buys an upgrade directly": (
        [act("demo", "2026-06-10", "reseller")],
        deal(status="won", closed="2026-06-30", type="expansion"),
        {"reseller": "Influenced"},
    ),
    "R76 influence, bought through another reseller": (
        [act("specified-in", "2026-05-20", "supplier"), act("co-marketing", "2026-06-20", "seller")],
        deal(status="won", closed="2026-07-01", type="resale"),
        {"supplier": "Influenced", "seller": "Attached"},
    ),
    "R90 technical validation, other reseller": (
        [act("technical-validation", "2026-05-10", "consultant")],
        deal(status="won", closed="2026-07-01", type="resale"),
        {"consultant": "Influenced"},
    ),
    "R101 cloud platform bought directly": (
        [act("recommendation", "2026-05-05", "consulting firm")],
        deal(status="won", closed="2026-05-30"),
        {"consulting firm": "Influenced"},
    ),
    "R101 robotic arm": (
        [act("specified-in", "2026-05-05", "engineering firm")],
        deal(status="won", closed="2026-10-30"),
        {"engineering firm": "Influenced"},
    ),
    "R112 lead by A, close by B": (
        [act("registered-lead", "2026-03-15", "a", opportunity_id="", account_id="A1"),
         act("executive-alignment", "2026-07-01", "b")],
        WON,
        {"a": "Sourced", "b": "Assisted Close"},
    ),
    "seed 000: three months of advice, then a direct purchase": (
        [act("recommendation", f"2026-0{month}-10", "adviser") for month in (5, 6, 7)],
        WON,
        {"adviser": "Influenced"},
    ),
    "seed 004: the partner that finished onboarding and disappeared": (
        [act("co-marketing", "2026-05-02", "accounting firm")],
        deal(),
        {"accounting firm": "Attached"},
    ),
    "seed 004: it completes the introduction and joins discovery": (
        [act("introduction", "2026-11-10", "accountant"), act("joint-discovery", "2026-11-17", "accountant")],
        deal(),
        {"accountant": "Influenced"},
    ),
    "seed 004: a record without its evidence": (
        [act("introduction", "2026-11-10", "friend", proof="")],
        deal(),
        {"friend": "Disputed"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_story_of_the_users_comes_out_as_they_tell_it(story: str) -> None:
    actions, opportunity, expected = STORIES[story]
    found = judged(actions, deals=[opportunity], stages=LATE if "R112" in story else ())
    assert {partner: one for (_, partner), (one, _) in found.items()} == expected
