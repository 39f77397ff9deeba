"""The linear code that compresses sparse vectors to pseudorandom ones: ExConv21x24, rate one half.

Expand-convolute codes of Raghuraman, Rindal and Tanguy, "Expand-Convolute Codes for Pseudorandom Correlation
Generators from LPN" (CRYPTO 2023, eprint 2023/882): expander weight 21, memory 24,
systematic. The Silver code of the generation before is broken (same paper) and is not here.

`encode` multiplies a vector of blocks, elements of GF(2^128), by the matrix (I | B D A), `outputs` rows:

    head, x = the first `outputs` blocks of the vector, the others
    y       = A x,  a convolution:  y[j] = x[j] + sum of y[j-i] over i = 1..24 with tap (j, i) set + y[j-25]
    z[j]    = X^s(j) y[j],  s(j) from 0 to 127
    out[i]  = head[i] + sum of z at 21 positions

Taps, powers and positions are keystream of AES-CTR under public seeds drawn from a name: nobody chose them.
Four choices go with the authors' library rather than the plainest form:

- D makes the code one over GF(2^128). With a binary matrix the 128 bits of the blocks would be so many words
  of one binary code with their noise at the same places, and the rank of the results would tell the noise:
  at up to 128 places at once, at a few hundred after guessing. (Metzner and Kapturowski, "A general decoding
  technique applicable to replicated file disagreement location and concatenated code decoding", 1990; the
  library calls it a splitting attack and multiplies by a constant inside the convolution.) Values of the
  noise are uniform, so D A is as good as D A D^-1: a convolution whose taps are random powers of X.
- The tap at 25 is always set: the state then never dies out, which 24 random taps do once in 2^24 steps.
- The convolution bites its tail: it starts from the state that it would end with, had it started from zeros.
  Each y therefore depends on the whole of x, also where all positions of a row are near one end. (The library
  convolves twice, across the end; this is the same mixing at half the price.)
- 11 of a row's positions are regular, one in each eleventh of z; 10 are uniform over all of it. All regular
  would fix the parities of row sums over each part.

No table is kept: `encode` draws the matrix again each time. The compiled loops of `kernel_code`, where numba
is installed, give the same bytes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.engine import usable_processors
from overlap.protocol.vole import convolution
from overlap.protocol.vole.aes import derive_seed, expand_bytes
from overlap.protocol.vole.blocks import Blocks, take, zero_blocks
from overlap.protocol.vole.convolution import MEMORY, Words

#: Row weight of the expander B, and how many of it are regular.
WEIGHT: Final = 21
REGULAR: Final = 11
#: Where the powers of X begin in the words that also hold the taps.
POWER_SHIFT: Final = 25

TAP_SEED: Final = derive_seed(b"", "convolution")
POSITION_SEED: Final = derive_seed(b"", "expander")
#: Rows of B that are added together: in the cache, and enough that two threads do not wait for each other.
BATCH: Final = 1 << 17
#: Outputs from which on two threads add rows.
THREAD_OUTPUTS: Final = 1 << 18

#: Outputs from which on loading the compiled loops takes less time than they save.
KERNEL_OUTPUTS: Final = 1 << 19


def encode(vector: Blocks, outputs: int) -> Blocks:
    """(I | B D A) times `vector`, (length, 2); `length` is at least twice `outputs` and 25 more than it."""
    parity = len(vector) - outputs
    if not 0 < outputs <= parity or parity < MEMORY:
        raise ValueError("a code of rate one half has at least as many parity blocks as outputs, and 25")
    out = vector[:outputs].copy()
    by_kernel = outputs >= KERNEL_OUTPUTS and has_kernel()
    expand(compiled_convolve(vector[outputs:]) if by_kernel else convolve(vector[outputs:]), out)
    return out


def convolution_words(length: int) -> Words:
    """What decides on each position j below `length`: bit i - 1 is tap (j, i), the top 7 bits are s(j)."""
    return np.frombuffer(expand_bytes(TAP_SEED, 4 * length), dtype="<u4")


def position_words(tap: int, count: int, first: int = 0) -> Words:
    """What the positions of entry `tap` of B in `count` rows from `first`, a multiple of 4, are drawn from.

    Each tap has a keystream of its own, 2^40 blocks from the next.
    """
    words = expand_bytes(POSITION_SEED, 4 * count, (tap << 40) + first // 4)
    return np.frombuffer(words, dtype="<u4")


def scale_words(words: Words, width: int, out: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Numbers below `width`, in the place of `out`: a multiplication of each word and a shift by 32.

    They differ in probability by at most `width` / 2^32 of it.
    """
    np.multiply(words, np.uint64(width), out=out)
    out >>= np.uint64(32)
    return out.view(np.int64)


