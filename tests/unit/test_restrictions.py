"""Rules about own accounts: how their file is read, and which accounts each covers."""

from __future__ import annotations

import secrets
from pathlib import Path

import pandas as pd
import pytest
from companies import account_table

from cleanroom.session.accounts.forgotten import are_forgotten, forgotten_digests, remember_forgotten
from cleanroom.session.accounts.imports import NO_DOMAIN, import_export
from cleanroom.session.accounts.restrictions import (
    excluded_accounts,
    rules_digest,
    rules_standing,
    taking_part,
    without_accounts,
    without_excluded,
)
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party
from cleanroom.store import read_table, write_table
from overlap.errors import Refused
from overlap.ingest import partners_of, read_restrictions
from overlap.ingest.restrictions import (
    HALF_CONDITION,
    NO_ACCOUNT,
    NO_COLUMN,
    NO_PARTNER,
    NO_RULE,
    PARTNER_OF_PRIVATE,
    TWO_WAYS,
)
from overlap.keys import PartyKeys
from overlap.records import ALIAS_COLUMNS, RESTRICTION_COLUMNS

ACCOUNTS = [
    {"id": "1", "name": "Vexmoor Foundry", "website": "vexmoor.com", "type": "Customer"},
    {"id": "2", "name": "Vexmoor Castings", "website": "vexmoor.com", "type": "Competitor"},
    {"id": "3", "name": "Omnidyne", "website": "omnidyne.io", "type": " competitor "},
    {"id": "4", "name": "Quollbrook", "website": "", "type": "Customer", "parent_id": "1"},
]


@pytest.fixture
def party(tmp_path: Path) -> Party:
    folder = Folder(tmp_path / "own")
    made = Party(folder, PartyKeys.generate("northwind", secrets.token_bytes), 1_790_000_000)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "party").write_bytes(b"overlap-party/1\nnorthwind\n")
    frame = account_table(ACCOUNTS).assign(population="customers")
    write_table(folder.path("tables", "accounts-customers.parquet"), frame)
    return made


def rule(party: Party, text: str) -> list[str]:
    """Import rules; the reasons of those that were rejected."""
    source = party.folder.root.parent / "rules.csv"
    source.write_text(text, encoding="utf-8")
    import_export(party.folder, source, party.now, what="restrictions")
    lines = [line.split(",", 1)[1].strip('"') for line in _rejected(party)]
    return lines


def _rejected(party: Party) -> list[str]:
    place = party.folder.path("tables", "restrictions.rejected.csv")
    return place.read_text(encoding="utf-8").splitlines()[1:] if place.is_file() else []


@pytest.mark.parametrize(
    ("delimiter", "header"),
    [
        (",", "account_id,column,value,rule,partners"),
        (";", "Account ID;Field;Equals;Restriction;Only for"),
        ("\t", "Record ID\tAttribute\tValue\tVisibility\tAllowed partners"),
    ],
)
def test_rules_come_in_the_dialects_of_aliases(tmp_path: Path, delimiter: str, header: str) -> None:
    place = tmp_path / "rules.csv"
    rows = ["1", "", "", "Private", ""], ["", "Type", "Competitor", "restricted", '"contoso; fabrikam"']
    place.write_text("\n".join([header, *map(delimiter.join, rows), ""]), encoding="utf-8")
    table = read_restrictions(place)
    assert tuple(table.frame.columns) == RESTRICTION_COLUMNS and table.rejected == ()
    assert table.frame["rule"].tolist() == ["private", "restricted"]
    assert table.frame["column"].tolist() == ["", "type"]
    assert partners_of(table.frame["partners"].iat[1]) == ("contoso", "fabrikam")


@pytest.mark.parametrize("suffix", ["parquet", "xlsx"])
def test_rules_come_from_tables_too(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"account_id": ["1"], "rule": ["private"]})
    place = tmp_path / f"rules.{suffix}"
    frame.to_parquet(place) if suffix == "parquet" else frame.to_excel(place, index=False)
    assert read_restrictions(place).frame["account_id"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",,,,,private,", NO_ACCOUNT),
        ("1,,,type,Competitor,private,", TWO_WAYS),
        (",,,type,,private,", HALF_CONDITION),
        (",,,,Competitor,private,", HALF_CONDITION),
        (",,,shoe size,44,private,", NO_COLUMN),
        ("1,,,,,secret,", NO_RULE),
        ("1,,,,,,", NO_RULE),
        ("1,,,,,restricted, ; ", NO_PARTNER),
        ("1,,,,,private,contoso", PARTNER_OF_PRIVATE),
        (",,nonsense,,,private,", NO_DOMAIN),
    ],
)
def test_a_row_that_would_protect_nothing_is_rejected_with_its_reason(
    party: Party, row: str, reason: str
) -> None:
    header = "account_id,account_name,account_domain,column,value,rule,partners"
    assert rule(party, f"{header}\n{row}\n2,,,,,private,\n") == [reason]
    assert excluded_accounts(party, "contoso") == {"2"}


