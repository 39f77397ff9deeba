"""The expected match rate: between 0 and 1, never lowered by another identifier, and found >= released."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.identity import KIND, KINDS
from overlap.quality.assumptions import ASSUMPTIONS, BY_FACT, HARD, NEEDS, facts_of, kind_of
from overlap.quality.model import Model, estimate, wilson

#: The kinds of this version, and one that no table knows.
MANY = (*KINDS, "near_name")

subsets = st.lists(st.sampled_from(MANY), unique=True, min_size=1, max_size=9)
numbers = st.integers(min_value=0, max_value=2**24 - 1)


def states_of(model: Model, drawn: list[int]) -> np.ndarray:
    return np.array([number % (1 << len(model.evidence)) for number in drawn], dtype=np.int64)


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
@given(subsets, numbers, numbers)
def test_another_identifier_never_lowers_a_chance(kinds: list[str], drawn: int, further: int) -> None:
    model = Model(kinds)
    state, more = states_of(model, [drawn, drawn | further])
    before, after = model.chances(np.array([state, more], dtype=np.int64))
    assert (after >= before - 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(subsets, st.sampled_from(MANY), numbers)
def test_a_kind_that_an_account_does_not_carry_changes_nothing(
    kinds: list[str], further: str, drawn: int
) -> None:
    less, more = Model(kinds), Model([*kinds, further])
    carried = [one for at, one in enumerate(less.evidence) if drawn >> at & 1]
    chances = [
        model.chances(np.array([sum(map(model.bit, carried))], dtype=np.int64))[0] for model in (less, more)
    ]
    assert chances[1] == pytest.approx(chances[0], abs=1e-12)


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


def chance(*evidence: str) -> np.ndarray:
    model = Model(KINDS)
    found: np.ndarray = model.chances(np.array([sum(map(model.bit, evidence))], dtype=np.int64))[0]
    return found


def test_chances_are_those_worked_out_by_hand() -> None:
    easy = 1 - HARD.middle
    domain, beyond, name = 0.92 * 0.93, 0.945, 0.80
    # Measured over all pairs, and a hard pair has none of them: the others have more.
    assert chance("domain") == pytest.approx([domain, 0])
    assert chance("domain", "domain_name") == pytest.approx([domain, domain * beyond / easy])
    either = easy * (1 - (1 - domain / easy) * (1 - name / easy))
    assert chance("domain", "bare_name") == pytest.approx([either, 0])
    # A number holds for hard pairs, too.
    assert chance("lei") == pytest.approx([0.05 * 0.98] * 2)
    # Where we have a country, a bare rare name is released if the partner has none.
    assert chance("name") == pytest.approx([name * 0.15] * 2)
    assert chance("name:unplaced") == pytest.approx([name] * 2)
    assert chance("name", "name_country") == pytest.approx([name * (0.15 + 0.85 * 0.985)] * 2)


def test_the_degrees_of_a_name_are_one_draw() -> None:
    # Whoever has the same name has the same core words: the closer degree adds nothing to the wider.
    assert chance("close_city", "name_city") == pytest.approx(
        [chance("close_city")[0], chance("name_city")[1]]
    )


def test_what_is_released_follows_the_table_of_kinds() -> None:
    for evidence in NEEDS:
        found, released = chance(evidence)
        assert released == (0 if KIND[kind_of(evidence)].tier == "candidate" else found)
        assert found > 0


def test_the_model_gives_back_what_public_lists_showed() -> None:
    """Measured recall of pairs of public lists of companies, found and released; what the own list has."""
    web = ("domain_name", "domain", "bare_name", "name:unplaced")
    place = ("name_city", "name_country", "close_city", "close_country", "bare_name", "name")
    for evidence, size, seen in (
        (web, 702, (0.981, 0.936)),
        (web, 955, (0.979, 0.944)),
        (("domain_name", "domain", "label", *place), 6_807, (0.956, 0.939)),
        (place, 4_376, (0.965, 0.941)),
        (place, 1_827, (0.887, 0.810)),
    ):
        model = Model(KINDS)
        expected = estimate(model, np.full(size, sum(map(model.bit, evidence)), dtype=np.int64))
        assert expected is not None
        assert expected.found.low < seen[0] < expected.found.high
        assert expected.released.low < seen[1] < expected.released.high


def test_an_empty_list_has_no_estimate() -> None:
    assert estimate(Model(KINDS), np.array([], dtype=np.int64)) is None


def test_a_kind_that_nobody_measured_counts_as_nothing() -> None:
    assert facts_of("near_name") == ()
    assert facts_of("domain_name") == ("domain", "beyond")


def test_the_ranges_are_ordered_shares() -> None:
    for one in ASSUMPTIONS:
        for shares in (one.filled, one.agrees):
            assert 0 <= shares.low <= shares.middle <= shares.high <= 1
    assert 1 >= HARD.low >= HARD.middle >= HARD.high >= 0
    assert len(BY_FACT) == len(ASSUMPTIONS)
