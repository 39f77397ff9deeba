"""Who gets credit, and how it is explained. Expected values: the rules of first-holder/1, worked by hand."""

from __future__ import annotations

import dataclasses
import json

import pandas as pd
import pytest

from cleanroom.attribution import (
    EXPLANATION_LINES,
    LEDGER_COLUMNS,
    PAYS_NOTHING,
    REASONS,
    Evidence,
    Failed,
    Verified,
    credit,
    explain,
)
from overlap.errors import UsageError
from overlap.records import ACTION_COLUMNS, OPPORTUNITY_COLUMNS

DAY = 86_400
MAY_1 = 1_777_593_600  # 2026-05-01T00:00:00Z, by `date -u -d 2026-05-01 +%s`
MAY_3 = MAY_1 + 2 * DAY


def proven(token, since="2019-04-01"):
    return Verified(token, b"\x01" * 32, 3, b"\x0a" * 32, 5, 128, "domain", "customers", since, b"")


def evidence(partner="contoso", *, token="", **change):
    token = token or partner[:2].encode().hex() * 8
    usual = Evidence(partner, "A1", token, "exact", MAY_1, MAY_3, None, proven(token))
    return dataclasses.replace(usual, **change)


def unproven(partner="contoso", **change):
    return evidence(partner, outcome=None, **change)


def failing(partner="contoso", **change):
    token = partner[:2].encode().hex() * 8
    return evidence(partner, outcome=Failed(token, "not-in-tree"), **change)


def opportunities(*rows):
    usual = dict.fromkeys(OPPORTUNITY_COLUMNS, "") | {"id": "O1", "account_id": "A1", "status": "open"}
    lines = [usual | {"row": place + 2} | row for place, row in enumerate(rows or ({},))]
    return pd.DataFrame(lines, columns=list(OPPORTUNITY_COLUMNS))


def actions(*rows):
    lines = [dict.fromkeys(ACTION_COLUMNS, "") | {"row": 2} | row for row in rows]
    return pd.DataFrame(lines, columns=list(ACTION_COLUMNS))


def decide(*items, **opportunity):
    return credit(opportunities(opportunity), items).iloc[0]


def result(*items, **opportunity):
    row = decide(*items, **opportunity)
    return row["status"], row["partner"] or row["reason"]


@pytest.mark.parametrize("status", ["open", "won"])
def test_a_proven_claim_committed_before_disclosure_is_credited(status):
    row = decide(evidence(), status=status)
    assert (row["status"], row["partner"], row["effect"]) == ("credited", "contoso", "recognition")
    assert (row["committed_at"], row["asserted_since"]) == ("2026-05-01T00:00:00Z", "2019-04-01")


def test_the_earliest_commitment_wins_whatever_date_is_asserted():
    old_date = evidence("fabrikam", committed_at=MAY_1 + 1, outcome=proven("6661" * 8, "1970-01-01"))
    assert result(old_date, evidence()) == ("credited", "contoso")


def test_the_time_that_a_partner_states_never_decides():
    boastful = evidence("fabrikam", committed_at=MAY_1 + 1, stated_at=0)
    assert result(boastful, evidence()) == ("credited", "contoso")


def test_two_commitments_in_one_second_are_unresolved():
    assert result(evidence(), evidence("fabrikam")) == ("unresolved", "tie")


def test_a_tie_behind_the_first_does_not_matter():
    later = [evidence(name, committed_at=MAY_1 + 1) for name in ("fabrikam", "northwind")]
    assert result(*later, evidence()) == ("credited", "contoso")


@pytest.mark.parametrize(
    ("committed_at", "expected"),
    [
        (MAY_3 - 1, ("credited", "contoso")),
        (MAY_3, ("unresolved", "after-disclosure")),
        (MAY_3 + 1, ("unresolved", "after-disclosure")),
    ],
)
def test_a_commitment_at_or_after_the_disclosure_never_wins(committed_at, expected):
    assert result(evidence(committed_at=committed_at)) == expected


def test_a_claim_after_disclosure_loses_even_to_a_later_honest_one():
    learned = evidence(committed_at=MAY_1, disclosed_at=MAY_1 - DAY)
    honest = evidence("fabrikam", committed_at=MAY_1 + 1)
    assert result(learned, honest) == ("credited", "fabrikam")


