"""Two exports of different CRMs matched in one process."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from two_parties import SHARED, VENDOR, TwoParties, write_exports


def test_simulate_pairs_the_ids_of_two_crms(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    out = tmp_path / "pairs.csv"
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    facts = json.loads(both.run(VENDOR, "simulate", *files, "--out", out, "--json").out)
    assert facts["pairs"] == len(SHARED) and facts["left"] == {"accounts": 14, "rejected": 0}
    with out.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["left_id", "right_id", "kind", "tier", "confidence"]
    expected = [(f"001V{at:011d}IAA", str(9000 + at)) for at in range(len(SHARED))]
    assert sorted((row["left_id"], row["right_id"]) for row in rows) == expected
    assert {row["tier"] for row in rows} <= {"exact", "strong"}
    assert all(0 < float(row["confidence"]) <= 1 for row in rows)
    assert not (tmp_path / VENDOR).exists()


def test_simulate_writes_nothing_when_a_file_is_bad(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    (tmp_path / "bad.csv").write_bytes(b"id,name,website\n")
    out = tmp_path / "pairs.csv"
    both.run(
        VENDOR, "simulate", tmp_path / "crm" / "accounts.csv", tmp_path / "bad.csv", "--out", out, code=4
    )
    assert not out.exists()
