"""Another tool's export beside our statuses, by the real commands."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk, with_one_deal, write_csv


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    return with_one_deal(walk, tmp_path / "both")


def test_an_export_is_compared_and_changes_nothing(both: TwoParties, tmp_path: Path) -> None:
    before = both.read_json(VENDOR, "credit")
    header = ["Deal ref", "Who", "Attribution type"]
    rows = [["D1", PARTNER, "Influenced"], ["D9", PARTNER, "Sourced"], ["", PARTNER, "Sourced"]]
    path = write_csv(tmp_path / "theirs.csv", header, rows, delimiter=";")
    words = ("credit", "compare", path, "--map", "opportunity_id=Deal ref", "--map", "partner=Who")
    out = tmp_path / "compared.csv"
    found = both.read_json(VENDOR, *words, "--out", out)
    assert (found["counts"], found["rejected"]) == ({"only-theirs": 1, "unknown-deal": 1}, 1)
    (first, _) = found["rows"]
    assert (first["ours"], first["rule"], first["row"]) == ("Attached", "attached:overlap", 2)
    said = both.run(VENDOR, *words).out
    assert "the match shows the partner in the account" in said and "1 rows name no opportunity" in said
    with out.open(newline="") as file:
        assert [row["code"] for row in csv.DictReader(file)] == ["only-theirs", "unknown-deal"]
    both.run(VENDOR, *words, "--word", "Influenced=Attached")
    assert both.read_json(VENDOR, *words, "--word", "Influenced=Attached")["counts"]["agree"] == 1
    both.run(VENDOR, *words, "--word", "Influenced=Great", code=2)
    both.run(VENDOR, "credit", "compare", path, code=4)
    assert both.read_json(VENDOR, "credit") == before
