"""A finance person's half hour: open a statement, ask why, recompute it, dispute a line, replay the quarter.

By the commands, over one folder. Expected amounts are computed by hand from the plan below: 6 % up to 100,000
of a quarter and 8 % above, a spiff of 250 a meeting, a won deal shared by points.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from desk import DAY, Desk, day, key, plan_text, set_passphrases

from cleanroom.attribution import ledger, payouts
from overlap import canonical

pytestmark = pytest.mark.usefixtures("quick_passphrase")

PLAN = plan_text(
    """[[rule]]
id = "tiers"
type = "commission"
kinds = ["sourced"]
bands = [{ from = "0", rate = "6%" }, { from = "100000", rate = "8%" }]

[[rule]]
id = "meeting"
type = "spiff"
kinds = ["meeting"]
amount = "250"
once_per = "deal"

[[rule]]
id = "team"
type = "commission"
kinds = ["won"]
rate = "10%"
split = { by = "points", points = { "action:demo" = 2, "action:intro" = 1 } }
""",
    clawback=365,
    minimum="10",
    override=True,
)
Q1 = """e1,2026-01-15,sourced,contoso,d1,,90000,EUR,
e2,2026-02-15,sourced,contoso,d2,,20000,EUR,
e3,2026-03-01,meeting,contoso,d3,,,,
e4,2026-03-02,sourced,fabrikam,d4,,1000,EUR,
a1,2026-01-02,action:demo,contoso,d5,,,,
a2,2026-01-03,action:intro,adatum,d5,,,,
e5,2026-03-03,won,,d5,,100.01,EUR,
e6,2026-03-04,sourced,fabrikam,d6,,1000,USD,
"""


ATTAINED = {
    "scope": "tiers/contoso/2026-Q1/v1",
    "rule": "tiers",
    "span": "2026-Q1",
    "currency": "EUR",
    "volume": "11000000",
    "due": "680000",
    "band": "10000000",
    "pays": "8 %",
    "next_band": "",
    "missing": "",
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    set_passphrases(monkeypatch)
    made = Desk(tmp_path)
    made.begin(PLAN, {"ada": "finance", "ben": "finance", "cleo": "judge"})
    made.run("period", "close", "2026-Q1", "--events", made.events(Q1))
    return made


def amounts(statement: dict[str, Any]) -> dict[str, str]:
    return {f"{line['event_id']}": line["amount"] for line in statement["lines"]}


def test_the_half_hour_of_a_finance_person(desk: Desk) -> None:
    # Open a statement: 90,000 at 6 %, then 10,000 at 6 % and 10,000 at 8 %, the meeting, two thirds of 10.00.
    made = desk.statement("contoso")
    assert amounts(made) == {"e1": "5400.00", "e2": "1400.00", "e3": "250.00", "e5": "6.67"}
    assert made["balances"][0] | {"opening": "0.00"} == made["balances"][0]
    assert made["balances"][0]["closing"] == "7056.67"
    # Where contoso stands in the bands: 110,000 of volume, on the page and in a table.
    assert made["attainment"] == [ATTAINED]
    page = (desk.root / "out" / "contoso-2026-Q1.html").read_text()
    assert "Where you stand" in page and ">110000.00 EUR<" in page
    assert ",8 %," in (desk.root / "out" / "contoso-2026-Q1-attainment.csv").read_text()
    # Ask why.
    line = next(one["line"] for one in made["lines"] if one["event_id"] == "e2")
    why = desk.run("statement", "why", line, desk.root / "out" / "contoso-2026-Q1.json")
    assert "owes 6800.00 EUR, less 5400.00 before" in why and len(why.splitlines()) <= 12
    # Anybody can do the sum: 6,000 and 800.
    assert "(100000.00 at 6 % and 10000.00 at 8 %)" in why
    assert "exact     1400.00 EUR before" in why
    told = desk.run("statement", "why", line, desk.root / "out" / "contoso-2026-Q1.csv", code=5)
    assert "give PARTNER-PERIOD.json" in told
    # Recompute it.
    assert "same" in desk.verify("contoso", "2026-Q1")
    desk.statement("adatum")
    assert "same" in desk.verify("adatum", "2026-Q1")
    # Dispute a line: it is frozen, the rest is approved and paid.
    proof = desk.write("mail.txt", "we agreed on more")
    told = desk.run("dispute", "open", line, "--reason", "amount", "--by", "contoso", "--evidence", proof)
    assert told.splitlines() == [
        "dispute   d1",
        "decides   somebody with the role judge, by 2026-04-10 (5 days)",
        "until     1400.00 EUR is frozen: neither approved nor paid; other lines go on",
    ]
    assert {one["state"] for one in desk.statement("contoso")["lines"]} == {"accrued", "disputed"}
    desk.now = day("2026-04-20")
    assert desk.json("dispute", "list")[0]["answer_in"] == -10
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "100", *key(desk, "ada"), code=3)
    desk.run("dispute", "decide", "d1", "--outcome", "upheld", "--amount", "100", *key(desk, "cleo"))
    run = desk.json("pay", "approve", *key(desk, "ada"))
    assert {row["partner_id"]: row["amount"] for row in run["payouts"]} == {
        "contoso": "7056.67",
        "fabrikam": "60.00",
    }
    assert [row["partner_id"] for row in run["carried"]] == ["adatum"]  # 3.33 is below the minimum of 10.
    desk.run("pay", "export", run["run"], "--out", desk.root / "books")
    desk.run("pay", "paid", run["run"], "--reference", "SEPA 77")
    assert {one["state"] for one in desk.statement("contoso", "2026-Q1")["lines"]} == {"paid"}
    # See it resolved: the next close books the 100.
    desk.now = day("2026-07-02")
    desk.run("period", "close", "2026-Q2", "--events", desk.events(Q1))
    second = desk.statement("contoso")
    assert [(one["kind"], one["amount"]) for one in second["lines"]] == [("dispute", "100.00")]
    assert second["balances"][0]["opening"] == "0.00" and second["balances"][0]["closing"] == "100.00"
    assert second["disputes"][0]["outcome"] == "upheld"
    assert "1 by decision" in desk.verify("contoso", "2026-Q2")
    # Replay the quarter.
    head = desk.json("pay", "replay")
    assert head["closes"] == ["2026-Q1", "2026-Q2"] and head["head"] == desk.json("pay", "replay")["head"]
    # Adopting the plan, the decision and the run are signed by people.
    assert head["signed"] == 3


def test_late_events_and_refunds_leave_a_closed_period_as_it_was(desk: Desk) -> None:
    before = (desk.root / "party" / "money" / "ledger").read_bytes()
    first = desk.statement("contoso", "2026-Q1")
    desk.now = day("2026-07-02")
    late = Q1 + (
        "e0,2026-01-02,sourced,contoso,d0,,50000,EUR,\n"  # Late: now e1 crosses the border.
        "r1,2026-05-01,refund,contoso,d2,,20000,EUR,e2\n"
        "e7,2026-06-30,sourced,contoso,d7,,1000,EUR,\n"
    )
    rates = desk.write("rates.csv", "date,base,quote,rate,source\n2026-03-04,USD,EUR,0.9,ECB\n")
    closed = desk.json("period", "close", "2026-Q2", "--events", desk.events(late), "--rates", rates)
    assert closed["late"] == 2  # e0, and e6 whose rate has arrived.
    after = (desk.root / "party" / "money" / "ledger").read_bytes()
    assert after.startswith(before)
    again = desk.statement("contoso", "2026-Q1")
    assert amounts(again) == amounts(first)
    second = desk.statement("contoso", "2026-Q2")
    # Q1 owes 6,000 + 4,800 for 160,000, less the refund of 20,000 at 8 %; Q2 owes 60 for e7; 6,800 is booked.
    owed = 600_000 + 480_000 - 160_000 + 6_000 - 680_000
    assert sum(one["minor"] for one in second["lines"]) == owed
    assert [one["kind"] for one in second["lines"]].count("adjustment") == 1
    assert "same" in desk.verify("contoso", "2026-Q2")
    assert "same" in desk.verify("contoso", "2026-Q1")
    assert amounts(desk.statement("fabrikam", "2026-Q2"))["e6"] == "54.00"
    desk.run("pay", "replay")


def test_a_line_that_is_reversed_before_payment_is_void_and_one_after_it_is_reversed(desk: Desk) -> None:
    desk.now = day("2026-04-20")
    desk.run("dispute", "open", line_of(desk, "contoso", "e3"), "--reason", "date", "--by", "contoso")
    run = desk.json("pay", "approve", *key(desk, "ben"))["run"]
    desk.run("dispute", "decide", "d1", "--outcome", "rejected", *key(desk, "cleo"))
    desk.run("pay", "paid", run, "--reference", "1")
    desk.now = day("2026-07-02")
    back = "r1,2026-05-01,cancel,,,,,,e4\nr2,2026-05-01,cancel,,,,,,e3\n"
    desk.run("period", "close", "2026-Q2", "--events", desk.events(Q1 + back))
    states = {one["event_id"]: one["state"] for one in desk.statement("contoso", "2026-Q1")["lines"]}
    assert states == {"e1": "paid", "e2": "paid", "e3": "void", "e5": "paid"}
    theirs = desk.statement("fabrikam", "2026-Q1")["lines"]
    assert {one["event_id"]: one["state"] for one in theirs} == {"e4": "reversed"}
    desk.now = day("2026-07-20")
    balance = desk.statement("fabrikam", "2026-Q2")["balances"][0]
    assert balance["closing"] == "-60.00"  # Carried; nobody asks for cash.
    desk.run("pay", "approve", *key(desk, "ben"), code=2)
    desk.run("pay", "replay")


def test_a_line_that_is_reversed_in_part_stays_and_a_negative_balance_is_not_paid(desk: Desk) -> None:
    desk.now = day("2026-07-02")
    back = "r1,2026-05-01,refund,fabrikam,d4,,400,EUR,e4\nr2,2026-05-01,refund,contoso,d2,,20000,EUR,e2\n"
    desk.run("period", "close", "2026-Q2", "--events", desk.events(Q1 + back))
    lines = desk.statement("fabrikam", "2026-Q1")["lines"]
    assert {one["event_id"]: one["state"] for one in lines} == {"e4": "payable"}
    assert desk.statement("fabrikam", "2026-Q2")["balances"][0]["closing"] == "36.00"
    # Reversed in full before payment: both lines are void, and neither is in a run.
    assert {one["state"] for one in desk.statement("contoso", "2026-Q2")["lines"]} == {"void"}
    run = desk.json("pay", "approve", *key(desk, "ada"))
    assert {row["partner_id"]: row["amount"] for row in run["payouts"]} == {
        "contoso": "5656.67",
        "fabrikam": "60.00",
    }


def test_nothing_negative_is_paid_though_the_plan_has_no_minimum() -> None:
    plan = payouts.read_plan(PLAN.replace('minimum = "10"\n', "").encode())
    books = ledger.Books()
    entries: list[ledger.Entry] = []

    def add(kind: str, body: dict[str, Any]) -> None:
        entries.append(ledger.make_entry(ledger.head_of(entries), len(entries), 0, kind, body))
        books.apply(entries[-1])

    add("plan", {"text": PLAN.replace('minimum = "10"\n', "")})
    add("events", {"evidence": [], "rates": [], "rows": [row.split(",") for row in Q1.split()]})
    add("close", ledger.close_body(books, "2026-Q1", day("2026-03-31") // DAY))
    add(
        "override",
        {"override": "o1", "line": next(iter(books.lines)), "minor": -900_000, "reason": "r", "by": "a"},
    )
    add("confirmation", {"override": "o1", "by": "b"})
    add("close", ledger.close_body(books, "2026-Q2", day("2026-06-30") // DAY))
    made, carried = ledger.payable_run(books, "2026-12-31")
    assert plan.minimum == 0
    assert [(row["partner_id"], row["minor"]) for row in carried] == [("contoso", 705_667 - 900_000)]
    assert [row["partner_id"] for row in made] == ["adatum", "fabrikam"]


def line_of(desk: Desk, partner: str, event: str) -> str:
    lines = desk.statement(partner)["lines"]
    return next(str(one["line"]) for one in lines if one["event_id"] == event)


def test_a_disputed_line_of_an_approved_run_keeps_only_its_partner_from_being_paid(desk: Desk) -> None:
    desk.now = day("2026-04-20")
    run = desk.json("pay", "approve", *key(desk, "ada"))["run"]
    line = line_of(desk, "contoso", "e1")
    told = desk.run("dispute", "open", line, "--reason", "rate", "--by", "contoso")
    assert f"until     5400.00 EUR is frozen, and run {run} pays contoso nothing in EUR" in told
    desk.run("pay", "export", run, "--out", desk.root / "books")
    assert "contoso" not in (desk.root / "books" / "payables.csv").read_text()
    assert "fabrikam" in desk.run("pay", "paid", run, "--reference", "1")
    desk.run("pay", "paid", run, "--reference", "2", code=2)
    desk.run("dispute", "decide", "d1", "--outcome", "rejected", *key(desk, "cleo"))
    assert "contoso" in desk.run("pay", "paid", run, "--reference", "2")
    told = desk.run("dispute", "open", line, "--reason", "rate", "--by", "contoso")
    assert "until     nothing is frozen, for the line is paid" in told
    desk.run("pay", "replay")


def test_an_override_takes_two_people_with_keys_of_their_own(desk: Desk) -> None:
    line = line_of(desk, "contoso", "e1")
    words = ("pay", "override", line, "--amount", "-400", "--reason", "agreed")
    desk.run(*words, *key(desk, "cleo"), code=3)
    desk.run(*words, *key(desk, "ada"))
    desk.run("pay", "confirm", "o1", *key(desk, "ada"), code=3)
    desk.run("pay", "confirm", "o1", *key(desk, "ben"))
    desk.run("pay", "confirm", "o1", *key(desk, "ben"), code=2)
    desk.now = day("2026-07-02")
    desk.run("period", "close", "2026-Q2", "--events", desk.events(Q1))
    assert [(one["kind"], one["amount"]) for one in desk.statement("contoso")["lines"]] == [
        ("override", "-400.00")
    ]
    desk.now = day("2026-10-02")
    desk.run("period", "close", "2026-Q3", "--events", desk.events(Q1))
    assert desk.statement("contoso")["lines"] == []  # The engine does not take the decision back.
    assert desk.json("pay", "replay")["signed"] == 3


@pytest.mark.parametrize("what", ["amount", "row", "weight", "balance", "attainment", "no attainment"])
def test_a_statement_that_was_changed_does_not_verify(desk: Desk, what: str) -> None:
    desk.statement("contoso")
    file = desk.root / "out" / "contoso-2026-Q1.json"
    made = json.loads(file.read_bytes())
    if what == "amount":
        made["lines"][0]["minor"] += 1
    elif what == "row":
        next(row for row in made["inputs"]["rows"] if row[0] == "e1")[6] = "90000.17"
    elif what == "weight":
        next(row for row in made["inputs"]["rows"] if row[2] == "action:intro")[2] = "action:demo"
    elif what == "attainment":
        made["attainment"][0]["missing"] = "1"
    elif what == "no attainment":
        made["attainment"] = []
    else:
        made["balances"][0]["closing"] = "9056.67"
    file.write_bytes(canonical.encode(made) + b"\n")
    assert "differs" in desk.verify("contoso", "2026-Q1", code=3)


def test_a_statement_shows_nothing_of_other_partners(desk: Desk) -> None:
    made = desk.statement("contoso")
    for suffix in ("json", "csv", "html"):
        text = (desk.root / "out" / f"contoso-2026-Q1.{suffix}").read_text()
        assert "fabrikam" not in text and "adatum" not in text
    assert {row[0] for row in made["inputs"]["rows"]} == {"a1", "a1 !000001", "e1", "e2", "e3", "e5"}


def test_the_files_of_a_run_balance_and_hold_no_formula(desk: Desk) -> None:
    import csv

    desk.now = day("2026-04-20")
    run = desk.json("pay", "approve", *key(desk, "ada"))["run"]
    desk.run("pay", "paid", run, "--reference", "=1+1")
    desk.run("pay", "export", run, "--out", desk.root / "books")
    with (desk.root / "books" / "payables.csv").open(newline="") as file:
        assert {row["reference"] for row in csv.DictReader(file)} == {"'=1+1"}
    with (desk.root / "books" / "journal.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    debit, credit = (
        sum(payouts.read_amount(row[side] or "0", 2) or 0 for row in rows) for side in ("debit", "credit")
    )
    assert debit == credit > 0


def test_another_plan_over_past_periods_names_winners_and_losers(desk: Desk) -> None:
    other = desk.write(
        "other.toml", PLAN.replace('rate = "6%"', 'rate = "5%"').replace('amount = "250"', 'amount = "2000"')
    )
    made = desk.json("pay", "what-if", other)
    assert {row["partner"]: row["difference"] for row in made["rows"]} == {
        "adatum": "0.00", "contoso": "750.00", "fabrikam": "-10.00",
    }  # fmt: skip
    assert (made["winners"], made["losers"], made["same"]) == (1, 1, 1)


def test_another_plan_takes_decisions_along_where_their_line_is_there(desk: Desk) -> None:
    for at, (event, amount) in enumerate((("e1", "-400"), ("e3", "70")), start=1):
        line = line_of(desk, "contoso", event)
        desk.run("pay", "override", line, "--amount", amount, "--reason", "agreed", *key(desk, "ada"))
        desk.run("pay", "confirm", f"o{at}", *key(desk, "ben"))
    desk.now = day("2026-07-02")
    desk.run("period", "close", "2026-Q2", "--events", desk.events(Q1))
    other = desk.write("other.toml", PLAN.replace('id = "meeting"', 'id = "visit"'))
    made = desk.json("pay", "what-if", other)
    assert (made["carried"], made["left"]) == (["override/o1"], ["override/o2"])
    row = next(row for row in made["rows"] if row["partner"] == "contoso")
    assert (row["now"], row["then"], row["difference"]) == ("6726.67", "6656.67", "-70.00")
    told = desk.run("pay", "what-if", other)
    assert "carried   in both sums: override/o1" in told and "there: override/o2" in told
    assert "in neither sum" not in told


def test_a_changed_plan_counts_from_an_open_period_only(desk: Desk) -> None:
    changed = PLAN.replace("version = 1", "version = 2").replace("6%", "9%")
    desk.run("pay", "adopt", desk.write("plan2.toml", changed), *key(desk, "ada"), code=3)
    changed = changed.replace('from = "2026-01-01"', 'from = "2026-04-01"')
    desk.run("pay", "adopt", desk.write("plan2.toml", changed), *key(desk, "cleo"), code=3)
    desk.run("pay", "adopt", desk.write("plan2.toml", changed), *key(desk, "ada"))
    desk.now = day("2026-07-02")
    more = Q1 + "e9,2026-04-01,sourced,contoso,d9,,100,EUR,\n"
    desk.run("period", "close", "2026-Q2", "--events", desk.events(more))
    assert amounts(desk.statement("contoso")) == {"e9": "9.00"}
    file = desk.root / "out" / "contoso-2026-Q2.json"
    plans = ("--plan", desk.root / "plan.toml", "--plan", desk.root / "plan2.toml")
    desk.run("statement", "verify", file, *plans)
    desk.run("statement", "verify", file, *plans[:2], code=2)


def test_rows_that_contradict_what_was_taken_in_are_refused_and_listed(desk: Desk) -> None:
    desk.now = day("2026-07-02")
    changed = Q1.replace("90000", "95000") + "x,2026-04-02T10:00:00,sourced,contoso,d9,,100,EUR,\n"
    closed = desk.json("period", "close", "2026-Q2", "--events", desk.events(changed))
    assert sorted(closed["refused"]) == [["e1", "event-id-conflict"], ["x", "date-without-zone"]]
    assert closed["waiting"] == {"rate-missing": 1}


def test_a_close_names_partners_that_look_the_same(desk: Desk) -> None:
    desk.now = day("2026-07-02")
    events = desk.events(Q1 + "e7,2026-04-30,sourced,c\u043entoso,d7,,1000,EUR,\n")
    words = ("period", "close", "2026-Q2", "--events", events, "--dry-run")
    assert desk.json(*words)["look_alikes"] == [["contoso", "c\u043entoso"]]
    assert r"('c\u043entoso')" in desk.run(*words)


def test_periods_close_in_their_order_once_and_when_they_are_over(desk: Desk) -> None:
    events = desk.events(Q1)
    desk.run("period", "close", "2026-Q1", "--events", events, code=2)
    desk.run("period", "close", "2026-Q3", "--events", events, code=2)
    desk.run("period", "close", "2026-Q2", "--events", events, code=3)


@pytest.mark.parametrize("where", [1, 2, 5, -1])
def test_an_altered_ledger_is_refused(desk: Desk, where: int) -> None:
    path = desk.root / "party" / "money" / "ledger"
    lines = path.read_bytes().split(b"\n")[:-1]
    lines[where] = lines[where].replace(b"0", b"1", 1) if b"0" in lines[where] else lines[where] + b" "
    path.write_bytes(b"\n".join(lines) + b"\n")
    if where == -1:
        # The last line has nothing after it: what it says no longer follows.
        desk.run("pay", "replay", code=4)
    else:
        desk.run("statement", "contoso", code=4)


def test_a_half_written_entry_is_cut_off(desk: Desk) -> None:
    path = desk.root / "party" / "money" / "ledger"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"body":{"x"')
    desk.statement("contoso")
    assert path.read_bytes() == whole


def test_a_line_shows_the_evidence_of_its_event(desk: Desk) -> None:
    desk.now = day("2026-07-02")
    more = Q1 + "e9,2026-04-01,sourced,contoso,d9,,100,EUR,\nr9,2026-04-02,refund,contoso,d9,,50,EUR,e9\n"
    shown = desk.write("evidence.csv", "event_id,evidence,proof\ne9,note-17,sha256:ab\nunknown,x,y\n")
    desk.run("period", "close", "2026-Q2", "--events", desk.events(more), "--evidence", shown)
    lines = desk.statement("contoso")["lines"]
    assert {(one["evidence"], one["proof"]) for one in lines} == {("note-17", "sha256:ab")}
    assert "same" in desk.verify("contoso", "2026-Q2")
    desk.run("pay", "replay")


def test_the_cost_of_the_programme_is_that_of_its_lines(desk: Desk) -> None:
    assert {row["rule"]: row["owed"] for row in desk.json("pay", "cost")} == {
        "tiers": "6860.00", "meeting": "250.00", "team": "10.00",
    }  # fmt: skip


def test_reps_are_credited_with_the_full_amount(desk: Desk) -> None:
    bases = ("d1,90000,EUR", "d2,20000,EUR", "d4,1000,EUR", "d5,100.01,EUR", "d6,1000,USD")
    rows = [base.replace(",", ",rep,", 1) for base in bases]
    good = desk.write("reps.csv", "deal_id,rep_id,base,currency\n" + "\n".join(rows))
    assert "5 with the full base" in desk.run("pay", "reps", desk.events(Q1), good)
    bad = desk.write("bad.csv", good.read_text().replace("90000", "84600").replace("d4,", "d40,"))
    told = desk.run("pay", "reps", desk.events(Q1), bad, code=3)
    assert "d1: base-differs" in told and "d4: no-rep" in told
