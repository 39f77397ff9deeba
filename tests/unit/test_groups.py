"""Groups of companies: who is at the top, what identifies a group, and what a shared group does not say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from companies import account_table, alias_table

from overlap import read_accounts, simulate
from overlap.identity import (
    CANDIDATE_KINDS,
    GROUP_KINDS,
    KIND,
    KINDS,
    identify,
    kinds_for,
    know,
    read_parents,
    vetoed,
    with_groups,
)
from overlap.identity.groups import MOST_OF_GROUP, SOURCES
from overlap.identity.parents import find_roots
from overlap.match import choose_one, distinct, find_hits, resolve
from overlap.protocol.matches import Matches
from overlap.records import GROUP_COLUMNS, TIERS
from overlap.relation import GROUP_TIER, SAME_ENTITY, SAME_GROUP, find_group_hits, resolve_groups
from overlap.simulation import simulate_in_full

LEI = "529900T8BM49AURSDO55"

#: Two views of one holding. Ours has the chain down to a regional company and a cousin without a parent;
#: theirs has the other subsidiary, the same regional company under a number of its own, and strangers.
OURS = [
    {"id": "h", "name": "Brightwater Holding SE", "website": "brightwater.com", "country": "Germany",
     "duns": "150483782"},
    {"id": "l", "name": "Brightwater Leasing GmbH", "website": "brightwater-leasing.de", "country": "Germany",
     "duns": "315369934", "parent_id": "h"},
    {"id": "n", "name": "Brightwater Leasing Nord GmbH", "website": "brightwater-leasing.de",
     "country": "Germany", "duns": "498765435", "parent_id": "l"},
    {"id": "k", "name": "Kestrel Marine Ltd", "website": "kestrelmarine.co.uk", "country": "United Kingdom",
     "duns": "219385713", "parent_id": "h"},
    {"id": "o", "name": "Omnidyne Systems Inc", "website": "omnidyne.io", "country": "United States"},
    {"id": "q", "name": "Brightwater Quay Apartments LLC", "website": "brightwaterquay.com",
     "country": "United States"},
]  # fmt: skip
THEIRS = [
    {"id": "H", "name": "Brightwater Holding", "website": "https://www.brightwater.com/", "country": "DE"},
    {"id": "E", "name": "Brightwater Energy GmbH", "website": "brightwater.com", "country": "DE",
     "parent_id": "H"},
    {"id": "S", "name": "Brightwater Leasing Süd GmbH", "website": "brightwater-leasing.de", "country": "DE",
     "duns": "531457645", "parent_id": "E"},
    {"id": "K", "name": "Kestrel Marine Limited", "website": "kestrelmarine.co.uk", "country": "GB",
     "duns": "219385713", "parent_id": "E"},
    {"id": "O", "name": "Omnidyne Systems", "website": "omnidyne.io", "country": "US"},
    {"id": "V", "name": "Vexmoor", "website": "vexmoor.com", "country": "US", "parent_id": "W"},
]  # fmt: skip
#: The pairs that are one company; everything else between the two groups is one group.
SAME = {("h", "H"), ("k", "K"), ("o", "O")}
GROUP = {(one, other) for one in "hlnk" for other in "HESK"} - SAME


def groups_of(rows: list[dict[str, str]], *aliases: dict[str, str]) -> dict[str, set[tuple[str, str]]]:
    """Id to the group identifiers of the account."""
    accounts = account_table(rows)
    known = know(accounts, alias_table(*aliases) if aliases else None)
    empty = identify(accounts.iloc[:0]).frame
    found: dict[str, set[tuple[str, str]]] = {row["id"]: set() for row in rows}
    for account, kind, value in with_groups(empty, known, GROUP_KINDS).itertuples(index=False):
        found[rows[account]["id"]].add((kind, value))
    return found


def roots(*parents: int) -> list[int]:
    result: list[int] = find_roots(np.array(parents, dtype=np.int64)).roots.tolist()
    return result


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ((), []),
        ((-1, -1), [0, 1]),
        ((-1, 0, 1, 2, 3), [0, 0, 0, 0, 0]),
        ((0, 0), [0, 0]),
        ((1, 0), [0, 1]),
        ((1, 2, 0), [0, 1, 2]),
        # 3 and 4 hang below a cycle of 0 and 1, 5 is a stranger.
        ((1, 0, -1, 1, 3, -1), [0, 1, 2, 1, 1, 5]),
    ],
    ids=["nobody", "two tops", "a chain", "its own parent", "a cycle of two", "of three", "below a cycle"],
)
def test_who_is_at_the_top(parents: tuple[int, ...], expected: list[int]) -> None:
    assert roots(*parents) == expected


def test_cycles_are_told() -> None:
    found = find_roots(np.array([1, 0, -1, 1, 4], dtype=np.int64))
    assert found.circular.tolist() == [True, True, False, False, False]


def test_a_long_chain_ends_at_its_top() -> None:
    parents = np.arange(-1, 99_999, dtype=np.int64)
    assert not find_roots(parents).roots.any()
    ring = np.roll(np.arange(100_000, dtype=np.int64), 1)
    assert (find_roots(ring).roots == np.arange(100_000)).all()


def test_a_parent_is_named_by_its_id_or_by_the_name_of_one_account() -> None:
    accounts = account_table(
        [
            {"id": "1", "name": "Brightwater", "parent_id": ""},
            {"id": "2", "name": "a", "parent_id": "1"},
            {"id": "3", "name": "b", "parent_id": " brightwater"},
            {"id": "4", "name": "c", "parent_id": "nobody"},
            {"id": "5", "name": "Twin", "parent_id": "7"},
            {"id": "6", "name": "Twin", "parent_id": "Twin"},
            {"id": "7", "name": "", "parent_id": ""},
            {"id": "7", "name": "", "parent_id": ""},
        ]
    )
    assert read_parents(accounts).tolist() == [-1, 0, 0, -1, -1, -1, -1, -1]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        (("Account ID", "Account Name", "Parent Account"), ("001A", "Child", "Brightwater Holding")),
        (
            ("Account ID", "Account Name", "Parent Account ID", "Parent Account"),
            ("001A", "Child", "001B", "x"),
        ),
        (("Record ID", "Company name", "Parent company"), ("001A", "Child", "brightwater holding")),
        (("id", "name", "parent company"), ("001A", "Child", "001B")),
    ],
)
def test_parents_of_exports(header: tuple[str, ...], cells: tuple[str, ...]) -> None:
    parent = ("001B", "Brightwater Holding", *[""] * (len(header) - 2))
    accounts = read_accounts(pd.DataFrame([cells, parent], columns=list(header))).frame
    assert read_parents(accounts).tolist() == [1, -1]


def test_everybody_of_a_group_carries_the_identifiers_of_its_top_and_no_other() -> None:
    found = groups_of(OURS)
    assert found["h"] == {
        ("group_number", "duns|150483782"),
        ("group_domain", "domain_name|brightwater.com|"),
    }
    assert found["l"] == found["n"] == found["k"] == found["h"]
    assert not found["o"] & found["h"] and not found["q"] & found["h"]


def test_at_most_two_identifiers_and_the_first_of_each_kind_before_a_second() -> None:
    top = {
        "id": "1",
        "name": "Vexmoor",
        "website": "vexmoor.com",
        "country": "Germany",
        "city": "Bonn",
    }
    full = groups_of([{**top, "lei": LEI, "duns": "150483782"}])["1"]
    assert len(full) == MOST_OF_GROUP
    assert full == {("group_number", f"lei|{LEI}"), ("group_domain", "domain_name|vexmoor.com|")}
    assert {kind for kind, _ in groups_of([top])["1"]} == {"group_domain", "group_name"}
    bare = {key: text for key, text in top.items() if key != "website"}
    names = groups_of([bare])["1"]
    assert names == {
        ("group_name", "name_country|vexmoor|DE"),
        ("group_name", "name_city|vexmoor|bonn"),
    }


def test_what_a_company_has_several_of_says_no_group() -> None:
    assert not {"isin", "ticker", "linkedin", "domain"} & set(SOURCES)
    assert not groups_of([{"id": "1", "name": "", "isin": "US0378331005", "ticker": "NASDAQ:AAPL"}])["1"]


def test_kinds_of_groups_stand_apart_from_all_others() -> None:
    assert not set(GROUP_KINDS) & set(KINDS) and set(SOURCES.values()) == set(GROUP_KINDS)
    assert {KIND[kind].tier for kind in GROUP_KINDS} == {GROUP_TIER} and GROUP_TIER not in TIERS
    assert kinds_for(candidates=True, groups=True) == (*KINDS, *GROUP_KINDS)
    assert not set(kinds_for(candidates=False)) & {*GROUP_KINDS, *CANDIDATE_KINDS}


def test_nothing_is_made_of_groups_that_the_contract_does_not_ask_for() -> None:
    accounts = account_table(OURS)
    own = identify(accounts, (*KINDS, *GROUP_KINDS)).frame
    assert set(own["kind"]) <= set(KINDS)
    assert with_groups(own, know(accounts), KINDS) is own
    some = with_groups(own, know(accounts), (*KINDS, "group_domain"))
    assert set(some["kind"]) - set(KINDS) == {"group_domain"}
    pd.testing.assert_frame_equal(some.iloc[: len(own)], own)


def test_no_group_is_counted() -> None:
    accounts = account_table(OURS)
    own = identify(accounts).frame
    everything = with_groups(own, know(accounts), GROUP_KINDS)
    pd.testing.assert_frame_equal(choose_one(everything), choose_one(own))


def matched(identifiers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(entity hits, group hits) where the peer has every identifier of these."""
    listed = distinct(identifiers)
    tokens = [position.to_bytes(16, "big") for position in range(len(listed.frame))]
    matches = Matches.of(tuple(range(len(tokens))), tuple(tokens), len(tokens), len(tokens))
    return find_hits(listed, matches), find_group_hits(listed, matches)


