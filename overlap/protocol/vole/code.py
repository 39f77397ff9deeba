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

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.aes import derive_seed, expand_bytes
from overlap.protocol.vole.blocks import Blocks, take, zero_blocks

#: Row weight of the expander B, and how many of it are regular.
WEIGHT: Final = 21
REGULAR: Final = 11
#: Random taps of the convolution, and its memory with the tap that is always set.
TAPS: Final = 24
MEMORY: Final = TAPS + 1
#: Where the powers of X begin in the words that also hold the taps.
POWER_SHIFT: Final = 25

TAP_SEED: Final = derive_seed(b"", "convolution")
POSITION_SEED: Final = derive_seed(b"", "expander")
#: Rows of B that are added together.
BATCH: Final = 1 << 15

#: Outputs from which on loading the compiled loops takes less time than they save.
KERNEL_OUTPUTS: Final = 1 << 19

Words = npt.NDArray[np.uint32]


def encode(vector: Blocks, outputs: int) -> Blocks:
    """(I | B D A) times `vector`, (length, 2); `length` is at least twice `outputs` and 25 more than it."""
    parity = len(vector) - outputs
    if not 0 < outputs <= parity or parity < MEMORY:
        raise ValueError("a code of rate one half has at least as many parity blocks as outputs, and 25")
    out = vector[:outputs].copy()
    if outputs >= KERNEL_OUTPUTS and has_kernel():
        compiled_expand(compiled_convolve(vector[outputs:]), out)
    else:
        expand(convolve(vector[outputs:]), out)
    return out


def convolution_words(length: int) -> Words:
    """What decides on each position j below `length`: bit i - 1 is tap (j, i), the top 7 bits are s(j)."""
    return np.frombuffer(expand_bytes(TAP_SEED, 4 * length), dtype="<u4")


def positions(tap: int, first: int, count: int, parity: int) -> npt.NDArray[np.int64]:
    """The column of entry `tap` of B in rows `first` to `first + count`; `first` is a multiple of four.

    A 32-bit word is scaled to its range by a multiplication: positions differ in probability by at most
    `parity` / 2^32 of it.
    """
    start, width = column_range(tap, parity)
    scaled = position_words(tap, first, count).astype(np.uint64)
    scaled *= np.uint64(width)
    scaled >>= np.uint64(32)
    scaled += np.uint64(start)
    return scaled.view(np.int64)


def position_words(tap: int, first: int, count: int) -> Words:
    """The words that `positions` scales: each tap has a keystream of its own, 2^40 blocks from the next."""
    words = expand_bytes(POSITION_SEED, 4 * count, (tap << 40) + first // 4)
    return np.frombuffer(words, dtype="<u4")


def column_range(tap: int, parity: int) -> tuple[int, int]:
    """Where the columns of entry `tap` begin and how many there are."""
    if tap >= REGULAR:
        return 0, parity
    start = parity * tap // REGULAR
    return start, parity * (tap + 1) // REGULAR - start


def expand(parity: Blocks, out: Blocks) -> None:
    """Add B times `parity` to `out`. Entry by entry: what a regular one reads stays in the cache."""
    buffer = zero_blocks(min(BATCH, len(out)))
    for tap in range(WEIGHT):
        for first in range(0, len(out), BATCH):
            rows = out[first : first + BATCH]
            rows ^= take(parity, positions(tap, first, len(rows), len(parity)), buffer[: len(rows)])


def compiled_expand(parity: Blocks, out: Blocks) -> None:
    """`expand` by the compiled loop."""
    from overlap.protocol.vole import kernel_code

    for tap in range(WEIGHT):
        start, width = column_range(tap, len(parity))
        for first in range(0, len(out), BATCH):
            rows = out[first : first + BATCH]
            words = position_words(tap, first, len(rows))
            kernel_code.expand(parity, words, np.uint64(start), np.uint64(width), rows)


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
    return bool(kernel_code.__all__)


def convolve(x: Blocks) -> Blocks:
    """D A times `x`.

    The vector is cut into chunks, which run in step, first from zeros. A state at the start of a chunk acts
    on its end linearly; a third plane beside the two halves of the blocks, with one bit for each block of the
    state, keeps count how. So the true states follow from chunk to chunk, and the chunks run again from them.

    Zeros before the vector, a multiple of the memory, with no random tap, fill the chunks: there the state
    only turns around, once or several times in full.
    """
    chunks, steps = _shape(len(x))
    padding = chunks * steps - len(x)
    padded = zero_blocks(chunks * steps)
    padded[padding:] = x
    drawn = np.zeros(chunks * steps, dtype=np.uint32)
    drawn[padding:] = convolution_words(len(x))
    # From here on the step comes first, the chunk second.
    turned = padded.view(np.complex128).reshape(chunks, steps).T.copy()
    inputs = turned.view(np.uint64).reshape(steps, chunks, 2)
    words = drawn.reshape(chunks, steps).T.copy()
    zeros = np.zeros((MEMORY, 3, chunks), dtype=np.uint64)
    zeros[:, 2] = np.uint64(1) << np.arange(MEMORY, dtype=np.uint64)[:, None]
    ends = _run(words, inputs, zeros)[-MEMORY:]
    outputs = _run(words, inputs, _states(ends))[MEMORY:]
    columns = np.stack((outputs[:, 0], outputs[:, 1]), axis=-1).view(np.complex128)[:, :, 0]
    y = columns.T.copy().view(np.uint64).reshape(-1, 2)[padding:]
    scale(y, drawn[padding:])
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


def _shape(length: int) -> tuple[int, int]:
    """How many chunks of how many steps; together `length` and a multiple of the memory more."""
    chunks = max(1, min(512, length // (4 * MEMORY)))
    if chunks % 5 == 0:
        chunks -= 1  # Now it has an inverse modulo 25, so that some number of steps fits.
    steps = -(-length // chunks)
    return chunks, steps + (length * pow(chunks, -1, MEMORY) - steps) % MEMORY


def _run(words: Words, inputs: Blocks, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The states and behind them the outputs of all chunks, shape (25 + steps, planes, chunks).

    `words` is (steps, chunks), `inputs` (steps, chunks, 2), `states` (25, planes, chunks).
    """
    steps, chunks = words.shape
    planes = states.shape[1]
    history = np.empty((MEMORY + steps, planes, chunks), dtype=np.uint64)
    history[:MEMORY] = states
    # Row k of a window is y[j - 25 + k]: row 0 is the tap that is always set, row k is tap 25 - k.
    shifts = np.arange(63 - TAPS + 1, 64, dtype=np.uint64)[:, None]
    masks = np.empty((TAPS, chunks), dtype=np.uint64)
    masked = np.empty((TAPS, planes, chunks), dtype=np.uint64)
    for step in range(steps):
        # The bit moves to the top, then a signed shift spreads it over the word.
        np.left_shift(words[step].astype(np.uint64), shifts, out=masks)
        signed = masks.view(np.int64)
        np.right_shift(signed, 63, out=signed)
        np.bitwise_and(history[step + 1 : step + MEMORY], masks[:, None], out=masked)
        output = history[step + MEMORY]
        np.bitwise_xor.reduce(masked, axis=0, out=output)
        output ^= history[step]
        output[:2] ^= inputs[step].T
    return history


def _states(ends: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The true state at the start of each chunk, (25, 2, chunks), from all ends when started from zeros.

    `ends` is (25, 3, chunks). The first chunk starts from where the last one would end, had the first started
    from zeros; so one more third plane counts how each state depends on that of the first.
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
    return np.ascontiguousarray(starts[:-1, :, :2].transpose(1, 2, 0))
