"""Alias files: which account a row is about, and what it adds to it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from companies import account_table, alias_table

from overlap import simulate
from overlap.errors import BadInput, UsageError
from overlap.identity import identify, identify_known, know
from overlap.identity.aliases import SECOND_PARENT, SEVERAL, UNKNOWN
from overlap.ingest import read_aliases
from overlap.ingest.aliases import NO_ACCOUNT, NOTHING_SAID
from overlap.records import ALIAS_COLUMNS

ACCOUNTS = [
    {"id": "1", "name": "Vexmoor Foundry GmbH", "website": "vexmoor.com", "country": "Germany",
     "city": "Bonn", "duns": "150483782"},
    {"id": "2", "name": "Vexmoor Castings GmbH", "website": "vexmoor.com", "country": "Germany"},
    {"id": "3", "name": "Omnidyne Systems", "website": "", "country": "United States", "parent_id": "1"},
    {"id": "4", "name": "Omnidyne Systems", "website": "omnidyne.io", "country": "Canada"},
]  # fmt: skip


def values(known_as: pd.DataFrame, kind: str, account: int = 0) -> list[str]:
    frame = identify_known(know(account_table(ACCOUNTS), known_as), processes=1, most=40).frame
    found = frame[(frame["kind"] == kind) & (frame["account"] == account)]
    result: list[str] = found["value"].tolist()
    return result


@pytest.mark.parametrize(
    "text",
    [
        "account_id,alias_name,alias_domain,parent_name\n1,Moorforge,moorforge.de,Brightwater\n",
        "Account ID;Former Name;Old Domain;Ultimate Parent\n1;Moorforge;moorforge.de;Brightwater\n",
        "Record ID\tAlso known as\tBrand domain\tParent company\n1\tMoorforge\tmoorforge.de\tBrightwater\n",
    ],
)
def test_dialects_and_headers(tmp_path: Path, text: str) -> None:
    place = tmp_path / "aliases.csv"
    place.write_text(text, encoding="utf-8")
    frame = read_aliases(place).frame
    assert tuple(frame.columns) == ALIAS_COLUMNS
    row = frame.iloc[0]
    assert row[["account_id", "alias_name", "alias_domain", "parent_name"]].tolist() == [
        "1", "Moorforge", "moorforge.de", "Brightwater"
    ]  # fmt: skip
    assert row["row"] == 2 and row["parent_duns"] == ""


def test_rows_that_say_nothing_are_rejected(tmp_path: Path) -> None:
    place = tmp_path / "aliases.csv"
    place.write_text(
        "account_id,account_name,alias_name,parent_country,parent_duns\n"
        "1,,Moorforge,,\n,,Moorforge,,\n1,,,Germany,\n,Vexmoor,,,12345678\n",
        encoding="utf-8",
    )
    table = read_aliases(place)
    assert [(one.row, one.reason) for one in table.rejected] == [(3, NO_ACCOUNT), (4, NOTHING_SAID)]
    assert table.frame["parent_duns"].tolist() == ["", "012345678"]


def test_a_file_that_is_no_alias_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "accounts.csv"
    place.write_text("id,name\n1,Vexmoor\n", encoding="utf-8")
    with pytest.raises(BadInput, match="header row"):
        read_aliases(place)
    with pytest.raises(UsageError, match="no field"):
        read_aliases(place, mapping={"website": "name"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"account_id": "1"}, ""),
        ({"account_id": "9"}, UNKNOWN),
        ({"account_id": "9", "account_name": "Vexmoor Foundry GmbH"}, UNKNOWN),
        ({"account_name": "vexmoor foundry gmbh "}, ""),
        ({"account_name": "Vexmoor"}, UNKNOWN),
        ({"account_name": "Omnidyne Systems"}, SEVERAL),
        ({"account_name": "Omnidyne Systems", "account_domain": "www.omnidyne.io"}, ""),
        ({"account_name": "Omnidyne Systems", "account_domain": "vexmoor.com"}, UNKNOWN),
        ({"account_domain": "https://omnidyne.io/about"}, ""),
        ({"account_domain": "vexmoor.com"}, SEVERAL),
        ({"account_domain": "gmail.com"}, UNKNOWN),
    ],
)
def test_a_row_is_about_exactly_one_account(row: dict[str, str], reason: str) -> None:
    known = know(account_table(ACCOUNTS), alias_table({**row, "alias_name": "Moorforge"}))
    assert [one.reason for one in known.rejected] == ([reason] if reason else [])
    assert len(known.renamed) == (not reason)
    dropped = identify_known(known, processes=1).dropped
    assert (dropped.get(("aliases", reason), 0) == 1) is bool(reason)


def test_without_aliases_nothing_changes() -> None:
    accounts = account_table(ACCOUNTS)
    known = know(accounts)
    assert known.accounts is accounts and known.rejected == ()
    pd.testing.assert_frame_equal(
        identify_known(known, processes=1).frame, identify(accounts, processes=1).frame
    )


def test_a_further_name_is_worth_what_the_own_name_is() -> None:
    says = alias_table({"account_id": "1", "alias_name": "Moorforge AG"})
    assert values(says, "name_country") == ["vexmoor foundry|DE", "moorforge|DE"]
    assert {"vexmoor.com|foundry|", "vexmoor.com|moorforge"} <= set(values(says, "domain_name"))
    assert values(says, "duns") == ["150483782"]
    assert values(says, "name_country", account=1) == ["vexmoor castings|DE"]


def test_a_further_domain_stands_beside_the_own_one() -> None:
    says = alias_table({"account_id": "1", "alias_domain": "moorforge.de"})
    assert values(says, "domain") == ["vexmoor.com", "moorforge.de"]
    brand = alias_table({"account_id": "1", "alias_name": "Moorforge", "alias_domain": "moorforge.de"})
    assert "moorforge.de||" in values(brand, "domain_name")


def test_an_unusable_alias_is_counted_and_not_quoted() -> None:
    says = alias_table(
        {"account_id": "1", "alias_name": "???"}, {"account_id": "1", "alias_domain": "gmail.com"}
    )
    dropped = identify_known(know(account_table(ACCOUNTS), says), processes=1).dropped
    assert {column for column, _ in dropped} == {"alias_name", "domains"}
    assert sum(dropped.values()) == 2


def test_the_order_is_that_of_identify() -> None:
    says = alias_table(
        {"account_id": "1", "alias_name": "Moorforge"}, {"account_id": "3", "alias_name": "Dynaforge"}
    )
    frame = identify_known(know(account_table(ACCOUNTS), says), processes=1).frame
    for _, part in frame.groupby("kind", sort=False):
        assert part["account"].is_monotonic_increasing
    assert not frame.duplicated().any()
    kinds = frame["kind"].drop_duplicates().tolist()
    assert kinds == [kind for kind in identify(account_table(ACCOUNTS)).frame["kind"].drop_duplicates()]


def test_parents_of_the_file_stand_in_place_of_those_of_the_crm() -> None:
    says = alias_table(
        {"account_id": "3", "parent_id": "4"},
        {"account_id": "2", "parent_name": "VEXMOOR FOUNDRY GMBH", "parent_domain": "elsewhere.com"},
        {"account_id": "4", "parent_name": "Brightwater", "parent_duns": "315369934"},
        {
            "account_id": "4",
            "alias_name": "Dynaforge",
            "parent_name": "Brightwater",
            "parent_duns": "315369934",
        },
        {"account_id": "4", "parent_name": "Somebody else"},
        {"account_id": "1", "parent_id": "nobody"},
    )
    known = know(account_table(ACCOUNTS), says)
    assert known.parents.tolist() == [-1, 0, 3, 4]
    assert known.outside[["name", "duns"]].to_numpy().tolist() == [["Brightwater", "315369934"]]
    assert [(one.row, one.reason) for one in known.rejected] == [(6, SECOND_PARENT)]


def test_an_old_name_finds_the_account_that_carries_a_new_one() -> None:
    left = account_table([{"id": "1", "name": "Vexmoor Foundry", "country": "Germany"}])
    right = account_table([{"id": "a", "name": "Moorforge AG", "country": "DE"}])
    assert simulate(left, right, processes=1).empty
    says = alias_table({"account_id": "1", "alias_name": "Moorforge"})
    pairs = simulate(left, right, aliases=(says, None), processes=1)
    assert pairs[["left_id", "right_id", "kind", "tier"]].to_numpy().tolist() == [
        ["1", "a", "name_country", "strong"]
    ]
