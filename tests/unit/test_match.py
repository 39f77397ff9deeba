"""Tiers, confidence, rivals and tokens are decided from the own side's matches alone."""

from __future__ import annotations

import pandas as pd
import pytest

from overlap.identity import (
    ALL_KINDS,
    CANDIDATE_KINDS,
    CERTAIN_KINDS,
    KIND,
    KINDS,
    ROLES,
    Kind,
    identify,
)
from overlap.match import (
    COUNT_KINDS,
    NAME_KINDS,
    SAME_NAME_KINDS,
    choose_one,
    distinct,
    find_hits,
    resolve,
)
from overlap.protocol import decode_identifier
from overlap.protocol.matches import Matches
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS, OVERLAP_COLUMNS, TIERS

Row = tuple[int, str, str]


def table(*rows: Row) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(IDENTIFIER_COLUMNS))
    return frame.astype({"account": "int64", "kind": "str", "value": "str"})


def named(*names: str) -> pd.DataFrame:
    frame = pd.DataFrame({column: pd.Series([""] * len(names), dtype="str") for column in ACCOUNT_COLUMNS})
    return frame.assign(name=pd.Series(list(names), dtype="str"))


def right(kind: str) -> float:
    """The confidence in a pair that this kind alone makes, without rivals."""
    return KIND[kind].right / 1000


def overlap(names: list[str], rows: list[Row], matched: set[tuple[str, str]] | None = None) -> pd.DataFrame:
    """The overlap when these identifiers matched (all of them by default)."""
    return resolve(named(*names), found(rows, matched))


def found(rows: list[Row], matched: set[tuple[str, str]] | None = None) -> pd.DataFrame:
    listed = distinct(table(*rows))
    return find_hits(listed, matching(listed.frame, matched))


def matching(frame: pd.DataFrame, matched: set[tuple[str, str]] | None) -> Matches:
    keys = list(zip(frame["kind"], frame["value"], strict=True))
    positions = [at for at, key in enumerate(keys) if matched is None or key in matched]
    return Matches.of(tuple(positions), tuple(bytes([at] * 16) for at in positions), len(keys), len(keys))


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_the_kind_that_matched_decides_tier_and_confidence(kind: Kind) -> None:
    result = overlap(["Acme"], [(0, kind.name, "x")])
    assert list(result.columns) == list(OVERLAP_COLUMNS)
    row = [kind.name, kind.tier, right(kind.name), 0]
    assert result[["kind", "tier", "confidence", "rivals"]].values.tolist() == [row]


def test_the_kinds_are_worth_what_their_tier_says() -> None:
    wrong = {tier: [kind.wrong for kind in ALL_KINDS if kind.tier == tier] for tier in TIERS}
    assert max(wrong["exact"] + wrong["strong"]) <= 10
    assert all(0 < kind.wrong < 1000 and 0 < kind.right < 1000 for kind in ALL_KINDS)
    assert set(NAME_KINDS) | set(SAME_NAME_KINDS) <= set(KINDS)
    assert not set(NAME_KINDS) & set(SAME_NAME_KINDS)
    assert not set(SAME_NAME_KINDS) & set(CANDIDATE_KINDS)
    # Kinds that the name and at most a country make, whatever the order of its words.
    assert set(NAME_KINDS) == {"name_country", "name", "close_country", "bare_name"}


@pytest.mark.parametrize(
    ("kinds", "kind", "tier"),
    [
        (("bare_name", "domain_name", "domain"), "domain_name", "exact"),
        # A strong kind stands before an exact one in the order; the better tier decides all the same.
        (("isin", "domain_name"), "domain_name", "exact"),
        (("linkedin", "name_city"), "name_city", "exact"),
        (("linkedin", "name_country", "mail_domain"), "linkedin", "strong"),
        (("mail_domain", "typed_city"), "mail_domain", "candidate"),
    ],
)
def test_the_best_identifier_gives_kind_tier_and_confidence(
    kinds: tuple[str, ...], kind: str, tier: str
) -> None:
    result = overlap(["Acme"], [(0, name, "x") for name in kinds])
    expected = [kind, tier, right(kind)]
    assert result[["kind", "tier", "confidence"]].values.tolist() == [expected]


