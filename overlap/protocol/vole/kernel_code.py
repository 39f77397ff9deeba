"""The three loops of the code, compiled by numba: what the extra `kernel` brings. The same bytes as in numpy.

Imported by `code` alone, where numba is installed and the vector is long enough to pay for loading it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import numpy.typing as npt

    from overlap.protocol.vole.blocks import Blocks

__all__ = ["expand", "run", "scale"]

_Function = TypeVar("_Function", bound=Callable[..., None])


def _compiled(function: _Function) -> _Function:
    """Compiled at the first call with given types, and kept beside this file for the next process.

    It runs beside other threads."""
    return cast("_Function", njit(cache=True, nogil=True)(function))


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
def scale(blocks: Blocks, words: npt.NDArray[np.uint32]) -> None:
    """Multiply each block by X to the power of the top 7 bits of its word; see `code.scale`."""
    for j in range(len(blocks)):
        power = np.uint64(words[j]) >> np.uint64(25)
        left = power & np.uint64(63)
        right = np.uint64(63) - left
        low, high = blocks[j, 0], blocks[j, 1]
        one = low >> np.uint64(1) >> right | high << left
        two = high >> np.uint64(1) >> right
        low <<= left
        three = np.uint64(0)
        if power >= np.uint64(64):
            low, one, two, three = np.uint64(0), low, one, two
        two ^= three >> np.uint64(63) ^ three >> np.uint64(62) ^ three >> np.uint64(57)
        one ^= two >> np.uint64(63) ^ two >> np.uint64(62) ^ two >> np.uint64(57)
        blocks[j, 0] = low ^ two ^ two << np.uint64(1) ^ two << np.uint64(2) ^ two << np.uint64(7)
        blocks[j, 1] = one ^ three ^ three << np.uint64(1) ^ three << np.uint64(2) ^ three << np.uint64(7)


@_compiled
def expand(
    parity: Blocks, words: npt.NDArray[np.uint32], start: np.uint64, width: np.uint64, rows: Blocks
) -> None:
    """Add to each of `rows` the block of `parity` that its word chooses among `width` from `start` on."""
    for i in range(len(rows)):
        column = start + (np.uint64(words[i]) * width >> np.uint64(32))
        rows[i, 0] ^= parity[column, 0]
        rows[i, 1] ^= parity[column, 1]
