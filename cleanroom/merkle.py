"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: root, growth, inclusion and consistency proofs.

Everything works on leaf hashes, 32 bytes each; `leaf_hash` makes one from an entry's bytes. A proof is a
tuple of node hashes from the leaf upward, as in the RFC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

#: MTH of the empty list (RFC 9162, section 2.1.1).
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Proof = tuple[bytes, ...]

#: Gives the root of the full subtree of 2^level leaves that begins at leaf position * 2^level.
Node = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a growing tree must remember: its size and the roots of its full subtrees, largest first."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash: as many full subtrees merge as `size` ends in one bits."""
        nodes = self.completed(leaf)
        return Frontier(self.size + 1, (*self.peaks[: len(self.peaks) - len(nodes) + 1], nodes[-1]))

    def completed(self, leaf: bytes) -> list[bytes]:
        """The roots of the full subtrees that one more leaf hash completes, from itself upward."""
        nodes, at, size = [leaf], len(self.peaks), self.size
        while size & 1:
            at, size = at - 1, size >> 1
            nodes.append(_node(self.peaks[at], nodes[-1]))
        return nodes

    def root(self) -> bytes:
        """The root of the whole tree: the peaks joined from the smallest to the largest."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in self.peaks[-2::-1]:
            node = hashlib.sha256(b"\x01" + peak + node).digest()
        return node


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of the leaf hashes, level by level: an odd node at the end of a level moves up unchanged."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> Proof:
    """PATH(index, leaves), RFC 9162 section 2.1.3.1; IndexError when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError("no leaf with this index")
    proof: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        level, index = _level_above(level), index >> 1
    return tuple(proof)


def inclusion_proofs(leaves: Sequence[bytes], indexes: Sequence[int]) -> list[Proof]:
    """PATH(index, leaves) for each index: the tree is hashed once, however many are asked for."""
    if not all(0 <= index < len(leaves) for index in indexes):
        raise IndexError("no leaf with this index")
    proofs: list[list[bytes]] = [[] for _ in indexes]
    level, height = list(leaves), 0
    while len(level) > 1:
        for proof, index in zip(proofs, indexes, strict=True):
            sibling = (index >> height) ^ 1
            if sibling < len(level):
                proof.append(level[sibling])
        level, height = _level_above(level), height + 1
    return [tuple(proof) for proof in proofs]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Whether `proof` shows `leaf` at `index` of the tree (`size`, root `expected`), section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    position, last, node = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = _node(step, node)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            node = _node(node, step)
        position, last = position >> 1, last >> 1
    return last == 0 and node == expected


def consistency_proof(leaves: Sequence[bytes], first: int) -> Proof:
    """PROOF(first, leaves), section 2.1.4.1: the first `first` leaves begin this tree.

    Raises IndexError unless 0 < first <= number of leaves; nothing needs proof about the empty tree.
    """
    return _consistency(len(leaves), first, lambda start, end: root(leaves[start:end]))


def _consistency(size: int, first: int, part: Callable[[int, int], bytes]) -> Proof:
    if not 0 < first <= size:
        raise IndexError("no earlier tree of this size")
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while first - start != end - start:
        split = start + _split(end - start)
        if first <= split:
            proof.append(part(split, end))
            end = split
        else:
            proof.append(part(start, split))
            start, whole = split, False
    if not whole:
        proof.append(part(start, end))
    return tuple(reversed(proof))


def inclusion_path(size: int, index: int, node: Node) -> Proof:
    """PATH(index, tree of `size` leaves) from the roots of full subtrees; IndexError without such a leaf."""
    if not 0 <= index < size:
        raise IndexError("no leaf with this index")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            proof.append(range_root(split, end, node))
            end = split
        else:
            proof.append(range_root(start, split, node))
            start = split
    return tuple(reversed(proof))


def consistency_path(size: int, first: int, node: Node) -> Proof:
    """PROOF(first, tree of `size` leaves) from the roots of full subtrees; IndexError as above."""
    return _consistency(size, first, lambda start, end: range_root(start, end, node))


def peaks(size: int, node: Node) -> tuple[bytes, ...]:
    """The roots of the full subtrees of a tree of `size` leaves, largest first."""
    found, start = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            found.append(node(level, start >> level))
            start += 1 << level
    return tuple(found)


def range_root(start: int, end: int, node: Node) -> bytes:
    """MTH of the leaves from `start`, which begins a full subtree at least as long, up to before `end`."""
    length = end - start
    if length & (length - 1) == 0:
        level = length.bit_length() - 1
        return node(level, start >> level)
    split = start + _split(length)
    return _node(range_root(start, split, node), range_root(split, end, node))


def verify_consistency(
    first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree (`second`, `second_root`) begins with (`first`, `first_root`), section 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for step in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = _node(step, old), _node(step, new)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            new = _node(new, step)
        position, last = position >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _level_above(level: list[bytes]) -> list[bytes]:
    # As `_node`, in the interpreter's own loops: a tree of a million leaves has a million nodes.
    pairs = zip(repeat(b"\x01"), level[::2], level[1::2], strict=False)
    above = [state.digest() for state in map(hashlib.sha256, map(b"".join, pairs))]
    if len(level) % 2:
        above.append(level[-1])
    return above


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