def test_only_what_matched_is_evidence() -> None:
    rows: list[Row] = [(0, "domain_name", "d.com|"), (0, "bare_name", "acme"), (1, "lei", "x")]
    result = overlap(["Acme", "Other"], rows, {("bare_name", "acme")})
    assert result[["account", "kind", "tier"]].values.tolist() == [[0, "bare_name", "candidate"]]


def test_a_candidate_kind_tells_nothing_beside_something_better() -> None:
    rows: list[Row] = [
        (0, "domain_name", "acme.com|"),
        (0, "domain", "acme.com"),
        (0, "bare_name", "acme"),
        (1, "domain", "acme.com"),
        (1, "bare_name", "acme leasing"),
        (2, "bare_name", "acme"),
    ]
    hits = found(rows)
    telling = hits[hits["telling"]][["account", "kind"]].values.tolist()
    assert telling == [[0, "domain_name"], [1, "domain"], [2, "bare_name"]]
    assert hits["telling"].dtype == bool


def test_nothing_matched_is_an_empty_overlap() -> None:
    result = overlap(["Acme"], [(0, "name", "acme")], set())
    assert len(result) == 0 and list(result.columns) == list(OVERLAP_COLUMNS)
    assert len(overlap([], [])) == 0


def test_two_accounts_that_nothing_tells_apart_are_candidates() -> None:
    rows: list[Row] = [(0, "domain_word", "harbour.com|ship"), (1, "domain_word", "harbour.com|ship")]
    result = overlap(["Harbour Shipping", "Harbour Ships"], rows)
    assert (
        result[["tier", "confidence", "rivals"]].values.tolist()
        == [["candidate", right("domain_word") / 2, 1]] * 2
    )


def test_duplicates_of_one_company_keep_their_tier() -> None:
    rows: list[Row] = [(0, "domain_word", "harbour.com|ship"), (1, "domain_word", "harbour.com|ship")]
    result = overlap(["Blue Harbour GmbH", "BLUE HARBOUR"], rows)
    assert (
        result[["tier", "confidence", "rivals"]].values.tolist() == [["strong", right("domain_word"), 1]] * 2
    )


@pytest.mark.parametrize("kind", SAME_NAME_KINDS)
def test_accounts_that_share_a_composite_with_the_name_are_duplicates(kind: str) -> None:
    rows: list[Row] = [(0, kind, "harbour|x"), (1, kind, "harbour|x")]
    result = overlap(["Harbour Group", "Harbour, the company"], rows)
    assert result[["tier", "rivals"]].values.tolist() == [["exact", 1]] * 2


def test_a_further_equal_number_does_not_make_duplicates_rivals() -> None:
    rows: list[Row] = [(at, kind, "x") for at in (0, 1) for kind in ("lei", "domain_name")]
    result = overlap(["Harbour Group", "Harbour, the company"], rows)
    assert result[["kind", "tier", "rivals"]].values.tolist() == [["lei", "exact", 1]] * 2


def test_a_further_match_tells_one_account_from_its_rival() -> None:
    rows: list[Row] = [
        (0, "domain_word", "group.com|harbour"),
        (0, "name_country", "group leasing|DE"),
        (1, "domain_word", "group.com|harbour"),
        (1, "name_country", "group holding|DE"),
    ]
    matched = {("domain_word", "group.com|harbour"), ("name_country", "group leasing|DE")}
    result = overlap(["Group Leasing", "Group Holding"], rows, matched)
    assert result[["tier", "rivals"]].values.tolist() == [["strong", 0], ["candidate", 1]]


