"""Many inclusion paths at once are those of one at a time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom import merkle


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.data())
def test_paths_made_together_equal_paths_made_alone(size, data):
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    indexes = data.draw(st.lists(st.integers(0, size - 1), max_size=5))
    assert merkle.inclusion_proofs(leaves, indexes) == [merkle.inclusion_proof(leaves, i) for i in indexes]


@pytest.mark.parametrize("index", [-1, 3])
def test_a_path_outside_the_tree_is_refused(index):
    with pytest.raises(IndexError):
        merkle.inclusion_proofs([b"\0" * 32] * 3, [0, index])