def column_range(tap: int, parity: int) -> tuple[int, int]:
    """Where the columns of entry `tap` begin and how many there are."""
    if tap >= REGULAR:
        return 0, parity
    start = parity * tap // REGULAR
    return start, parity * (tap + 1) // REGULAR - start


def expand(parity: Blocks, out: Blocks) -> None:
    """Add B times `parity` to `out`, by two threads where there are processors for them."""
    add_rows = _add_compiled if len(out) >= KERNEL_OUTPUTS and has_kernel() else _add
    half = -(-len(out) // 8) * 4
    if len(out) < THREAD_OUTPUTS or usable_processors() == 1:
        add_rows(parity, out, 0)
        return
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(add_rows, parity, out[half:], half)
        add_rows(parity, out[:half], 0)
        other.result()


def _add(parity: Blocks, rows: Blocks, first: int) -> None:
    """Add rows `first` and on of B times `parity`. What a regular entry reads stays in the cache."""
    buffer, scaled = zero_blocks(BATCH), np.empty(BATCH, dtype=np.uint64)
    for tap in range(WEIGHT):
        start, width = column_range(tap, len(parity))
        words = position_words(tap, len(rows), first)
        for at in range(0, len(rows), BATCH):
            some = rows[at : at + BATCH]
            columns = scale_words(words[at : at + BATCH], width, scaled[: len(some)])
            some ^= take(parity[start : start + width], columns, buffer[: len(some)])


def _add_compiled(parity: Blocks, rows: Blocks, first: int) -> None:
    """`_add` by the compiled loop."""
    from overlap.protocol.vole import kernel_code

    for tap in range(WEIGHT):
        start, width = column_range(tap, len(parity))
        words = position_words(tap, len(rows), first)
        for at in range(0, len(rows), BATCH):
            kernel_code.expand(
                parity,
                words[at : at + BATCH],
                np.uint64(start),
                np.uint64(width),
                rows[at : at + BATCH],
            )


def compiled_convolve(x: Blocks) -> Blocks:
    """`convolve` by the compiled loop: twice along, the second time from the state of the first."""
    from overlap.protocol.vole import kernel_code

    words = convolution_words(len(x))
    history = zero_blocks(MEMORY + len(x))
    kernel_code.run(x, words, history)
    history[:MEMORY] = history[-MEMORY:]
    kernel_code.run(x, words, history)
    kernel_code.scale(history[MEMORY:], words)
    return history[MEMORY:]


@cache
def has_kernel() -> bool:
    """Whether the compiled loops can be used; loads numba, half a second, at the first call."""
    try:
        from overlap.protocol.vole import kernel_code
    except (ImportError, RuntimeError):  # Not installed, or no place to keep what it compiles.
        return False
    # Loading what was compiled takes a part of a second; it is not to fall into the middle of a run.
    x, words = zero_blocks(MEMORY), convolution_words(MEMORY)
    compiled_convolve(x)
    kernel_code.expand(x, words, np.uint64(0), np.uint64(MEMORY), x.copy())
    return True


def convolve(x: Blocks) -> Blocks:
    """D A times `x`."""
    words = convolution_words(len(x))
    y = convolution.convolve(x, words)
    scale(y, words)
    return y


def scale(blocks: Blocks, words: Words) -> None:
    """Multiply each block by X to the power of the top 7 bits of its word."""
    for first in range(0, len(blocks), BATCH):
        part = blocks[first : first + BATCH]
        power = words[first : first + BATCH].astype(np.uint64) >> np.uint64(POWER_SHIFT)
        low, high = part[:, 0].copy(), part[:, 1].copy()
        # First by the power modulo 64, into three words; a shift by 64 is not defined, hence the two shifts.
        left = power & np.uint64(63)
        right = np.uint64(63) - left
        one = low >> np.uint64(1) >> right | high << left
        two = high >> np.uint64(1) >> right
        low <<= left
        # Then by 64 where the power says so, which makes a fourth.
        whole = -(power >> np.uint64(6))
        three = two & whole
        two = two & ~whole | one & whole
        one = one & ~whole | low & whole
        low &= ~whole
        two ^= three >> np.uint64(63) ^ three >> np.uint64(62) ^ three >> np.uint64(57)
        part[:, 0] = low ^ _fold(two)
        part[:, 1] = one ^ _fold(three) ^ two >> np.uint64(63) ^ two >> np.uint64(62) ^ two >> np.uint64(57)


def _fold(word: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The low word of 1 + X + X^2 + X^7, which is X^128, times each word."""
    folded: npt.NDArray[np.uint64] = word ^ word << np.uint64(1) ^ word << np.uint64(2) ^ word << np.uint64(7)
    return folded
