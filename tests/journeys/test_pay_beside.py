"""Payouts beside credit: one base for both, what is outside of it, and when there is none."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from desk import PROOF, SHARES, Programme, day, plan_text, set_passphrases
from hypothesis import given
from hypothesis import strategies as st

from cleanroom.attribution.observed import Paid, Part, gaps_by_kind, gaps_by_partner

pytestmark = pytest.mark.usefixtures("quick_passphrase")

PLAN = plan_text(
    SHARES
    + """
[[rule]]
id = "demo"
type = "spiff"
kinds = ["action:demo"]
amount = "50"
once_per = "deal"

[[rule]]
id = "fund"
type = "co-op"
kinds = ["influenced"]
rate = "1%"
"""
)
DEALS = [
    "D1,A1,Closed Won,1000.50,2026-02-01,2026-03-10,New Business",
    "D2,A2,Closed Won,333.33,2026-02-01,2026-03-20,",
    "D3,A3,Negotiation,99,2026-02-01,,",
    "D4,A4,Closed Won,500,2026-02-01,2026-04-20,",
]
ACTIONS = [
    f"a1,D1,A1,contoso,introduction,2026-01-20,2026-01-20,{PROOF},jo",
    f"a2,D2,A2,contoso,demo,2026-03-01,2026-03-01,{PROOF},jo",
    f"a3,D2,A2,fabrikam,demo,2026-03-15,2026-03-15,{PROOF},jo",
    f"a4,D3,A3,fabrikam,demo,2026-03-16,2026-03-16,{PROOF},jo",
    f"a5,D4,A4,fabrikam,demo,2026-03-17,2026-03-17,{PROOF},jo",
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programme:
    set_passphrases(monkeypatch)
    made = Programme(tmp_path)
    made.begin(PLAN, {"ada": "finance", "cleo": "judge"})
    return made


def test_shares_of_payouts_and_of_credit_are_about_the_same_deals(desk: Programme) -> None:
    desk.crm(DEALS[:3], ACTIONS[:4])
    desk.close("2026-Q1")
    made = desk.json("pay", "against-credit")
    assert (made["currency"], made["periods"], made["deals"]) == ("EUR", ["2026-Q1"], 2)
    # 1000.50 and half of 333.33; 100.05, 16.67 and a demo of 50 against 16.67 and a demo.
    contoso, fabrikam = sorted(made["partners"], key=lambda one: one["partner"])
    assert (contoso["credited"], contoso["paid"]) == ("1167.17", "166.72")
    assert (fabrikam["credited"], fabrikam["paid"]) == ("166.67", "66.67")
    assert made["credited"] == "1333.83" and made["paid"] == "233.39"
    for one, paid, credit in ((contoso, 166.72, 1167.165), (fabrikam, 66.67, 166.665)):
        assert one["pay_share"] == pytest.approx(paid / 233.39)
        assert one["credit_share"] == pytest.approx(credit / 1333.83)
        assert one["gap"] == pytest.approx(one["pay_share"] - one["credit_share"])
        assert sum(rule["adds"] for rule in one["rules"]) == pytest.approx(one["gap"])
    assert fabrikam["rules"][0]["rule"] == "demo" and fabrikam["rules"][0]["adds"] > 0.1
    assert fabrikam["because"][0].startswith("rule demo adds +")
    kinds = {one["kind"]: one for one in made["kinds"]}
    assert kinds["action:demo"]["credit_share"] == 0 and kinds["action:demo"]["paid"] == "100.00"
    assert kinds["sourced"]["credited"] == "1000.50"
    # The demo on the open deal D3 and what went into the funds are told, not compared.
    outside = {one["code"]: (one["lines"], one["amounts"]) for one in made["outside"]}
    assert outside["other-deal"] == (1, {"EUR": "50.00"})
    assert set(outside) == {"other-deal", "fund"}
    said = desk.run("pay", "against-credit")
    assert "base       2 won deals of 2026-Q1: 1333.83 EUR credited, 233.39 paid" in said
    assert made["limits"][0] in said and "fabrikam: rule demo adds +" in said


def test_a_deal_is_in_the_period_in_which_it_was_closed_whenever_it_was_paid(desk: Programme) -> None:
    desk.crm(DEALS, ACTIONS)
    desk.close("2026-Q1")
    desk.now = day("2026-07-05")
    desk.close("2026-Q2")
    second = desk.json("pay", "against-credit", "--period", "2026-Q2")
    # The demo on D4 was paid in the first quarter, the deal closed in the second: both sides have it there.
    assert (second["deals"], second["credited"], second["paid"]) == (1, "500.00", "75.00")
    first = desk.json("pay", "against-credit", "--period", "2026-Q1")
    assert (first["credited"], first["paid"]) == ("1333.83", "233.39")
    both = desk.json("pay", "against-credit")
    assert (both["deals"], both["credited"], both["paid"]) == (3, "1833.83", "308.39")


def test_without_a_base_it_refuses_and_says_what_is_missing(desk: Programme) -> None:
    desk.crm(DEALS[:3], ACTIONS[:4])
    assert "no period is closed yet" in desk.run("pay", "against-credit", code=2)
    desk.close("2026-Q1")
    assert "'2026-Q2' is no closed period" in desk.run("pay", "against-credit", "--period", "2026-Q2", code=2)
    assert "in this currency" in desk.run("pay", "against-credit", "--currency", "USD", code=3)
    desk.crm([DEALS[0].replace("Closed Won", "Closed Lost"), DEALS[1].replace("Closed Won", "Closed Lost")])
    assert "no deal that the rules credit" in desk.run("pay", "against-credit", code=3)


def test_credit_without_a_payout_is_refused(desk: Programme) -> None:
    desk.crm([DEALS[3]], [ACTIONS[4].replace("demo", "introduction")])
    desk.json("period", "close", "2026-Q1", "--credit")
    desk.crm([DEALS[3].replace("2026-04-20", "2026-03-20")])
    assert "no payout stands beside the credit" in desk.run("pay", "against-credit", code=3)


def test_owners_are_laid_beside_each_other(desk: Programme) -> None:
    desk.crm(DEALS[:3], [*ACTIONS[:3], ACTIONS[3].replace(f",{PROOF},jo", ",,mo")])
    made = desk.json("credit", "even")
    owners = {one["measure"]: {row["name"]: row for row in one["rows"]} for one in made["owners"]}
    assert {name: (row["deals"], row["of"]) for name, row in owners["evidence"].items()} == {
        "jo": (2, 2),
        "mo": (0, 1),
    }
    assert owners["in-time"]["jo"]["says"] == "not enough deals"
    said = desk.run("credit", "even")
    assert "evidence   67 % over all owners" in said and made["limits"][0] in said
    assert "0 tested, 0 outside, by chance alone up to 0.0" in said


NAMES = st.sampled_from("abc")
DEAL = st.sampled_from(("d1", "d2", "d3"))
PARTS = st.lists(
    st.builds(Part, DEAL, NAMES, st.sampled_from(("sourced", "influenced")), st.fractions(1, 99)), min_size=1
)
LINES = st.lists(
    st.builds(
        Paid, DEAL, NAMES, st.sampled_from("xy"), st.sampled_from(("sourced", "won")), st.integers(-9, 99)
    )
)


@given(PARTS, LINES)
def test_shares_sum_to_one_gaps_to_nothing_and_rules_to_each_gap(parts: list[Part], paid: list[Paid]) -> None:
    paid = [*paid, Paid("d9", "z", "x", "won", 1_000)]
    for gaps in (gaps_by_partner(parts, paid), gaps_by_kind(parts, paid)):
        assert sum(one.credit_share for one in gaps) == sum(one.pay_share for one in gaps) == 1
        assert sum((one.gap for one in gaps), Fraction(0)) == 0
        assert [abs(one.gap) for one in gaps] == sorted((abs(one.gap) for one in gaps), reverse=True)
    for one in gaps_by_partner(parts, paid):
        assert sum((rule.adds for rule in one.rules), Fraction(0)) == one.gap
        assert sum(rule.minor for rule in one.rules) == one.minor
        assert one.unpaid_value <= one.credit
    assert gaps_by_partner(parts[::-1], paid[::-1]) == gaps_by_partner(parts, paid)
