"""Random numbers without a seed: a stream that the data themselves fix, the same everywhere and for ever."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np


def words(digest: bytes, purpose: str, count: int, below: int) -> np.ndarray[Any, Any]:
    """`count` whole numbers from 0 to `below` - 1 (at most 2^31), uniform to within below / 2^32.

    SHAKE-128 (FIPS 202) over the digest and the purpose, read as 32-bit words, little-endian.
    """
    stream = hashlib.shake_128(digest + purpose.encode()).digest(4 * count)
    wide = np.frombuffer(stream, "<u4").astype(np.uint64) * np.uint64(below)
    return (wide >> np.uint64(32)).astype(np.int64)
