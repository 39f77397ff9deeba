"""The laws of a field, and that the bulk functions are linear."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from okvs_plain import times

from overlap.protocol.vole.blocks import read_blocks
from overlap.protocol.vole.field import evaluate, inverse, multiply, multiply_by, power

ELEMENTS = st.binary(min_size=16, max_size=16)
MANY = st.lists(ELEMENTS, min_size=1, max_size=20).map(b"".join)


def product(left: bytes, right: bytes) -> bytes:
    return multiply_by(left, read_blocks(right)).tobytes()


def total(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


@settings(deadline=None)
@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_ring_laws(a: bytes, b: bytes, c: bytes) -> None:
    assert product(a, b) == product(b, a)
    assert product(product(a, b), c) == product(a, product(b, c))
    assert product(a, total(b, c)) == total(product(a, b), product(a, c))
    assert product((1).to_bytes(16, "little"), a) == a
    assert product(bytes(16), a) == bytes(16)


@settings(deadline=None, max_examples=20)
@given(ELEMENTS, ELEMENTS)
def test_every_element_but_zero_divides(a: bytes, b: bytes) -> None:
    if any(a):
        assert product(inverse(a), product(a, b)) == b


@settings(deadline=None, max_examples=40)
@given(ELEMENTS, st.integers(0, 2**130), st.integers(0, 2**130))
def test_powers_add(a: bytes, first: int, second: int) -> None:
    assert product(power(a, first), power(a, second)) == power(a, first + second)


@settings(deadline=None)
@given(ELEMENTS, MANY)
def test_the_ways_to_multiply_agree(a: bytes, many: bytes) -> None:
    one, blocks = read_blocks(a), read_blocks(many)
    fast = multiply_by(a, blocks)
    assert np.array_equal(fast, multiply(one, blocks))
    values = [int.from_bytes(block.tobytes(), "little") for block in blocks]
    wanted = [times(int.from_bytes(a, "little"), value).to_bytes(16, "little") for value in values]
    assert fast.tobytes() == b"".join(wanted)


@settings(deadline=None)
@given(ELEMENTS, MANY)
def test_evaluation_is_linear_and_shifts(a: bytes, many: bytes) -> None:
    blocks = read_blocks(many)
    value = evaluate(a, blocks)
    assert np.array_equal(evaluate(a, multiply_by(a, blocks)), multiply_by(a, value))
    higher = np.concatenate([np.zeros((1, 2), dtype=np.uint64), blocks])
    assert np.array_equal(evaluate(a, higher), multiply_by(a, value))
