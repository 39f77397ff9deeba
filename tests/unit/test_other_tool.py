"""Another tool's attribution beside ours. Expected: docs/attribution.md, worked by hand."""

from __future__ import annotations

from typing import Any

import pytest
from stories import act, brought, deal, pipeline

from cleanroom.attribution.classification import RULES, judge_pipeline, status_table
from cleanroom.attribution.observed import lay_beside, meanings

# contoso sourced O1; fabrikam influenced it; northwind is Attached there; on O2 there is nobody.
DEALS = [deal(), deal(id="O2", account_id="A2")]
ACTIONS = [
    brought("2026-04-20"),
    act("demo", "2026-11-10", "fabrikam"),
    act("demo", "2026-01-01", "northwind"),
]


def row(place: int, opportunity: str, partner: str = "", status: str = "", share: str = "") -> dict[str, Any]:
    return {"row": place, "opportunity_id": opportunity, "partner": partner, "status": status, "share": share}


def compared(*rows: tuple[str, ...], words: dict[str, str] | None = None) -> list[Any]:
    statuses = status_table(judge_pipeline(pipeline(ACTIONS, deals=DEALS)))
    theirs = [row(place, *cells) for place, cells in enumerate(rows, start=2)]
    return lay_beside(statuses, theirs, lambda name: name.strip().casefold(), meanings(words or {}))


def codes(*rows: tuple[str, ...], **more: Any) -> list[tuple[str, str, str]]:
    return [(one.code, one.opportunity, one.partner) for one in compared(*rows, **more)]


def test_words_are_laid_beside_statuses_with_the_rule_that_we_give() -> None:
    found = compared(
        ("O1", "Contoso ", "Partner Sourced"),
        ("O1", "fabrikam", "sourced"),
        ("O1", "northwind", "Influenced"),
        ("O2", "contoso", "Influenced"),
    )
    assert [(one.code, one.opportunity, one.partner, one.ours, one.rule) for one in found] == [
        ("differ", "O1", "fabrikam", "Influenced", "influenced"),
        ("only-theirs", "O1", "northwind", "Attached", "attached:action"),
        ("only-theirs", "O2", "contoso", "Unattributed", "unattributed"),
        ("agree", "O1", "contoso", "Sourced", "sourced"),
    ]
    assert found[1].reason == RULES["attached:action"] and found[1].theirs == "Influenced"
    assert [one.row for one in found] == [3, 4, 5, 2]


def test_what_only_we_credit_is_told_apart_by_whether_the_file_has_the_deal() -> None:
    assert codes(("O1", "contoso", "Sourced")) == [
        ("only-ours", "O1", "fabrikam"), ("agree", "O1", "contoso"),
    ]  # fmt: skip
    assert codes(("O1", "", "Unattributed")) == [
        ("only-ours", "O1", "contoso"), ("only-ours", "O1", "fabrikam"),
    ]  # fmt: skip
    assert codes(("O2", "", "")) == [("not-in-file", "O1", "contoso"), ("not-in-file", "O1", "fabrikam")]
    # Presence is no credit, on either side.
    assert ("agree", "O1", "northwind") in codes(("O1", "northwind", "unattributed"))


def test_what_cannot_be_laid_beside_anything_is_listed_and_never_guessed() -> None:
    found = codes(
        ("O9", "contoso", "Sourced"),
        ("O1", "contoso", "Co-sell"),
        ("O1", "", "Sourced"),
        ("O1", "fabrikam", "Influenced"),
        ("O1", "fabrikam", "Sourced"),
        ("O1", "northwind", "Influenced", "150%"),
    )
    # The stronger of two rows counts, in whatever order they stand.
    assert found == [
        ("differ", "O1", "fabrikam"), ("unknown-deal", "O9", "contoso"),
        ("unknown-word", "O1", "contoso"), ("unknown-share", "O1", "northwind"), ("no-partner", "O1", ""),
        ("repeated", "O1", "fabrikam"),
    ]  # fmt: skip


def test_a_word_may_be_given_a_meaning_and_an_own_word_another_one() -> None:
    rows = (("O1", "contoso", "Co-Sell"), ("O1", "fabrikam", "helped"))
    words = {"co sell": "Sourced", "helped": "assisted close"}
    assert codes(*rows, words=words) == [("differ", "O1", "fabrikam"), ("agree", "O1", "contoso")]
    with pytest.raises(KeyError):
        meanings({"Co-sell": "Credited"})


@pytest.mark.parametrize("shares", [("50", "50"), ("0.5", "0,50"), ("50%", "0.5"), ("49.5 %", "50.4%")])
def test_shares_are_compared_with_equal_parts_of_those_who_earn(shares: tuple[str, str]) -> None:
    found = compared(("O1", "contoso", "", shares[0]), ("O1", "fabrikam", "", shares[1]))
    assert [(one.code, one.our_share) for one in found] == [("agree", "50.0"), ("agree", "50.0")]


def test_other_shares_differ_and_a_share_of_nothing_is_none() -> None:
    rows = (("O1", "contoso", "", "70"), ("O1", "fabrikam", "", "0"), ("O1", "northwind", "", "30"))
    assert codes(*rows) == [
        ("differ", "O1", "contoso"), ("only-theirs", "O1", "northwind"), ("only-ours", "O1", "fabrikam"),
    ]  # fmt: skip
    assert codes(("O1", "contoso", "", "half"), ("O1", "fabrikam", "", "1e9"))[-2:] == [
        ("unknown-share", "O1", "contoso"), ("unknown-share", "O1", "fabrikam"),
    ]  # fmt: skip


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [("O1", "fabrikam", "Sourced"), ("O1", "contoso", "Sourced"), ("O2", "contoso", "Influenced")]
    assert codes(*rows) == codes(*rows[::-1])
