"""The oblivious key-value store of RR22 (section 2, figure 1): an array from which every key reads its value.

    shape = shape_of(n)                      # sizes, the same for both sides
    rows = prepare(keys, shape)              # keys: 16-byte hashes, keyed with a fresh seed
    store = encode(rows, values, random)     # EncodingFailed: another seed
    decode(store, rows) == values

Weight 3, lambda = 40, 48 binary dense columns; `okvs_rows` derives them and says which bytes make a row.
`decode` is linear in the store, which is all that the vector-OLE construction asks of it. If the values are
uniform, so is the store, whatever the keys: it is a uniform one of all solutions, for blocks that no row
determines are random.

Failure: no solution exists with a chance of at most 2^-40 over the seed. That shows in `encode`, before
anything is sent, and a store that was made is right: each peeled row gets its value by setting a block that
no row peeled later, nor the core, touches; rows of the core hold by elimination.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from overlap.keys import RandomBytes
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, put, read_blocks, take, zero_blocks
from overlap.protocol.vole.field import CHUNK_ROWS, add_mapped, tabulate
from overlap.protocol.vole.okvs_rows import Rows
from overlap.protocol.vole.okvs_solve import Round, core_of, peel, solve_core


def encode(rows: Rows, values: Blocks, random: RandomBytes) -> Blocks:
    """A store, of rows.shape.size blocks, from which `rows` (n, at most shape.items) read `values` (n).

    EncodingFailed if there is none; ValueError for keys that are not distinct or numbers that do not fit.
    """
    shape, count = rows.shape, rows.sparse.shape[1]
    if count != len(values) or count > shape.items:
        raise ValueError(f"{count} rows and {len(values)} values for a store of {shape.items}")
    rounds = peel(rows)
    free = np.ones(shape.size, dtype=np.bool_)
    for peeled in rounds:
        free[peeled.pivots] = False
    columns = np.flatnonzero(free)
    store = zero_blocks(shape.size)
    put(store, columns, read_blocks(random(BLOCK_BYTES * len(columns))))
    if sum(len(peeled.rows) for peeled in rounds) < count:
        solve_core(rows, core_of(rows, rounds), values, store)
    wanted = values.copy()
    add_mapped(tabulate(store[shape.sparse :]), rows.dense, wanted)
    _substitute(rounds, wanted, store)
    return store


def decode(store: Blocks, rows: Rows) -> Blocks:
    """What each of `rows` reads from `store` (shape.size blocks; ValueError otherwise)."""
    if len(store) != rows.shape.size:
        raise ValueError(f"a store of {len(store)} blocks, not {rows.shape.size}")
    values = zero_blocks(rows.sparse.shape[1])
    add_mapped(tabulate(store[rows.shape.sparse :]), rows.dense, values)
    scratch = zero_blocks(min(len(values), CHUNK_ROWS))
    for start in range(0, len(values), CHUNK_ROWS):
        chunk = values[start : start + CHUNK_ROWS]
        _add_taken(store, rows.sparse[:, start : start + CHUNK_ROWS], chunk, scratch)
    return values


def _substitute(rounds: list[Round], wanted: Blocks, store: Blocks) -> None:
    """Set the pivots, 0 so far, from the last round to the first: then all that a row needs is known."""
    scratch, chunk = zero_blocks(CHUNK_ROWS), zero_blocks(CHUNK_ROWS)
    for peeled in reversed(rounds):
        for start in range(0, len(peeled.rows), CHUNK_ROWS):
            some = slice(start, start + CHUNK_ROWS)
            missing = chunk[: len(peeled.rows[some])]
            take(wanted, peeled.rows[some], missing)
            _add_taken(store, peeled.columns[:, some], missing, scratch)
            put(store, peeled.pivots[some], missing)


def _add_taken(store: Blocks, positions: npt.NDArray[np.int32], blocks: Blocks, scratch: Blocks) -> None:
    """XOR the blocks of `store` at each row of `positions` (3, n) into `blocks` (n)."""
    taken = scratch[: len(blocks)]
    for place in positions:
        take(store, place, taken)
        np.bitwise_xor(blocks, taken, out=blocks)
