"""The batch paths against their one-element specifications, on arbitrary input."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.errors import InvalidElement
from overlap.group import check_points, hash_to_group, multiply, unblinding_scalar
from overlap.group.field import A, P
from overlap.group.hashing import hash_one

p = int(P)
scalars = st.binary(min_size=32, max_size=32)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_hashing_many_is_hashing_each(messages: list[bytes]) -> None:
    assert hash_to_group(messages) == b"".join(hash_one(message) for message in messages)


@settings(max_examples=40, deadline=None)
@given(scalars, scalars, st.binary(max_size=50))
def test_unblinding_leaves_the_peers_product(a: bytes, b: bytes, message: bytes) -> None:
    hashed = hash_to_group([message])
    assert multiply(unblinding_scalar(a), multiply(b, multiply(a, hashed))) == multiply(b, hashed)


@settings(max_examples=40, deadline=None)
@given(scalars)
def test_unblinding_scalars_are_clamped(a: bytes) -> None:
    number = int.from_bytes(unblinding_scalar(a), "little")
    assert number % 8 == 0
    assert 2**254 <= number < 2**255


#: The u-coordinates of the two points of order 8 on the curve (RFC 7748, section 7, names the check; the
#: values are the roots of the 8-division polynomial, as in the all-zero list of libsodium).
ORDER_EIGHT = (
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 2**256 - 1))
@example(ORDER_EIGHT[0])
@example(ORDER_EIGHT[1])
def test_a_value_passes_exactly_when_it_is_canonical_on_the_curve_and_not_of_low_order(u: int) -> None:
    on_curve = pow(u**3 + A * u**2 + u, (p - 1) // 2, p) == 1
    point = u.to_bytes(32, "little")
    if u < p and on_curve and u not in ORDER_EIGHT:
        check_points(point)
    else:
        with pytest.raises(InvalidElement):
            check_points(point)
