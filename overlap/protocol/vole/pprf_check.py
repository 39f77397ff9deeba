"""The check that the leaves a guest computed are the owner's, whatever the guest's points are.

An owner whose masked sums are those of no tree gives a guest wrong leaves for some points and right ones for
others, and sees from what follows which it was: a bit of the point for each such try, and many tries in one
run. The check is that of Boyle et al. (CCS 2019, eprint 2019/1159, the consistency check of the puncturable
function), which Roy uses for the small trees of SoftSpokenOT (eprint 2022/192): every tree grows one level
more, 32 bytes below each leaf. The owner sends the sums of that level without a mask, so that a guest knows
all of it, the part below its point included, and a hash of it. Leaves that differ have other 32 bytes
below them, so all points with which the check passes have the same leaves.

What is left to an owner is to guess: sums that fit for the points in a set pass when the point is in it, and
end the run when it is not.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from typing import Final

import numpy as np

from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks
from overlap.protocol.vole.pprf import Integers, children, depth, leaf_sums

_DIGEST_BYTES: Final = 32
#: Leaves that are extended together: what is made of them, half a megabyte, stays in a core's cache.
_TOGETHER: Final = 1 << 14


def proof_bytes(trees: int) -> int:
    """The length of a proof."""
    return trees * 2 * BLOCK_BYTES + _DIGEST_BYTES


def prove(leaves: Blocks, first: int) -> bytes:
    """The owner's proof: the two sums of each tree's further level, then a hash of the level.

    `leaves` have shape (domain, trees, 2); `first` is the first tree's number, as in `pprf.grow`.
    """
    sums, digests = np.zeros((2, leaves.shape[1], 2), dtype=np.uint64), []
    for _, level in _extend(leaves, first):
        sums ^= leaf_sums(level.reshape(len(level), -1, 2)).reshape(sums.shape)
        digests += [_hash_row(row) for row in level]
    return _pair_up(sums) + _join(digests)


def is_proven(leaves: Blocks, points: Integers, first: int, proof: bytes) -> bool:
    """Whether the guest's `leaves`, all but those at `points`, are those of `proof` (`proof_bytes` long)."""
    trees = np.arange(len(points))
    sums = np.zeros((2, len(points), 2), dtype=np.uint64)
    digests: list[bytes] = []
    held: dict[int, Blocks] = {}
    for start, level in _extend(leaves, first):
        inside = np.flatnonzero((points >= start) & (points < start + len(level)))
        level[points[inside] - start, :, inside] = 0
        sums ^= leaf_sums(level.reshape(len(level), -1, 2)).reshape(sums.shape)
        # A row with a hole in it is hashed when the sums have shown what is in the hole.
        held |= {point: level[point - start].copy() for point in points[inside].tolist()}
        digests += [b"" if start + at in held else _hash_row(row) for at, row in enumerate(level)]
    stated = read_blocks(proof[:-_DIGEST_BYTES]).reshape(len(points), 2, 2)
    missing = stated.transpose(1, 0, 2) ^ sums
    for point, row in held.items():
        here = trees[points == point]
        row[:, here] = missing[:, here]
        digests[point] = _hash_row(row)
    return hmac.compare_digest(_join(digests), proof[-_DIGEST_BYTES:])


def _extend(leaves: Blocks, first: int) -> Iterator[tuple[int, Blocks]]:
    """The further level piece by piece: the number of the first leaf, and nodes (leaves, 2, trees, 2)."""
    domain, trees = leaves.shape[:2]
    numbers = np.arange(first, first + trees, dtype=np.uint64)
    step = max(1, _TOGETHER // trees)
    for start in range(0, domain, step):
        heap = (1 << depth(domain) + 1) + 2 * start
        yield start, children(leaves[start : start + step], numbers, heap)


def _pair_up(sums: Blocks) -> bytes:
    return np.ascontiguousarray(sums.transpose(1, 0, 2)).tobytes()


def _hash_row(row: Blocks) -> bytes:
    return hashlib.sha256(row.data).digest()


def _join(digests: list[bytes]) -> bytes:
    return hashlib.sha256(b"overlap vole 1 leaves" + b"".join(digests)).digest()
