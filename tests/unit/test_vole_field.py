"""GF(2^128) in bulk against a plain specification and against two standards that use the field."""

from __future__ import annotations

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from okvs_plain import times
from okvs_trials import random_blocks

from overlap.protocol.vole.blocks import read_blocks, zero_blocks
from overlap.protocol.vole.field import (
    CHUNK_ROWS,
    add_mapped,
    evaluate,
    inverse,
    multiply,
    multiply_by,
    power,
    product_of,
    tabulate,
)

ONE = (1).to_bytes(16, "little")
EDGES = [0, 1, 2, 0x87, 1 << 63, 1 << 64, 1 << 127, (1 << 128) - 1]


def to_blocks(values: list[int]) -> np.ndarray:
    return read_blocks(b"".join(value.to_bytes(16, "little") for value in values))


def to_integers(blocks: np.ndarray) -> list[int]:
    return [int.from_bytes(block.tobytes(), "little") for block in blocks]


def samples(seed: int, count: int) -> list[int]:
    return EDGES + to_integers(random_blocks(np.random.default_rng(seed), count))


def test_products_are_those_of_the_specification() -> None:
    left, right = samples(1, 40), samples(2, 40)[::-1]
    wanted = [times(a, b) for a, b in zip(left, right, strict=True)]
    assert [product_of(a, b) for a, b in zip(left, right, strict=True)] == wanted
    assert to_integers(multiply(to_blocks(left), to_blocks(right))) == wanted


@pytest.mark.parametrize("constant", samples(3, 4))
def test_one_constant_times_many(constant: int) -> None:
    values = samples(4, 40)
    product = multiply_by(constant.to_bytes(16, "little"), to_blocks(values))
    assert to_integers(product) == [times(constant, value) for value in values]
    single = to_blocks([constant])
    assert np.array_equal(multiply(to_blocks(values), single), product)
    assert np.array_equal(multiply(single, to_blocks(values)), product)


@pytest.mark.parametrize("count", [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 3 * CHUNK_ROWS + 5])
def test_chunks_join(count: int) -> None:
    values = random_blocks(np.random.default_rng(5), count)
    constant = bytes(range(100, 116))
    product = multiply_by(constant, values)
    assert len(product) == count
    assert np.array_equal(product, multiply(values, read_blocks(constant)))


def test_a_strided_argument_counts_like_its_copy() -> None:
    values = random_blocks(np.random.default_rng(6), 20)
    assert np.array_equal(multiply_by(ONE, values[::2]), values[::2])


def test_the_argument_stays() -> None:
    left, right = random_blocks(np.random.default_rng(7), 10).copy(), to_blocks(samples(8, 2)).copy()
    before = left.copy(), right.copy()
    multiply(left, right)
    multiply_by(bytes(range(16)), left)
    evaluate(bytes(range(16)), left)
    assert np.array_equal(left, before[0]) and np.array_equal(right, before[1])


def test_xts_moves_its_tweak_by_powers_of_x() -> None:
    """IEEE 1619: block j is E(P ^ T) ^ T with T = E2(tweak) x^j, in this bit order."""
    keys, tweak, count = bytes(range(32)), bytes(range(50, 66)), 300
    plain = bytes(16 * count)

    def electronic(key: bytes, data: bytes) -> bytes:
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)

    xts = Cipher(algorithms.AES(keys), modes.XTS(tweak)).encryptor().update(plain)
    powers = b"".join(power((2).to_bytes(16, "little"), j) for j in range(count))
    tweaks = multiply_by(electronic(keys[16:], tweak), read_blocks(powers))
    inner = read_blocks(electronic(keys[:16], tweaks.tobytes()))
    assert (inner ^ tweaks).tobytes() == xts


def test_gcm_hashes_with_the_field_in_reversed_bits() -> None:
    """SP 800-38D: the tag is E(counter 0) ^ GHASH, a polynomial in E(0); bits of bytes are reversed."""

    def mirrored(data: bytes) -> bytes:
        return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)

    key, nonce, data = bytes(range(16)), bytes(12), bytes(range(256)) * 3
    gcm = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    gcm.authenticate_additional_data(data)
    gcm.finalize()
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    point, mask = cipher.update(bytes(16)), cipher.update(nonce + b"\0\0\0\1")
    hashed = data + (8 * len(data)).to_bytes(8, "big") + bytes(8)
    lowest_first = read_blocks(mirrored(hashed))[::-1]
    coefficients = np.concatenate([zero_blocks(1), lowest_first])
    value = mirrored(evaluate(mirrored(point), coefficients).tobytes())
    assert bytes(a ^ b for a, b in zip(value, mask, strict=True)) == gcm.tag


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 100])
def test_a_polynomial_is_evaluated_as_by_horner(count: int) -> None:
    point = 0x123456789ABCDEF0FEDCBA9876543210 << 3 & (1 << 128) - 1
    coefficients = to_integers(random_blocks(np.random.default_rng(9), count))
    wanted = 0
    for coefficient in reversed(coefficients):
        wanted = times(wanted, point) ^ coefficient
    assert to_integers(evaluate(point.to_bytes(16, "little"), to_blocks(coefficients))) == [wanted]


@pytest.mark.parametrize("value", samples(10, 4)[1:])
def test_inverse(value: int) -> None:
    inverted = int.from_bytes(inverse(value.to_bytes(16, "little")), "little")
    assert times(value, inverted) == 1


def test_zero_has_no_inverse() -> None:
    with pytest.raises(ValueError, match="no inverse"):
        inverse(bytes(16))


def test_powers() -> None:
    base = bytes(range(1, 17))
    assert power(base, 0) == power(bytes(16), 0) == ONE
    assert power(base, 1) == base
    assert power(base, (1 << 128) - 1) == ONE


def test_a_linear_map_is_that_of_its_images() -> None:
    rng = np.random.default_rng(11)
    images = random_blocks(rng, 24)
    arguments = rng.integers(0, 256, (50, 3), dtype=np.uint8)
    blocks = random_blocks(rng, 50).copy()
    wanted = blocks.copy()
    for row, argument in enumerate(arguments):
        for bit in range(24):
            if argument[bit // 8] >> bit % 8 & 1:
                wanted[row] ^= images[bit]
    add_mapped(tabulate(images), arguments, blocks)
    assert np.array_equal(blocks, wanted)
