"""How the rows of a store are solved: in peeled rounds, then by elimination (RR22, section 2, figure 1).

A sparse column that only one row uses can take whatever makes that row right, so row and column are put
aside ("peeled"), which frees more columns. In a round all such columns are peeled at once. Rows that never
come free are the 2-core of the hypergraph; below the fitted chance it is empty or a few rows. It is
eliminated exactly, over the sparse and the dense columns together, which solves every system that the
paper's triangulation solves and some more: for it the gap is the rank that the sparse columns of the core
lack.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, put, read_blocks
from overlap.protocol.vole.okvs_rows import Rows

#: Rows of a core that are eliminated, in about a second. With the sizes of `shape_of` a larger one, which
#: takes more than 1024 keys, is as rare as any failure; with too small ones it has a share of all rows.
CORE_ROWS: Final = 1024

# What is kept for a column: the rows left in it times 2^32, plus the sum of their numbers. That is between
# 2^32 and 2^33 when and only when one is left, and then says which. For 2^24 rows it stays below 2^57.
_ONE: Final = 1 << 32


class EncodingFailed(Exception):
    """No store of this shape holds these rows: draw another seed. Chance at most 2^-40 with `shape_of`."""

    def __init__(self) -> None:
        super().__init__("no store of this shape holds these rows; another seed gives others")


class Round(NamedTuple):
    """Rows peeled at once, their three sparse columns (3, n), and the one column each of them may set."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    pivots: npt.NDArray[np.int32]


def peel(rows: Rows) -> list[Round]:
    """The rounds in which `rows` come free; rows in none of them are the core.

    No row of a round touches the pivot of another row of the same or an earlier round.
    """
    count = rows.sparse.shape[1]
    left = np.zeros(rows.shape.sparse, dtype=np.int64)
    numbers = np.arange(_ONE, _ONE + count)
    for columns in rows.sparse:
        np.add.at(left, columns, numbers)
    claims = np.empty(count, dtype=np.int32)
    touched = np.arange(rows.shape.sparse, dtype=np.int32)
    rounds: list[Round] = []
    while True:
        values = np.take(left, touched, mode="wrap")
        single = np.flatnonzero(values >> 32 == 1)
        free, pivots = values[single] & (_ONE - 1), touched[single]
        # A row may come free through several columns, and a column may be listed twice: a row keeps one.
        claim = np.arange(len(free), dtype=np.int32)
        claims[free] = claim
        kept = np.flatnonzero(np.take(claims, free, mode="wrap") == claim)
        if not len(kept):
            return rounds
        free, pivots = free[kept], pivots[kept]
        columns = np.empty((3, len(free)), dtype=np.int32)
        for place in range(3):
            np.take(rows.sparse[place], free, out=columns[place], mode="wrap")
            np.subtract.at(left, columns[place], free + _ONE)
        rounds.append(Round(free, columns, pivots))
        touched = columns.ravel()


def core_of(rows: Rows, rounds: list[Round]) -> npt.NDArray[np.int64]:
    """The numbers of the rows that no round holds."""
    inside = np.ones(rows.sparse.shape[1], dtype=np.bool_)
    for peeled in rounds:
        inside[peeled.rows] = False
    return np.flatnonzero(inside)


def solve_core(rows: Rows, core: npt.NDArray[np.int64], values: Blocks, store: Blocks) -> None:
    """Change blocks of `store` so that the rows numbered in `core` read theirs of `values` (of all n rows).

    As many are changed as there are rows; the others, random so far, stay, which makes the outcome a uniform
    one of all solutions. EncodingFailed if there is none, ValueError if two rows are equal: keys are not
    distinct.
    """
    columns, places = np.unique(rows.sparse[:, core], return_inverse=True)
    dense = [int.from_bytes(bits.tobytes(), "little") << len(columns) for bits in rows.dense[core]]
    if len(core) > CORE_ROWS:
        distinct = set(zip(dense, *rows.sparse[:, core].tolist(), strict=True))
        if len(distinct) < len(core):
            raise ValueError("keys are not distinct")
        raise EncodingFailed()
    sparse = places.reshape(3, -1).T.tolist()
    equations = [sum(1 << place for place in three) | bits for three, bits in zip(sparse, dense, strict=True)]
    if len(set(equations)) < len(equations):
        raise ValueError("keys are not distinct")
    columns = np.concatenate([columns, np.arange(rows.shape.sparse, rows.shape.size)])
    solved = _eliminate(equations, _to_integers(values[core]), _to_integers(store[columns]))
    data = b"".join(value.to_bytes(BLOCK_BYTES, "little") for value in solved)
    put(store, columns, read_blocks(data))


def _eliminate(equations: list[int], values: list[int], unknowns: list[int]) -> list[int]:
    """The unknowns, changed so that for each equation those at its set bits XOR to its value."""
    pivots: list[tuple[int, int, int]] = []
    for equation, value in zip(equations, values, strict=True):
        for pivot, row, known in pivots:
            if equation >> pivot & 1:
                equation, value = equation ^ row, value ^ known  # noqa: PLW2901
        if not equation:
            raise EncodingFailed()
        # The lowest bit, so that dense columns, which are last, serve where the sparse ones lack rank.
        pivots.append(((equation & -equation).bit_length() - 1, equation, value))
    # A row holds pivots of later ones only, so from the last to the first all else in it is known.
    for pivot, row, value in reversed(pivots):
        rest = row ^ 1 << pivot
        while rest:
            lowest = rest & -rest
            value ^= unknowns[lowest.bit_length() - 1]  # noqa: PLW2901
            rest ^= lowest
        unknowns[pivot] = value
    return unknowns


def _to_integers(blocks: Blocks) -> list[int]:
    return [int.from_bytes(block.tobytes(), "little") for block in blocks]
