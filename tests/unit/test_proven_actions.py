"""Which actions are proven by themselves, for events of pay. Values: docs/money.md, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from stories import act, brought, deal, entered, pipeline, rules

from cleanroom.attribution import Acted
from cleanroom.attribution.classification import judge_pipeline, proven_actions
from cleanroom.session.attribution.earning import product_of

WON = deal(status="won", closed="2026-07-31")


def proven(*actions: dict[str, str], **options: Any) -> list[Acted]:
    return proven_actions(judge_pipeline(pipeline(actions, **options)))


def test_an_action_with_all_its_type_requires_is_proven() -> None:
    (one,) = proven(act("demo", "2026-05-20", id="a7", partner=" Contoso "))
    assert (one.id, one.partner, one.type, one.deal, one.account) == ("a7", "contoso", "demo", "O1", "A1")
    assert one.day == "2026-05-20" and one.proof and len(one.rules) == 64


@pytest.mark.parametrize(
    "wrong",
    [
        {"proof": ""},
        {"type": "golf"},
        {"partner": ""},
        {"date": ""},
        {"date": "2027-01-01"},
        {"date": "1999-01-01"},
        {"opportunity_id": "gone", "account_id": ""},
        {"opportunity_id": "", "account_id": ""},
    ],
)
def test_what_is_not_usable_or_lacks_something_is_not(wrong: dict[str, str]) -> None:
    assert proven(act("demo", "2026-05-20") | wrong) == []


def test_an_action_on_an_account_counts_with_a_deal_there_or_without() -> None:
    for account in ("A1", "A9"):
        (one,) = proven(brought("2026-04-20") | {"opportunity_id": "", "account_id": account})
        assert (one.deal, one.account) == ("", account)
    # An opportunity that is not imported: the account is left.
    (one,) = proven(brought("2026-04-20") | {"opportunity_id": "gone", "account_id": "A9"})
    assert (one.deal, one.account) == ("", "A9")


def test_a_late_one_counts_from_its_arrival_or_not_at_all() -> None:
    late = act("demo", "2026-05-10", logged="2026-05-30")
    assert [one.day for one in proven(late)] == ["2026-05-30"]
    assert proven(late, book=rules(late='"disputed"')) == []


def test_what_the_stage_history_contradicts_is_not_proven() -> None:
    stages = entered(("Discovery", "2026-05-01"), ("Negotiation", "2026-06-15"))
    for day, count in (("2026-05-20", 0), ("2026-06-20", 1)):
        found = proven(act("security-review", day), deals=[WON], stages=stages)
        assert len(found) == count


def test_before_all_rules_nothing_is_proven() -> None:
    book = rules(effective="2026-05-15")
    assert proven(act("demo", "2026-05-20"), book=book) == []  # Its deal is of 1 May.
    (one,) = proven(brought("2026-05-20") | {"opportunity_id": "", "account_id": "A1"}, book=book)
    assert one.rules == book.newest.digest
    assert proven(brought("2026-05-14") | {"opportunity_id": "", "account_id": "A1"}, book=book) == []


def test_presence_and_what_comes_after_the_close_are_actions_too() -> None:
    found = proven(act("social-post", "2026-05-20"), act("demo", "2026-08-20", id="b"), deals=[WON])
    assert {one.type for one in found} >= {"demo"}


def test_nothing_is_proven_where_nothing_is_logged() -> None:
    assert proven() == [] and proven_actions(judge_pipeline(pipeline(deals=[deal(id="X")]))) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("New Business", "new-business"),
        ("Existing Business - Upgrade", "existing-business-upgrade"),
        ("Neugeschäft", "neugeschaft"),
        ("", ""),
        ("新規", ""),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_type_of_opportunities_is_a_word_that_a_plan_can_name(text: str, word: str) -> None:
    assert product_of(text) == word


def test_the_seconds_of_an_instant_stay() -> None:
    (one,) = proven(act("demo", "2026-05-20T10:00:00Z"))
    assert one.day == "2026-05-20T10:00:00Z"