@pytest.mark.parametrize("kind", NAME_KINDS)
def test_a_name_that_two_accounts_carry_is_no_match_by_itself(kind: str) -> None:
    rows: list[Row] = [(0, kind, "blue harbour|DE"), (1, kind, "blue harbour|DE")]
    result = overlap(["Blue Harbour", "Blue Harbour"], rows)
    assert result["tier"].tolist() == ["candidate"] * 2
    assert result["confidence"].tolist() == [right(kind) / 2] * 2


@pytest.mark.parametrize("kind", ["domain", "domain_word", "linkedin", "duns"])
def test_one_name_makes_duplicates_where_something_else_than_the_name_matched(kind: str) -> None:
    rows: list[Row] = [(0, kind, "x"), (1, kind, "x")]
    assert kind not in NAME_KINDS
    result = overlap(["Blue Harbour", "Blue Harbour"], rows)
    assert result[["tier", "confidence"]].values.tolist() == [[KIND[kind].tier, right(kind)]] * 2


def family(*accounts: tuple[str, str, str]) -> pd.DataFrame:
    """Accounts given as (id, name, parent_id)."""
    frame = named(*[name for _, name, _ in accounts])
    ids, parents = ([account[at] for account in accounts] for at in (0, 2))
    return frame.assign(id=pd.Series(ids, dtype="str"), parent_id=pd.Series(parents, dtype="str"))


ACME = ("A1", "Acme", "")
ENERGY = ("A2", "Acme Energy", "A1")
BOTH: list[Row] = [(at, "domain_name", "acme.com||") for at in (0, 1)]
ALL_THREE: list[Row] = [*BOTH, (2, "domain_name", "acme.com||")]


@pytest.mark.parametrize(
    ("accounts", "rows", "tiers"),
    [
        # Both would be duplicates by the composite with the name, but the one above is meant.
        ([ACME, ENERGY], BOTH, ["exact", "candidate"]),
        # The cell holds a name, as some exports have it.
        ([ACME, ("A2", "Acme Energy", "acme")], BOTH, ["exact", "candidate"]),
        # Nobody is above, or somebody who is not on the list.
        ([ACME, ("A2", "Acme Energy", "")], BOTH, ["exact", "exact"]),
        ([ACME, ("A2", "Acme Energy", "A9")], BOTH, ["exact", "exact"]),
        # It is the same company twice, or its own parent.
        ([ACME, ("A2", "ACME Inc.", "A1")], BOTH, ["exact", "exact"]),
        ([ACME, ("A2", "Acme Energy", "A2")], BOTH, ["exact", "exact"]),
        # Further up, over one that did not match.
        ([ACME, ("A3", "Acme Wind", "A2"), ("A2", "Acme Power", "A1")], BOTH, ["exact", "candidate"]),
        # Side by side under one that did not match.
        ([("A1", "Acme", "A0"), ("A2", "Acme Energy", "A0"), ("A0", "Top", "")], BOTH, ["exact", "exact"]),
        # Three in a line.
        (
            [ACME, ENERGY, ("A3", "Acme Wind", "A2")],
            ALL_THREE,
            ["exact", "candidate", "candidate"],
        ),
        # One above has the same name, the next another.
        (
            [ACME, ENERGY, ("A3", "Acme Energy", "A2")],
            ALL_THREE,
            ["exact", "candidate", "candidate"],
        ),
        # Each above the other: the walk ends, and neither is sure.
        ([("A1", "Acme", "A2"), ENERGY], BOTH, ["candidate", "candidate"]),
        # What the one above lacks tells the lower one apart.
        ([ACME, ENERGY], [*BOTH, (1, "duns", "150483782")], ["exact", "exact"]),
        # What the one above has beside it changes nothing.
        ([ACME, ENERGY], [*BOTH, (0, "duns", "150483782")], ["exact", "candidate"]),
    ],
)
def test_where_a_rival_of_another_name_is_above_that_one_is_meant(
    accounts: list[tuple[str, str, str]], rows: list[Row], tiers: list[str]
) -> None:
    result = resolve(family(*accounts), found(rows))
    assert result["tier"].tolist() == tiers
    shared = [row.rivals + 1 if row.tier == "candidate" else 1 for row in result.itertuples()]
    expected = [right(kind) / by for kind, by in zip(result["kind"], shared, strict=True)]
    assert result["confidence"].tolist() == expected


