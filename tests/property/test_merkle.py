"""The tree against the recursive definitions of RFC 9162, section 2.1, written down as they stand there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom import merkle

Hashes = list[bytes]


def mth(leaves: Hashes) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = largest_power_of_two_below(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Hashes) -> Hashes:
    if len(leaves) == 1:
        return []
    k = largest_power_of_two_below(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Hashes, whole: bool) -> Hashes:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = largest_power_of_two_below(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def largest_power_of_two_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def leaves_of(size: int) -> Hashes:
    return [merkle.leaf_hash(bytes([i])) for i in range(size)]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.data())
def test_root_and_proofs_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    assert merkle.root(leaves) == mth(leaves)
    inclusion = merkle.inclusion_proof(leaves, index)
    assert list(inclusion) == path(index, leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, inclusion, mth(leaves))
    consistency = merkle.consistency_proof(leaves, index + 1)
    assert list(consistency) == subproof(index + 1, leaves, True)
    assert merkle.verify_consistency(index + 1, size, mth(leaves[: index + 1]), mth(leaves), consistency)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 70))
def test_a_frontier_grown_leaf_by_leaf_has_the_same_root(size: int) -> None:
    frontier = merkle.Frontier()
    for leaf in leaves_of(size):
        frontier = frontier.append(leaf)
    assert frontier.root() == mth(leaves_of(size))
    assert len(frontier.peaks) == size.bit_count()


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.data())
def test_altered_inclusion_proofs_are_refused(size: int, data: st.DataObject) -> None:
    leaves, index = leaves_of(size), data.draw(st.integers(0, size - 1))
    proof, top = merkle.inclusion_proof(leaves, index), mth(leaves)
    step = data.draw(st.integers(0, len(proof) - 1))
    broken = (*proof[:step], hashlib.sha256(proof[step]).digest(), *proof[step + 1 :])
    other = (index + 1) % size
    assert not merkle.verify_inclusion(leaves[index], index, size, broken, top)
    assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], top)
    assert not merkle.verify_inclusion(leaves[index], index, size, (*proof, top), top)
    assert not merkle.verify_inclusion(leaves[index], other, size, proof, top)
    assert not merkle.verify_inclusion(leaves[index], size, size, proof, top)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.data())
def test_altered_consistency_proofs_are_refused(size: int, data: st.DataObject) -> None:
    leaves, first = leaves_of(size), data.draw(st.integers(1, size - 1))
    old, top, proof = mth(leaves[:first]), mth(leaves), merkle.consistency_proof(leaves, first)
    step = data.draw(st.integers(0, len(proof) - 1))
    broken = (*proof[:step], hashlib.sha256(proof[step]).digest(), *proof[step + 1 :])
    assert not merkle.verify_consistency(first, size, old, top, broken)
    assert not merkle.verify_consistency(first, size, old, top, proof[:-1])
    assert not merkle.verify_consistency(first, size, old, top, (*proof, top))
    assert not merkle.verify_consistency(first, size, top, top, proof)
    assert not merkle.verify_consistency(0, size, old, top, proof)


def test_proofs_about_leaves_that_are_not_there_are_an_error() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            merkle.inclusion_proof(leaves_of(3), index)
    for first in (0, 4):
        with pytest.raises(IndexError):
            merkle.consistency_proof(leaves_of(3), first)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 70), st.data())
def test_proofs_from_full_subtrees_are_those_of_the_definition(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    def node(level: int, position: int) -> bytes:
        assert (position + 1) << level <= size
        return mth(leaves[position << level : (position + 1) << level])

    assert list(merkle.inclusion_path(size, index, node)) == path(index, leaves)
    assert list(merkle.consistency_path(size, first, node)) == subproof(first, leaves, True)
    frontier = merkle.Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    assert merkle.peaks(size, node) == frontier.peaks
