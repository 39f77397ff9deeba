"""`overlap pay` over plain files: no party, no key; what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from plans import flat, plan_bytes

from cleanroom.attribution import payouts
from cleanroom.cli.app import overlap
from overlap.errors import UsageError

HEADER = ",".join(payouts.EVENT_COLUMNS)


def call(place: Path, *words: str) -> tuple[int, str]:
    told = CliRunner().invoke(overlap, ["--dir", str(place / "nobody"), "pay", *words])
    return told.exit_code, told.output


def files(place: Path, rules: str = "", events: str = "") -> tuple[str, str]:
    plan, rows = place / "plan.toml", place / "events.csv"
    plan.write_bytes(plan_bytes(rules or flat()))
    rows.write_text(f"{HEADER}\n{events}")
    return str(plan), str(rows)


def test_the_answer_names_the_same_as_the_engine(tmp_path: Path) -> None:
    plan, rows = files(tmp_path, events="e1,2026-02-01T23:30:00,sourced,acme,d1,,100,USD,\n")
    rates = tmp_path / "rates.csv"
    rates.write_text("date,base,quote,rate,source\n2026-02-02,USD,EUR,0.5,ECB\n")
    code, out = call(tmp_path, plan, rows, "--rates", str(rates), "--zone", "America/New_York",
                     "--as-of", "2026-12-31", "--json")  # fmt: skip
    answer = json.loads(out)
    assert (code, answer["totals"][0]["total"], answer["lines"][0]["date"]) == (0, "5.00", "2026-02-02")
    assert answer["lines"][0]["fx"]["source"] == "ECB"
    assert call(tmp_path, "files", plan, rows, "--as-of", "2026-12-31")[1].count("date-without-zone") == 1


def test_a_zone_may_be_an_offset_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    plan, rows = files(tmp_path, events="e1,2026-02-01T23:30:00,sourced,acme,d1,,100,EUR,\n")
    code, out = call(tmp_path, plan, rows, "--zone", "-05:00", "--as-of", "2026-12-31", "--json")
    assert (code, json.loads(out)["lines"][0]["date"]) == (0, "2026-02-02")
    for zone in ("Nowhere/Land", "+25:00", "../x"):
        words = (plan, rows, "--zone", zone, "--as-of", "2026-12-31")
        told = CliRunner().invoke(overlap, ["--dir", str(tmp_path), "pay", *words], standalone_mode=False)
        assert isinstance(told.exception, UsageError)


def test_what_a_person_reads_shows_sums_and_every_row_that_did_not_count(tmp_path: Path) -> None:
    plan, rows = files(
        tmp_path, events="e1,2026-02-01,sourced,acme,d1,,0.05,EUR,\ne2,2026-02-01,x,acme,d1,,1,EUR,\n"
    )
    code, out = call(tmp_path, plan, rows, "--as-of", "2026-03-01")
    assert code == 0
    assert "2 rows: 1 used, 1 noted, 0 held, 0 once, 0 refused" in out
    assert "rounded   1 amount," in out and "row 3: no-rule" in out


def test_a_plan_with_a_fault_and_a_file_with_other_columns_are_refused(tmp_path: Path) -> None:
    plan, rows = files(tmp_path, rules=flat("0.1"))
    assert call(tmp_path, plan, rows)[0] != 0
    code, out = call(tmp_path, "lint", plan)
    assert code != 0 and "bad-value" in out
    good, _ = files(tmp_path)
    assert call(tmp_path, "lint", good) == (0, "the plan has no fault\n")
    (tmp_path / "events.csv").write_text("event_id,amount\ne1,5\n")
    assert call(tmp_path, good, rows)[0] != 0
