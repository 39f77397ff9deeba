"""Two exports of different CRMs matched in one process."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from two_parties import SHARED, VENDOR, TwoParties, write_exports

from cleanroom.agreement import policy_text


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


def deals_of_companies(path: Path) -> None:
    """Open deals of two shared accounts, one of which is not in the list, and one that was lost."""
    path.write_text(
        "Opportunity ID,Account ID,Stage,Amount,Amount Currency\n"
        '1,9000,Proposal,"12,400.00",EUR\n'
        '2,9001,Proposal,"3,499.00",EUR\n'
        '3,9001,Closed Lost,"900,000.00",EUR\n'
        '4,9001,Proposal,"5,000.00",USD\n',
        encoding="utf-8",
    )


def policy_of(path: Path, minimum: int, level: str = "potential-revenue") -> None:
    text = policy_text(level).decode()
    path.write_text(text.replace("minimum_count = 20", f"minimum_count = {minimum}"), encoding="utf-8")


def test_simulate_prints_the_sum_of_a_policy(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    deals, policy = tmp_path / "deals.csv", tmp_path / "sum.toml"
    deals_of_companies(deals)
    policy_of(policy, 2)
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    words = ("simulate", *files, "--policy", policy, "--deals", deals)
    facts = json.loads(both.run(VENDOR, *words, "--json").out)
    assert facts["sum"] == 15_000 and 2 <= facts["shared"] <= len(SHARED)
    assert facts["left_out"] == {"another currency": 1}
    told = both.run(VENDOR, *words).out
    assert "EUR 15,000 of right's open opportunities," in told and "1 amount left out" in told
    assert not (tmp_path / VENDOR).exists()


def test_simulate_withholds_what_a_policy_withholds(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    told = both.run(VENDOR, "simulate", *files, "--policy", "counts-only").out
    assert "withheld  fewer than 20 accounts" in told
    policy = tmp_path / "counts.toml"
    policy_of(policy, 2, "counts-only")
    facts = json.loads(both.run(VENDOR, "simulate", *files, "--policy", policy, "--json").out)
    assert 2 <= facts["shared"] <= len(SHARED)


def test_simulate_takes_pairs_or_numbers(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    for words in (
        (),
        ("--out", tmp_path / "x.csv", "--policy", "counts-only"),
        ("--out", tmp_path / "x.csv", "--deals", tmp_path / "deals.csv"),
        ("--policy", "co-sell"),
        ("--policy", "potential-revenue"),
        ("--policy", "counts-only", "--deals", tmp_path / "deals.csv"),
        ("--policy", "counts-only", "--groups"),
    ):
        both.run(VENDOR, "simulate", *files, *words, code=2)
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --out FILE, or --policy"),
        (("--policy", "counts-only", "--out", "x.csv"), "leave --out or --policy out"),
        (("--deals", "deals.csv", "--out", "x.csv"), "leave --deals out, or give --policy"),
        (("--policy", "counts-only", "--protocol", "vole"), "leave --protocol out"),
        (("--policy", "potential-revenue"), "give its opportunities with --deals FILE"),
        (("--policy", "no-such-policy"), "'overlap agreement policies' lists the shipped ones"),
    ],
)
def test_simulate_says_which_option_to_leave_out_or_give(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    both = TwoParties(tmp_path)
    write_exports(both)
    files = (tmp_path / "crm" / "accounts.csv", tmp_path / "crm" / "companies.csv")
    code = 4 if "no-such-policy" in words else 2
    assert said in both.run(VENDOR, "simulate", *files, *words, code=code).err
