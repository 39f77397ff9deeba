"""Bad rows: each has a stated behaviour, is listed with its row, and nothing is lost. docs/attribution.md has
the table; expected values are its lines."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from stories import NOW, act, brought, codes, deal, entered, headlines, judged, pipeline, rules, status, table

from cleanroom.attribution.classification import (
    Pipeline,
    RuleBook,
    headline_table,
    judge_pipeline,
    parse_rules,
    status_table,
    totals,
)
from cleanroom.attribution.holding import Holding
from cleanroom.session.attribution.rule_files import default_rules
from overlap.errors import BadInput, UsageError

WON = deal(status="won", closed="2026-07-31")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"date": ""}, "no-date"),
        ({"date": "2026-06-01 10:00"}, "no-date"),
        ({"date": "2026-11-23"}, "future-date"),
        ({"date": "1999-12-31"}, "before-company"),
        ({"type": "golf"}, "unknown-type"),
        ({"partner": " "}, "no-partner"),
    ],
)
def test_an_unusable_action_is_listed_and_counts_for_nothing(change: dict[str, str], code: str) -> None:
    row = act("demo", "2026-11-01") | change
    assert codes([row])[code] == [2]
    assert status([row]) == "Unattributed"
    assert table([row])["touched"].sum() == (0 if code == "no-partner" else 1)


def test_now_itself_is_no_future() -> None:
    assert status([act("demo", "2026-11-22T10:00:00Z")]) == "Influenced"
    assert codes([act("demo", "2026-11-22T10:00:01Z")])["future-date"] == [2]
    assert status([act("demo", "2026-11-22")]) == "Influenced"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"created": ""}, "no-created"),
        ({"created": "2026-11-23"}, "created-in-future"),
        ({"created": "1999-12-31"}, "created-before-company"),
    ],
)
def test_a_deal_without_a_usable_creation_has_presence_only(change: dict[str, str], code: str) -> None:
    row = deal(**change)
    assert codes([brought("2026-04-20")], deals=[row])[code] == [2]
    found = judged([brought("2026-04-20"), act("demo", "2026-11-01", "fabrikam")], deals=[row])
    assert set(found.values()) == {("Attached", "attached:no-created")}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"closed": ""}, "no-closed"),
        ({"closed": "2026-12-01"}, "closed-in-future"),
        ({"closed": "2026-04-01"}, "closed-before-created"),
    ],
)
def test_a_close_that_cannot_be_is_the_last_change_of_stage(change: dict[str, str], code: str) -> None:
    row = WON | change
    demo = [act("demo", "2026-06-10")]
    assert codes(demo, deals=[row])[code] == [2]
    assert status(demo, deals=[row]) == "Attached"  # Nothing says that it was open then.
    assert (
        status(demo, deals=[row], stages=entered(("Discovery", "2026-05-01"), ("Won", "2026-07-01")))
        == "Influenced"
    )
    # The source needs no close.
    assert status([brought("2026-04-20")], deals=[row]) == "Sourced"


@pytest.mark.parametrize(
    ("amount", "code"),
    [("", "no-amount"), ("0", "amount-zero"), ("-0.00", "amount-zero"), ("-7.25", "amount-negative")],
)
def test_amounts_are_added_as_they_stand(amount: str, code: str) -> None:
    rows = [deal(amount=amount), deal(id="O2", account_id="A2", amount="10.25")]
    assert codes(deals=rows)[code] == [2]
    made = headline_table(judge_pipeline(pipeline(deals=rows)))
    (total,) = [one for one in totals(made) if one["deals"]]
    assert (total["deals"], total["amount"]) == (2, {"": "10.25", "-7.25": "3"}.get(amount, "10.25"))


def test_an_unknown_currency_is_in_no_total_and_its_deal_is_counted() -> None:
    rows = [deal(currency="XBT"), deal(id="O2", account_id="A2", currency="JPY")]
    assert codes(deals=rows)["unknown-currency"] == [2]
    bare = [deal(currency=""), deal(id="O2", account_id="A2", currency="", amount="")]
    assert codes(deals=bare)["no-currency"] == [2]
    made = totals(headline_table(judge_pipeline(pipeline(deals=rows))))
    assert [(one["currency"], one["deals"], one["amount"]) for one in made if one["deals"]] == [
        ("", 1, ""),
        ("JPY", 1, "100"),
    ]


@pytest.mark.parametrize("currency", ["XCG", "HRK", "EUR"])
def test_currencies_that_pay_knows_are_added_up_too(currency: str) -> None:
    """One list for both: the guilder of 2025, and a code that was withdrawn and stands in old deals."""
    rows = [deal(currency=currency)]
    assert "unknown-currency" not in codes(deals=rows)
    (total,) = [one for one in totals(headline_table(judge_pipeline(pipeline(deals=rows)))) if one["deals"]]
    assert (total["currency"], total["amount"]) == (currency, "100")


def test_an_action_after_the_close_is_presence() -> None:
    row = act("demo", "2026-08-01")
    assert codes([row], deals=[WON])["after-close"] == [2]
    assert status([row], deals=[WON]) == "Attached"


def test_two_partners_under_one_id_cannot_win_by_holding() -> None:
    both = [Holding("Acme", "A1", "logged", 5), Holding("acme", "A1", "logged", 9)]
    rival = Holding("fabrikam", "A1", "logged", 1_000)
    found = judged(
        [brought("2026-04-20", "acme"), brought("2026-04-20", "fabrikam")], holdings=[*both, rival]
    )
    assert found["O1", "fabrikam"] == ("Sourced", "sourced:held-first")
    assert codes(holdings=both)["two-partners-one-id"] == [0]
    one = judged(
        [brought("2026-04-20", "acme"), brought("2026-04-20", "fabrikam")], holdings=[both[0], rival]
    )
    assert one["O1", "acme"] == ("Sourced", "sourced:held-first")


def test_a_name_that_stands_for_two_partners_is_refused() -> None:
    text = default_rules() + b'[partners]\n"Acme  UK" = "acme"\n"acme uk" = "apex"\n'
    with pytest.raises(BadInput, match="two-partners"):
        parse_rules(text)
    with pytest.raises(BadInput, match="alias-of-alias"):
        parse_rules(default_rules() + b'[partners]\n"a" = "b"\n"b" = "c"\n')


def test_a_renamed_partner_keeps_its_actions_and_holdings() -> None:
    book = rules(default_rules() + b'[partners]\n"Contoso GmbH" = "contoso"\n')
    actions = [brought("2026-04-20", "CONTOSO  gmbh"), act("demo", "2026-11-01")]
    found = table(actions, book=book, holdings=[Holding("contoso gmbh", "A1", "logged", 5)])
    assert found["partner"].tolist() == ["contoso"]
    assert found[["status", "lane_influence", "touched"]].to_numpy().tolist() == [["Sourced", True, 2]]


def test_a_reopened_deal_is_open_except_while_it_stood_closed() -> None:
    history = entered(
        ("Discovery", "2026-05-01"),
        ("Closed Lost", "2026-06-10"),
        ("Proposal", "2026-07-10"),
        ("Closed Won", "2026-07-31"),
    )
    days = {"2026-06-01": "Influenced", "2026-06-20": "Attached", "2026-07-15": "Influenced"}
    for day, expected in days.items():
        assert status([act("demo", day)], deals=[WON], stages=history) == expected
    # It keeps its creation, so what sourced it still does.
    assert status([brought("2026-04-20")], deals=[WON], stages=history) == "Sourced"


def test_a_split_deal_is_a_deal_of_its_own_on_an_account_that_has_one() -> None:
    part = deal(id="O2", created="2026-06-01")
    actions = [brought("2026-04-20"), act("demo", "2026-11-01", opportunity_id="O2")]
    found = judged(actions, deals=[deal(), part])
    assert (found["O1", "contoso"][0], found["O2", "contoso"][0]) == ("Sourced", "Influenced")


def test_actions_of_a_merged_deal_are_listed_and_count_for_the_account_they_name() -> None:
    lost, kept = (
        brought("2026-04-20", opportunity_id="merged", account_id=""),
        brought("2026-04-21", "fabrikam", opportunity_id="merged"),
    )
    assert codes([lost, kept])["unknown-opportunity"] == [2, 3]
    found = judged([lost, kept])
    assert found["O1", "fabrikam"][0] == "Sourced"
    assert ("O1", "contoso") not in found


def test_an_action_that_names_another_account_than_its_deal_follows_the_deal() -> None:
    rows = [deal(), deal(id="O2", account_id="A2")]
    row = act("demo", "2026-11-01", account_id="A2")
    assert codes([row], deals=rows)["other-account"] == [2]
    assert judged([row], deals=rows)["O1", "contoso"][0] == "Influenced"


def test_rules_that_change_judge_the_deals_created_from_then_on() -> None:
    text = default_rules().decode()
    later = text.replace("version = 1\n", "version = 2\n").replace(
        "effective = 2015-01-01", "effective = 2026-06-01"
    )
    later = later.replace("introduction = { class", "introduction = { class").replace("days = 30", "days = 5")
    book = RuleBook([parse_rules(later.encode()), parse_rules(text.encode())])
    rows = [deal(created="2026-05-31"), deal(id="O2", account_id="A2", created="2026-06-01")]
    actions = [brought("2026-05-20"), brought("2026-05-20", account_id="A2", id="second")]
    found = table(actions, deals=rows, book=book)
    assert found["status"].tolist() == ["Sourced", "Attached"]
    assert found["rules"].tolist() == [one.digest for one in book.versions]


def test_a_deal_before_all_rules_is_not_judged_and_listed() -> None:
    late = default_rules().replace(b"effective = 2015-01-01", b"effective = 2026-06-01")
    book = RuleBook([parse_rules(late)])
    found = table([brought("2026-04-20")], book=book).iloc[0]
    assert (found["status"], found["rule"], found["rules"]) == (
        "Unattributed",
        "unattributed:before-rules",
        "",
    )
    assert codes([brought("2026-04-20")], book=book)["before-rules"] == [2]


def test_versions_that_overlap_are_refused() -> None:
    text = default_rules()
    same_day = text.replace(b"version = 1\n", b"version = 2\n")
    downwards = text.replace(b"effective = 2015-01-01", b"effective = 2016-01-01")
    for other in (same_day, downwards):
        with pytest.raises(UsageError):
            RuleBook([parse_rules(text), parse_rules(other)])


def test_logging_that_cannot_be_is_not_believed() -> None:
    future, early = (
        brought("2026-04-20", logged="2026-12-01"),
        brought("2026-04-20", "fabrikam", logged="2026-04-01"),
    )
    found = codes([future, early])
    assert (found["logged-in-future"], found["logged-before"]) == ([2], [3])
    facts = [json.loads(one) for one in table([future, early])["facts"]]
    assert [one["date"] for one in facts] == ["2026-04-20"] * 2


def test_rows_of_a_stage_history_that_cannot_be_are_listed() -> None:
    rows = entered(("Discovery", ""), ("Discovery", "2027-01-01"), ("Discovery", "2026-04-01"))
    found = codes(stages=[*rows, *entered(("Discovery", "2026-06-01"), opportunity="gone")])
    assert found["stage-no-day"] == [2] and found["stage-in-future"] == [3]
    assert found["stage-before-created"] == [4] and found["stage-of-unknown-deal"] == [5]


def test_an_opportunity_that_occurs_twice_is_refused() -> None:
    with pytest.raises(BadInput):
        judged(deals=[deal(), deal()])


def test_accounts_without_a_deal_and_actions_without_a_subject_are_listed() -> None:
    found = codes([brought("2026-04-20", account_id="A9"), brought("2026-04-20", account_id="")])
    assert (found["no-deal"], found["no-subject"]) == ([2], [3])


def test_ids_with_quotes_and_line_breaks_stay_json() -> None:
    name = 'a "quoted"\nid \\ \u2028'
    assert json.loads(table([brought("2026-04-20", id=name)]).iloc[0]["facts"])["action"] == name


def test_a_hundred_thousand_actions_on_one_deal() -> None:
    """The million is measured in benchmarks/statuses.py --one-deal; here the result is looked at."""
    count = 100_000
    days = np.datetime_as_string(np.datetime64("2026-05-01") + np.arange(count) % 90).astype(object)
    actions = pd.DataFrame(
        {
            "row": np.arange(2, count + 2),
            "id": [f"a{number}" for number in range(count)],
            "opportunity_id": "O1",
            "account_id": "",
            "partner": [f"p{number % 50}" for number in range(count)],
            "type": "demo",
            "date": days,
            "proof": "mail",
        }
    )
    deals = pipeline(deals=[WON]).opportunities
    made = judge_pipeline(Pipeline(rules(), NOW, deals, actions))
    found = status_table(made)
    assert len(found) == 50 and set(found["status"]) == {"Influenced"}
    assert int(found["touched"].sum()) == count
    assert headline_table(made)["status"].tolist() == ["Influenced"]


def test_nothing_at_all_is_no_error() -> None:
    empty = pipeline().opportunities.iloc[:0]
    made = judge_pipeline(Pipeline(rules(), NOW, empty))
    assert status_table(made).empty and headline_table(made).empty and made.findings.empty
    assert headlines() == {"O1": "Unattributed"}
