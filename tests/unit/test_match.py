"""Tiers, confidence, rivals and tokens are decided from the own side's matches alone."""

from __future__ import annotations

import pandas as pd
import pytest

from overlap.identity import KINDS
from overlap.match import COUNT_KINDS, RULES, choose_one, distinct, find_hits, resolve
from overlap.protocol import decode_identifier
from overlap.protocol.dh import Matches
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS, OVERLAP_COLUMNS

Row = tuple[int, str, str]


def table(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(IDENTIFIER_COLUMNS))
    return frame.astype({"account": "int64", "kind": "str", "value": "str"})


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
    # The rows are those of the table in PROTOCOL.md; the account's name, "Acme", explains acme.com only.
    [
        ([(0, "lei", "x"), (0, "name", "a")], "lei", "exact", 0.999),
        ([(0, "duns", "x")], "duns", "exact", 0.995),
        ([(0, "vat", "x"), (0, "domain", "d.com")], "vat", "exact", 0.99),
        ([(0, "registration", "x")], "registration", "exact", 0.99),
        ([(0, "domain", "d.com"), (0, "name_country", "a|de")], "domain", "exact", 0.985),
        ([(0, "domain", "d.com"), (0, "name", "a")], "domain", "exact", 0.97),
        ([(0, "domain", "acme.com")], "domain", "strong", 0.92),
        ([(0, "domain", "d.com")], "domain", "candidate", 0.70),
        ([(0, "name_country", "a|de"), (0, "name", "a")], "name_country", "strong", 0.88),
        ([(0, "name", "blue harbour")], "name", "strong", 0.80),
        ([(0, "name", "acme")], "name", "candidate", 0.50),
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
    rows: list[Row] = [(0, "domain", "d.com"), (0, "name", "acme"), (1, "lei", "x")]
    result = overlap(["Acme", "Other"], rows, {("name", "acme")})
    assert result[["account", "kind", "tier"]].values.tolist() == [[0, "name", "candidate"]]


def test_a_long_name_is_strong_only_for_an_account_without_a_country() -> None:
    rows: list[Row] = [(0, "name", "blue harbour"), (1, "name", "blue harbour"), (1, "name_country", "x|DE")]
    listed = distinct(table(*rows))
    hits = find_hits(named("", ""), listed, matching(listed.frame, {("name", "blue harbour")}))
    assert hits[["account", "supported"]].values.tolist() == [[0, True], [1, False]]
    assert overlap([""], [(0, "name", "blue harbour")])["tier"].tolist() == ["strong"]
    placed: list[Row] = [(0, "name", "blue harbour"), (0, "name_country", "blue harbour|DE")]
    result = overlap([""], placed, {("name", "blue harbour")})
    assert result[["tier", "confidence"]].values.tolist() == [["candidate", 0.50]]


def test_nothing_matched_is_an_empty_overlap() -> None:
    result = overlap(["Acme"], [(0, "name", "acme")], set())
    assert len(result) == 0 and list(result.columns) == list(OVERLAP_COLUMNS)
    assert len(overlap([], [])) == 0


def test_two_accounts_that_nothing_tells_apart_are_candidates() -> None:
    rows: list[Row] = [(0, "domain", "harbour.com"), (1, "domain", "harbour.com")]
    result = overlap(["Harbour Holding", "Harbour Leasing"], rows)
    assert result[["tier", "confidence", "rivals"]].values.tolist() == [["candidate", 0.46, 1]] * 2


def test_duplicates_of_one_company_keep_their_tier() -> None:
    rows: list[Row] = [(0, "domain", "harbour.com"), (1, "domain", "harbour.com")]
    result = overlap(["Blue Harbour GmbH", "BLUE HARBOUR"], rows)
    assert result[["tier", "confidence", "rivals"]].values.tolist() == [["strong", 0.92, 1]] * 2


def test_a_further_match_tells_one_account_from_its_rival() -> None:
    rows: list[Row] = [
        (0, "domain", "group.com"),
        (0, "name", "group leasing"),
        (1, "domain", "group.com"),
        (1, "name", "group holding"),
    ]
    matched = {("domain", "group.com"), ("name", "group leasing")}
    result = overlap(["Group Leasing", "Group Holding"], rows, matched)
    assert result[["tier", "rivals"]].values.tolist() == [["exact", 0], ["candidate", 1]]


def test_a_name_that_two_accounts_carry_is_no_match_by_itself() -> None:
    rows: list[Row] = [(0, "name", "blue harbour"), (1, "name", "blue harbour")]
    result = overlap(["Blue Harbour", "Blue Harbour"], rows)
    assert result["tier"].tolist() == ["candidate"] * 2
    assert result["confidence"].tolist() == [0.4] * 2


def test_accounts_without_a_name_are_no_duplicates() -> None:
    rows: list[Row] = [(0, "domain", "group.com"), (1, "domain", "group.com")]
    assert overlap(["", ""], rows)["tier"].tolist() == ["candidate"] * 2


def test_the_token_is_that_of_the_best_and_rarest_identifier() -> None:
    rows: list[Row] = [
        (0, "name", "acme"),
        (0, "domain", "shared.com"),
        (1, "domain", "shared.com"),
        (0, "domain", "own.com"),
    ]
    accounts, listed = named("Acme", "Shared"), distinct(table(*rows))
    matches = matching(listed.frame, None)
    tokens = dict(zip(listed.frame["value"], matches.tokens, strict=True))
    result = resolve(accounts, listed, matches)
    assert result["token"].tolist() == [tokens["own.com"].hex(), tokens["shared.com"].hex()]
    every = find_hits(accounts, listed, matches)
    assert every[every["account"] == 0]["token"].tolist() == [
        tokens[value].hex() for value in ("own.com", "shared.com", "acme")
    ]
    assert every["kind"].tolist() == ["domain", "domain", "name", "domain"]


def test_distinct_lists_each_identifier_once_and_finds_its_holders() -> None:
    rows: list[Row] = [
        (0, "name", "a"),
        (1, "name", "a"),
        (1, "domain", "a"),
        (1, "name", "a"),
    ]
    listed = distinct(table(*rows))
    assert [decode_identifier(data) for data in listed.encoded] == [("name", "a"), ("domain", "a")]
    assert listed.holders.values.tolist() == [[0, 0], [0, 1], [1, 1]]
    assert find_hits(named("", ""), listed, matching(listed.frame, None))["held_by"].tolist() == [2, 1, 2]


def test_counts_takes_one_identifier_of_each_account() -> None:
    rows: list[Row] = [
        (0, "lei", "x"),
        (0, "name", "a"),
        (0, "domain", "first.com"),
        (0, "domain", "second.com"),
        (1, "lei", "y"),
        (1, "name", "b"),
        (2, "vat", "z"),
    ]
    chosen = choose_one(table(*rows))
    assert chosen[["account", "kind", "value"]].values.tolist() == [
        [0, "domain", "first.com"],
        [1, "name", "b"],
        [2, "vat", "z"],
    ]
    assert list(chosen.columns) == list(IDENTIFIER_COLUMNS)


def test_every_kind_has_a_place_in_the_order_of_counts() -> None:
    assert sorted(COUNT_KINDS) == sorted(KINDS)
