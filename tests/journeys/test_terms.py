"""What the agreement limits: minimum count, run budget, and the level counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, agree, change_policy, match, write_csv

from cleanroom.agreement import policy_text


def test_below_the_minimum_count_nothing_is_shown(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, minimum_count=str(len(SHARED) + 1)))
    match(both)
    said = both.run(PARTNER, "shares", "grant", "--out", both.mail("share"), code=3).err
    assert "minimum_count" in said and not both.mail("share").exists()


def test_the_run_budget_is_charged_by_every_start_and_then_refused_without_ending_a_run(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree(both, change_policy(both, run_budget="1"))
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    said = both.run(VENDOR, "match", "start", "--out", both.mail("second"), code=3).err
    assert "run budget of 1 is used up" in said and not both.mail("second").exists()
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    both.run(PARTNER, "match", "finish", both.mail("finish"))
    assert both.read_json(PARTNER, "match", "list")[0]["shared"] == str(len(SHARED))


def test_more_identifiers_than_the_bound_are_refused_before_anything_is_charged(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("agreed", tmp_path / "both")
    rows = [(f"{at}", f"Invented {at}", f"invented{at}.com", "Germany") for at in range(300)]
    both.run(VENDOR, "import", write_csv(both.root / "x.csv", ("id", "name", "website", "country"), rows))
    assert (
        "more than the agreed bound of 256"
        in both.run(VENDOR, "match", "start", "--out", both.mail("start"), code=3).err
    )
    assert both.read_json(VENDOR, "match", "list") == []


def agree_on_counts(both: TwoParties, minimum: int) -> None:
    policy = both.root / "counts.toml"
    text = policy_text("counts-only").decode()
    policy.write_text(re.sub(r"(?m)^minimum_count = .*$", f"minimum_count = {minimum}", text))
    agree(both, policy)
    match(both)


def test_level_counts_gives_both_one_number_and_names_no_account(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_on_counts(both, 5)
    for party in (VENDOR, PARTNER):
        (run,) = both.read_json(party, "match", "list")
        assert run["shared"] == str(len(SHARED))
        (matrix,) = both.read_json(party, "matrix")
        assert matrix["cells"] == [{"entities": len(SHARED)}]
        (place,) = both.place(party, "runs").iterdir()
        assert not (place / "overlap.parquet").exists() and not (place / "state.0").exists()
        both.run(party, "shares", "grant", "--out", both.mail("x"), code=3)
        both.run(party, "claims", "prove", "--out", both.mail("x"), code=3)
    both.require_good_logs()


def test_level_counts_counts_accounts_and_not_identifiers(walk: Walk, tmp_path: Path) -> None:
    """Every shared account agrees in its LEI or DUNS and in its domain; it is counted once.

    The DUNS numbers are invented and only have the right length.
    """
    both = walk.at("sent", tmp_path / "both")
    for party in (VENDOR, PARTNER):
        rows = [
            (f"{party}{at}", name, f"{name.lower().replace(' ', '')}.com", "DE", f"{150483782 + at}")
            for at, name in enumerate(SHARED)
        ]
        header = ("id", "name", "website", "country", "duns")
        both.run(party, "import", write_csv(both.root / f"{party}.csv", header, rows))
    agree_on_counts(both, 5)
    assert both.read_json(VENDOR, "matrix")[0]["cells"] == [{"entities": len(SHARED)}]


def test_a_count_below_the_minimum_is_withheld(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_on_counts(both, len(SHARED) + 1)
    for party in (VENDOR, PARTNER):
        assert both.read_json(party, "match", "list")[0]["shared"] == ""
        assert both.read_json(party, "matrix")[0]["cells"] == [{"entities": None}]
        assert "withheld" in both.run(party, "matrix").out
        answer = both.run(party, "audit", "list").out
        assert "shared " not in answer and "withheld" in answer


@pytest.mark.parametrize("text", ["format = 1\n", "", 'format = "overlap-policy/1"\ntitle = "x"\n'])
def test_a_policy_that_is_not_whole_is_one_clear_error(walk: Walk, tmp_path: Path, text: str) -> None:
    both = walk.at("met", tmp_path / "both")
    policy = both.root / "bad.toml"
    policy.write_text(text)
    propose = ("agreement", "propose", "--partner", PARTNER, "--policy", policy, "--out", both.mail("x"))
    assert both.run(VENDOR, *propose, code=4)
    assert not both.mail("x").exists()
