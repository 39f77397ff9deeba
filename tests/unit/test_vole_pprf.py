"""Puncturable trees: the leaves by the definition, the guest's leaves but one, what masks hide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vole_plain import drawn_blocks, numbers, tmmo

from overlap.protocol.vole import pprf
from overlap.protocol.vole.aes import FIXED_KEY


def plain_leaves(root: bytes, tree: int, domain: int) -> list[bytes]:
    """One tree in full, cut to its domain only at the end."""
    nodes = [root]
    for level in range(1, pprf.depth(domain) + 1):
        heap = (tree << 32) + (1 << level)
        nodes = [
            tmmo(FIXED_KEY, node, heap + 2 * i + side) for i, node in enumerate(nodes) for side in (0, 1)
        ]
    return nodes[:domain]


@pytest.mark.parametrize("domain", [1, 2, 3, 5, 8, 13])
def test_leaves_are_those_of_the_definition(domain: int) -> None:
    roots = drawn_blocks("roots", 3)
    leaves, sums = pprf.grow(roots, domain, 7)
    assert leaves.shape == (domain, 3, 2)
    assert sums.shape == (3, pprf.depth(domain), 2, 2)
    for tree in range(3):
        plain = plain_leaves(roots[tree].tobytes(), 7 + tree, domain)
        assert leaves[:, tree].tobytes() == b"".join(plain)
    assert (pprf.leaf_sums(leaves) == np.bitwise_xor.reduce(leaves, axis=0)).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 70), st.data())
def test_the_guest_has_every_leaf_but_its_own(domain: int, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, domain - 1), min_size=1, max_size=9))
    points, trees = np.array(chosen), len(chosen)
    keys = drawn_blocks("keys", trees, pprf.depth(domain), 2)
    leaves, sums = pprf.grow(drawn_blocks("more roots", trees), domain, 1 << 20)
    sides = pprf.choice_bits(points, domain)
    received = np.take_along_axis(keys, sides.astype(np.int64)[:, :, None, None], axis=2)[:, :, 0]
    guest = pprf.grow_punctured(points, domain, 1 << 20, received, sums ^ keys)
    assert (guest[points, np.arange(trees)] == 0).all()
    leaves[points, np.arange(trees)] = 0
    assert (guest == leaves).all()


def test_many_trees_are_grown_in_parts() -> None:
    domain, trees = 1 << 11, 1100
    assert domain * trees > pprf._TOGETHER
    roots = drawn_blocks("many", trees)
    leaves, sums = pprf.grow(roots, domain, 0)
    alone, alone_sums = pprf.grow(roots[-1:], domain, trees - 1)
    assert (leaves[:, -1:] == alone).all()
    assert (sums[-1:] == alone_sums).all()
    points = np.arange(trees) * 31 % domain
    sides = pprf.choice_bits(points, domain).astype(np.int64)
    none = np.zeros((trees, pprf.depth(domain), 2), dtype=np.uint64)
    guest = pprf.grow_punctured(points, domain, 0, none, sums)
    leaves[points, np.arange(trees)] = 0
    assert (guest == leaves).all()
    assert set(sides.ravel().tolist()) == {0, 1}


def test_no_leaf_is_repeated_across_trees_with_one_root() -> None:
    leaves, _ = pprf.grow(np.repeat(drawn_blocks("one root", 1), 50, axis=0), 100, 0)
    assert len(set(numbers(leaves))) == 5000


def test_a_wrong_key_spoils_what_hangs_on_it() -> None:
    """Choosing the path's side at the first level leaves the sibling's whole half unknown."""
    domain = 16
    points = np.array([5])
    leaves, sums = pprf.grow(drawn_blocks("wrong", 1), domain, 0)
    keys = drawn_blocks("wrong keys", 1, 4, 2)
    sides = pprf.choice_bits(points, domain).astype(np.int64)
    received = np.take_along_axis(keys, sides[:, :, None, None], axis=2)[:, :, 0]
    received[0, 0] = keys[0, 0, 1 - sides[0, 0]]
    guest = pprf.grow_punctured(points, domain, 0, received, sums ^ keys)
    same = (guest == leaves).all(axis=2)[:, 0]
    assert not same[8:].any()


def test_depth_and_message_length() -> None:
    assert [pprf.depth(domain) for domain in (1, 2, 3, 4, 5, 6150)] == [0, 1, 2, 2, 3, 13]
    assert pprf.message_bytes(400, 6150) == 400 * 13 * 32
