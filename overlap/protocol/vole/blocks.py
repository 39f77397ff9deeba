"""Many 16-byte values at once: arrays of shape (n, 2), uint64, little-endian, C-contiguous, called blocks.

Rows are gathered as single complex128 items, which are 16 bytes as well: numpy copies such an item in one
move, several times faster than it picks rows. No arithmetic is ever done on that view.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

BLOCK_BYTES: Final = 16

#: Shape (n, 2).
Blocks = npt.NDArray[np.uint64]

Index = npt.NDArray[np.int32] | npt.NDArray[np.int64]


def read_blocks(data: bytes | bytearray | memoryview) -> Blocks:
    """The blocks in `data`, whose length is a multiple of 16 (ValueError otherwise); read-only when it is."""
    return np.frombuffer(data, dtype="<u8").reshape(-1, 2)


def zero_blocks(count: int) -> Blocks:
    """`count` blocks of zeros."""
    return np.zeros((count, 2), dtype=np.uint64)


def take(blocks: Blocks, index: Index, out: Blocks | None = None) -> Blocks:
    """The blocks at `index` (in range: it is not checked), in `out` when given."""
    items = blocks.view(np.complex128).ravel()
    target = None if out is None else out.view(np.complex128).ravel()
    # mode="wrap" skips the bounds check and, unlike "raise", writes to `out` without a buffer.
    taken = np.take(items, index, out=target, mode="wrap")
    return taken.view(np.uint64).reshape(-1, 2)


def put(blocks: Blocks, index: Index, values: Blocks) -> None:
    """Set the blocks at `index`."""
    blocks.view(np.complex128).ravel()[index] = values.view(np.complex128).ravel()
