"""Random systems of the oblivious key-value store, many at a time, and the gap of each."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from overlap.protocol.vole.blocks import Blocks
from overlap.protocol.vole.okvs_rows import Rows, Shape, prepare
from overlap.protocol.vole.okvs_solve import CORE_ROWS, core_of, peel

#: Rows peeled in one go: systems are put side by side, each with columns of its own.
BATCH_ROWS = 1 << 19

#: What stands for the gap of a core of more rows than the protocol eliminates.
LARGE = CORE_ROWS


def random_blocks(rng: np.random.Generator, count: int) -> Blocks:
    return np.frombuffer(rng.bytes(16 * count), dtype=np.uint64).reshape(-1, 2)


def gaps(items: int, sparse: int, trials: int, seed: int) -> Counter[tuple[int, int]]:
    """How many of `trials` systems have which gap: (of our elimination, of RR22's triangulation)."""
    rng = np.random.default_rng([items, sparse, seed])
    counts: Counter[tuple[int, int]] = Counter()
    while counts.total() < trials:
        systems = min(max(1, BATCH_ROWS // items), trials - counts.total())
        rows = prepare(random_blocks(rng, systems * items), Shape(items, sparse))
        offsets = np.repeat(np.arange(systems, dtype=np.int32) * np.int32(sparse), items)
        together = Rows(Shape(systems * items, systems * sparse), rows.sparse + offsets, rows.dense)
        core = core_of(together, peel(together))
        cores = defaultdict(list)
        for row, columns in zip(core.tolist(), rows.sparse[:, core].T.tolist(), strict=True):
            cores[row // items].append(columns)
        counts[0, 0] += systems - len(cores)
        for found in cores.values():
            small = len(found) <= CORE_ROWS
            counts[(lacking_rank(found), triangulation_gap(found)) if small else (LARGE, LARGE)] += 1
    return counts


def lacking_rank(core: list[list[int]]) -> int:
    """Rows minus rank of these rows, each the list of its columns."""
    pivots: dict[int, int] = {}
    for columns in core:
        row = sum(1 << column for column in columns)
        while row and (top := row.bit_length()) in pivots:
            row ^= pivots[top]
        if row:
            pivots[row.bit_length()] = row
    return len(core) - len(pivots)


def triangulation_gap(core: list[list[int]]) -> int:
    """The gap that RR22, figure 1, step 2 finds: of the rows in a column of least weight, all but one."""
    left, gap = set(range(len(core))), 0
    while left:
        weights = Counter(column for row in left for column in core[row])
        column, weight = min(weights.items(), key=lambda item: (item[1], item[0]))
        gap += weight - 1
        left -= {row for row in left if column in core[row]}
    return gap