def test_the_one_above_is_counted_as_a_rival() -> None:
    result = resolve(family(ACME, ENERGY), found(BOTH))
    assert result["rivals"].tolist() == [1, 1]
    assert result["confidence"].tolist() == [right("domain_name"), right("domain_name") / 2]


def test_accounts_without_a_name_are_no_duplicates() -> None:
    rows: list[Row] = [(0, "duns", "x"), (1, "duns", "x")]
    assert overlap(["", ""], rows)["tier"].tolist() == ["candidate"] * 2
    assert overlap(["Acme", "Acme Ltd"], rows)["tier"].tolist() == ["exact"] * 2


def test_many_rivals_share_the_confidence() -> None:
    rows: list[Row] = [(at, "domain", "portal.com") for at in range(5)]
    result = overlap([f"Account {chr(97 + at)}" for at in range(5)], rows)
    assert result[["rivals", "confidence"]].values.tolist() == [[4, right("domain") / 5]] * 5


def test_the_token_is_that_of_the_best_and_rarest_identifier() -> None:
    rows: list[Row] = [
        (0, "bare_name", "acme"),
        (0, "domain_name", "shared.com|"),
        (1, "domain_name", "shared.com|"),
        (0, "domain_name", "own.com|"),
    ]
    listed = distinct(table(*rows))
    matches = matching(listed.frame, None)
    tokens = dict(zip(listed.frame["value"], matches.tokens, strict=True))
    every = find_hits(listed, matches)
    result = resolve(named("Acme", "Shared"), every)
    assert result["token"].tolist() == [tokens["own.com|"].hex(), tokens["shared.com|"].hex()]
    assert every[every["account"] == 0]["token"].tolist() == [
        tokens[value].hex() for value in ("own.com|", "shared.com|", "acme")
    ]
    assert every["kind"].tolist() == ["domain_name", "domain_name", "bare_name", "domain_name"]


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
    hits = find_hits(listed, matching(listed.frame, None)).sort_values(["position", "account"])
    assert hits["held_by"].tolist() == [2, 2, 1]


def test_counts_takes_one_identifier_of_each_account() -> None:
    rows: list[Row] = [
        (0, "lei", "x"),
        (0, "name_country", "a|DE"),
        (0, "domain_name", "first.com|"),
        (0, "domain_name", "second.com|"),
        (1, "lei", "y"),
        (1, "name_country", "b|DE"),
        (2, "vat", "z"),
        (3, "domain", "candidate.com"),
    ]
    chosen = choose_one(table(*rows))
    assert chosen[["account", "kind", "value"]].values.tolist() == [
        [0, "domain_name", "first.com|"],
        [1, "name_country", "b|DE"],
        [2, "vat", "z"],
    ]
    assert list(chosen.columns) == list(IDENTIFIER_COLUMNS)


def test_counts_takes_no_name_that_only_the_other_role_could_meet() -> None:
    """Of one identifier each, that of two accounts without any place must be the same on both sides."""
    accounts = named("Tanglewood Brewing", "Quendorra").assign(city=["", "Basel"], country=["", "CH"])
    sides = [choose_one(identify(accounts, CERTAIN_KINDS, role=role).frame) for role in ROLES]
    assert sides[0].values.tolist() == sides[1].values.tolist()
    assert sides[0]["value"].tolist() == ["tanglewood brewing|", "quendorra|CH"]


def test_every_kind_that_is_released_has_a_place_in_the_order_of_counts() -> None:
    assert sorted(COUNT_KINDS) == sorted(CERTAIN_KINDS)