@pytest.mark.parametrize(
    ("row", "covered"),
    [
        ("1,,,,,private,", {"1"}),
        (",vexmoor foundry,,,,private,", {"1"}),
        (",,https://www.vexmoor.com/,,,private,", {"1", "2"}),
        (",Vexmoor Castings,vexmoor.com,,,private,", {"2"}),
        (",Omnidyne,vexmoor.com,,,private,", set()),
        (",,,type,Competitor,private,", {"2", "3"}),
        (",,,population,customers,private,", {"1", "2", "3", "4"}),
        ("1,,,,,restricted,contoso;fabrikam", set()),
        ("1,,,,,restricted,fabrikam", {"1"}),
    ],
)
def test_which_accounts_a_rule_covers(party: Party, row: str, covered: set[str]) -> None:
    header = "account_id,account_name,account_domain,column,value,rule,partners"
    assert rule(party, f"{header}\n{row}\n") == []
    assert excluded_accounts(party, "contoso") == covered
    taken = taking_part(party, "contoso", ("customers",))
    assert set(taken.accounts["id"]) == {"1", "2", "3", "4"} - covered
    assert taken.left_out.total == len(covered) and taken.left_out.rules == rules_digest(party.folder)


def test_private_wins_over_restricted_and_each_account_is_counted_once(party: Party) -> None:
    rule(
        party,
        "account_id,rule,partners\n1,private,\n1,restricted,contoso\n2,restricted,fabrikam\n9,private,\n",
    )
    left_out = taking_part(party, "contoso", ("customers",)).left_out
    assert (left_out.private, left_out.restricted) == (1, 1)
    standing = rules_standing(party.folder)
    assert (standing.private, standing.restricted, standing.waiting) == (1, 1, [5])
    # Neither card is here; the rows are those of the file, whose header is row 1.
    assert standing.strangers == [3, 4]


def test_the_digest_is_of_the_rules_in_any_order_and_of_nothing_else(party: Party) -> None:
    assert rules_digest(party.folder) == ""
    rule(party, "account_id,rule\n1,private\n2,private\n")
    digest = rules_digest(party.folder)
    rule(party, "rule;account_id\nprivate;2\nPrivate;1\n")
    assert rules_digest(party.folder) == digest and len(digest) == 64
    rule(party, "account_id,rule\n1,private\n")
    assert rules_digest(party.folder) != digest


def test_what_an_alias_file_says_of_a_private_account_is_left_out_too() -> None:
    accounts = account_table(ACCOUNTS)
    out = (accounts["id"] == "1").to_numpy()
    rows = [
        {"account_id": "1", "alias_name": "Moorforge"},
        {"account_name": "Vexmoor Foundry", "alias_name": "Moorforge"},
        {"account_id": "3", "parent_id": "1"},
        {"account_id": "3", "parent_name": "VEXMOOR FOUNDRY", "parent_country": "Germany"},
        {"account_id": "3", "parent_domain": "www.vexmoor.com", "alias_name": "Omni"},
        {"account_id": "3", "alias_name": "Omni", "parent_name": "Brightwater"},
    ]
    aliases = pd.DataFrame(rows).reindex(columns=list(ALIAS_COLUMNS), fill_value="").fillna("").astype("str")
    kept = without_accounts(aliases, accounts, out)
    assert kept is not None
    assert kept["alias_name"].tolist() == ["", "", "Omni", "Omni"]
    assert kept["parent_name"].tolist() == ["", "", "", "Brightwater"]
    assert set(kept["parent_id"]) | set(kept["parent_domain"]) == {""}


def test_a_run_older_than_the_import_is_judged_by_its_own_rows(party: Party) -> None:
    rule(party, "column,value,rule\ntype,Competitor,private\n")
    old = account_table([{"id": "7", "name": "Gone", "type": "Competitor"}, {"id": "8", "name": "Here"}])
    assert excluded_accounts(party, "contoso", old) == {"2", "3", "7"}
    rows = pd.DataFrame({"account": [0, 1]})
    kept, counted = without_excluded(party, "contoso", 1, old, rows)
    assert kept["account"].tolist() == [1] and list(counted.values()) == [1]
    with pytest.raises(Refused, match="minimum_count"):
        without_excluded(party, "contoso", 2, old, rows)


def test_what_was_forgotten_is_kept_as_salted_digests_and_is_in_no_later_import(party: Party) -> None:
    folder = party.folder
    digest = remember_forgotten(folder, "1", secrets.token_bytes)
    assert remember_forgotten(folder, "1", secrets.token_bytes) == digest
    assert forgotten_digests(folder) == [digest]
    assert are_forgotten(folder, ["1", "2"]).tolist() == [True, False]
    assert excluded_accounts(party, "contoso") == {"1"}
    for what, text in (
        ("accounts", "id,name,website\n1,Vexmoor,vexmoor.com\n2,Other,other.com\n"),
        ("aliases", "account_id,alias_name\n1,Moorforge\n2,Elsewhere\n"),
        ("opportunities", "id,account_id,stage\na,1,Open\nb,2,Open\n"),
    ):
        source = folder.root.parent / "export.csv"
        source.write_text(text, encoding="utf-8")
        done = import_export(folder, source, party.now, what=what)
        assert (done.rows, done.rejected) == (1, 1)
    assert read_table(folder.path("tables", "accounts-customers.parquet"))["id"].tolist() == ["2"]
