"""What statuses earn, worked by hand: events, cancellations, and what is left alone. No folder, no clock."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from plans import amounts, make_plan, run

from cleanroom.attribution import Acted, Holding, earnings, payouts
from cleanroom.attribution.earnings import StandingNow, StatusNow, Taken, earn

RULES = "cd" * 32
PROOF = "mail sha256:" + "ab" * 32
HELD = Holding("contoso", "A1", "witnessed", 5, "ef" * 32)
TODAY = "2026-07-01"
PLAN = """
[[rule]]
id = "source"
type = "commission"
kinds = ["sourced"]
rate = "10%"

[[rule]]
id = "demo"
type = "spiff"
kinds = ["action:demo"]
amount = "50"
"""


def standing(partner: str = "contoso", status: str = "Sourced", **more: Any) -> StatusNow:
    fields = {
        "opportunity": "D1", "partner": partner, "status": status,
        "rule": status.lower().replace(" ", "-"),
        "rules": RULES, "action": "a1", "kept": False, "amount": "1000", "currency": "EUR",
        "closed": "2026-02-03", "account": "A1", "won": True, "share_of": 1,
    }  # fmt: skip
    return StatusNow(**(fields | more))


def demo(name: str = "a1", partner: str = "contoso", deal: str = "D1", day: str = "2026-01-02") -> Acted:
    return Acted(name, partner, "demo", deal, "A1", day, PROOF, RULES)


def now(*statuses: StatusNow, actions: Sequence[Acted] = (), **more: Any) -> StandingNow:
    values = {
        "products": {"D1": "new-business", "D2": ""},
        "known": {"a1", "a2"},
        "acting": {"contoso", "fabrikam"},
        "proofs": {("contoso", "a1"): PROOF, ("fabrikam", "a1"): "call"},
    }
    return StandingNow(statuses, actions=actions, **(values | more))


def taken(*made: earnings.Earned, **more: Any) -> Taken:
    rows = {row[0]: row for one in made for row in one.new}
    evidence = {row[0]: row[1] for one in made for row in one.evidence}
    return Taken(rows, evidence, **more)


def codes(made: earnings.Earned) -> list[tuple[str, str]]:
    return [(one.code, one.partner) for one in made.findings]


def paid(*made: earnings.Earned) -> dict[str, int]:
    """What a plan of 10 % of what is sourced pays, and 50 for a demo, in minor units by partner."""
    rows = [row for one in made for row in one.new]
    answer = run(make_plan(PLAN), rows)
    assert not [one for one in answer["findings"] if one["code"] != "no-rule"]
    sums: dict[str, int] = {}
    for line in answer["lines"]:
        sums[line["partner_id"]] = sums.get(line["partner_id"], 0) + line["minor"]
    return sums


# Earning.


@pytest.mark.parametrize(
    ("status", "kind"),
    [("Sourced", "sourced"), ("Assisted Close", "assisted-close"), ("Influenced", "influenced")],
)
def test_a_status_on_a_won_deal_is_one_event(status: str, kind: str) -> None:
    (row,) = earn(now(standing(status=status)), Taken(), TODAY).new
    assert row[1:] == ["2026-02-03", kind, "contoso", "D1", "new-business", "1000.00", "EUR", ""]
    assert row[0].startswith(f"{kind}/D1/") and len(row[0].rpartition("/")[2]) == 8
    assert earnings.is_earned(row)


@pytest.mark.parametrize(
    ("status", "rule"),
    [("Attached", "attached:action"), ("Disputed", "disputed:rivals"), ("Unattributed", "")],
)
def test_other_statuses_and_deals_that_are_not_won_earn_nothing(status: str, rule: str) -> None:
    assert earn(now(standing(status=status, rule=rule)), Taken(), TODAY).new == []
    assert earn(now(standing(won=False)), Taken(), TODAY).new == []


def test_an_action_is_an_event_without_amount_by_its_own_id() -> None:
    made = earn(now(actions=[demo(), demo("a2", day="2026-01-03"), demo("a2", deal="")]), Taken(), TODAY)
    assert [row[1:] for row in made.new if row[4]] == [
        [one, "action:demo", "contoso", "D1", "", "", "", ""] for one in ("2026-01-02", "2026-01-03")
    ]
    assert len({row[0] for row in made.new}) == 3 and all(earnings.is_earned(row) for row in made.new)
    assert paid(made) == {"contoso": 15000}


def test_evidence_is_ids_and_digests() -> None:
    held = now(standing(rule="sourced:held-first"), holdings={("contoso", "A1"): HELD}, actions=[demo()])
    made = {row[0].partition("/")[0]: row[1:] for row in earn(held, Taken(), TODAY).evidence}
    assert made == {
        "sourced": [
            f"rule=sourced:held-first rules={RULES} grade=witnessed action=a1",
            "sha256:" + "ef" * 32,
        ],
        "action:demo": [f"rule=action:demo rules={RULES} grade=witnessed action=a1", "sha256:" + "ab" * 32],
    }
    (plain,) = earn(now(standing()), Taken(), TODAY).evidence
    assert plain[1:] == [f"rule=sourced rules={RULES} grade=none action=a1", "sha256:" + "ab" * 32]
    (bare,) = earn(now(standing("fabrikam")), Taken(), TODAY).evidence
    assert bare[2] == ""


@pytest.mark.parametrize(("amount", "currency", "shares"), [
    ("100.01", "EUR", ["33.34", "33.34", "33.33"]),
    ("0.02", "EUR", ["0.01", "0.01"]),
    ("100", "JPY", ["34", "33", "33"]),
])  # fmt: skip
def test_a_split_source_is_parted_so_that_it_sums_to_the_deal(
    amount: str, currency: str, shares: list[str]
) -> None:
    many = [standing(one, rule="sourced:split", share_of=3, amount=amount, currency=currency)
            for one in ("contoso", "fabrikam", "northwind")]  # fmt: skip
    made = earn(now(*many), Taken(), TODAY)
    assert [row[6] for row in sorted(made.new, key=lambda row: row[3])] == shares
    exponent = payouts.exponent_of(currency) or 0
    assert sum(payouts.read_amount(one, exponent) or 0 for one in shares) == payouts.read_amount(
        amount, exponent
    )
    assert [one.code for one in made.findings] == ["amount-zero"] * (3 - len(shares))


def test_a_split_source_pays_the_deal_once_and_one_share_waits_while_it_is_disputed() -> None:
    both = [standing(one, rule="sourced:split", share_of=2) for one in ("contoso", "fabrikam")]
    assert paid(earn(now(*both), Taken(), TODAY)) == {"contoso": 5000, "fabrikam": 5000}
    frozen = standing(status="Disputed", rule="disputed:open", share_of=2)
    assert [row[6] for row in earn(now(frozen, both[1]), Taken(), TODAY).new] == ["500.00"]


# What changes.


def test_what_stands_is_not_earned_again() -> None:
    first = earn(now(standing(), actions=[demo()]), Taken(), TODAY)
    again = earn(now(standing(amount="1000.00"), actions=[demo()]), taken(first), TODAY)
    assert (again.new, again.findings) == ([], []) and again.known == first.new
    assert again.evidence == first.evidence


@pytest.mark.parametrize(
    ("after", "now_paid"),
    [
        ([standing(amount="900")], 9000),
        ([standing(closed="2026-03-01")], 10000),
        ([standing(status="Influenced")], 0),
        ([standing(status="Attached", rule="attached:action")], 0),
        ([standing(status="Disputed", rule="disputed:rivals")], 0),
        ([standing(won=False)], 0),
        ([standing(amount="0")], 0),
        ([], 0),
    ],
)
def test_what_no_longer_stands_is_cancelled_and_what_stands_follows(
    after: list[StatusNow], now_paid: int
) -> None:
    first = earn(now(standing()), Taken(), TODAY)
    second = earn(now(*after), taken(first), TODAY)
    (back,) = [row for row in second.new if row[2] == "cancel"]
    name = first.new[0][0]
    assert back == [f"cancel/{name}", TODAY, "cancel", "contoso", "D1", "", "", "", name]
    assert earnings.is_earned(back)
    assert paid(first, second).get("contoso", 0) == now_paid
    # Nothing is cancelled twice.
    third = earn(now(*after), taken(first, second), TODAY)
    assert third.new == [] and paid(first, second, third).get("contoso", 0) == now_paid


def test_what_comes_back_as_it_was_is_earned_once_more_each_time() -> None:
    made: list[earnings.Earned] = []
    for amount, pays in (("1000", 10000), ("900", 9000), ("1000", 10000), ("900", 9000), ("1000", 10000)):
        made.append(earn(now(standing(amount=amount)), taken(*made), TODAY))
        assert paid(*made) == {"contoso": pays}
    names = [row[0] for one in made for row in one.new if row[2] == "sourced"]
    assert len(set(names)) == 5 and names[4] == f"{names[0]}.2"


def test_an_action_that_lost_its_proof_is_taken_back() -> None:
    first = earn(now(actions=[demo(), demo("a2", day="2026-01-04")]), Taken(), TODAY)
    second = earn(now(actions=[demo("a2", day="2026-01-05")]), taken(first), TODAY)
    assert [row[2] for row in second.new] == ["action:demo", "cancel", "cancel"]
    assert paid(first, second) == {"contoso": 5000}


def test_a_cancellation_is_not_dated_before_what_it_reverses() -> None:
    first = earn(now(standing(closed="2026-08-02T10:00:00Z")), Taken(), TODAY)
    (back,) = earn(now(standing(won=False)), taken(first), TODAY).new
    assert back[1] == "2026-08-02T10:00:00Z"


# What is left alone.


def alone(after: StandingNow, *, first: StandingNow | None = None, **more: Any) -> str:
    """The code for which a row taken in stays as it is and nothing new is earned."""
    before = earn(first or now(standing(), actions=[demo()]), Taken(), TODAY)
    made = earn(after, taken(before, **more), TODAY)
    assert made.new == [] and paid(before, made) == paid(before)
    found = {one.code for one in made.findings}
    assert len(found) == 1 and {one.event_id for one in made.findings} <= {row[0] for row in before.new}
    return found.pop()


def test_a_partial_export_takes_nothing_back() -> None:
    assert alone(now(standing(opportunity="D2", won=False), products={"D2": ""})) == "deal-gone"
    # Of the actions: the one that decided is not there any more.
    assert alone(now(standing(status="Attached", rule="attached:overlap"), known={"a2"})) == "action-gone"
    assert alone(now(standing(status="Influenced", action="a2"), known={"a2"})) == "action-gone"
    assert alone(now(known=set(), acting=set())) == "action-gone"


def test_without_evidence_in_the_ledger_a_partner_without_any_action_keeps_its_events() -> None:
    first = earn(now(standing()), Taken(), TODAY)
    rows = {row[0]: row for row in first.new}
    assert earn(now(acting={"fabrikam"}), Taken(rows), TODAY).new == []
    assert [row[2] for row in earn(now(), Taken(rows), TODAY).new] == ["cancel"]


def test_an_open_dispute_neither_cancels_nor_earns() -> None:
    frozen = standing(status="Disputed", rule="disputed:open")
    assert alone(now(frozen)) == "disputed"
    assert alone(now(frozen._replace(won=False), actions=[demo(day="2026-01-09")])) == "disputed"
    assert earn(now(frozen, actions=[demo()]), Taken(), TODAY).new == []
    # Decided: what changed meanwhile counts.
    first = earn(now(standing()), Taken(), TODAY)
    assert paid(first, earn(now(standing(amount="700")), taken(first), TODAY)) == {"contoso": 7000}


def test_a_line_of_an_ended_match_earns_nothing_new_and_keeps_what_it_has() -> None:
    kept = standing(rule="sourced:held-first", action="", kept=True, amount="5")
    assert alone(now(kept, actions=[demo()])) == "match-ended"
    made = earn(now(kept, standing("fabrikam")), Taken(), TODAY)
    assert (made.new, codes(made)) == ([], [("match-ended", "contoso"), ("source-kept", "fabrikam")])


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"currency": ""}, "no-currency"),
        ({"currency": "XBT"}, "unknown-currency"),
        ({"amount": ""}, "amount-unreadable"),
        ({"amount": "-5"}, "amount-negative"),
        ({"amount": "1" * 16}, "amount-unreadable"),
        ({"amount": "1.001"}, "amount-too-fine"),
        ({"amount": "1.5", "currency": "JPY"}, "amount-too-fine"),
        ({"closed": ""}, "no-closed"),
    ],
)
def test_what_cannot_be_read_earns_nothing_and_takes_nothing_back(more: dict[str, str], code: str) -> None:
    assert alone(now(standing(**more), actions=[demo()])) == code
    made = earn(now(standing(**more)), Taken(), TODAY)
    assert (made.new, codes(made)) == ([], [(code, "contoso")])


def test_names_that_no_event_can_carry_are_listed() -> None:
    made = earn(now(standing("con\ttoso"), actions=[demo(partner="x\n"), demo("")]), Taken(), TODAY)
    assert made.new == [] and {one.code for one in made.findings} == {"text-unreadable"}


def test_after_the_clawback_window_nothing_is_paid_beside_what_stays() -> None:
    first = earn(now(standing(), actions=[demo()]), Taken(), TODAY)
    late = {row[0] for row in first.new}
    assert alone(now(standing(amount="900"), actions=[demo()]), late=late) == "outside-clawback"


def test_what_somebody_wrote_or_cancelled_by_hand_is_not_earned_beside_it() -> None:
    hand = ["e1", "2026-02-03", "sourced", "Contoso", "D1", "", "1000", "EUR", ""]
    act = ["e2", "2026-01-02", "action:demo", "contoso", "D1", "", "", "", ""]
    for where in ({"rows": {"e1": hand, "e2": act}}, {"beside": [hand, act]}):
        made = earn(now(standing(), actions=[demo(), demo("a2", day="2026-01-03")]), Taken(**where), TODAY)
        assert [row[1] for row in made.new] == ["2026-01-03"]
        assert {one.code for one in made.findings} == {"written-by-hand"}
    # An event by hand that was cancelled stands for nothing.
    over = ["e3", "2026-02-04", "cancel", "", "", "", "", "", "e1"]
    assert len(earn(now(standing()), Taken({"e1": hand, "e3": over}), TODAY).new) == 1
    first = earn(now(standing()), Taken(), TODAY)
    by_hand = ["c1", "2026-03-01", "cancel", "", "", "", "", "", first.new[0][0]]
    rows = {row[0]: row for row in (*first.new, by_hand)}
    made = earn(now(standing()), Taken(rows), TODAY)
    assert (made.new, codes(made)) == ([], [("cancelled-by-hand", "contoso")])


def test_what_is_older_than_the_first_plan_earns_nothing_unless_it_may_part_a_deal() -> None:
    old, far = standing(closed="2025-12-31"), {"since": "2026-01-01"}
    acts = [
        demo(day="2025-12-30"),
        demo("a2", deal="D2", day="2025-12-30"),
        demo("a3", deal="", day="2025-12-30"),
    ]
    closed = {"D1": "2025-12-31", "D2": "2026-01-01"}
    made = earn(now(old, actions=acts, closed=closed), Taken(**far), TODAY)
    assert [row[4] for row in made.new] == ["D2"]
    assert [(one.code, one.opportunity) for one in made.findings] == [
        ("before-plan", ""),
        ("before-plan", "D1"),
    ]
    edge = earn(now(standing(closed="2026-01-01")), Taken(**far), TODAY)
    assert len(edge.new) == 1
    # A day of close that moves out of the plan takes the event back.
    second = earn(now(old), taken(edge, **far), TODAY)
    assert [row[2] for row in second.new] == ["cancel"]


# Ids.


def test_an_id_stays_below_its_limit_and_is_known_again() -> None:
    odd = ("x" * 300, "a/b", "ü ß", "sourced/1", "-")
    for deal, partner in itertools.product(odd, odd):
        far = now(
            standing(partner, opportunity=deal),
            actions=[Acted(deal, partner, "a" * 40, deal, "", "2026-01-02", "", RULES)],
            products={deal: ""}, known={deal, "a1"}, acting={partner},
        )  # fmt: skip
        first = earn(far, Taken(), TODAY)
        assert len(first.new) == 2 and all(earnings.is_earned(row) for row in first.new)
        assert earn(far, taken(first), TODAY).new == []
        lost = now(products={deal: ""}, known={deal, "a1"}, acting={partner})
        second = earn(lost, taken(first), TODAY)
        assert [row[2] for row in second.new] == ["cancel"] * 2
        assert all(len(row[0]) <= 200 for row in (*first.new, *second.new))
        assert not payouts.read_events((*first.new, *second.new)).findings


def test_an_id_tells_nobody_who_the_partner_is() -> None:
    alike = [standing(one, status="Influenced") for one in ("contoso", "fabrikam", "northwind")]
    first = earn(now(*alike), Taken(), TODAY)
    stem = first.new[0][0]
    assert [row[0] for row in first.new] == [stem, f"{stem}.1", f"{stem}.2"]
    assert all(earnings.is_earned(row) for row in first.new)
    # One of them goes, and comes back: the others keep their ids.
    second = earn(now(*alike[1:]), taken(first), TODAY)
    assert [row[8] for row in second.new] == [stem]
    third = earn(now(*alike), taken(first, second), TODAY)
    assert [(row[0], row[3]) for row in third.new] == [(f"{stem}.3", "contoso")]


def test_a_row_of_anybody_else_is_not_taken_for_ours() -> None:
    (row,) = earn(now(standing()), Taken(), TODAY).new
    for at, text in (
        (0, "sourced/D1/00000000"),
        (0, row[0] + ".x"),
        (6, "1"),
        (4, "D2"),
        (2, "won"),
        (0, "e"),
    ):
        assert not earnings.is_earned([*row[:at], text, *row[at + 1 :]])
    for name in ("e1", "sourced/D1", "won/D1/00000000"):
        assert not earnings.is_earned([f"cancel/{name}", TODAY, "cancel", "", "", "", "", "", name])


def test_the_order_of_what_stands_moves_nothing() -> None:
    rows = [standing(one, opportunity=deal, amount=amount) for one in ("contoso", "fabrikam")
            for deal, amount in (("D1", "5"), ("D2", "7"))]  # fmt: skip
    acts = [demo(), demo("a2", "fabrikam")]
    one = earn(now(*rows, actions=acts), Taken(), TODAY)
    assert one == earn(now(*rows[::-1], actions=acts[::-1]), Taken(), TODAY) and len(one.new) == 6


def test_amounts_of_pay_are_those_of_the_events() -> None:
    made = earn(now(standing(amount="100.05")), Taken(), TODAY)
    answer = run(make_plan(PLAN), made.new)
    assert amounts(answer) == [(made.new[0][0], "contoso", "now", "10.01")]
