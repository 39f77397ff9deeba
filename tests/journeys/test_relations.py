"""Whom to ask about an account, and the journey of a deal, by the real commands."""

from __future__ import annotations

from pathlib import Path

from two_parties import PARTNER, VENDOR, Walk, write_csv


def test_who_and_journey(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("proven", tmp_path / "both")
    (account, *_) = [row["account"] for row in both.read_json(VENDOR, "credit") if row["partner"]]
    deals = [["D1", account, "One", "Discovery", "open", "90", "EUR", "2026-11-10", ""]]
    header = ["id", "account_id", "name", "stage", "status", "amount", "currency", "created", "close date"]
    both.run(VENDOR, "import", write_csv(tmp_path / "deals.csv", header, deals), "--as", "opportunities")
    words = ("--type", "demo", "--date", "2026-11-22", "--opportunity", "D1", "--proof", "x", "--owner", "jo")
    both.run(VENDOR, "actions", "log", "--partner", PARTNER, *words)
    both.run(VENDOR, "actions", "log", "--partner", "fabrikam", *words)
    found = both.read_json(VENDOR, "credit", "who", account)
    assert [one["partner"] for one in found["partners"]] == [PARTNER, "fabrikam"]
    # The proven holding of the match decides between equal actions.
    assert found["partners"][0]["held_since"] and not found["partners"][1]["held_since"]
    said = both.run(VENDOR, "credit", "who", found["name"].upper()).out
    assert said.startswith(f"account   {account}") and "ask jo" in said and "D1 Influenced" in said
    everybody = both.read_json(VENDOR, "credit", "who")
    assert {one["partner"] for one in everybody} == {PARTNER, "fabrikam"}
    assert "acted lately" in both.run(VENDOR, "credit", "who").out
    assert "give its id" in both.run(VENDOR, "credit", "who", "no such account", code=2).err
    steps = both.read_json(VENDOR, "credit", "journey", "D1")
    assert [(one["day"], one["kind"]) for one in steps] == [
        ("2026-11-10", "created"), ("2026-11-22", "action"), ("2026-11-22", "action"),
    ]  # fmt: skip
    assert f"2026-11-22  {PARTNER}: demo" in both.run(VENDOR, "credit", "journey", "D1").out
    assert both.read_json(VENDOR, "credit", "journey", "D") == steps
    both.run(VENDOR, "credit", "journey", "D9", code=2)
