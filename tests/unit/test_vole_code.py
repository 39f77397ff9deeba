"""The code: its matrix written out at small sizes, linearity, statistics of the rows, both ways to encode."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vole_plain import columns_of, drawn_blocks, numbers, product

from overlap.protocol.vole import code
from overlap.protocol.vole.aes import expand_bytes
from overlap.protocol.vole.blocks import zero_blocks
from overlap.protocol.vole.convolution import MEMORY, _shape

Matrix = np.ndarray


def convolution(parity: int) -> Matrix:
    """A, from its definition: run along once from zeros for the state, then once more from that state."""
    words = code.convolution_words(parity).tolist()

    def run(state: Matrix) -> Matrix:
        """Rows of bits over x: the outputs, 25 rows of state before them."""
        rows = np.vstack([state, np.zeros((parity, parity), dtype=np.uint8)])
        for j, word in enumerate(words):
            rows[j + 25, j] = 1
            rows[j + 25] ^= rows[j]
            for i in range(1, 25):
                if word >> (i - 1) & 1:
                    rows[j + 25] ^= rows[j + 25 - i]
        return rows

    first = run(np.zeros((25, parity), dtype=np.uint8))
    return run(first[-25:])[25:]


def expander(outputs: int, parity: int) -> Matrix:
    """B, from its definition: entry j of row i is word i of the keystream that starts at block j 2^40."""
    matrix = np.zeros((outputs, parity), dtype=np.uint8)
    for j in range(21):
        start, width = (parity * j // 11, 0) if j < 11 else (0, parity)
        width = width or parity * (j + 1) // 11 - start
        text = expand_bytes(code.POSITION_SEED, 4 * outputs, j << 40)
        for i in range(outputs):
            word = int.from_bytes(text[4 * i : 4 * i + 4], "little")
            matrix[i, start + (word * width >> 32)] ^= 1
    return matrix


def generator(outputs: int, parity: int) -> Matrix:
    """The matrix without the powers of X, (I | B A)."""
    product = times(expander(outputs, parity), convolution(parity))
    return np.hstack([np.eye(outputs, dtype=np.uint8), product])


def times(one: Matrix, two: Matrix) -> Matrix:
    """The product over GF(2). Floating-point numbers are multiplied fastest and count up to 2^24 exactly."""
    counts = one.astype(np.float32) @ two.astype(np.float32)
    return (counts.astype(np.int32) & 1).astype(np.uint8)


SIZES = [(1, 25), (1, 26), (7, 30), (40, 40), (60, 131), (100, 700), (500, 510), (300, 1500)]


@pytest.mark.parametrize(("outputs", "parity"), SIZES)
def test_encoding_is_the_matrix(outputs: int, parity: int) -> None:
    vector = drawn_blocks(f"vector {outputs} {parity}", outputs + parity)
    bits = np.unpackbits(vector.view(np.uint8).reshape(-1, 16), axis=1)
    y = np.packbits(times(convolution(parity), bits[outputs:]), axis=1)
    powers = (code.convolution_words(parity) >> 25).tolist()
    z = [product(value, 1 << power) for value, power in zip(numbers(y), powers, strict=True)]
    z_bytes = b"".join(value.to_bytes(16, "little") for value in z)
    z_bits = np.unpackbits(np.frombuffer(z_bytes, dtype=np.uint8).reshape(-1, 16), axis=1)
    expected = np.packbits(times(expander(outputs, parity), z_bits) ^ bits[:outputs], axis=1)
    before = vector.copy()
    assert code.encode(vector, outputs).tobytes() == expected.tobytes()
    assert (vector == before).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 300), st.integers(0, 700), st.integers(0, 2**32))
def test_linearity(outputs: int, more: int, seed: int) -> None:
    size = outputs + max(outputs, 25) + more
    one, two = drawn_blocks(f"one {seed}", size), drawn_blocks(f"two {seed}", size)
    together = code.encode(one ^ two, outputs)
    assert (together == code.encode(one, outputs) ^ code.encode(two, outputs)).all()
    assert not code.encode(zero_blocks(size), outputs).any()


def test_rows_have_half_of_the_parity_and_the_weight_of_the_expander() -> None:
    """Whatever its positions, a row of B A has every column with chance one half: the tail is bitten."""
    outputs = parity = 1200
    whole = generator(outputs, parity)
    assert (whole[:, :outputs] == np.eye(outputs)).all()
    weights = whole[:, outputs:].sum(axis=1, dtype=np.int64)
    deviation = (parity / 4) ** 0.5
    assert abs(weights - parity / 2).max() < 6 * deviation
    assert abs(weights.mean() - parity / 2) < 5 * deviation / outputs**0.5
    # Columns as well: no part of the noise is weakly mixed, the last positions least of all.
    columns = whole[:, outputs:].sum(axis=0, dtype=np.int64)
    assert abs(columns - outputs / 2).max() < 6 * (outputs / 4) ** 0.5
    # Two positions of a row may fall together and cancel; the regular ones never do.
    entries = expander(outputs, parity).sum(axis=1)
    assert set(entries.tolist()) <= {21, 19, 17}
    assert (entries == 21).mean() > 0.8


def test_sums_of_few_rows_are_not_light() -> None:
    """All pairs of rows: beside the identity their sums keep near half of the parity."""
    outputs = parity = 700
    rows = generator(outputs, parity)[:, outputs:].astype(np.float32)
    common = rows @ rows.T
    weights = np.diag(common)[:, None] + np.diag(common)[None] - 2 * common
    lightest = weights[np.triu_indices(outputs, 1)].min()
    assert lightest > parity / 2 - 7 * (parity / 4) ** 0.5


def test_regular_positions_cover_each_part_and_uniform_ones_everything() -> None:
    parity, count = 11 * 64, 1 << 15
    for tap in range(21):
        columns = np.array(columns_of(tap, count, parity))
        start, width = code.column_range(tap, parity)
        assert (start, width) == ((64 * tap, 64) if tap < 11 else (0, parity))
        seen = np.bincount(columns - start, minlength=width)
        assert len(seen) == width
        square = ((seen - count / width) ** 2 / (count / width)).sum()
        assert abs(square - (width - 1)) < 6 * (2 * width) ** 0.5
    assert columns_of(3, 64, parity) == columns_of(3, 1 << 11, parity)[:64]


def test_taps_and_powers_are_fair_bits() -> None:
    words = code.convolution_words(1 << 15)
    shares = [(words >> bit & 1).mean() for bit in range(32)]
    assert max(abs(share - 0.5) for share in shares) < 5 * 0.5 / 2**7.5


@pytest.mark.parametrize(("size", "outputs"), [(50, 0), (50, 26), (40, 16), (24, 1)])
def test_sizes_that_are_no_code_are_refused(size: int, outputs: int) -> None:
    with pytest.raises(ValueError, match="rate one half"):
        code.encode(zero_blocks(size), outputs)


def test_powers_of_x() -> None:
    """Each power times elements with one bit and with all, against the product in the field."""
    elements = [1, 1 << 63, 1 << 64, 1 << 127, 2**128 - 1, *numbers(drawn_blocks("powers", 3))]
    for element in elements:
        blocks = np.frombuffer(element.to_bytes(16, "little") * 128, dtype="<u8").reshape(128, 2).copy()
        code.scale(blocks, np.arange(128, dtype=np.uint32) << 25 | 0x1FFFFFF)
        assert numbers(blocks) == [product(element, 1 << power) for power in range(128)]


def test_the_rank_of_the_bits_does_not_tell_the_noise() -> None:
    """Noise at 100 places: of a binary code's results 100 of 128 bit vectors would be independent at most.

    This is the splitting attack that D is for. Without D, the same noise shows itself.
    """
    outputs = parity = 600
    vector = zero_blocks(outputs + parity)
    vector[np.arange(100) * 12 + 3] = drawn_blocks("noise", 100)
    bits = np.unpackbits(vector.view(np.uint8).reshape(-1, 16), axis=1)
    assert rank(times(generator(outputs, parity), bits)) == 100
    encoded = code.encode(vector, outputs)
    assert rank(np.unpackbits(encoded.view(np.uint8).reshape(-1, 16), axis=1)) == 128


def rank(bits: Matrix) -> int:
    """The rank over GF(2)."""
    pivots: dict[int, int] = {}
    for row in bits:
        rest = int.from_bytes(np.packbits(row).tobytes(), "big")
        while rest and rest.bit_length() in pivots:
            rest ^= pivots[rest.bit_length()]
        if rest:
            pivots[rest.bit_length()] = rest
    return len(pivots)


@pytest.mark.parametrize("length", [25, 26, 99, 1300, 60_001, 1_230_200])
def test_chunks_fill_up_to_a_multiple_of_the_memory(length: int) -> None:
    chunks, steps = _shape(length)
    assert chunks * steps >= length
    assert (chunks * steps - length) % MEMORY == 0
    assert steps >= MEMORY
    assert chunks * steps - length <= chunks * (MEMORY + 1)


def test_the_compiled_loops_give_the_same_bytes() -> None:
    pytest.importorskip("numba")
    assert code.has_kernel()
    for outputs, parity in [*SIZES, (70_000, 70_123)]:
        vector = drawn_blocks(f"kernel {outputs}", outputs + parity)
        plain, compiled = vector[:outputs].copy(), vector[:outputs].copy()
        code.expand(code.convolve(vector[outputs:]), plain)
        code.compiled_expand(code.compiled_convolve(vector[outputs:]), compiled)
        assert (plain == compiled).all()


def test_the_compiled_loops_are_used_where_numba_is() -> None:
    assert code.has_kernel() == (find_spec("numba") is not None)


@pytest.mark.slow
def test_long_vectors_take_the_compiled_loops_where_they_are() -> None:
    outputs = code.KERNEL_OUTPUTS
    vector = np.random.default_rng(1).integers(0, 2**64, (2 * outputs, 2), dtype=np.uint64)
    expected = vector[:outputs].copy()
    code.expand(code.convolve(vector[outputs:]), expected)
    encoded = code.encode(vector, outputs)
    assert (encoded == expected).all()
    assert len(set(numbers(encoded[:1000]))) == 1000