def test_a_shared_group_is_in_no_overlap() -> None:
    accounts = account_table(OURS)
    everything = with_groups(identify(accounts).frame, know(accounts), GROUP_KINDS)
    groups_alone = everything[everything["kind"].isin(GROUP_KINDS)].reset_index(drop=True)
    hits, of_groups = matched(groups_alone)
    assert hits.empty and resolve(accounts, hits).empty
    related = resolve_groups(of_groups, resolve(accounts, hits))
    assert tuple(related.columns) == GROUP_COLUMNS
    assert related["account"].tolist() == list(range(len(OURS)))
    assert related["members"].tolist() == [4, 4, 4, 4, 1, 1]
    assert related["kind"].tolist() == ["group_number"] * 4 + ["group_domain"] * 2
    hits, of_groups = matched(everything)
    assert not set(hits["kind"]) & set(GROUP_KINDS)
    assert resolve_groups(of_groups, resolve(accounts, hits)).empty


def test_same_company_and_same_group_are_told_apart() -> None:
    # Regional companies of one website and name have numbers of their own, so a number vetoes.
    pairs = simulate(account_table(OURS), account_table(THEIRS), groups=True, veto="duns", processes=1)
    assert list(pairs.columns) == ["left_id", "right_id", "kind", "tier", "confidence", "relation"]
    both = list(zip(pairs["left_id"], pairs["right_id"], strict=True))
    assert len(both) == len(set(both))
    rows = dict(zip(both, pairs.itertuples(index=False), strict=True))
    released = {pair for pair, row in rows.items() if row.tier in TIERS and row.tier != "candidate"}
    assert released == SAME
    assert {
        pair for pair, row in rows.items() if row.relation == SAME_ENTITY and row.tier != "candidate"
    } == SAME
    groups = {pair for pair, row in rows.items() if row.relation == SAME_GROUP}
    candidates = {pair for pair, row in rows.items() if row.tier == "candidate"}
    assert not candidates and groups == GROUP
    assert {rows[pair].tier for pair in groups} == {GROUP_TIER}
    assert all(rows[pair].kind in GROUP_KINDS and 0 < rows[pair].confidence < 1 for pair in groups)


