"""Tiers, confidence, rivals and tokens are decided from the own side's matches alone."""

from __future__ import annotations

import pandas as pd
import pytest

from overlap.identity import KINDS
from overlap.match import COUNT_KINDS, RULES, all_tokens, choose_one, distinct, find_hits, resolve
from overlap.protocol import decode_identifier
from overlap.protocol.dh import Matches
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS, OVERLAP_COLUMNS

Row = tuple[int, str, str, bool]


def table(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(IDENTIFIER_COLUMNS))
    return frame.astype({"account": "int64", "kind": "str", "value": "str", "supported": "bool"})


def named(*names: str) -> pd.DataFrame:
    frame = pd.DataFrame({column: pd.Series([""] * len(names), dtype="str") for column in ACCOUNT_COLUMNS})
    return frame.assign(name=pd.Series(list(names), dtype="str"))


def overlap(names: list[str], rows: list[Row], matched: set[tuple[str, str]] | None = None) -> pd.DataFrame:
    """The overlap when these identifiers matched (all of them by default)."""
    listed = distinct(table(*rows))
    return resolve(named(*names), listed, matching(listed.frame, matched))


def matching(frame: pd.DataFrame, matched: set[tuple[str, str]] | None) -> Matches:
    keys = list(zip(frame["kind"], frame["value"], strict=True))
    positions = [at for at, key in enumerate(keys) if matched is None or key in matched]
    return Matches(tuple(positions), tuple(bytes([at] * 16) for at in positions), len(keys), len(keys))


@pytest.mark.parametrize(
    ("rows", "kind", "tier", "confidence"),
    # The rows are those of the table in PROTOCOL.md.
    [
        ([(0, "lei", "x", False), (0, "name", "a", False)], "lei", "exact", 0.999),
        ([(0, "duns", "x", False)], "duns", "exact", 0.995),
        ([(0, "vat", "x", False), (0, "domain", "d.com", True)], "vat", "exact", 0.99),
        ([(0, "registration", "x", False)], "registration", "exact", 0.99),
        ([(0, "domain", "d.com", False), (0, "name_country", "a|de", False)], "domain", "exact", 0.985),
        ([(0, "domain", "d.com", False), (0, "name", "a", False)], "domain", "exact", 0.97),
        ([(0, "domain", "d.com", True)], "domain", "strong", 0.92),
        ([(0, "domain", "d.com", False)], "domain", "candidate", 0.70),
        ([(0, "name_country", "a|de", False), (0, "name", "a", False)], "name_country", "strong", 0.88),
        ([(0, "name", "blue harbour", True)], "name", "strong", 0.80),
        ([(0, "name", "blue harbour", False)], "name", "candidate", 0.50),
        ([(0, "name", "acme", False)], "name", "candidate", 0.50),
    ],
)
def test_the_evidence_decides_tier_and_confidence(
    rows: list[Row], kind: str, tier: str, confidence: float
) -> None:
    result = overlap(["Acme"], rows)
    assert list(result.columns) == list(OVERLAP_COLUMNS)
    assert result[["kind", "tier", "confidence", "rivals"]].values.tolist() == [[kind, tier, confidence, 0]]


def test_every_rule_is_tested_above_and_none_is_shadowed() -> None:
    for at, rule in enumerate(RULES):
        assert not any(set(earlier.needs) <= set(rule.needs) for earlier in RULES[:at])
        assert 0 < rule.confidence <= 1


def test_only_what_matched_is_evidence() -> None:
    rows: list[Row] = [(0, "domain", "d.com", False), (0, "name", "acme", False), (1, "lei", "x", False)]
    result = overlap(["Acme", "Other"], rows, {("name", "acme")})
    assert result[["account", "kind", "tier"]].values.tolist() == [[0, "name", "candidate"]]


def test_nothing_matched_is_an_empty_overlap() -> None:
    result = overlap(["Acme"], [(0, "name", "acme", False)], set())
    assert len(result) == 0 and list(result.columns) == list(OVERLAP_COLUMNS)
    assert len(overlap([], [])) == 0


