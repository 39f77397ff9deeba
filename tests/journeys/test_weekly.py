"""The weekly review by the real commands, over the weeks of a partner that acts late and one that is silent.

Expected lines: docs/weekly.md. The walk begins on Sunday 2026-11-22 in week 47.
"""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from desk import plan_text, set_passphrases
from page_reader import Reader
from two_parties import BEGIN, DAY, PARTNER, SECRETS, VENDOR, TwoParties, Walk, write_csv

from cleanroom.attribution.classification import GLOSSARY
from cleanroom.session.attribution.rule_files import default_rules


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """After the match and the proofs, with two open deals on matched accounts and one won deal."""
    made = walk.at("proven", tmp_path / "both")
    accounts = [row["account"] for row in made.read_json(VENDOR, "credit") if row["partner"]]
    deals = [
        ["D1", accounts[0], "=Deal", "Negotiation", "9000", "EUR", "2026-11-10", "", "ann"],
        ["D2", accounts[1], "Two", "Discovery", "50.50", "EUR", "2026-11-01", "", "ben"],
        ["D3", accounts[2], "Three", "Discovery", "70", "USD", "2026-11-01", "", ""],
    ]
    header = ["id", "account_id", "name", "stage", "amount", "currency", "created", "close date", "owner"]
    made.run(VENDOR, "import", write_csv(tmp_path / "deals.csv", header, deals), "--as", "opportunities")
    return made


def log(both: TwoParties, kind: str, date: str, *words: str) -> str:
    start = ("actions", "log", "--partner", PARTNER, "--type", kind, "--date", date, "--owner", "jo")
    made = both.read_json(VENDOR, *start, *words)
    return str(made["id"])


def weekly(both: TwoParties, *words: str | Path) -> dict[str, Any]:
    made = both.read_json(VENDOR, "weekly", *words)
    assert isinstance(made, dict)
    return made