def test_without_groups_the_pairs_are_what_they_were() -> None:
    ours, theirs = account_table(OURS), account_table(THEIRS)
    plain = simulate(ours, theirs, processes=1)
    grouped = simulate(ours, theirs, groups=True, processes=1)
    same = grouped[grouped["relation"] == SAME_ENTITY].drop(columns="relation").reset_index(drop=True)
    pd.testing.assert_frame_equal(plain, same)


def test_the_parent_is_meant_where_parent_and_child_carry_the_same() -> None:
    """Energy says nothing beyond brightwater.com, so both accounts carry what the holding of the peer has."""
    peer = account_table([{"id": "h", "name": "Brightwater SE", "website": "brightwater.com"}])
    rows = [
        {"id": "H", "name": "Brightwater Holding", "website": "brightwater.com"},
        {"id": "E", "name": "Brightwater Energy GmbH", "website": "brightwater.com"},
        {"id": "F", "name": "Brightwater Holding", "website": "brightwater.com", "parent_id": "H"},
    ]

    def tiers(parent: str) -> dict[str, str]:
        own = account_table([rows[0], {**rows[1], "parent_id": parent}, rows[2]])
        both = [simulate(peer, own, processes=1), simulate(own, peer, processes=1)]
        ends = ("right_id", "left_id")
        found = [
            dict(zip(pairs[end], pairs["tier"], strict=True)) for pairs, end in zip(both, ends, strict=True)
        ]
        assert found[0] == found[1]
        return found[0]

    assert tiers("") == {"H": "exact", "E": "exact", "F": "exact"}
    assert tiers("H") == {"H": "exact", "E": "candidate", "F": "exact"}
    # Above both of one name stands the same company; a cycle ends.
    assert tiers("F") == {"H": "exact", "E": "candidate", "F": "exact"}
    assert tiers("E") == {"H": "exact", "E": "exact", "F": "exact"}


