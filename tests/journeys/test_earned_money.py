"""From a CRM export to a paid partner and back, by the commands alone: no file of events is written by hand.

Amounts are worked out by hand from the plan below: 10 % of what is sourced, 5 % of what is influenced, 50 for
a demo, whole cents.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from desk import PROOF, SHARES, Programme, day, key, plan_text, set_passphrases

from cleanroom.attribution import ledger
from cleanroom.session.attribution.rule_files import default_rules
from cleanroom.session.folder import Folder

pytestmark = pytest.mark.usefixtures("quick_passphrase")

PLAN = plan_text(
    SHARES
    + """
[[rule]]
id = "team"
type = "commission"
kinds = ["won"]
rate = "1%"
split = { by = "points", points = { "action:demo" = 1, "influenced" = 1 } }

[[rule]]
id = "demo"
type = "spiff"
kinds = ["action:demo"]
amount = "50"
once_per = "deal"
"""
)
DEALS = [
    "D1,A1,Closed Won,1000.50,2026-02-01,2026-03-10,New Business",
    "D2,A2,Closed Won,333.33,2026-02-01,2026-03-20,",
    "D3,A3,Negotiation,99,2026-02-01,,",
    "D4,A4,Closed Won,70,2026-02-01,2026-03-05,",
]
ACTIONS = [
    f"a1,D1,A1,contoso,introduction,2026-01-20,2026-01-20,{PROOF},jo",
    f"a2,D2,A2,contoso,demo,2026-03-01,2026-03-01,{PROOF},jo",
    f"a3,D2,A2,fabrikam,demo,2026-03-15,2026-03-15,{PROOF},jo",
]


class Paid(Programme):
    """What a programme has paid, and why."""

    def lines(self, partner: str, period: str = "") -> dict[str, str]:
        """Kind and deal of every line of a statement to its amount."""
        made = self.statement(partner, period)
        return {f"{line['kind']} {line['deal_id']}": line["amount"] for line in made["lines"]}

    def status(self, deal: str, partner: str) -> tuple[str, str]:
        rows = self.json("credit")
        return next(
            (row["status"], row["rule"])
            for row in rows
            if (row["opportunity"], row["partner"]) == (deal, partner)
        )


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paid:
    set_passphrases(monkeypatch)
    made = Paid(tmp_path)
    made.begin(PLAN, {"ada": "finance", "cleo": "judge"})
    made.crm(DEALS, ACTIONS)
    return made


def test_a_quarter_from_the_crm_to_the_partner_and_the_next_one_after_a_change(desk: Paid) -> None:
    assert desk.status("D1", "contoso") == ("Sourced", "sourced")
    said = desk.run("credit")
    assert "EUR         1000.5" in said and "no currency" not in said
    assert "sourced                          1  EUR 1000.50" in desk.run("credit", "events")
    # What would be booked, and nothing is.
    before = (desk.root / "party" / "money" / "ledger").read_bytes()
    trial = desk.close("2026-Q1", "--dry-run")
    assert (desk.root / "party" / "money" / "ledger").read_bytes() == before
    assert trial == desk.close("2026-Q1")
    # 10 % of 1000.50; 5 % of 333.33 and a demo each.
    assert desk.lines("contoso") == {
        "sourced D1": "100.05",
        "influenced D2": "16.67",
        "action:demo D2": "50.00",
    }
    assert desk.lines("fabrikam") == {"influenced D2": "16.67", "action:demo D2": "50.00"}
    assert trial["totals"] == {"EUR": "233.39"}
    assert "same" in desk.verify("contoso", "2026-Q1") and "same" in desk.verify("fabrikam", "2026-Q1")
    line = next(one for one in desk.statement("contoso")["lines"] if one["kind"] == "sourced")
    why = desk.run("statement", "why", line["line"], desk.root / "out" / "contoso-2026-Q1.json")
    (digest,) = {row["rules"] for row in desk.json("credit")}
    assert (
        f"evidence  rule=sourced rules={digest} grade=none action=a1; digest of its proof sha256:{'ab' * 32}"
        in why
    )
    # Half a year is paid; then a dispute, which the status shows and which freezes what the CRM says.
    desk.now = day("2026-04-20")
    run = desk.json("pay", "approve", *key(desk, "ada"))["run"]
    desk.run("pay", "paid", run, "--reference", "SEPA 1")
    desk.run("dispute", "open", line["line"], "--reason", "amount", "--by", "contoso")
    assert desk.status("D1", "contoso") == ("Disputed", "disputed:open")
    assert desk.status("D2", "contoso")[0] == "Influenced"
    desk.crm([DEALS[0].replace("1000.50", "1200.49"), *DEALS[1:]])
    made = desk.json("credit", "events")
    # The event of the status stays as it is; no rule looks at introductions, so there is none of those.
    assert [one["code"] for one in made["findings"]] == ["disputed"]
    assert "action:introduction" not in {one["kind"] for one in made["events"]}
    assert all(one["taken_in"] for one in made["events"])
    desk.run("dispute", "decide", "d1", "--outcome", "rejected", *key(desk, "cleo"))
    assert desk.status("D1", "contoso") == ("Sourced", "sourced")
    # The next close takes the old event back and earns the new one: 120.05 less 100.05.
    desk.now = day("2026-07-02")
    closed = desk.close("2026-Q2")
    assert (closed["totals"], closed["refused"]) == ({"EUR": "20.00"}, [])
    second = desk.statement("contoso")
    assert sorted((one["kind"], one["amount"]) for one in second["lines"]) == [
        ("cancel", "-100.05"), ("sourced", "120.05"),
    ]  # fmt: skip
    assert second["balances"][0]["closing"] == "20.00"
    assert {one["date"] for one in second["lines"]} == {"2026-06-30", "2026-03-10"}
    # Both show on what they rest.
    assert {one["proof"] for one in second["lines"]} == {f"sha256:{'ab' * 32}"}
    assert "same" in desk.verify("contoso", "2026-Q2")
    assert desk.json("pay", "replay")["closes"] == ["2026-Q1", "2026-Q2"]
    # Nothing changes any more.
    desk.now = day("2026-10-02")
    assert desk.close("2026-Q3")["lines"] == 0


def test_what_a_statement_shows_is_of_this_partner_alone(desk: Paid) -> None:
    # A team rule, so that each sees that somebody else took part.
    hand = "w1,2026-03-20,won,,D2,,333.33,EUR,\n"
    desk.close("2026-Q1", "--events", desk.events(hand))
    assert desk.lines("contoso")["won D2"] == "1.67"
    desk.run(
        "dispute", "open", "--deal", "D4", "--partner", "fabrikam", "--reason", "missing", "--by", "fabrikam"
    )
    for partner, other in (("contoso", "fabrikam"), ("fabrikam", "contoso")):
        desk.statement(partner, "2026-Q1")
        for suffix in ("json", "csv", "html"):
            text = (desk.root / "out" / f"{partner}-2026-Q1.{suffix}").read_text()
            assert other not in text and ("D4" in text) == (partner == "fabrikam" and suffix != "csv")
        rows = desk.statement(partner, "2026-Q1")["inputs"]["rows"]
        assert [row[3][1:] for row in rows if row[3] != partner and row[3]] == ["000001"] * 2


def test_files_of_events_say_the_same_as_the_close(desk: Paid) -> None:
    events, evidence = desk.root / "EVENTS.csv", desk.root / "EVIDENCE.csv"
    desk.run("credit", "events", "--out", events, "--evidence", evidence)
    made = desk.json("pay", desk.root / "plan.toml", events, "--as-of", "2026-03-31")
    assert {row["partner_id"]: row["total"] for row in made["totals"]} == {
        "contoso": "166.72", "fabrikam": "66.67",
    }  # fmt: skip
    # Beside --credit the same rows are the same rows, and outdated ones are refused.
    desk.crm([*DEALS[:3], DEALS[3]], [ACTIONS[0], ACTIONS[1]])
    hand = "x1,2026-03-05,sourced,adatum,D4,,70,EUR,\n"
    both = desk.write("both.csv", events.read_text() + hand)
    closed = desk.close("2026-Q1", "--events", both, "--evidence", evidence)
    assert {code for _, code in closed["refused"]} == {"event-outdated"}
    assert {name.split("/")[1] for name, _ in closed["refused"]} == {"D2", "a3"}
    assert desk.lines("adatum") == {"sourced D4": "7.00"}
    assert "nothing about this partner" in desk.run("statement", "fabrikam", code=2)
    assert closed["totals"] == {"EUR": "173.72"}
    desk.run("pay", "replay")


def test_a_partial_export_claws_nothing_back(desk: Paid) -> None:
    desk.close("2026-Q1")
    desk.now = day("2026-07-02")
    desk.crm(DEALS[1:], ACTIONS[:2])
    closed = desk.close("2026-Q2")
    assert (closed["lines"], closed["not_earned"]) == (0, {"action-gone": 2, "deal-gone": 1})
    assert "careful   1 deal-gone" in desk.run("credit", "events")


def test_a_reopened_deal_is_taken_back_and_won_again_is_earned_again(desk: Paid) -> None:
    desk.close("2026-Q1")
    desk.now = day("2026-07-02")
    desk.crm([DEALS[0].replace("Closed Won", "Negotiation").replace("2026-03-10", ""), *DEALS[1:]])
    assert desk.close("2026-Q2")["totals"] == {"EUR": "-100.05"}
    assert {one["state"] for one in desk.statement("contoso", "2026-Q2")["lines"]} == {"void"}
    desk.now = day("2026-10-02")
    desk.crm(DEALS)
    assert desk.close("2026-Q3")["totals"] == {"EUR": "100.05"}
    desk.statement("contoso")
    assert "same" in desk.verify("contoso", "2026-Q3")
    desk.run("pay", "replay")


def test_after_the_clawback_window_a_change_is_listed_and_pays_nothing_twice(desk: Paid) -> None:
    desk.close("2026-Q1")
    desk.now = day("2026-07-02")
    desk.close("2026-Q2")
    desk.now = day("2026-10-02")
    desk.crm([DEALS[0].replace("1000.50", "2000"), *DEALS[1:]])
    closed = desk.close("2026-Q3")  # 30 September is 204 days after 10 March.
    assert (closed["lines"], closed["not_earned"]) == (0, {"outside-clawback": 1})


def test_a_deal_that_earned_no_line_is_disputed_and_decided(desk: Paid) -> None:
    desk.close("2026-Q1")
    words = (
        "dispute",
        "open",
        "--deal",
        "D4",
        "--partner",
        "Contoso",
        "--by",
        "contoso",
        "--reason",
        "missing",
    )
    told = desk.run(*words)
    assert "the deal is Disputed for contoso: it earns nothing there, and nothing is taken back" in told
    assert desk.status("D4", "contoso") == ("Disputed", "disputed:open")
    desk.run(*words, code=2)
    (listed,) = desk.json("dispute", "list")
    assert (listed["line"], listed["deal"], listed["partner"], listed["answer_in"]) == (
        "",
        "D4",
        "contoso",
        5,
    )
    assert "deal D4" in desk.run("dispute", "list")
    assert desk.statement("fabrikam", "2026-Q1")["disputes"] == []
    (shown,) = desk.statement("contoso", "2026-Q1")["disputes"]
    assert (shown["line"], shown["deal"], shown["outcome"]) == ("", "D4", "")
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "7.00", *key(desk, "ada"), code=3)
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "7.00", *key(desk, "cleo"))
    desk.run("dispute", "open", "--deal", "D3", "--partner", "fabrikam", "--by", "f", "--reason", "missing")
    desk.run("dispute", "decide", "d2", "--outcome", "rejected", *key(desk, "cleo"))
    assert desk.json("credit", "events")["findings"] == []
    desk.now = day("2026-07-02")
    assert desk.close("2026-Q2")["totals"] == {"EUR": "7.00"}
    (line,) = desk.statement("contoso")["lines"]
    assert (line["kind"], line["deal_id"], line["given"]) == ("dispute", "D4", True)
    assert "upheld: missing" in line["formula"] and "1 by decision" in desk.verify("contoso", "2026-Q2")
    assert "nothing about this partner" in desk.run("statement", "adatum", code=2)
    cost = {(row["rule"], row["type"]): row["owed"] for row in desk.json("pay", "cost")}
    assert cost["dispute", "dispute"] == "7.00"
    desk.now = day("2026-07-20")
    assert desk.json("pay", "approve", *key(desk, "ada"))["payouts"][0]["amount"] == "173.72"
    desk.run("pay", "replay")


@pytest.mark.parametrize(
    "words",
    [
        ("--reason", "missing", "--by", "x"),
        ("--deal", "D4", "--reason", "missing", "--by", "x"),
        ("--partner", "contoso", "--reason", "missing", "--by", "x"),
        ("L1", "--deal", "D4", "--partner", "contoso", "--reason", "missing", "--by", "x"),
        ("--deal", "none", "--partner", "contoso", "--reason", "missing", "--by", "x"),
        ("--deal", "D4", "--partner", " ", "--reason", "missing", "--by", "x"),
    ],
)
def test_a_dispute_is_about_one_line_or_one_deal(desk: Paid, words: tuple[str, ...]) -> None:
    desk.run("dispute", "open", *words, code=2)


def test_a_partner_with_nothing_but_a_dispute_gets_a_statement(desk: Paid) -> None:
    desk.close("2026-Q1")
    words = ("--deal", "D4", "--partner", "adatum", "--reason", "missing", "--by", "adatum")
    desk.run("dispute", "open", *words)
    made = desk.statement("adatum", "2026-Q1")
    assert made["lines"] == [] and [one["deal"] for one in made["disputes"]] == ["D4"]
    assert "same" in desk.verify("adatum", "2026-Q1")


def test_a_dispute_about_a_deal_comes_in_time(desk: Paid) -> None:
    desk.close("2026-Q1")
    desk.now = day("2026-06-05")
    words = ("--partner", "contoso", "--reason", "missing", "--by", "x")
    desk.run("dispute", "open", "--deal", "D4", *words, code=3)  # 61 days after the close of 5 April.
    desk.run("dispute", "open", "--deal", "D3", *words)  # It is not won yet.


def test_a_close_needs_events_and_reads_the_ledger_once(desk: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.run("period", "close", "2026-Q1", code=2)
    calls: list[int] = []
    replay = ledger.replay

    def counted(*words: Any, **options: Any) -> ledger.Books:
        calls.append(1)
        return replay(*words, **options)

    monkeypatch.setattr(ledger, "replay", counted)
    desk.close("2026-Q1")
    assert len(calls) == 1


def test_a_close_that_fails_writes_nothing(desk: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (desk.root / "party" / "money" / "ledger").read_bytes()
    monkeypatch.setattr(ledger, "close_body", lambda *_: {}["no body"])
    with pytest.raises(AssertionError):
        desk.close("2026-Q1")
    assert (desk.root / "party" / "money" / "ledger").read_bytes() == before


def test_events_are_plain_values(desk: Paid) -> None:
    made = desk.json("credit", "events")
    assert made["day"] == "2026-03-31" and not any(one["taken_in"] for one in made["events"])
    first = next(one for one in made["events"] if one["kind"] == "sourced")
    assert first["product"] == "new-business" and json.dumps(made)


def test_fields_that_are_filled_by_chance_pay_nobody(desk: Paid) -> None:
    # Three of four actions have an owner; the rules ask for all of them.
    desk.crm(DEALS, [*ACTIONS, f"a4,D3,A3,contoso,demo,2026-03-20,2026-03-20,{PROOF},"])
    text = default_rules().decode().replace("\npartner = 90", "\nowner = 100\npartner = 90")
    text = text.replace("version = 1", "version = 2").replace("effective = 2015", "effective = 2016")
    rules = desk.write("strict.toml", text)
    said = desk.run("credit", "events", "--rules", rules, code=3)
    assert "owner in 75.0 per cent of 4 actions, the rules need 100" in said
    desk.run("rules", "adopt", rules)
    ledger_file = desk.root / "party" / "money" / "ledger"
    before = ledger_file.read_bytes()
    assert "owner in 75.0" in desk.run("period", "close", "2026-Q1", "--credit", code=3)
    assert ledger_file.read_bytes() == before
    # A forecast takes no statuses either, and an older file of them does not stay behind.
    out = desk.root / "plain"
    out.mkdir()
    (out / "statuses.csv").write_text("deal_id,status,since\n")
    made = desk.json("credit", "export", out)
    assert not (out / "statuses.csv").exists()
    assert any("statuses.csv is left out: owner is filled in 75.0 per cent" in note for note in made["notes"])
    assert not any("--statuses" in command for command in made["commands"])
    # With the owner filled in, both go on.
    desk.crm(DEALS, [*ACTIONS, f"a4,D3,A3,contoso,demo,2026-03-20,2026-03-20,{PROOF},jo"])
    assert desk.close("2026-Q1")["lines"] > 0
    assert "statuses.csv" in [file["name"] for file in desk.json("credit", "export", out)["files"]]


def test_an_import_keeps_the_currency_that_was_named(desk: Paid) -> None:
    assert Folder(desk.root / "party").read_record("tables", "opportunities.import")["currency"] == "EUR"
    assert Folder(desk.root / "party").read_record("tables", "actions.import")["currency"] == ""


def test_a_slip_in_a_partners_name_opens_no_dispute(desk: Paid) -> None:
    """Upheld, it would be paid to somebody who does not exist."""
    desk.close("2026-Q1")
    words = ("--deal", "D4", "--reason", "missing", "--by", "contoso")
    assert "but 'contoso'" in desk.run("dispute", "open", *words, "--partner", "contosso", code=2)
    desk.run("dispute", "open", *words, "--partner", "Contoso")
    (listed,) = desk.json("dispute", "list")
    assert listed["partner"] == "contoso"


def test_a_trial_close_says_whom_it_pays_and_what_waits(desk: Paid) -> None:
    words = "--credit", "--events", desk.events("r1,2026-02-01,renewal,contoso,D9,,10,EUR,\n"), "--dry-run"
    said = desk.run("period", "close", "2026-Q1", *words)
    assert "  contoso: " in said and "no-rule: no rule of the plan pays for this event" in said
    made = desk.json("period", "close", "2026-Q1", *words)
    (total,) = made["totals"].values()
    assert sum(Decimal(amount) for _, _, amount in made["partners"]) == Decimal(total)


def test_a_statement_is_found_by_the_name_of_the_crm(desk: Paid) -> None:
    desk.close("2026-Q1")
    assert "deal_id" in desk.run("statement", "Contoso", "--out", desk.root / "out")
    assert (desk.root / "out" / "contoso-2026-Q1.json").is_file()
    assert "'contoso'" in desk.run("statement", "nobody", code=2)


def test_deals_are_named_by_the_beginning_of_their_ids(desk: Paid) -> None:
    """Reports of a CRM print 15 of the 18 characters."""
    desk.crm(
        [
            "0068d00000OPP01,A1,Closed Won,100,2026-02-01,2026-03-10,",
            "0068d00000OPP02,A2,Negotiation,1,2026-02-01,,",
        ]
    )
    desk.close("2026-Q1")
    words = ("--partner", "contoso", "--reason", "missing", "--by", "x")
    desk.run("dispute", "open", "--deal", "0068d00000OPP01", *words)
    assert desk.json("dispute", "list")[0]["deal"] == "0068d00000OPP01AAH"
    said = "--partner", "contoso", "--type", "demo", "--date", "2026-04-01", "--proof", "x"
    desk.run("actions", "log", "--opportunity", "0068d00000OPP02", *said)
    assert desk.json("actions", "list")[-1]["opportunity_id"] == "0068d00000OPP02AAH"
    assert "more than one" in desk.run("actions", "log", "--opportunity", "0068d00000OPP0", *said, code=2)


def test_a_file_without_partner_type_or_date_is_no_file_of_actions(desk: Paid) -> None:
    """It would take the place of the actions that were imported before."""
    for columns in (
        "id,opportunity id,type,date",
        "id,opportunity id,partner,date",
        "id,opportunity id,partner,type",
    ):
        source = desk.write("wrong.csv", f"{columns}\na9,D1,demo,2026-03-01\n")
        desk.run("import", source, "--as", "actions", code=4)
    assert len(desk.json("actions", "list")) == len(ACTIONS)


def test_a_wrong_passphrase_of_a_persons_key_names_its_own_variable(desk: Paid) -> None:
    told = desk.run("pay", "approve", "--as", desk.root / "ada.key", "--key-passphrase-file",
                    desk.write("wrong", "another passphrase entirely"), code=3)  # fmt: skip
    assert "OVERLAP_KEY_PASSPHRASE" in told and "OVERLAP_PASSPHRASE" not in told


def test_an_option_of_the_whole_program_behind_a_command_says_where_it_stands(desk: Paid) -> None:
    told = desk.run("import", "deals.csv", "--dir", "x", code=2)
    assert "'overlap --dir … import …'" in told