def codes(made: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in made["items"]:
        found.setdefault(one["code"], []).append(one["opportunity"])
    return found


def test_two_weeks_of_reviews(both: TwoParties) -> None:
    assert "a first week" in both.run(VENDOR, "weekly").out.splitlines()[0]
    intro = log(both, "introduction", "2026-11-22", "--opportunity", "D1", "--proof", "mail")
    log(both, "demo", "2026-11-22", "--opportunity", "D2", "--next-step", "pilot", "--due", "2026-11-25")
    # The first review of the week kept its statuses; later ones of the week have none to compare with.
    first = weekly(both)
    assert (first["week"], first["since"], first["changes"]) == ("2026-W47", "", [])
    assert codes(first) == {
        "missing-evidence": ["D2"], "step-due": ["D2"], "no-next-step": ["D1"],
    }  # fmt: skip
    both.now = BEGIN + 3 * DAY
    monday = weekly(both)
    assert (monday["week"], monday["since"]) == ("2026-W48", "2026-W47")
    assert {(one["kind"], one["opportunity"], one["after"]) for one in monday["changes"]} == {
        ("up", "D1", "Influenced"),
        ("down", "D2", "Disputed"),
    }
    (waits,) = [one for one in monday["items"] if one["code"] == "no-response"]
    assert (waits["action"], waits["owner"], waits["due"]) == (intro, "jo", "2026-11-24")
    both.run(VENDOR, "actions", "answer", intro)
    log(both, "demo", "2026-11-25", "--opportunity", "D2", "--proof", "slides")
    both.now = BEGIN + 5 * DAY
    friday = weekly(both)
    assert (friday["week"], friday["since"]) == ("2026-W48", "2026-W47")
    assert {(one["kind"], one["opportunity"]) for one in friday["changes"]} == {("up", "D1"), ("up", "D2")}
    assert "no-response" not in codes(friday) and codes(friday)["late-response"] == ["D1"]
    # Compared with its own week, what moved since its first review is told.
    since = weekly(both, "--since", "2026-W48")
    assert [(one["opportunity"], one["before"], one["after"]) for one in since["changes"]] == [
        ("D2", "Disputed", "Influenced")
    ]
    both.now = BEGIN + 16 * DAY
    assert codes(weekly(both))["no-loop-back"] == ["D1"]
    both.run(VENDOR, "actions", "loop-back", intro)
    assert "no-loop-back" not in codes(weekly(both))
    said = both.run(VENDOR, "weekly", "--since", "2026-W40", code=2).err
    assert "kept are: 2026-W47, 2026-W48, 2026-W50" in said
    both.run(VENDOR, "weekly", "--since", "../plays", code=2)


def test_a_silent_partner_goes_from_the_play_to_the_nurture_lane(both: TwoParties) -> None:
    assert weekly(both)["plays"] == []
    both.now = BEGIN + 61 * DAY
    (play,) = weekly(both)["plays"]
    assert (play["partner"], play["start"], play["week"]) == (PARTNER, "2027-01-22", 1)
    assert [one["opportunity"] for one in play["accounts"]][:3] == ["D1", "D2", "D3"]
    assert len(play["accounts"]) == 5
    both.now = BEGIN + 70 * DAY
    later = weekly(both)
    assert (later["plays"][0]["start"], later["plays"][0]["week"]) == ("2027-01-22", 2)
    assert codes(later)["stale-attached"] == ["D1", "D2", "D3"]
    both.now = BEGIN + 89 * DAY
    over = weekly(both)
    assert over["plays"][0]["week"] == 5
    assert [one["partner"] for one in over["listed"] if one["list"] == "nurture lane"] == [PARTNER]
    log(both, "demo", "2027-02-19", "--opportunity", "D1", "--proof", "slides")
    moved = weekly(both)
    assert moved["plays"] == [] and {one["list"] for one in moved["listed"]} == {"joint account plan"}


def test_an_ended_match_gives_no_account(both: TwoParties) -> None:
    both.now = BEGIN + 61 * DAY
    assert weekly(both)["plays"]
    both.run(VENDOR, "credit")
    (agreement,) = both.read_json(VENDOR, "agreement", "list")
    both.now = int(datetime.fromisoformat(agreement["until"]).timestamp())
    made = weekly(both)
    assert (made["plays"], made["items"]) == ([], [])


def test_files_for_the_crm_and_for_people(both: TwoParties, tmp_path: Path) -> None:
    log(
        both,
        "demo",
        "2026-11-22",
        "--opportunity",
        "D1",
        "--next-step",
        "=HYPERLINK(1) <b>",
        "--due",
        "2026-11-23",
    )
    out, tasks = tmp_path / "out", tmp_path / "tasks.csv"
    said = both.run(VENDOR, "weekly", "--out", out, "--csv", tasks).out
    assert len(said.splitlines()) <= 34
    assert sorted(one.name for one in out.iterdir()) == [
        "weekly-2026-W47.csv", "weekly-2026-W47.html", "weekly-2026-W47.json",
    ]  # fmt: skip
    assert tasks.read_bytes() == (out / "weekly-2026-W47.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO(tasks.read_text(encoding="utf-8"), newline="")))
    assert list(rows[0]) == [
        "opportunity_id", "account_id", "owner", "due", "subject", "code", "partner", "amount", "currency",
        "task_id",
    ]  # fmt: skip
    step = next(row for row in rows if row["code"] == "step-due")
    assert step["subject"].startswith("'=HYPERLINK(1)") and (step["owner"], step["due"]) == (
        "jo",
        "2026-11-23",
    )
    kept = json.loads((out / "weekly-2026-W47.json").read_bytes())
    assert kept == weekly(both)
    page = (out / "weekly-2026-W47.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    assert not {"script", "img", "link", "iframe", "form"} & {tag for tag, _ in reader.tags}
    assert not [
        name for _, attributes in reader.tags for name in attributes if name in ("src", "href", "style")
    ]
    (policy,) = [a["content"] for _, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "&lt;b&gt;" in page and "<b>" not in page and "=Deal (D1)" in page
    # Our own people read our own accounts by name.
    assert [word for word in SECRETS if word in page]


def test_a_review_of_one_partner_and_of_none(both: TwoParties) -> None:
    log(both, "demo", "2026-11-22", "--opportunity", "D1")
    words = ("--type", "demo", "--date", "2026-11-22", "--opportunity", "D2")
    both.run(VENDOR, "actions", "log", "--partner", "fabrikam", *words)
    assert {one["partner"] for one in weekly(both)["items"]} == {PARTNER, "fabrikam"}
    mine = both.run(VENDOR, "weekly", "--partner", "Fabrikam", "--json").out
    assert PARTNER not in mine and "missing-evidence" in mine
    assert "overlap credit" in both.run(VENDOR, "weekly", "--partner", "nobody", code=2).err


def test_a_party_without_deals_is_told_what_to_import(walk: Walk, tmp_path: Path) -> None:
    made = walk.at("proven", tmp_path / "bare")
    assert "--as opportunities" in made.run(PARTNER, "weekly", code=2).err


def test_the_gate_is_shown_before_it_closes(both: TwoParties, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_bytes(default_rules() + b"proof = 80\n")
    both.run(VENDOR, "rules", "adopt", rules)
    log(both, "demo", "2026-11-22", "--opportunity", "D1")
    assert "proof 0.0 (needs 80)" in both.run(VENDOR, "weekly").out
    gates = {one["field"]: (one["per_cent"], one["enough"]) for one in weekly(both)["fields"]}
    assert gates["proof"] == ("0.0", False) and gates["date"] == ("100.0", True)


PLAN = plan_text(
    """[[rule]]
id = "flat"
type = "commission"
kinds = ["sourced"]
rate = "6%"
""",
    start="2026-07-01",
    clawback=365,
    minimum="10",
    override=True,
)


@pytest.mark.usefixtures("quick_passphrase")
def test_a_dispute_of_the_ledger_has_its_clock_in_the_review(
    both: TwoParties, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_passphrases(monkeypatch)
    keys = {}
    for name, role in (("ada", "finance"), ("cleo", "judge")):
        keys[name] = tmp_path / f"{name}.key"
        both.run(VENDOR, "pay", "approver", name, "--role", role, "--out", keys[name])
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN, encoding="utf-8")
    both.run(VENDOR, "pay", "adopt", plan, "--as", keys["ada"])
    header = ["event_id", "date", "kind", "partner_id", "deal_id", "product", "amount", "currency",
              "original_event_id"]  # fmt: skip
    events = [["e1", "2026-08-15", "sourced", PARTNER, "D1", "", "1000.10", "EUR", ""]]
    both.run(VENDOR, "period", "close", "2026-Q3", "--events", write_csv(tmp_path / "e.csv", header, events))
    made = both.read_json(VENDOR, "statement", PARTNER, "--period", "2026-Q3", "--out", tmp_path / "out")
    line = made["lines"][0]["line"]
    both.run(VENDOR, "dispute", "open", line, "--reason", "amount", "--by", PARTNER)
    both.now += 7 * DAY
    (found,) = [one for one in weekly(both)["items"] if one["code"] == "dispute-open"]
    assert found["what"] == "dispute d1 (amount): open for 7 days, answer 2 days overdue"
    facts = (found["opportunity"], found["partner"], found["owner"], found["due"], found["amount"])
    assert facts == ("D1", PARTNER, "ann", "2026-11-27", "60.01")
    both.run(VENDOR, "dispute", "decide", "d1", "--outcome", "rejected", "--as", keys["cleo"])
    assert "dispute-open" not in codes(weekly(both))


def test_open_deals_are_told_at_risk_and_safe(both: TwoParties, tmp_path: Path) -> None:
    step = ("--next-step", "pilot", "--due", "2026-11-30", "--proof", "slides")
    log(both, "demo", "2026-11-22", "--opportunity", "D1", *step)
    log(both, "demo", "2026-11-22", "--opportunity", "D2", *step)
    accounts = [row["account"] for row in both.read_json(VENDOR, "credit") if row["opportunity"] == "D1"]
    won = [
        [f"W{n}", accounts[0], "W", "Closed Won", "5", "EUR", "2026-10-01", "2026-10-16"] for n in range(5)
    ]
    open_deals = [
        ["D1", accounts[0], "=Deal", "Negotiation", "9000", "EUR", "2026-11-10", ""],
        ["D2", accounts[0], "Two", "Discovery", "50.50", "EUR", "2026-11-01", ""],
    ]
    header = ["id", "account_id", "name", "stage", "amount", "currency", "created", "close date"]
    file = write_csv(tmp_path / "more.csv", header, [*open_deals, *won])
    both.run(VENDOR, "import", file, "--as", "opportunities")
    found = {one["opportunity"]: one for one in weekly(both)["deals"]}
    assert {name: one["verdict"] for name, one in found.items()} == {"D1": "safe", "D2": "at risk"}
    (why,) = [one["says"] for one in found["D2"]["reasons"] if one["side"] == "risk"]
    assert why == "open for 21 days; 9 in 10 of 5 won deals closed within 15 days"
    said = both.run(VENDOR, "weekly").out
    assert "deals     1 at risk, 1 safe" in said and f"D2 (Two): {why}" in said
    page = tmp_path / "page.html"
    both.run(VENDOR, "weekly", "--html", page)
    text = page.read_text(encoding="utf-8")
    assert "Open for 21 days" in text
    # Everybody reads the same definitions.
    assert all(unescape(text).find(means[1:]) > 0 for means in GLOSSARY.values())