def test_a_subsidiary_meets_its_parent_only_where_somebody_knows_it() -> None:
    parent = account_table([OURS[0]])
    child = account_table([{**THEIRS[1], "website": "brightwater-energy.de", "parent_id": ""}])
    assert simulate(parent, child, groups=True, processes=1).empty
    says = alias_table(
        {"account_id": "E", "parent_name": "Brightwater Holding", "parent_domain": "brightwater.com"}
    )
    pairs = simulate(parent, child, groups=True, aliases=(None, says), processes=1)
    assert pairs[["left_id", "right_id", "relation"]].to_numpy().tolist() == [["h", "E", SAME_GROUP]]


def test_a_parent_known_by_its_website_alone_is_called_like_it() -> None:
    rows = [{"id": "1", "name": "Brightwater Energy", "website": "brightwater-energy.de"}]
    found = groups_of(rows, {"account_id": "1", "parent_domain": "https://www.brightwater.com"})
    assert found["1"] == {("group_domain", "domain_name|brightwater.com|")}
    assert found["1"] <= groups_of(OURS)["h"]
    assert not groups_of(rows, {"account_id": "1", "parent_domain": "gmail.com"})["1"]


def test_a_number_that_vetoes_keeps_companies_apart_and_not_groups() -> None:
    ours, theirs = (account_table([{**row, "duns": number} for row, number in side]) for side in (
        [(OURS[0], "150483782"), (OURS[1], "315369934")], [(THEIRS[0], "150483782"), (THEIRS[3], "219385713")]
    ))  # fmt: skip
    theirs["parent_id"] = ["", "H"]
    pairs = simulate(ours, theirs, groups=True, veto="duns", processes=1)
    relations = {(row.left_id, row.right_id): row.relation for row in pairs.itertuples()}
    assert relations[("h", "H")] == SAME_ENTITY and relations[("l", "K")] == SAME_GROUP
    frame = vetoed(identify(ours).frame, "duns", "starter")
    grouped = with_groups(frame, know(ours), GROUP_KINDS)
    of_groups = grouped.loc[grouped["kind"].isin(GROUP_KINDS), "value"]
    assert not of_groups.empty and not of_groups.str.contains("\x1f").any()


def test_a_crowded_group_is_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("overlap.simulation.MAX_PAIRS_PER_TOKEN", 3)
    run = simulate_in_full(account_table(OURS), account_table(THEIRS), kinds=GROUP_KINDS, processes=1)
    assert run.crowded == 1
    assert run.pairs[["left_id", "right_id"]].to_numpy().tolist() == [["o", "O"]]
