"""Both protocols agree with plain set intersection."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from protocol_parties import identifiers, make_contract, run_both

SETS = st.lists(st.integers(0, 80), max_size=60, unique=True)
SLACK = st.integers(0, 3)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(left=SETS, right=SETS, slack=SLACK)
@example(left=[], right=[], slack=0)
@example(left=[], right=[1, 2], slack=0)
@example(left=[1, 2], right=[], slack=2)
@example(left=list(range(60)), right=list(range(59, -1, -1)), slack=0)
def test_overlaps_is_the_intersection(left: list[int], right: list[int], slack: int) -> None:
    contract = make_contract(len(left) + slack, len(right) + slack)
    ours, theirs = run_both(contract, identifiers(left), identifiers(right), f"{slack}")
    common = set(left) & set(right)
    assert [left[at] for at in ours.positions] == [number for number in left if number in common]
    assert [right[at] for at in theirs.positions] == [number for number in right if number in common]
    by_ours = {left[at]: token for at, token in zip(ours.positions, ours.tokens, strict=True)}
    assert by_ours == {right[at]: token for at, token in zip(theirs.positions, theirs.tokens, strict=True)}


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(left=SETS, right=SETS, slack=SLACK)
@example(left=[], right=[], slack=0)
@example(left=[], right=[1, 2], slack=0)
@example(left=[1, 2], right=[], slack=2)
@example(left=list(range(60)), right=list(range(59, -1, -1)), slack=0)
def test_counts_is_the_size_of_the_intersection(left: list[int], right: list[int], slack: int) -> None:
    contract = make_contract(len(left) + slack, len(right) + slack, "counts")
    ours, theirs = run_both(contract, identifiers(left), identifiers(right), f"{slack}")
    assert ours.shared == theirs.shared == len(set(left) & set(right))
