"""The check that the sender's corrections give C = D A + B, with its one D, whatever the receiver's points
are.

When the trees are checked (`pprf_check`), both sides have the same leaves but for the receiver's missing
ones, which are leaf + D e[j] + x[j], where x[j] is what the sender put into correction j besides what the
protocol says. With weights k[j, p], and a fresh mask r that the receiver shares as it shares its e[j] (v = w
+ D r),

    y = sum of k[j, p[j]] e[j] + r                                   receiver, in its request
    U = sum of k[j, p] leaf[j, p] + v + D y                          sender, a hash of it in its answer
    W = sum of k[j, p] leaf[j, p] + w = U + sum of k[j, p[j]] x[j]   receiver, over its own leaves

This is the check of Ferret (eprint 2020/924) and Wolverine (eprint 2020/925), which RR22's library makes too.
They draw the weights when the corrections are fixed, and send y after them. Here y goes with the request, one
message earlier, so the sender knows the weights when it makes its corrections. But the weights depend on the
points, which it does not know:

    k[j, p] = g[j] + sum of g[j, b] over the bits b that are set in p,   every g a hash of the request

For given x, of which n are not zero, the sum of k[j, p[j]] x[j] is an affine map of the points' n h bits.
There are two such checks, so it goes to 256 bits. A map of this kind has a kernel of n bits or more with a
chance of at most 2^(n (n h - 256)) over the g, and there are 2^(128 (n - 1)) maps for n places, as a common
factor changes nothing. So but for a chance of 2^(n n h - 128 n - 128), which is 2^-128 for n h up to 128, all
of them have kernels below n bits, and whoever alters n corrections passes for 2^(n-1) of the d^n points at
most: the first costs the guess of a point, each further one that of a point but for one bit.

Such weights take h + 1 sums of each tree's leaves, which are as quick as two passes of additions, and a
product for each of these sums instead of one for each leaf."""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import numpy as np

from overlap.protocol.vole.aes import expand
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks
from overlap.protocol.vole.field import multiply, multiply_by
from overlap.protocol.vole.pprf import Integers, depth, leaf_sums

#: Independent checks, each with a mask of its own.
CHECKS: Final = 2
#: y of each check, which the request has.
OPENING_BYTES: Final = CHECKS * BLOCK_BYTES
#: The hash that the answer has.
DIGEST_BYTES: Final = 32


class Weights(NamedTuple):
    """g of each check: `bits` (CHECKS, h, trees, 2) and `always` (CHECKS, trees, 2)."""

    bits: Blocks
    always: Blocks


def draw_weights(context: bytes, message: bytes, trees: int, domain: int) -> Weights:
    """The weights that follow from what the receiver's request says before `y`. `context` names the run."""
    start = b"overlap vole 1 weights" + len(context).to_bytes(8, "big") + context
    seed = hashlib.sha256(start + message).digest()[:BLOCK_BYTES]
    drawn = expand(seed, CHECKS * (depth(domain) + 1) * trees).reshape(CHECKS, -1, trees, 2)
    return Weights(drawn[:, 1:], drawn[:, 0])


def place_sums(leaves: Blocks) -> Blocks:
    """The sums of leaves by their numbers' bits, (h + 1, trees, 2), for `leaves` (domain, trees, 2).

    Row 0 is the sum of all leaves of each tree, row b + 1 that of the leaves whose numbers have bit b set.
    """
    sums = []
    while len(leaves) > 1:
        odd = leaves[1::2]
        sums.append(leaf_sums(odd))
        # Neighbours are added up: the next bit of a number is the lowest of its half.
        leaves = leaves[0::2].copy()
        leaves[: len(odd)] ^= odd
    return np.stack([leaves[0], *sums])


def open_check(weights: Weights, points: Integers, elements: Blocks, masks: Blocks) -> bytes:
    """The receiver's y of each check, OPENING_BYTES; `masks` has shape (CHECKS, 2)."""
    at = weights.always.copy()
    for bit in range(weights.bits.shape[1]):
        at ^= weights.bits[:, bit] * (points >> bit & 1).astype(np.uint64)[:, None]
    products = multiply(at.reshape(-1, 2), np.tile(elements, (CHECKS, 1))).reshape(CHECKS, -1, 2)
    return (np.stack([_total(each) for each in products]) ^ masks).tobytes()


def digest_sent(weights: Weights, sums: Blocks, shares: Blocks, opening: bytes, delta: bytes) -> bytes:
    """The sender's hash of U, DIGEST_BYTES, from its `place_sums` and its shares v of the masks."""
    return _digest(_weigh(weights, sums) ^ shares ^ multiply_by(delta, read_blocks(opening)))


def digest_received(weights: Weights, sums: Blocks, shares: Blocks) -> bytes:
    """The receiver's hash of W, which is the sender's when all corrections were right; shares are w."""
    return _digest(_weigh(weights, sums) ^ shares)


def _weigh(weights: Weights, sums: Blocks) -> Blocks:
    factors = np.concatenate([weights.always[:, None], weights.bits], axis=1)
    products = multiply(np.tile(sums.reshape(-1, 2), (CHECKS, 1)), factors.reshape(-1, 2))
    return np.stack([_total(each) for each in products.reshape(CHECKS, -1, 2)])


def _total(blocks: Blocks) -> Blocks:
    total: Blocks = np.bitwise_xor.reduce(blocks, axis=0)
    return total


def _digest(values: Blocks) -> bytes:
    return hashlib.sha256(b"overlap vole 1 correlation" + values.tobytes()).digest()
