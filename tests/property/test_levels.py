"""Sum and counts through a third party agree with plain set arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from protocol_parties import (
    AMOUNTS,
    identifiers,
    make_contract,
    make_room_contract,
    run_room,
    run_sum,
    use_small_key,
)

SETS = st.lists(st.integers(0, 60), max_size=40, unique=True)
SLACK = st.integers(0, 3)
VALUES = st.lists(st.integers(0, 1_000_000), min_size=61, max_size=61)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(left=SETS, right=SETS, values=VALUES, granule=st.sampled_from([1, 7, 100, 1000]), slack=SLACK)
@example(left=[], right=[], values=[0] * 61, granule=1, slack=0)
@example(left=[], right=[1, 2], values=[5] * 61, granule=1, slack=0)
@example(left=[1, 2], right=[], values=[5] * 61, granule=1, slack=2)
@example(left=[1], right=[1], values=[1_000_000] * 61, granule=1, slack=0)
@example(left=list(range(40)), right=list(range(39, -1, -1)), values=[999] * 61, granule=1000, slack=0)
def test_sum_is_the_sum_of_rounded_amounts_over_the_intersection(
    left: list[int], right: list[int], values: list[int], granule: int, slack: int
) -> None:
    maximum = 1_000_000 // granule * granule
    values = [min(value, maximum) for value in values]
    terms = replace(AMOUNTS, granule=granule, maximum=maximum)
    contract = make_contract(len(left) + slack, len(right) + slack, "sum", amounts=terms)
    with use_small_key():
        ours, theirs = run_sum(
            contract, identifiers(left), identifiers(right), [values[one] for one in right], f"{slack}"
        )
    common = set(left) & set(right)
    rounded = sum(int(values[one] / granule + 0.5) * granule for one in common)
    expected = (len(common), rounded) if common else (-1, -1)
    assert (ours.shared, ours.total) == (theirs.shared, theirs.total) == expected


@st.composite
def populations(draw: st.DrawFn) -> list[list[int]]:
    """Disjoint sets, one for each population."""
    number = draw(st.integers(1, 3))
    cells = draw(st.lists(st.integers(0, number), min_size=40, max_size=40))
    return [[one for one, cell in enumerate(cells) if cell == at] for at in range(number)]


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(left=populations(), right=populations(), slack=SLACK)
@example(left=[[]], right=[[], []], slack=0)
@example(left=[[1, 2], []], right=[[], [2, 1]], slack=1)
@example(left=[list(range(40))], right=[list(range(39, -1, -1))], slack=0)
def test_the_room_counts_the_intersection_of_each_cell(
    left: list[list[int]], right: list[list[int]], slack: int
) -> None:
    bounds = [[len(population) + slack for population in side] for side in (left, right)]
    sides = [[identifiers(population) for population in side] for side in (left, right)]
    ours, theirs, told = run_room(make_room_contract(*bounds), *sides, f"{slack}")
    plain = tuple(len(set(one) & set(other)) or -1 for one in left for other in right)
    assert ours.numbers == theirs.numbers == told.numbers == plain
