"""Leads that we send to partners, and where actions were recorded, by the real commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk, write_csv

HEADER = ["id", "opportunity_id", "account_id", "partner", "type", "date", "proof", "owner", "logged",
          "source system", "direction", "outcome"]  # fmt: skip


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """After the proofs: D1 is won on one matched account, D2 open on another."""
    made = walk.at("proven", tmp_path / "both")
    one, two, *_ = [row["account"] for row in made.read_json(VENDOR, "credit") if row["partner"]]
    deals = [["D1", one, "Won", "won", "100", "EUR", "2026-11-10", "2026-11-20"],
             ["D2", two, "Discovery", "open", "50", "EUR", "2026-11-01", ""]]  # fmt: skip
    header = ["id", "account_id", "stage", "status", "amount", "currency", "created", "close date"]
    made.run(VENDOR, "import", write_csv(tmp_path / "deals.csv", header, deals), "--as", "opportunities")
    return made


def credited(both: TwoParties) -> tuple[object, object]:
    return both.read_json(VENDOR, "credit"), both.read_json(VENDOR, "credit", "events")


def test_a_lead_that_we_sent_earns_nobody_anything(both: TwoParties, tmp_path: Path) -> None:
    before = credited(both)
    kinds = ("introduction", "demo", "security-review", "reverse-referral")
    rows = [[kind, "D1", "", PARTNER, kind, "2026-11-12", "mail", "jo", "2026-11-12", "", "Ours", "won"]
            for kind in kinds]  # fmt: skip
    path = write_csv(tmp_path / "actions.csv", HEADER, rows)
    assert "imported  4 actions; rejected 0" in both.run(VENDOR, "import", path, "--as", "actions").out
    both.run(VENDOR, "actions", "send-lead", "--partner", PARTNER, "--opportunity", "D2", "--proof", "mail")
    assert credited(both) == before
    # The same rows in the partner's direction do: the test can fail.
    rows = [[*row[:-2], "theirs", ""] for row in rows[:-1]]
    both.run(VENDOR, "import", write_csv(path, HEADER, rows), "--as", "actions")
    assert credited(both) != before


def test_give_and_take_with_a_partner(both: TwoParties, tmp_path: Path) -> None:
    account = next(row["account"] for row in both.read_json(VENDOR, "credit") if row["opportunity"] == "D1")
    words = ("--partner", PARTNER, "--type", "introduction", "--date", "2026-11-05", "--account", account)
    both.run(VENDOR, "actions", "log", *words, "--proof", "mail", "--owner", "jo")
    sent = both.read_json(VENDOR, "actions", "send-lead", "--partner", PARTNER, "--account", account)
    both.run(VENDOR, "actions", "answer", sent["id"])
    both.run(VENDOR, "actions", "loop-back", sent["id"], "--outcome", "won")
    found = both.read_json(VENDOR, "actions", "give-and-take", "--out", tmp_path / "report.csv")
    (row,) = found["partners"]
    assert (found["since"], found["until"]) == ("2026-11-05", "2026-11-22")
    assert list(row.values()) == [PARTNER, 1, 0, 0, 1, 1, 1, 1, 1, 0]
    text = (tmp_path / "report.csv").read_text().splitlines()
    assert text[0].startswith("since,until,partner,received,") and len(text) == 2
    said = both.run(VENDOR, "actions", "give-and-take", "--partner", PARTNER).out
    assert "1 introductions: 0 answered, 0 told back, 1 won" in said
    assert "1 leads: 1 answered, 1 told back, 1 won, 0 lost" in said
    assert both.read_json(VENDOR, "actions", "give-and-take", "--partner", "fabrikam")["partners"] == []
    both.run(VENDOR, "actions", "give-and-take", "--since", "soon", code=2)
    # An introduction has no outcome of its own.
    logged = next(one for one in both.read_json(VENDOR, "actions", "list") if one["direction"] == "theirs")
    both.run(VENDOR, "actions", "loop-back", logged["id"], "--outcome", "won", code=2)
    listed = {one["id"]: one for one in both.read_json(VENDOR, "actions", "list")}
    assert (listed[sent["id"]]["direction"], listed[sent["id"]]["outcome"]) == ("ours", "won")


def test_where_an_action_was_recorded_is_kept_and_shown(both: TwoParties, tmp_path: Path) -> None:
    usual = ["D1", "", PARTNER, "demo", "2026-11-12", "mail", "jo", "2026-11-12"]
    rows = [["a", *usual, "Salesforce", "", ""], ["b", *usual, "", "", ""]]
    path = write_csv(tmp_path / "partner-log.csv", HEADER, rows)
    both.run(VENDOR, "import", path, "--as", "actions")
    both.run(VENDOR, "actions", "log", "--partner", PARTNER, "--type", "demo", "--date", "2026-11-14",
             "--opportunity", "D1", "--proof", "mail")  # fmt: skip

    def sources() -> list[str]:
        return [one["source"] for one in both.read_json(VENDOR, "credit", "journey", "D1")
                if one["kind"] == "action"]  # fmt: skip

    assert sources() == ["Salesforce", "partner-log.csv", "command"]
    assert ", from Salesforce" in both.run(VENDOR, "credit", "journey", "D1").out
    both.run(VENDOR, "import", path, "--as", "actions", "--source", "partner portal")
    assert sources() == ["Salesforce", "partner portal", "command"]
    both.run(VENDOR, "import", path, "--as", "opportunities", "--source", "x", code=2)
    # What is listed as a file comes in again as it was.
    out = tmp_path / "out.csv"
    both.run(VENDOR, "actions", "list", "--out", out)
    listed = both.read_json(VENDOR, "actions", "list")
    for name in both.place(VENDOR, "attribution", "actions").iterdir():
        name.unlink()
    both.run(VENDOR, "import", out, "--as", "actions")
    again = both.read_json(VENDOR, "actions", "list")
    assert [{**one, "row": 0} for one in again] == [{**one, "row": 0} for one in listed]


def test_a_direction_that_is_none_is_rejected(both: TwoParties, tmp_path: Path) -> None:
    rows = [["a", "D1", "", PARTNER, "demo", "2026-11-12", "", "", "", "", "outbound", ""]]
    path = write_csv(tmp_path / "actions.csv", HEADER, rows)
    assert "imported  0 actions; rejected 1" in both.run(VENDOR, "import", path, "--as", "actions").out
