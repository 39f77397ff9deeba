"""The veto of a number: which pairs of accounts meet, in how many identifiers, and what it costs.

The expected meetings are worked out pair by pair from the rule in words (equal value; not both with numbers
that differ), never from the composites.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.errors import UsageError
from overlap.identity import KINDS, with_veto, without_veto
from overlap.identity.kinds import normalise, probes
from overlap.identity.veto import SEPARATOR
from overlap.protocol import encode_identifier
from overlap.records import IDENTIFIER_COLUMNS

#: One side: for each account its number or "", and its (kind, value) identifiers.
Side = list[tuple[str, list[tuple[str, str]]]]

VETOED = ("domain", "name_country")
VALUES = st.sampled_from(
    [("domain", "acme.com"), ("domain", "globex.de"), ("name_country", "acme|US"), ("lei", "acme.com")]
)
NUMBERS = st.sampled_from(["", "", "150483782", "001368083", "starter", "neither"])
SIDES = st.lists(st.tuples(NUMBERS, st.lists(VALUES, max_size=4, unique=True)), max_size=5)


def table(rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(IDENTIFIER_COLUMNS))
    return frame.astype({"account": "int64", "kind": "str", "value": "str"})


def composites(side: Side, role: str) -> pd.DataFrame:
    keys = table([(at, kind, value) for at, (_, keys) in enumerate(side) for kind, value in keys])
    numbers = table([(at, "duns", number) for at, (number, _) in enumerate(side) if number])
    return with_veto(keys, numbers, role, VETOED)


def meetings(left: pd.DataFrame, right: pd.DataFrame) -> Counter[tuple[int, int, str, str]]:
    """How often each pair of accounts meets, by kind and value without the veto."""
    both = left.merge(right, on=["kind", "value"])
    plain = both["value"].map(without_veto)
    return Counter(zip(both["account_x"], both["account_y"], both["kind"], plain, strict=True))


@settings(max_examples=120, deadline=None)
@given(SIDES, SIDES)
def test_two_accounts_meet_once_unless_both_have_numbers_that_differ(left: Side, right: Side) -> None:
    expected = {
        (mine, theirs, *key): 1
        for (mine, (a, keys)), (theirs, (b, others)) in product(enumerate(left), enumerate(right))
        for key in keys
        if key in others and (key[0] not in VETOED or not (a and b and a != b))
    }
    assert meetings(composites(left, "starter"), composites(right, "responder")) == expected


@settings(max_examples=100, deadline=None)
@given(SIDES, st.sampled_from(["starter", "responder"]))
def test_it_doubles_the_vetoed_kinds_and_nothing_else_and_leads_back(side: Side, role: str) -> None:
    made = composites(side, role)
    rows = Counter((at, *key) for at, (_, keys) in enumerate(side) for key in keys)
    back = Counter(zip(made["account"], made["kind"], made["value"].map(without_veto), strict=True))
    assert back == {key: 2 if key[1] in VETOED else 1 for key in rows}
    assert not made.duplicated().any()
    assert list(map(str, made.dtypes)) == ["int64", "str", "str"]
    assert made["account"].is_monotonic_increasing


def test_the_composites_of_one_account_stand_where_its_identifier_stood() -> None:
    made = composites([("150483782", [("domain", "acme.com"), ("lei", "x")])], "starter")
    assert list(zip(made["kind"], made["value"], strict=True)) == [
        ("domain", "acme.com\x1f=150483782"),
        ("domain", "acme.com\x1fstarter"),
        ("lei", "x"),
    ]


@pytest.mark.parametrize("role", ["starter", "responder"])
def test_accounts_of_one_side_that_share_a_value_are_judged_by_their_own_numbers(role: str) -> None:
    peer_role = {"starter": "responder", "responder": "starter"}[role]
    key = [("domain", "acme.com")]
    ours = composites([("r1", key), ("r2", key), ("", key)], role)

    def met_by(number: str) -> dict[int, str]:
        both = ours.merge(composites([(number, key)], peer_role), on=["kind", "value"])
        return dict(zip(both["account_x"], both["value"].str.partition(SEPARATOR)[2], strict=True))

    assert met_by("r1") == {0: "=r1", 2: peer_role}
    assert met_by("r3") == {2: peer_role}
    # The first two carry one and the same identifier: the peer cannot mean one of them more than the other.
    assert met_by("") == {0: role, 1: role, 2: "neither"}


def test_a_number_that_reads_like_a_mark_is_still_a_number() -> None:
    key = [("domain", "acme.com")]
    for mark in ("starter", "responder", "neither", "="):
        left, right = composites([(mark, key)], "starter"), composites([("150483782", key)], "responder")
        assert not meetings(left, right)


def test_two_of_one_role_do_not_meet_where_one_has_a_number() -> None:
    key = [("domain", "acme.com")]
    with_number, without = composites([("r1", key)], "starter"), composites([("", key)], "starter")
    assert not meetings(with_number, without)


@pytest.mark.parametrize(
    ("keys", "numbers", "role"),
    [
        ([], [], "accepter"),
        ([], [(0, "duns", "1"), (0, "duns", "2")], "starter"),
        ([], [(0, "duns", "1"), (1, "lei", "2")], "starter"),
        ([], [(0, "duns", "")], "starter"),
        ([(0, "domain", "acme.com\x1fneither")], [], "starter"),
    ],
)
def test_what_has_no_clear_veto_is_a_usage_error(
    keys: list[tuple[int, str, str]], numbers: list[tuple[int, str, str]], role: str
) -> None:
    with pytest.raises(UsageError):
        with_veto(table(keys), table(numbers), role, VETOED)


def test_the_encoded_composites_of_different_values_differ() -> None:
    made = composites(
        [("1", [("domain", "a.b"), ("name_country", "a.b")]), ("", [("domain", "a.b")])], "starter"
    )
    encoded = set(map(encode_identifier, made["kind"], made["value"]))
    assert len(encoded) == 6


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*KINDS[:6], "domain", "mail", "name", "country", "linkedin"]),
    st.sampled_from([text for _, text, _ in probes() if text]),
    st.integers(0, 40),
    st.sampled_from([SEPARATOR, f"{SEPARATOR}=", f"{SEPARATOR}neither"]),
    st.sampled_from(["", "DE", "FR", "US", "GB"]),
)
def test_no_normaliser_lets_the_separator_through(
    kind: str, text: str, at: int, inserted: str, country: str
) -> None:
    cell = text[:at] + inserted + text[at:]
    assert SEPARATOR not in normalise(kind, cell, country).value