def test_a_second_run_does_not_make_an_account_undisclosed():
    first_run = evidence(token="11" * 16, committed_at=None, disclosed_at=MAY_1 - DAY, outcome=None)
    second_run = evidence(token="22" * 16, outcome=proven("22" * 16), disclosed_at=MAY_3)
    assert result(first_run, second_run) == ("unresolved", "after-disclosure")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (evidence(committed_at=None, outcome=None), "no-commitment"),
        (evidence(disclosed_at=None), "disclosure-unknown"),
        (unproven(), "proof-missing"),
        (failing(), "proof-failed"),
        (evidence(contradicted=True), "contradicted"),
        (evidence(tier="candidate"), "candidate-match"),
    ],
)
def test_a_claim_that_falls_short_is_unresolved_because(item, reason):
    assert result(item) == ("unresolved", reason)


@pytest.mark.parametrize("make", [unproven, failing])
def test_an_earlier_commitment_without_a_proof_does_not_block_a_proven_one(make):
    assert result(make("fabrikam", committed_at=MAY_1 - DAY), evidence()) == ("credited", "contoso")


def test_a_partner_with_two_logs_does_not_win_and_does_not_block_another():
    cheat = evidence("fabrikam", committed_at=MAY_1 - 1, contradicted=True)
    assert result(cheat, evidence()) == ("credited", "contoso")


def test_the_reason_is_that_of_the_partner_who_came_closest():
    items = (evidence("a", committed_at=None), failing("b"), evidence("c", committed_at=MAY_3))
    assert result(*items) == ("unresolved", "proof-failed")


def test_the_best_claim_of_a_partner_counts():
    other = evidence(token="11" * 16, outcome=Failed("11" * 16, "chain-broken"))
    assert result(other, evidence()) == ("credited", "contoso")


@pytest.mark.parametrize(
    ("opportunity", "expected"),
    [
        ({"account_id": ""}, ("unresolved", "no-account")),
        ({"status": "paused"}, ("unresolved", "unknown-status")),
        ({"status": "lost"}, ("lost", "")),
        ({"account_id": "A2"}, ("unmatched", "")),
    ],
)
def test_an_opportunity_that_is_not_judged_says_so(opportunity, expected):
    assert result(evidence(), **opportunity) == expected


def test_an_opportunity_that_occurs_twice_is_unresolved_in_both_rows():
    ledger = credit(opportunities({}, {"status": "lost"}), [evidence()])
    assert list(ledger["reason"]) == ["duplicate-opportunity"] * 2


def test_each_opportunity_of_an_account_is_credited():
    ledger = credit(opportunities({"id": "O1"}, {"id": "O2", "status": "won"}), [evidence()])
    assert list(ledger["partner"]) == ["contoso", "contoso"]


def test_actions_are_listed_beside_the_decision_and_decide_nothing():
    logged = actions(
        {"partner": "fabrikam", "type": "introduction", "date": "2026-04-02", "opportunity_id": "O1"},
        {"partner": "fabrikam ", "type": "demo", "date": "2026-04-01", "account_id": "A1"},
        {"partner": "fabrikam", "type": "demo", "opportunity_id": "O2", "account_id": "A1"},
    )
    row = credit(opportunities(), [evidence()], logged).iloc[0]
    assert row["partner"] == "contoso"
    assert json.loads(row["actions"]) == [
        {"partner": "fabrikam", "count": 2, "types": ["demo", "introduction"], "last": "2026-04-02"}
    ]
    assert "actions logged: fabrikam 2 (demo, introduction; last 2026-04-02)" in "\n".join(explain(row))


def test_an_empty_ledger_has_the_columns():
    ledger = credit(opportunities().iloc[:0], [])
    assert list(ledger.columns) == list(LEDGER_COLUMNS)
    assert len(ledger) == 0


@pytest.mark.parametrize(
    "change",
    [{"tier": "sure"}, {"outcome": proven("00" * 16)}, {"outcome": Failed("636f" * 8, "unlucky")}],
    ids=["tier", "token of another pair", "code"],
)
def test_evidence_that_does_not_fit_together_is_refused(change):
    with pytest.raises(UsageError):
        evidence(**change)


