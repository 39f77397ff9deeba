"""How right the match is, by the command, on two exports of different CRMs."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from two_parties import SHARED, VENDOR, TwoParties, write_csv, write_exports

from overlap.evaluation import DIFFERENCE_COLUMNS

FORMATS = (Path(__file__).parents[2] / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")


def exports_and_truth(root: Path) -> tuple[TwoParties, list[Path]]:
    """Two exports; one shared company is missing in the truth, and one pair of strangers is in it."""
    both = TwoParties(root)
    write_exports(both)
    ids = [(f"001V{at:011d}IAA", str(9000 + at)) for at in range(len(SHARED))]
    truth = write_csv(root / "gold.csv", ("left_id", "right_id"), [*ids[1:], (ids[-1][0], "9000")])
    return both, [root / "crm" / "accounts.csv", root / "crm" / "companies.csv", truth]


def test_evaluate_counts_and_shows_the_errors(tmp_path: Path) -> None:
    both, files = exports_and_truth(tmp_path)
    errors = tmp_path / "errors.csv"
    facts = json.loads(both.run(VENDOR, "evaluate", *files, "--json", "--show-errors", errors).out)
    found, known = len(SHARED), len(SHARED)
    everything = facts["everything"]
    assert (everything["found"], everything["right"]) == (found, known - 1)
    assert everything["recall"] == facts["candidate_recall"] == round((known - 1) / known, 6)
    assert facts["left"]["accounts"] == 14 and facts["known"] == known
    with errors.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames or ()) == DIFFERENCE_COLUMNS
    assert [(row["verdict"], row["right_id"]) for row in rows] == [("false", "9000"), ("missed", "9000")]
    assert SHARED[0] in rows[0]["left_name"] and SHARED[-1] in rows[1]["left_name"]
    assert not (tmp_path / VENDOR).exists()


def test_the_keys_of_the_answer_are_those_of_the_formats(tmp_path: Path) -> None:
    both, files = exports_and_truth(tmp_path)
    facts = json.loads(both.run(VENDOR, "evaluate", *files, "--json").out)
    section = FORMATS.split("\n## Evaluation", 1)[1].split("\n## ", 1)[0]
    described = [
        name for cells in re.findall(r"(?m)^\| (`.+?) \|", section) for name in re.findall("`([^`]+)`", cells)
    ]
    inner = [*facts["left"], *facts["released"]]
    assert described == [*facts, *inner, *DIFFERENCE_COLUMNS]
    assert set(facts["left"]) == set(facts["right"])
    assert all(list(each) == list(facts["released"]) for each in facts["tiers"].values())


def test_evaluate_prints_tables_of_tiers_and_kinds(tmp_path: Path) -> None:
    both, files = exports_and_truth(tmp_path)
    lines = both.run(VENDOR, "evaluate", *files, "--no-candidates").out.splitlines()
    assert lines[0].startswith("left        14 accounts")
    (everything,) = [line.split() for line in lines if line.startswith("everything")]
    assert everything[1:4] == ["12", "11", "0.9167"]
    assert any(line.startswith("kind") for line in lines)


def test_the_two_halves_make_the_whole(tmp_path: Path) -> None:
    both, files = exports_and_truth(tmp_path)
    parts = [
        json.loads(both.run(VENDOR, "evaluate", *files, "--half", half, "--json").out)
        for half in ("first", "second")
    ]
    assert [part["half"] for part in parts] == ["first", "second"]
    assert sum(part["known"] for part in parts) == len(SHARED)
    assert sum(part["left"]["accounts"] for part in parts) == 14
    assert all(part["known"] for part in parts)


def test_a_swapped_truth_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    both, files = exports_and_truth(tmp_path)
    errors = tmp_path / "errors.csv"
    ended = both.run(VENDOR, "evaluate", files[1], files[0], files[2], "--show-errors", errors, code=4)
    assert "swapped" in ended.err and not errors.exists()