def test_two_accounts_that_nothing_tells_apart_are_candidates() -> None:
    rows: list[Row] = [(0, "domain", "group.com", True), (1, "domain", "group.com", True)]
    result = overlap(["Group Holding", "Group Leasing"], rows)
    assert result[["tier", "confidence", "rivals"]].values.tolist() == [["candidate", 0.46, 1]] * 2


def test_duplicates_of_one_company_keep_their_tier() -> None:
    rows: list[Row] = [(0, "domain", "group.com", True), (1, "domain", "group.com", True)]
    result = overlap(["Blue Harbour GmbH", "BLUE HARBOUR"], rows)
    assert result[["tier", "confidence", "rivals"]].values.tolist() == [["strong", 0.92, 1]] * 2


def test_a_further_match_tells_one_account_from_its_rival() -> None:
    rows: list[Row] = [
        (0, "domain", "group.com", False),
        (0, "name", "group leasing", False),
        (1, "domain", "group.com", False),
        (1, "name", "group holding", False),
    ]
    matched = {("domain", "group.com"), ("name", "group leasing")}
    result = overlap(["Group Leasing", "Group Holding"], rows, matched)
    assert result[["tier", "rivals"]].values.tolist() == [["exact", 0], ["candidate", 1]]


def test_a_name_that_two_accounts_carry_is_no_match_by_itself() -> None:
    rows: list[Row] = [(0, "name", "blue harbour", True), (1, "name", "blue harbour", True)]
    result = overlap(["Blue Harbour", "Blue Harbour"], rows)
    assert result["tier"].tolist() == ["candidate"] * 2
    assert result["confidence"].tolist() == [0.4] * 2


def test_accounts_without_a_name_are_no_duplicates() -> None:
    rows: list[Row] = [(0, "domain", "group.com", True), (1, "domain", "group.com", True)]
    assert overlap(["", ""], rows)["tier"].tolist() == ["candidate"] * 2


def test_the_token_is_that_of_the_best_and_rarest_identifier() -> None:
    rows: list[Row] = [
        (0, "name", "acme", False),
        (0, "domain", "shared.com", True),
        (1, "domain", "shared.com", True),
        (0, "domain", "own.com", False),
    ]
    listed = distinct(table(*rows))
    matches = matching(listed.frame, None)
    tokens = dict(zip(listed.frame["value"], matches.tokens, strict=True))
    result = resolve(named("Acme", "Other"), listed, matches)
    assert result["token"].tolist() == [tokens["own.com"].hex(), tokens["shared.com"].hex()]
    every = all_tokens(listed, matches)
    assert every[every["account"] == 0]["token"].tolist() == [
        tokens[value].hex() for value in ("own.com", "shared.com", "acme")
    ]
    assert every["kind"].tolist() == ["domain", "domain", "name", "domain"]


def test_distinct_lists_each_identifier_once_and_finds_its_holders() -> None:
    rows: list[Row] = [
        (0, "name", "a", False),
        (1, "name", "a", True),
        (1, "domain", "a", False),
        (1, "name", "a", False),
    ]
    listed = distinct(table(*rows))
    assert [decode_identifier(data) for data in listed.encoded] == [("name", "a"), ("domain", "a")]
    assert listed.holders.values.tolist() == [[0, 0, False], [0, 1, True], [1, 1, False]]
    assert find_hits(listed, matching(listed.frame, None))["held_by"].tolist() == [2, 1, 2]


def test_counts_takes_one_identifier_of_each_account() -> None:
    rows: list[Row] = [
        (0, "lei", "x", False),
        (0, "name", "a", False),
        (0, "domain", "plain.com", False),
        (0, "domain", "supported.com", True),
        (1, "lei", "y", False),
        (1, "name", "b", False),
        (2, "vat", "z", False),
    ]
    chosen = choose_one(table(*rows))
    assert chosen[["account", "kind", "value"]].values.tolist() == [
        [0, "domain", "supported.com"],
        [1, "name", "b"],
        [2, "vat", "z"],
    ]
    assert list(chosen.columns) == list(IDENTIFIER_COLUMNS)


def test_every_kind_has_a_place_in_the_order_of_counts() -> None:
    assert sorted(COUNT_KINDS) == sorted(KINDS)
