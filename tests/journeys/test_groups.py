"""Alias files and groups of companies, with real commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
from two_parties import (
    PARTNER,
    PARTNER_ONLY,
    SHARED,
    VENDOR,
    VENDOR_ONLY,
    TwoParties,
    agree,
    change_policy,
    match,
    meet,
    write_csv,
)

#: The partner's first account that the vendor does not have under that name, by the order of its export.
RENAMED = str(9000 + len(SHARED))
HEADER = ("Record ID", "Former name", "Old domain")


def test_an_alias_file_finds_an_account_under_its_old_name_and_shows_its_own(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    meet(both)
    old = VENDOR_ONLY[0]
    file = write_csv(
        tmp_path / "crm" / "aliases.csv",
        HEADER,
        [(RENAMED, f"{old} GmbH", f"{old.lower()}.com"), ("77", "Somebody", ""), (RENAMED, "", "")],
        ";",
    )
    told = both.run(PARTNER, "import", file, "--as", "aliases")
    assert "1 aliases; rejected 2" in told.out and "careful   no column" not in told.out
    table = both.place(PARTNER, "tables")
    with (table / "aliases.rejected.csv").open(newline="") as lines:
        reasons = {row["row"]: row["reason"] for row in csv.DictReader(lines)}
    assert reasons == {
        "3": "its account is not in the list",
        "4": "neither a further name or domain nor a parent",
    }
    agree(both)
    match(both)
    runs = {party: both.read_json(party, "match", "list") for party in (VENDOR, PARTNER)}
    assert [[run["shared"] for run in listed] for listed in runs.values()] == [[str(len(SHARED) + 1)]] * 2
    run = both.place(PARTNER, "runs", runs[PARTNER][0]["run"])
    names = pd.read_parquet(run / "accounts.parquet")["name"].tolist()
    assert f"{PARTNER_ONLY[0]} GmbH" in names and not [name for name in names if old in name]


def test_aliases_need_accounts(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    both.run(PARTNER, "init", "--party", PARTNER)
    file = write_csv(tmp_path / "aliases.csv", HEADER, [("1", "Somebody", "")])
    assert "import accounts first" in both.run(PARTNER, "import", file, "--as", "aliases", code=2).err


def test_simulate_tells_the_same_company_from_the_same_group(tmp_path: Path) -> None:
    both = TwoParties(tmp_path)
    ours = write_csv(
        tmp_path / "ours.csv",
        ("Account ID", "Account Name", "Website", "Billing Country", "Parent Account ID"),
        [
            ("A1", "Brightwater Holding SE", "brightwater.com", "Germany", ""),
            ("A2", "Kestrel Marine Ltd", "kestrelmarine.co.uk", "United Kingdom", "A1"),
        ],
    )
    theirs = write_csv(
        tmp_path / "theirs.csv",
        ("id", "name", "website", "country"),
        [("1", "Kestrel Marine", "kestrelmarine.co.uk", "GB"), ("2", "Tarnwick Pumps", "tarnwick.com", "GB")],
        ";",
    )
    aliases = write_csv(
        tmp_path / "aliases.csv",
        ("our name", "ultimate parent", "ultimate parent domain"),
        [
            ("Tarnwick Pumps", "Brightwater Holding", "www.brightwater.com"),
            ("kestrel marine", "Brightwater Holding", "www.brightwater.com"),
            ("Nobody", "Brightwater Holding", "www.brightwater.com"),
        ],
        ";",
    )
    out = tmp_path / "pairs.csv"
    words = ("simulate", ours, theirs, "--right-aliases", aliases, "--groups", "--out", out)
    facts = json.loads(both.run(VENDOR, *words, "--json").out)
    assert facts["right"] == {"accounts": 2, "rejected": 0, "aliases": {"rows": 2, "rejected": 1}}
    assert facts["tiers"] == {"exact": 1, "group": 3}
    assert "right  2 aliases, 1 row rejected" in both.run(VENDOR, *words).out
    with out.open(newline="") as file:
        rows = [(row["left_id"], row["right_id"], row["relation"]) for row in csv.DictReader(file)]
    assert rows == [
        ("A1", "1", "same group"),
        ("A1", "2", "same group"),
        ("A2", "1", "same entity"),
        ("A2", "2", "same group"),
    ]


def hold(tmp_path: Path) -> TwoParties:
    """A vendor that holds a parent and a child, a partner that holds another child of that parent."""
    both = TwoParties(tmp_path)
    meet(both)
    ours = write_csv(
        tmp_path / "crm" / "ours.csv",
        ("Account ID", "Account Name", "Website", "Billing Country", "Parent Account ID"),
        [
            *[
                (f"A{number}", f"{name} Ltd", f"{name.lower()}.com", "GB", "")
                for number, name in enumerate(SHARED)
            ],
            ("H1", "Brightwater Holding SE", "brightwater.com", "Germany", ""),
            ("H2", "Kestrel Marine Ltd", "kestrelmarine.co.uk", "United Kingdom", "H1"),
        ],
    )
    theirs = write_csv(
        tmp_path / "crm" / "theirs.csv",
        ("Record ID", "Company name", "Company Domain Name", "Country/Region"),
        [
            *[(str(number), name, f"{name.lower()}.com", "GB") for number, name in enumerate(SHARED)],
            ("900", "Dunmarrow Pumps", "dunmarrow-pumps.co.uk", "GB"),
        ],
        ";",
    )
    aliases = write_csv(
        tmp_path / "crm" / "parents.csv",
        ("Record ID", "ultimate parent", "ultimate parent domain"),
        [("900", "Brightwater Holding", "www.brightwater.com")],
        ";",
    )
    both.run(VENDOR, "import", ours, "--population", "customers")
    both.run(PARTNER, "import", theirs, "--population", "customers")
    both.run(PARTNER, "import", aliases, "--as", "aliases")
    return both


def test_a_run_compares_no_groups_without_both_signatures(tmp_path: Path) -> None:
    both = hold(tmp_path)
    agree(both)
    match(both)
    assert "relations" in both.run(VENDOR, "match", "groups", code=3).err


def test_a_run_tells_accounts_of_one_group_and_shares_none_of_them(tmp_path: Path) -> None:
    both = hold(tmp_path)
    agree(both, change_policy(both, relations='["same_entity", "same_group"]'))
    match(both)
    found = {
        party: {row["account"] for row in both.read_json(party, "match", "groups")}
        for party in (VENDOR, PARTNER)
    }
    assert found == {VENDOR: {"H1", "H2"}, PARTNER: {"900"}}
    assert "Kestrel Marine" in both.run(VENDOR, "match", "groups").out
    assert [run["shared"] for run in both.read_json(VENDOR, "match", "list")] == [str(len(SHARED))]
