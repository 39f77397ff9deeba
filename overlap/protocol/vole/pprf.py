"""Many puncturable pseudorandom functions at once: GGM trees of one domain, expanded level by level.

The owner of a tree knows every leaf, the guest every leaf but the one at its secret point p. For each level
the owner sends the sum of the nodes with even and the sum of those with odd number, each masked by one key of
a random oblivious transfer. The guest holds the key of the side that p's path does not take: that sum, less
the nodes it can compute, is the sibling of the path's node. (Boyle, Couteau, Gilboa, Ishai, Kohl, Rindal,
Scholl, "Efficient Two-Round OT Extension and Silent Non-Interactive Secure Computation", CCS 2019, eprint
2019/1159; Schoppmann, Gascon, Reichert, Raykova, "Distributed Vector-OLE", CCS 2019.)

Ordinary GGM, not half-tree: a node x has the children TMMO(x, tweak) and TMMO(x, tweak + 1), where the tweak
is the tree's number times 2^32 plus the child's number in heap order, so that no two hashes of a run share
one. The first permutation of TMMO is the same for both children. A domain that is no power of two is cut off
at the right of each level.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.aes import permute
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks

#: Leaves that are expanded together: 16 MiB of them, enough for numpy to forget its overhead.
_TOGETHER: Final = 1 << 20

Integers = npt.NDArray[np.int64]


def depth(domain: int) -> int:
    """The levels below the root, each of which costs a tree one transfer."""
    return (domain - 1).bit_length()


def message_bytes(trees: int, domain: int) -> int:
    """The bytes of the masked sums."""
    return trees * depth(domain) * 2 * BLOCK_BYTES


def choice_bits(points: Integers, domain: int) -> npt.NDArray[np.uint8]:
    """The choices of a guest with one point in each tree, shape (trees, depth), top level first: the side
    that the path does not take."""
    levels = np.arange(depth(domain) - 1, -1, -1)
    return ((points[:, None] >> levels & 1) ^ 1).astype(np.uint8)


def grow(roots: Blocks, domain: int, first: int) -> tuple[Blocks, Blocks]:
    """The owner's leaves, shape (domain, trees, 2), and the sums of each level, shape (trees, depth, 2, 2).

    `roots` are secret and random, (trees, 2); `first` is the number of the first tree, which no other tree of
    the run may have. The sums are secret: the message is their sum with both keys of each transfer, an array
    of the same shape, and keys serve once.
    """
    trees = len(roots)
    leaves = np.empty((domain, trees, 2), dtype=np.uint64)
    sums = np.empty((trees, depth(domain), 2, 2), dtype=np.uint64)
    for part in _parts(trees, domain):
        nodes = roots[None, part]
        numbers = np.arange(first + part.start, first + part.stop, dtype=np.uint64)
        for level in range(depth(domain)):
            nodes = _next_level(nodes, numbers, level + 1, domain)
            sums[part, level, 0] = _sum(nodes[0::2])
            sums[part, level, 1] = _sum(nodes[1::2])
        leaves[:, part] = nodes
    return leaves, sums


def grow_punctured(points: Integers, domain: int, first: int, keys: Blocks, message: Blocks) -> Blocks:
    """The guest's leaves, shape (domain, trees, 2), with zeros at `points`.

    `keys`, (trees, depth, 2), are those that `choice_bits` chose; `message` is the owner's. A wrong message
    gives wrong leaves: nothing here can tell.
    """
    trees = len(points)
    leaves = np.empty((domain, trees, 2), dtype=np.uint64)
    sides = choice_bits(points, domain).astype(np.int64)
    chosen = np.take_along_axis(message, sides[:, :, None, None], axis=2)[:, :, 0] ^ keys
    for part in _parts(trees, domain):
        columns = np.arange(part.stop - part.start)
        numbers = np.arange(first + part.start, first + part.stop, dtype=np.uint64)
        nodes = np.zeros((1, len(columns), 2), dtype=np.uint64)
        path = np.zeros(len(columns), dtype=np.int64)
        for level in range(depth(domain)):
            nodes = _next_level(nodes, numbers, level + 1, domain)
            # The path's node is unknown, and so are both of its children: what stands there is of no use.
            _place(nodes, 2 * path, columns, 0)
            _place(nodes, 2 * path + 1, columns, 0)
            side = sides[part, level]
            known = np.where(side[:, None] == 1, _sum(nodes[1::2]), _sum(nodes[0::2]))
            _place(nodes, 2 * path + side, columns, chosen[part, level] ^ known)
            path = 2 * path + 1 - side
        leaves[:, part] = nodes
    return leaves


def leaf_sums(leaves: Blocks) -> Blocks:
    """The sum of the leaves of each tree, (trees, 2)."""
    return _sum(leaves)


def _parts(trees: int, domain: int) -> list[slice]:
    step = max(1, _TOGETHER // domain)
    return [slice(start, min(start + step, trees)) for start in range(0, trees, step)]


def children(nodes: Blocks, numbers: npt.NDArray[np.uint64], heap: int) -> Blocks:
    """Both children of `nodes`, (width, trees, 2), in shape (width, 2, trees, 2).

    `numbers` are those of the trees, `heap` the number of the first child in heap order.
    """
    width, trees = nodes.shape[:2]
    inner = permute(nodes).reshape(width, 2 * trees)
    # Tweaks stand in the low words. All is done over whole rows of words, which numpy does fastest.
    low, base = np.zeros((2, trees, 2), dtype=np.uint64)
    low[:, 0], base[:, 0] = 1, numbers << np.uint64(32)
    tweaks = np.multiply.outer(np.arange(heap, heap + 2 * width, 2, dtype=np.uint64), low.ravel())
    tweaks ^= base.ravel()
    outer = np.empty((width, 2, 2 * trees), dtype=np.uint64)
    np.bitwise_xor(inner, tweaks, out=outer[:, 0])
    # The left child has an even number: the right one's differs in the lowest bit.
    np.bitwise_xor(outer[:, 0], low.ravel(), out=outer[:, 1])
    made = permute(outer)
    made ^= inner[:, None]
    return made.reshape(width, 2, trees, 2)


def _next_level(nodes: Blocks, numbers: npt.NDArray[np.uint64], level: int, domain: int) -> Blocks:
    """All nodes of `level`, from those above; shape (width, trees, 2)."""
    width = -(-domain >> (depth(domain) - level))  # Rounded up.
    return children(nodes, numbers, 1 << level).reshape(2 * len(nodes), -1, 2)[:width]


def _sum(nodes: Blocks) -> Blocks:
    """The sum over the first axis. Rows are added as one run of numbers each, which numpy does fastest."""
    width, trees = nodes.shape[:2]
    total: Blocks = np.bitwise_xor.reduce(nodes.reshape(width, 2 * trees), axis=0)
    return total.reshape(trees, 2)


def _place(nodes: Blocks, rows: Integers, columns: Integers, values: Blocks | int) -> None:
    """Set one node in each column; a row that the domain cuts off is left out."""
    inside = rows < len(nodes)
    nodes[rows[inside], columns[inside]] = values if isinstance(values, int) else values[inside]
