"""The two loops of the code, compiled by numba: what the extra `kernel` brings. The same bytes as in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import numpy.typing as npt

    from overlap.protocol.vole.blocks import Blocks

_compiled: Any = njit(cache=True, boundscheck=False)


@_compiled
def run(x: Blocks, words: npt.NDArray[np.uint32], history: Blocks) -> None:
    """Convolve `x`; `history` is (25 + length, 2), its first 25 blocks the state to start from."""
    one = np.uint64(1)
    for j in range(len(x)):
        low, high = x[j, 0] ^ history[j, 0], x[j, 1] ^ history[j, 1]
        word = np.uint64(words[j])
        for i in range(24):
            # All ones where the tap is set; row j + 25 is this step's own.
            mask = np.uint64(0) - (word >> np.uint64(i) & one)
            low ^= history[j + 24 - i, 0] & mask
            high ^= history[j + 24 - i, 1] & mask
        history[j + 25, 0] = low
        history[j + 25, 1] = high


@_compiled
def expand(
    parity: Blocks,
    words: npt.NDArray[np.uint32],
    starts: npt.NDArray[np.uint64],
    widths: npt.NDArray[np.uint64],
    rows: Blocks,
) -> None:
    """Add to each of `rows` the blocks of `parity` at its positions; `words` is (weight, at least rows)."""
    for i in range(len(rows)):
        low, high = rows[i, 0], rows[i, 1]
        for j in range(len(words)):
            column = starts[j] + (np.uint64(words[j, i]) * widths[j] >> np.uint64(32))
            low ^= parity[column, 0]
            high ^= parity[column, 1]
        rows[i, 0] = low
        rows[i, 1] = high
