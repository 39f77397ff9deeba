"""The convolution of the code (`overlap.protocol.vole.code`), whose every place depends on the 25 before it.

    y[j] = x[j] + sum of y[j-i] over i = 1..24 with tap (j, i) set + y[j-25]

first from zeros to the end, then again from the 25 that this ended with. The vector is cut into chunks that
run in step, all from zeros, a vector operation a place. Beside each y goes a word that says which of the 25
before the chunk would be added to it: the recursion is linear. When the chunks are through, these follow from
chunk to chunk, and each y gets its share of them.

Sums over taps are looked up. The last y of a chunk are kept in groups of GROUP, and of each group all sums,
so that the 25 bits of a place, the taps and the one that is always set, choose one sum in each of seven
groups.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.blocks import Blocks, zero_blocks

#: Random taps, and how far back the recursion reaches with the one that is always set.
TAPS: Final = 24
MEMORY: Final = TAPS + 1

#: y whose sums are kept together, and the groups that 25 of them touch.
GROUP: Final = 4
SLOTS: Final = 7
#: Chunks at most, a power of two: the sums of 512 chunks are 1 MiB and stay in the cache of a core.
LANES_BITS: Final = 9
LANES: Final = 1 << LANES_BITS
#: Places whose lookups are prepared together.
_BATCH: Final = 16
#: Places to which the start of their chunk is added together.
_TOGETHER: Final = 1 << 14
#: Bits of the words beside y that are looked up together, and the tables for all of them.
_BITS: Final = 7
_TABLES: Final = -(-MEMORY // _BITS)

#: Each byte with its bits in reverse.
_MIRROR: Final = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)), bitorder="little")

Words = npt.NDArray[np.uint32]
Numbers = npt.NDArray[np.uint64]
Index = npt.NDArray[np.int64]


def convolve(x: Blocks, words: Words) -> Blocks:
    """y for each of `x`, (n, 2); bit i - 1 of word j is tap (j, i).

    Zeros before the vector, a multiple of the memory, with no random tap, fill the chunks: there the state
    only turns around, once or several times in full.
    """
    chunks, steps = _shape(len(x))
    padding = chunks * steps - len(x)
    padded, drawn = zero_blocks(chunks * steps), np.zeros(chunks * steps, dtype=np.uint32)
    padded[padding:], drawn[padding:] = x, words
    # In `_run` the step comes first, the chunk second.
    turned = padded.view(np.complex128).reshape(chunks, steps).T.copy()
    inputs = turned.view(np.uint64).reshape(steps, chunks, 2)
    seen = _run(drawn.reshape(chunks, steps).T.copy(), inputs)
    ends = np.concatenate([inputs[-MEMORY:].transpose(0, 2, 1), seen[-MEMORY:, None]], axis=1)
    y = inputs.view(np.complex128)[:, :, 0].T.copy().view(np.uint64).reshape(chunks, steps, 2)
    _add_starts(y, seen.T.copy(), _starts(ends))
    return y.reshape(-1, 2)[padding:]


def _shape(length: int) -> tuple[int, int]:
    """How many chunks of how many steps; together `length` and a multiple of the memory more."""
    # A step costs as much for a few chunks as for one, and so does a chunk for a few steps.
    chunks = max(1, min(LANES, math.isqrt(length), length // (4 * MEMORY)))
    if chunks % 5 == 0:
        chunks -= 1  # Now it has an inverse modulo 25, so that some number of steps fits.
    steps = -(-length // chunks)
    return chunks, steps + (length * pow(chunks, -1, MEMORY) - steps) % MEMORY


def _run(words: Words, blocks: Blocks) -> Numbers:
    """Put y of all chunks, each from zeros, into `blocks`, (steps, chunks, 2), where x stood.

    Returns the words beside y, (steps, chunks): bit t is set where y[t - 25] before the chunk is added.
    """
    steps, chunks = words.shape
    sums = np.zeros((SLOTS, 1 << GROUP, LANES, 2), dtype=np.uint64)
    marks = np.zeros((SLOTS, 1 << GROUP, LANES), dtype=np.uint64)
    items, numbers = sums.reshape(-1).view(np.complex128), marks.reshape(-1)
    found, found_marks = np.empty((SLOTS, chunks), np.complex128), np.empty((SLOTS, chunks), np.uint64)
    halves = found.view(np.uint64)
    seen = np.empty((steps, chunks), dtype=np.uint64)
    # The state before the first place stands in the places before `first`, the first group of which is whole.
    first = SLOTS * GROUP
    for bit in range(MEMORY):
        _enter(marks, first - MEMORY + bit, np.full(chunks, 1 << bit, dtype=np.uint64))
    for start in range(0, steps, _BATCH):
        for at, rows in enumerate(_lookups(words[start : start + _BATCH], first + start), start):
            items.take(rows, out=found, mode="wrap")
            block = blocks[at]
            block ^= np.bitwise_xor.reduce(halves, axis=0).reshape(chunks, 2)
            _enter(sums, first + at, block)
            numbers.take(rows, out=found_marks, mode="wrap")
            np.bitwise_xor.reduce(found_marks, axis=0, out=seen[at])
            _enter(marks, first + at, seen[at])
    return seen


def _enter(sums: Numbers, place: int, values: Numbers) -> None:
    """Put the values at a place, one for each chunk, into the sums of its group."""
    group, member = divmod(place, GROUP)
    slot, half = sums[group % SLOTS, :, : len(values)], 1 << member
    np.bitwise_xor(slot[:half], values, out=slot[half : 2 * half])


def _lookups(words: Words, first: int) -> Index:
    """Which sums the places `first`, `first` + 1, … add up: rows of the flat sums, (places, SLOTS,
    chunks)."""
    begin = np.arange(first, first + len(words)) - MEMORY
    # In reverse, so that bits ascend with places: bit 0 is the one 25 back, which is always set.
    reverse = _MIRROR[words.view(np.uint8)].view(">u4").astype(np.int64) >> 7 | 1
    reverse <<= (begin % GROUP + LANES_BITS)[:, None]
    rows = np.empty((len(words), SLOTS, words.shape[1]), dtype=np.int64)
    lanes = np.arange(words.shape[1])
    for slot in range(SLOTS):
        part = rows[:, slot]
        np.right_shift(reverse, ((slot - begin // GROUP) % SLOTS * GROUP)[:, None], out=part)
        part &= (1 << GROUP) - 1 << LANES_BITS
        part += lanes + (slot << GROUP + LANES_BITS)
    return rows


def _starts(ends: Numbers) -> Blocks:
    """The 25 before each chunk, (chunks, 25, 2), from the last 25 of each when all started from zeros.

    `ends` is (25, 3, chunks), y and the words beside them. The first chunk starts from where the last one
    would end, had the first started from zeros; so one more word says how each state depends on its own.
    """
    chunks = ends.shape[2]
    bits = np.arange(MEMORY, dtype=np.uint64)
    masks = -(ends[:, 2].T[:, :, None] >> bits & np.uint64(1))
    own = ends.transpose(2, 0, 1).copy()
    own[:, :, 2] = 0
    starts = np.zeros((chunks + 1, MEMORY, 3), dtype=np.uint64)
    starts[0, :, 2] = np.uint64(1) << bits
    for chunk in range(chunks):
        acted = np.bitwise_xor.reduce(masks[chunk][:, :, None] & starts[chunk], axis=1)
        np.bitwise_xor(acted, own[chunk], out=starts[chunk + 1])
    first = starts[-1, :, :2].copy()
    for bit in range(MEMORY):
        starts[:, :, :2] ^= -(starts[:, :, 2:] >> np.uint64(bit) & np.uint64(1)) & first[bit]
    return np.ascontiguousarray(starts[:-1, :, :2])


def _add_starts(y: Blocks, seen: Numbers, starts: Blocks) -> None:
    """Add to `y`, (chunks, steps, 2), what `seen`, (chunks, steps), says of `starts`, (chunks, 25, 2)."""
    chunks, steps = seen.shape
    sums = np.zeros((chunks, _TABLES, 1 << _BITS, 2), dtype=np.uint64)
    for bit in range(MEMORY):
        table, half = sums[:, bit // _BITS], 1 << bit % _BITS
        np.bitwise_xor(table[:, :half], starts[:, bit, None], out=table[:, half : 2 * half])
    items, table_rows = sums.view(np.complex128).ravel(), _TABLES << _BITS
    together = max(1, _TOGETHER // steps)
    for first in range(0, chunks, together):
        words = seen[first : first + together].view(np.int64)
        begin = np.arange(first, first + len(words))[:, None] * table_rows
        for number in range(_TABLES):
            index = words >> number * _BITS
            index &= (1 << _BITS) - 1
            index += begin + (number << _BITS)
            taken = items.take(index, mode="wrap")
            y[first : first + together] ^= taken.view(np.uint64).reshape(len(words), steps, 2)