def test_an_explanation_says_rule_claim_rival_and_what_would_change_it():
    late = evidence("fabrikam", committed_at=MAY_3 + DAY)
    lines = explain(decide(evidence(), late, account_id="A1"))
    assert lines == [
        "opportunity O1 (open) on account A1: credited to contoso",
        "rule first-holder/1: the proven claim whose commitment our log received first, before disclosure",
        "claim: committed in epoch 3, there 2026-05-01T00:00:00Z, account disclosed 2026-05-03T00:00:00Z",
        "claim: asserts 'customers' since 2019-04-01 (shown, never decides)",
        "evidence: leaf 5 of 128 under root 0a0a0a0a0a0a0a0a…, matched by domain (exact), no document",
        "  fabrikam: commitment received 2026-05-04T00:00:00Z, not before disclosure 2026-05-03T00:00:00Z",
        "actions logged: none (actions are shown and decide nothing yet)",
        "to change it: fabrikam would be credited if its commitment had arrived before 2026-05-01T00:00:00Z",
        "note: this credit is recognition and pays nothing",
    ]


CASES = [
    ([], {"status": "lost"}, "to change it: nothing"),
    ([], {}, "a match with a partner"),
    ([], {"account_id": ""}, "the id of its account"),
    ([], {"status": "?"}, "a status of open or won"),
    ([evidence(), evidence("fabrikam")], {}, "a second earlier"),
    ([evidence()], {}, "another matched partner, received before 2026-05-01"),
    (
        [evidence(committed_at=MAY_3)],
        {},
        "contoso would be credited if its commitment had arrived before 2026-05-03",
    ),
    (
        [unproven(committed_at=None)],
        {},
        "arrived before 2026-05-03T00:00:00Z and it had shown a proof that holds",
    ),
    ([unproven()], {}, "contoso would be credited if it had shown a proof that holds"),
    ([failing()], {}, "contoso would be credited if it had shown a proof that holds"),
    ([evidence(contradicted=True)], {}, "if its claims logs did not contradict each other"),
    ([evidence(disclosed_at=None)], {}, "the log said that the account was disclosed"),
    ([unproven(disclosed_at=None, committed_at=None)], {}, "it had committed its claims and the log said"),
    ([evidence(tier="candidate")], {}, "a review that accepts the match with contoso"),
    (
        [evidence(), failing("fabrikam", committed_at=MAY_1 - 1)],
        {},
        "fabrikam would be credited if it had shown a proof",
    ),
]


@pytest.mark.parametrize(("items", "opportunity", "text"), CASES)
def test_every_explanation_ends_with_what_would_change_it(items, opportunity, text):
    lines = explain(decide(*items, **opportunity))
    assert text in lines[-2]
    assert lines[-1] == f"note: {PAYS_NOTHING}"
    assert len(lines) <= EXPLANATION_LINES


def test_every_reason_is_explained():
    twice = credit(opportunities({}, {}), []).iloc[0]
    shown = [explain(decide(*items, **facts))[0] for items, facts, _ in CASES] + [explain(twice)[0]]
    assert all(any(text in line for line in shown) for text in REASONS.values())


def test_a_failed_proof_is_named_in_the_explanation():
    text = "\n".join(explain(decide(failing())))
    assert "proof failed: the path does not lead from this leaf to the committed root" in text


def test_many_rivals_and_hostile_cells_stay_within_twelve_lines():
    rivals = [evidence(f"partner-{number}", committed_at=MAY_1 + 1 + number) for number in range(9)]
    hostile = "x\n\x1b[31m" + "y" * 500
    logged = actions(
        *({"partner": hostile + str(n), "type": hostile, "opportunity_id": hostile} for n in range(9))
    )
    ledger = credit(opportunities({"id": hostile}), [evidence(), *rivals], logged)
    lines = explain(ledger.iloc[0])
    assert len(lines) <= EXPLANATION_LINES
    assert all(line.isprintable() for line in lines)
    assert any("and 6 further partners" in line for line in lines)
    assert any("and 6 more" in line for line in lines)
