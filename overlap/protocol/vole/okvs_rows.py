"""Sizes and rows of the oblivious key-value store: RR22, sections 4.2 (parameters) and 2 (binary rows).

A store for n keys has `sparse` blocks, e n of them, and 48 `dense` ones. Row weight is w = 3, lambda = 40:

    lambda <= s (e - 1.223) - 9.2
    log2 s = 0.555 log2 n + 0.093 v^3 - 1.01 v^2 + 2.925 v - 0.133,  v = log2 w

is the paper's fit to its experiments (equation 3 and the phase transition point), stated there for n >= 2^6.
It gives e = 1.98 at n = 100, 1.44 at 1000, 1.268 at 2^14 and 1.2276 at 10^6, and with it a gap of at most
floor(40 / log2(e n)) but for a chance of 2^-40: 5, 3, 2 and 1. The dense part is the paper's binary one,
which has gap + lambda columns, here 48: the 45 of the largest gap in whole bytes. It is taken rather than
powers in GF(2^128) because it costs six table lookups a row whatever the gap, and because a gap of 8 still
leaves a chance of 2^-40. RR22 fits gaps found by triangulation, which are never smaller than ours
(`okvs_solve`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.blocks import Blocks
from overlap.protocol.vole.field import CHUNK_ROWS

#: Columns of the dense part; its bits are bytes 0 to 5 of a key.
DENSE: Final = 48

#: The paper's fit starts at 2^6 keys: fewer get the store of 2^6.
MIN_ITEMS: Final = 1 << 6
#: Up to here a position is drawn from 32 bits without a bias that matters.
MAX_ITEMS: Final = 1 << 24

#: e at n = 2^6, 2^7, ..., 2^24 in units of 2^-20, rounded up: integers, as both sides must get equal sizes.
EXPANSION: Final = (
    2298438, 1973976, 1753129, 1602808, 1500491, 1430848, 1383445, 1351180, 1329218, 1314270,
    1304095, 1297170, 1292456, 1289248, 1287064, 1285577, 1284565, 1283877, 1283408,
)  # fmt: skip


class Shape(NamedTuple):
    """The size of a store: for at most `items` keys, `sparse` + `dense` blocks; `dense` in 8, 16, ..., 48."""

    items: int
    sparse: int
    dense: int = DENSE

    @property
    def size(self) -> int:
        return self.sparse + self.dense


class Rows(NamedTuple):
    """The rows of n keys in a store of this shape: which blocks XOR to the value of a key.

    `sparse`: three distinct positions a key, shape (3, n); `dense`: the bits of the dense part, shape
    (n, dense/8), lowest bit first.
    """

    shape: Shape
    sparse: npt.NDArray[np.int32]
    dense: npt.NDArray[np.uint8]


def shape_of(items: int) -> Shape:
    """The shape for `items` keys, at most 2^24 (ValueError); for fewer than 2^6 that of 2^6.

    Between powers of two e is interpolated in n. The fitted curve is convex, so the chord never lies below
    it: at most 2.6 % above, and 0.2 % from 2^14 keys on.
    """
    if not 0 <= items <= MAX_ITEMS:
        raise ValueError(f"a store holds 0 to {MAX_ITEMS} keys, not {items}")
    count = max(items, MIN_ITEMS)
    power = count.bit_length() - 1
    lower = EXPANSION[power - 6]
    upper = EXPANSION[min(power - 5, len(EXPANSION) - 1)]
    scaled = (lower << power) + (upper - lower) * (count - (1 << power))
    return Shape(items, -(-count * scaled >> (power + 20)))


def prepare(keys: Blocks, shape: Shape) -> Rows:
    """The rows of `keys` (n), which are outputs of a hash keyed with the seed of this store.

    With a key as four little-endian 32-bit words k0..k3 and s sparse columns, the positions are a uniform
    set of three: a = k1 s >> 32, b = k2 (s-1) >> 32, c = k3 (s-2) >> 32, then b steps over a, and c over the
    smaller and the larger of the two. Products of 32-bit words make some positions likelier than others by a
    factor of at most 1 + 2^-7 at 2^24 keys (2^-11 at 2^20). The dense bits are bytes 0 to 5 of the key.
    Bytes 4 and 5 are the low half of k1, of which a position among 2^20 shows 4 bits at most and one among
    2^24.3 shows 9, so 39 dense bits or more are independent of the positions whatever the size.
    """
    if not 3 <= shape.sparse <= 1 << 25 or shape.dense not in range(8, DENSE + 1, 8):
        raise ValueError("no such store")
    keys = np.ascontiguousarray(keys)
    words = keys.view(np.uint32).reshape(-1, 4)
    sparse = np.empty((3, len(keys)), dtype=np.int32)
    for start in range(0, len(keys), CHUNK_ROWS):
        chunk = words[start : start + CHUNK_ROWS]
        first, second, third = (
            chunk[:, 1 + place].astype(np.int64) * (shape.sparse - place) >> 32 for place in range(3)
        )
        second += second >= first
        third += third >= np.minimum(first, second)
        third += third >= np.maximum(first, second)
        sparse[:, start : start + CHUNK_ROWS] = first, second, third
    dense = keys.view(np.uint8).reshape(-1, 16)[:, : shape.dense // 8]
    return Rows(shape, sparse, np.ascontiguousarray(dense))
