"""Identifiers of arbitrary accounts, and what a side makes of its matches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.identity import CANDIDATE_KINDS, CERTAIN_KINDS, KIND, KINDS, ROLES
from overlap.identity.compose import JOINT, compose
from overlap.identity.facts import COLUMNS, Drop, Facts, read_facts
from overlap.identity.naming import read_names
from overlap.identity.rarity import name_bits, rarest
from overlap.identity.worker import Packed, Wanted, identify_rows, perform, read_answer, write_task
from overlap.match import Distinct, distinct, find_hits, resolve
from overlap.protocol import decode_identifier, encode_identifier
from overlap.protocol.matches import Matches
from overlap.records import ACCOUNT_COLUMNS, IDENTIFIER_COLUMNS, TIERS

ROOT = Path(__file__).parent.parent.parent
ALL = frozenset(KINDS)
PLENTY = 500

#: Cells of which two accounts are likely to share some.
CELLS = {
    "name": [
        "", "Brightwater", "Brightwater Inc.", "Brightwater Leasing", "BRIGHTWATER GROUP", "Quendorra",
        "Quendora", "Quendorra Services", "IBM", "International Business Machines", "Echo",
        "Tanglewood Brewing Co", "Brewing Tanglewood", "Akenes (Exoscale)", "Kestrelwood dba Quendorra",
        "Muller & Sohne", "\u682a\u5f0f\u4f1a\u793e\u65e5\u7acb", "a|b", "test",
    ],
    "website": ["", "brightwater.com", "https://www.brightwater.com/x", "brightwater.de", "ibm.com;echo.io"],
    "domains": ["", "quendorra.com; brightwater.com", "linkedin.com/company/echo"],
    "email": ["", "joe@brightwater.com", "joe@gmail.com"],
    "linkedin": ["", "linkedin.com/company/echo", "nobody here"],
    "country": ["", "US", "USA", "Germany", "Utopia"],
    "city": ["", "Portland", "M\xfcnchen", "Munich", "n/a"],
    "postcode": ["", "97201", "80331"],
    "phone": ["", "+1 503 241 7476", "503-241-7476", "12"],
    "lei": ["", "5493001KJTIIGC8Y1R12"],
    "isin": ["", "US0378331005"],
    "duns": ["", "150483782"],
    "vat": ["", "FR61954506077"],
    "registration_number": ["", "732829320"],
    "ticker": ["", "NASDAQ:AAPL"],
}  # fmt: skip
ROWS = st.tuples(*(st.sampled_from(CELLS[column]) for column in COLUMNS))
PIECES = [
    "|",
    "\x1f",
    "\x00",
    "\ud800",
    "\u0130",
    "\u3300",
    "(",
    ")",
    "[",
    " dba ",
    " / ",
    "GmbH",
    "the",
    ",",
    "@",
]
WILD = st.one_of(
    st.text(max_size=25),
    st.lists(st.sampled_from(PIECES + [cell for cells in CELLS.values() for cell in cells]), max_size=6).map(
        "".join
    ),
)
WILD_ROWS = st.tuples(*(WILD for _ in COLUMNS))


def facts(row: tuple[str, ...]) -> Facts:
    return read_facts(row, [])


def identifiers(row: tuple[str, ...], role: str) -> list[tuple[str, str]]:
    return compose(facts(row), ALL, role, PLENTY)


@settings(max_examples=250, deadline=None)
@given(WILD_ROWS)
@example(("(" * 300,) * len(COLUMNS))
@example(("A (B) / C (D) | E dba F",) * len(COLUMNS))
def test_any_row_gives_facts_and_identifiers(row: tuple[str, ...]) -> None:
    drops: list[Drop] = []
    found = read_facts(row, drops)
    for role in ROLES:
        made = compose(found, ALL, role, PLENTY)
        assert len(made) == len(set(made))
        assert all(kind in KINDS and value for kind, value in made)
        for kind, value in made:
            assert value.count(JOINT) <= 3 and "\x1f" not in value
            assert decode_identifier(encode_identifier(kind, value)) == (kind, value)
    assert all(column and reason and reason != "empty" for column, reason in drops)
    if not found.names and row[0].strip():
        assert "name" in {column for column, _ in drops}


@settings(max_examples=200, deadline=None)
@given(WILD)
def test_a_name_read_again_is_itself(text: str) -> None:
    names, reason = read_names(text)
    assert bool(names) != bool(reason)
    for name in names:
        again, _ = read_names(name.whole)
        assert again[0].whole == name.whole
        assert again[0].core == name.core


@settings(max_examples=400, deadline=None)
@given(ROWS, ROWS)
def test_two_accounts_meet_alike_whoever_starts(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    there = set(identifiers(one, "starter")) & set(identifiers(other, "responder"))
    back = set(identifiers(other, "starter")) & set(identifiers(one, "responder"))
    assert {kind for kind, _ in there} == {kind for kind, _ in back}
    assert len(there) == len(back)


#: Composites and the fact that stands behind the joint, which a hit proves equal.
PLACES = {
    "name_phone": "phone", "word_phone": "phone", "name_postcode": "postcode", "name_city": "city",
    "close_city": "city", "typed_city": "city", "brand_city": "city", "acronym_city": "city",
    "name_country": "country", "close_country": "country", "label": "country",
}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(ROWS, ROWS)
def test_a_hit_in_a_composite_kind_is_a_hit_in_both_its_parts(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    ours, theirs = facts(one), facts(other)
    for kind, value in set(identifiers(one, "starter")) & set(identifiers(other, "responder")):
        first, *rest = value.split(JOINT)
        if kind in PLACES:
            assert getattr(ours, PLACES[kind]) == getattr(theirs, PLACES[kind]) == rest[0] != ""
            assert first
        if kind in ("domain_name", "domain_word"):
            assert first in (ours.domains or ours.mail) and first in (theirs.domains or theirs.mail)
        if kind in ("name_country", "name", "bare_name"):
            assert ours.names[0].whole == theirs.names[0].whole == first
        if kind in ("name_city", "name_postcode"):
            for account in (ours, theirs):
                assert first in {"".join(name.core) for name in account.names}
        if kind == "name":
            assert not (ours.country and theirs.country)
            assert not (ours.city and theirs.city) or ours.country or theirs.country


@settings(max_examples=300, deadline=None)
@given(ROWS, ROWS)
def test_no_two_kinds_make_one_identifier(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    made = set(identifiers(one, "starter")) | set(identifiers(other, "responder"))
    assert len({encode_identifier(kind, value) for kind, value in made}) == len(made)


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(ROLES), st.integers(1, 40), st.integers(1, 40))
def test_a_smaller_bound_keeps_the_first(row: tuple[str, ...], role: str, one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    found = facts(row)
    assert compose(found, ALL, role, fewer) == compose(found, ALL, role, more)[:fewer]


WRITINGS = st.sampled_from(
    ["{}", "{} Inc.", "The {} Company", "{}, Ltd", "  {}  ", "{} GmbH & Co. KG", "{} [closed]", "\u3000{}"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        ["Quendorra & Finch", "Brightwater Leasing", "Smith and Tanglewood Systems", "\xc9cole Zyx"]
    ),
    WRITINGS,
    st.sampled_from([str, str.upper, str.lower, str.title]),
    st.sampled_from([("&", "and"), ("Systems", "Sys."), ("\xc9", "E\u0301"), ("e", "\uff45")]),
)
def test_the_declared_spellings_of_an_account_give_one_core(
    name: str, writing: str, case: object, respelled: tuple[str, str]
) -> None:
    assert callable(case)
    written = writing.format(case(name.replace(*respelled)))
    cells = {"website": "quendorra.com", "country": "DE", "city": "Munich", "phone": "+49 89 2341234"}
    one, other = (
        [(cells | {"name": text}).get(column, "") for column in COLUMNS] for text in (name, written)
    )
    kinds = frozenset({"domain_name", "name_city", "name_phone", "close_city", "close_country", "typed_city"})
    made = [compose(read_facts(row, []), kinds, "starter", PLENTY) for row in (one, other)]
    assert made[0] == made[1]


@settings(max_examples=100, deadline=None)
@given(
    st.permutations(["Quendorra", "Zyxwvu", "Leasing", "Finch"]),
    st.sampled_from(["", " Holding", " Holdings AG"]),
)
def test_kinds_of_any_order_and_holding_do_not_see_either(words: list[str], holding: str) -> None:
    cells = {"country": "DE", "city": "Munich", "phone": "+49 89 2341234"}
    plain, turned = (
        [(cells | {"name": text}).get(column, "") for column in COLUMNS]
        for text in ("Quendorra Zyxwvu Leasing Finch", " ".join(words) + holding)
    )
    made = [set(compose(read_facts(row, []), ALL, "starter", PLENTY)) for row in (plain, turned)]
    met = {kind for kind, _ in made[0] & made[1]}
    assert met >= {"close_city", "close_country"} | (set() if holding else {"name_phone"})


WORDS = st.lists(st.sampled_from(["svc", "blue", "harbour", "accenture", "zyxwvu", "abcxyz"]), max_size=5)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_more_words_are_more_bits_and_their_order_is_none(some: list[str], more: list[str]) -> None:
    bits = name_bits(tuple(some))
    assert 0 <= bits <= name_bits((*some, *more)) + 1e-9
    assert name_bits(tuple(sorted(some))) == pytest.approx(bits)
    if some:
        assert rarest(some) == rarest(sorted(some))
        assert all(name_bits((rarest(some),)) >= name_bits((word,)) for word in some)


def unpack(packed: Packed) -> Iterator[tuple[int, str]]:
    start = 0
    numbers = (memoryview(part).cast("q") for part in (packed.positions, packed.lengths))
    for position, length in zip(*numbers, strict=True):
        yield position, packed.texts[start : start + length].decode()
        start += length


@settings(max_examples=50, deadline=None)
@given(st.lists(ROWS, max_size=5), st.sampled_from(ROLES), st.integers(1, 9))
def test_a_worker_gives_what_its_accounts_give_alone(
    rows: list[tuple[str, ...]], role: str, most: int
) -> None:
    wanted = Wanted(KINDS, role, most)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [None] * len(COLUMNS)
    made = identify_rows(wanted, columns, len(rows))
    assert read_answer(perform(write_task(wanted, columns, len(rows)))) == made
    alone = {
        (position, kind, value)
        for position, row in enumerate(rows)
        for kind, value in compose(facts(row), ALL, role, most)
    }
    assert alone == {
        (position, kind, value) for kind, packed in made.values.items() for position, value in unpack(packed)
    }


def test_identifiers_do_not_depend_on_locale_or_hash_seed() -> None:
    code = (
        "import json, locale, sys\n"
        "try:\n    locale.setlocale(locale.LC_ALL, 'tr_TR.UTF-8')\nexcept locale.Error:\n    pass\n"
        "from overlap.identity import KINDS\n"
        "from overlap.identity.compose import compose\n"
        "from overlap.identity.facts import read_facts\n"
        "rows = json.loads(sys.stdin.read())\n"
        "print(json.dumps([compose(read_facts(row, []), frozenset(KINDS), 'starter', 99) for row in rows]))"
    )
    rows = [[cells[at % len(cells)] for cells in CELLS.values()] for at in range(60)]
    rows += [["IST\u0130NBUL I\u015eIK A.\u015e. / I\u015eIK Holding", *rows[1][1:]]]
    expected = [[list(pair) for pair in compose(read_facts(row, []), ALL, "starter", 99)] for row in rows]
    for seed, language in (("1", "tr_TR.UTF-8"), ("2", "C")):
        environment = os.environ | {"PYTHONHASHSEED": seed, "LC_ALL": language, "PYTHONPATH": str(ROOT)}
        result = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True,
            input=json.dumps(rows), check=True,
        )  # fmt: skip
        assert json.loads(result.stdout) == expected


HELD = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.sampled_from(["x", "y"])), min_size=1, max_size=14
)
NAMES = st.lists(st.sampled_from(["Acme", "Acme Ltd", "Quendorra", ""]), min_size=4, max_size=4)


def listed(rows: list[tuple[int, str, str]]) -> Distinct:
    frame = pd.DataFrame(rows, columns=list(IDENTIFIER_COLUMNS))
    return distinct(frame.astype({"account": "int64", "kind": "str", "value": "str"}))


def hits_of(held: Distinct, positions: list[int]) -> pd.DataFrame:
    tokens = tuple(position.to_bytes(16, "big") for position in positions)
    return find_hits(held, Matches.of(tuple(positions), tokens, 0, 0))


def tiers_of(names: list[str], hits: pd.DataFrame) -> dict[int, int]:
    frame = pd.DataFrame({column: pd.Series([""] * 4, dtype="str") for column in ACCOUNT_COLUMNS})
    found = resolve(frame.assign(name=pd.Series(names, dtype="str")), hits)
    return dict(zip(found["account"].tolist(), map(TIERS.index, found["tier"]), strict=True))


@settings(max_examples=60, deadline=None)
@given(HELD)
def test_an_account_that_something_released_is_linked_by_no_candidate(
    rows: list[tuple[int, str, str]],
) -> None:
    held = listed(rows)
    hits = hits_of(held, list(range(len(held.frame))))
    for _, own in hits.groupby("account"):
        telling = own[own["telling"]]
        assert len(telling) > 0
        released = own["tier"].lt(TIERS.index("candidate"))
        assert telling["tier"].lt(TIERS.index("candidate")).all() == released.any()
        if released.any():
            assert telling["kind"].isin(CERTAIN_KINDS).all() and released.sum() == len(telling)
        else:
            assert telling["kind"].nunique() == 1
    assert not hits[hits["kind"].isin(CANDIDATE_KINDS)]["tier"].lt(TIERS.index("candidate")).any()


@settings(max_examples=60, deadline=None)
@given(HELD, NAMES, st.data())
def test_one_match_less_never_raises_a_tier(
    rows: list[tuple[int, str, str]], names: list[str], data: st.DataObject
) -> None:
    held = listed(rows)
    every = list(range(len(held.frame)))
    gone = data.draw(st.sampled_from(every))
    before = tiers_of(names, hits_of(held, every))
    after = tiers_of(names, hits_of(held, [position for position in every if position != gone]))
    assert set(after) <= set(before)
    assert all(after[account] >= before[account] for account in after)


@settings(max_examples=60, deadline=None)
@given(HELD, NAMES)
def test_the_overlap_names_a_matched_identifier_of_its_tier(
    rows: list[tuple[int, str, str]], names: list[str]
) -> None:
    held = listed(rows)
    hits = hits_of(held, list(range(len(held.frame))))
    frame = pd.DataFrame({column: pd.Series([""] * 4, dtype="str") for column in ACCOUNT_COLUMNS})
    found = resolve(frame.assign(name=pd.Series(names, dtype="str")), hits)
    assert found["account"].tolist() == sorted({account for account, _, _ in rows})
    for row in found.itertuples():
        own = hits[(hits["account"] == row.account) & (hits["token"] == row.token)]
        assert own["kind"].tolist() == [row.kind] and own["telling"].all()
        assert TIERS.index(row.tier) >= own["tier"].item() >= TIERS.index(KIND[row.kind].tier)
        assert row.tier == "candidate" or TIERS.index(row.tier) == own["tier"].item()
        right = KIND[row.kind].right / 1000
        assert row.confidence in (right, right / (1 + row.rivals))
        assert row.rivals <= len(set(held.holders["account"])) - 1
