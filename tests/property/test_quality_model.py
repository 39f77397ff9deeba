"""The expected match rate: between 0 and 1, never lowered by another fact, ordered, and found >= released."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.identity import KINDS
from overlap.quality.assumptions import ASSUMPTIONS, BY_FACT, HARD, facts_of
from overlap.quality.model import Model, estimate, wilson

#: The kinds of this version, and names that kinds could have later, one of which no table knows.
MANY = (*KINDS, "domain_name", "name_city", "name_postcode", "name_phone", "isin", "near_name")

subsets = st.lists(st.sampled_from(MANY), unique=True, min_size=1, max_size=9)
numbers = st.integers(min_value=0, max_value=2**16 - 1)


def states_of(model: Model, drawn: list[int]) -> np.ndarray:
    return np.array([number % (2 * model.explained) for number in drawn], dtype=np.int64)


@settings(max_examples=60, deadline=None)
@given(subsets, st.lists(numbers, min_size=1, max_size=12))
def test_rates_are_shares_and_released_is_a_part_of_found(kinds: list[str], drawn: list[int]) -> None:
    model = Model(kinds)
    expected = estimate(model, states_of(model, drawn))
    assert expected is not None
    for one in (expected.found, expected.released):
        assert 0 <= one.low <= one.middle <= one.high <= 1
    assert expected.released.middle <= expected.found.middle + 1e-12


@settings(max_examples=60, deadline=None)
@given(subsets, numbers, st.data())
def test_another_fact_never_lowers_a_chance(kinds: list[str], drawn: int, data: st.DataObject) -> None:
    model = Model(kinds)
    state = drawn % (2 * model.explained)
    more = state | data.draw(st.sampled_from([model.explained, *map(model.bit, model.facts)]))
    before, after = model.chances(np.array([state, more], dtype=np.int64))
    assert (after >= before - 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(subsets, st.sampled_from(MANY), numbers)
def test_another_kind_never_lowers_a_chance(kinds: list[str], further: str, drawn: int) -> None:
    less, more = Model(kinds), Model([*kinds, further])
    facts = [fact for at, fact in enumerate(less.facts) if drawn >> at & 1]
    chances = [
        model.chances(np.array([sum(map(model.bit, facts))], dtype=np.int64))[0] for model in (less, more)
    ]
    assert (chances[1] >= chances[0] - 1e-12).all()


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1), st.integers(1, 10**6))
def test_wilson_holds_its_share_and_narrows(share: float, size: int) -> None:
    low, high = wilson(share, size)
    assert 0 <= low <= share + 1e-12 and share - 1e-12 <= high <= 1
    narrow = wilson(share, 4 * size)
    assert narrow[1] - narrow[0] <= high - low + 1e-12


def test_wilson_agrees_with_the_textbook() -> None:
    # 81 of 263: 0.2553 to 0.3662, R. G. Newcombe, Statistics in Medicine 17 (1998), table I.
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_the_two_named_facts_give_the_chance_worked_out_by_hand() -> None:
    model = Model(("domain", "name"))
    chance = model.chances(np.array([model.bit("domain") | model.bit("name")], dtype=np.int64))[0]
    domain = 0.92 * 0.96
    name = 0.86
    assert chance[0] == pytest.approx(0.97 * (1 - (1 - domain) * (1 - name)))
    assert chance[1] == pytest.approx(0.97 * domain * name)


def test_the_model_gives_back_what_the_lists_showed() -> None:
    # An equal domain or name found .95 and .96 of the pairs of two lists, and .93 of those of a third.
    model = Model(("domain", "name"))
    expected = estimate(model, np.full(3_000, model.bit("domain") | model.bit("name"), dtype=np.int64))
    assert expected is not None
    assert all(expected.found.low < seen < expected.found.high for seen in (0.93, 0.95, 0.96))


def test_an_empty_list_has_no_estimate() -> None:
    assert estimate(Model(KINDS), np.array([], dtype=np.int64)) is None


def test_a_kind_that_nobody_measured_counts_as_nothing() -> None:
    assert facts_of("near_name") == ()
    assert facts_of("domain_name") == ("domain", "name")


def test_the_ranges_are_ordered_shares() -> None:
    for one in ASSUMPTIONS:
        for shares in (one.filled, one.agrees):
            assert 0 <= shares.low <= shares.middle <= shares.high <= 1
    assert 1 >= HARD.low >= HARD.middle >= HARD.high >= 0
    assert len(BY_FACT) == len(ASSUMPTIONS)
