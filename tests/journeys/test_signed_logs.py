"""A partner's signed action log, countersigned or contested by the vendor, by the real commands."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk, write_csv

from cleanroom.receipts import ACTION_LOG, STATEMENT_LINE, sign_statement

HEADER = ["id", "opportunity_id", "partner", "type", "date", "proof", "owner"]
ROWS = [["p1", "D1", "Contoso Ltd", "Demo", "2026-11-12", "deck", "secret owner"],
        ["p2", "D1", "Contoso Ltd", "security-review", "2026-11-15", "notes", "secret owner"]]  # fmt: skip


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    made = walk.at("proven", tmp_path / "both")
    account = next(row["account"] for row in made.read_json(VENDOR, "credit") if row["partner"])
    deals = [["D1", account, "Discovery", "open", "100", "EUR", "2026-11-10", ""]]
    header = ["id", "account_id", "stage", "status", "amount", "currency", "created", "close date"]
    made.run(VENDOR, "import", write_csv(tmp_path / "deals.csv", header, deals), "--as", "opportunities")
    return made


def signed(both: TwoParties, *words: str, rows: list[list[str]] = ROWS) -> Path:
    log = write_csv(both.mail("own-log.csv"), HEADER, rows)
    out = both.mail("log.signed")
    both.run(PARTNER, "actions", "sign", log, "--for", VENDOR, "--out", out, *words)
    return out


def logged(both: TwoParties, *rows: tuple[str, str]) -> None:
    for kind, day in rows:
        both.run(VENDOR, "actions", "log", "--partner", PARTNER, "--type", kind, "--date", day,
                 "--opportunity", "D1", "--proof", "seen", "--owner", "jo")  # fmt: skip


def test_what_both_logs_say_is_countersigned(both: TwoParties) -> None:
    log, answer = signed(both), both.mail("answer")
    # What is outside the days of the log is not looked at.
    logged(both, ("demo", "2026-11-12"), ("security-review", "2026-11-15"), ("demo", "2026-11-20"))
    said = both.run(VENDOR, "actions", "countersign", log, "--out", answer).out
    assert "both logs say the same" in said
    for party in (VENDOR, PARTNER):
        found = both.read_json(party, "actions", "verify", answer, "--log", log)
        assert (found["what"], found["signers"], found["lines"]) == ("countersigned", [PARTNER, VENDOR], 2)
    assert f"signed by {PARTNER}, then {VENDOR}" in both.run(PARTNER, "actions", "verify", answer).out
    assert b"secret owner" not in base64.b64decode(json.loads(log.read_bytes().split(b"\n")[1])["payload"])
    both.require_good_logs()


def test_what_they_say_differently_is_contested_by_a_signed_list(both: TwoParties) -> None:
    log, answer = signed(both), both.mail("answer")
    logged(both, ("demo", "2026-11-13"), ("introduction", "2026-11-14"))
    found = both.read_json(VENDOR, "actions", "countersign", log, "--out", answer)
    assert found["state"] == "contested" and not found["taken"]
    lines = {(one["code"], one["line"], one["partner_value"], one["vendor_value"])
             for one in found["contested"]}  # fmt: skip
    assert lines == {
        ("other-date", "p1", "2026-11-12", "2026-11-13"),
        ("only-theirs", "p2", "security-review on 2026-11-15", ""),
        ("only-ours", "", "", "introduction on 2026-11-14"),
    }
    read = both.read_json(PARTNER, "actions", "verify", answer, "--log", log)
    assert (read["what"], read["signers"], read["log"]) == ("contested", [VENDOR], found["log"])
    assert read["contested"] == found["contested"]
    assert "other-date" in both.run(PARTNER, "actions", "verify", answer).out
    # It answers that log and no other.
    both.mail("log.signed").rename(both.mail("first.signed"))
    other = signed(both, rows=ROWS[:1])
    both.run(PARTNER, "actions", "verify", answer, "--log", other, code=5)


def test_lines_that_only_the_partner_has_are_taken_as_of_now(both: TwoParties) -> None:
    unknown = [["p3", "D9", "", "demo", "2026-11-13", "", ""], ["p4", "D1", "", "golf", "2026-11-13", "", ""]]
    log, answer = signed(both, rows=[*ROWS, *unknown]), both.mail("answer")
    words = ("actions", "countersign", log, "--out", answer)
    both.run(VENDOR, *words, "--take", code=2)
    found = both.read_json(VENDOR, *words, "--take", "--owner", "jo")
    assert len(found["taken"]) == 2
    assert found["untaken"] == {"unknown-subject": 1, "unknown-type": 1}
    assert {one["line"] for one in found["contested"]} == {"p3", "p4"}
    listed = both.read_json(VENDOR, "actions", "list")
    assert {(one["type"], one["date"], one["owner"], one["logged"][:10]) for one in listed} == {
        ("demo", "2026-11-12", "jo", "2026-11-22"), ("security-review", "2026-11-15", "jo", "2026-11-22"),
    }  # fmt: skip
    assert all(one["source"] == f"signed log {found['log'][:16]}" for one in listed)
    # A second time nothing is left to take.
    assert both.read_json(VENDOR, *words, "--take", "--owner", "jo")["taken"] == []
    assert len(both.read_json(VENDOR, "actions", "list")) == 2


def test_a_changed_byte_is_refused(both: TwoParties) -> None:
    log, answer = signed(both), both.mail("answer")
    data = log.read_bytes()
    words = ("actions", "countersign", log, "--out", answer)
    envelope = json.loads(data.split(b"\n")[1])
    payload = base64.b64decode(envelope["payload"]).replace(b"2026-11-12", b"2026-11-02")
    envelope["payload"] = base64.b64encode(payload).decode()
    changed = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    log.write_bytes(STATEMENT_LINE + changed + b"\n")
    both.run(VENDOR, *words, code=5)
    for at in range(0, len(data), max(1, len(data) // 23)):
        log.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        both.run(VENDOR, *words, code=5)
    assert not answer.exists() and both.read_json(VENDOR, "actions", "list") == []


def test_a_log_for_another_vendor_or_of_a_stranger_is_refused(both: TwoParties) -> None:
    log = signed(both)
    # The partner takes its own file: it did not sign it for itself.
    both.run(PARTNER, "actions", "countersign", log, "--out", both.mail("x"), code=5)
    payload = json.loads(base64.b64decode(json.loads(log.read_bytes().split(b"\n")[1])["payload"]))
    predicate = {**payload["predicate"], "vendor": "ab" * 32}
    subject = {"actions": payload["subject"][0]["digest"]["sha256"]}
    log.write_bytes(sign_statement(ACTION_LOG, subject, predicate, both.keys_of(PARTNER)))
    assert (
        "another vendor"
        in both.run(VENDOR, "actions", "countersign", log, "--out", both.mail("x"), code=5).err
    )


@pytest.mark.parametrize(
    "rows",
    [
        [["p1", "D1", "Contoso", "demo", "soon", "", ""]],
        [["p1", "", "Contoso", "demo", "2026-11-12", "", ""]],
        [*ROWS, ["p3", "D1", "Fabrikam", "demo", "2026-11-12", "", ""]],
        [["p1", "D1", "Contoso", "demo", "2026-11-12", "x" * 1001, ""]],
    ],
)
def test_only_what_can_be_stood_by_is_signed(both: TwoParties, rows: list[list[str]]) -> None:
    log = write_csv(both.mail("own-log.csv"), HEADER, rows)
    both.run(PARTNER, "actions", "sign", log, "--for", VENDOR, "--out", both.mail("x"), code=2)
    assert not both.mail("x").exists()


def test_what_was_signed_before_a_rotation_can_still_be_verified(both: TwoParties) -> None:
    log, answer = signed(both, rows=ROWS[:1]), both.mail("answer")
    logged(both, ("demo", "2026-11-12"))
    both.run(VENDOR, "actions", "countersign", log, "--out", answer)
    assert both.read_json(PARTNER, "actions", "verify", answer)["out_of_use"] == []
    rotation = both.mail("rotation")
    both.run(PARTNER, "keys", "rotate", "--recovery", both.place(PARTNER, "recovery.key"), "--out", rotation)
    both.run(VENDOR, "partner", "rotate", rotation)
    for party in (VENDOR, PARTNER):
        found = both.read_json(party, "actions", "verify", answer, "--log", log)
        assert found["signers"] == [PARTNER, VENDOR]
        (old,) = found["out_of_use"]
        assert old.startswith(f"the card of {PARTNER} until 2026-11-22T")
    assert "could have signed since" in both.run(VENDOR, "actions", "verify", answer).out
    # A log under the old card is not answered any more: the partner signs it anew.
    both.run(VENDOR, "actions", "countersign", log, "--out", both.mail("again"), code=5)
    both.run(VENDOR, "actions", "countersign", signed(both, rows=ROWS[:1]), "--out", both.mail("again"))


def test_a_window_signs_its_days_alone(both: TwoParties) -> None:
    log = signed(both, "--since", "2026-11-13", "--until", "2026-11-16")
    found = both.read_json(PARTNER, "actions", "verify", log)
    assert (found["lines"], found["since"], found["until"]) == (1, "2026-11-13", "2026-11-16")
    words = ("actions", "sign", both.mail("own-log.csv"), "--for", VENDOR, "--out", both.mail("x"))
    both.run(PARTNER, *words, "--since", "2026-11-16", code=2)
    both.run(PARTNER, *words, "--since", "then", code=2)
