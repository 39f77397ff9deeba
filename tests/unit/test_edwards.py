"""edwards25519: the group law, the way to and from X25519, and the points that are refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import gmpy2
import pytest

from overlap.errors import InvalidElement
from overlap.group import multiply
from overlap.group.edwards import (
    NEUTRAL,
    EdwardsPoint,
    add_points,
    clear_cofactor,
    draw_point,
    hash_to_points,
    map_to_point,
    negate_point,
    read_points,
    u_coordinates,
    write_points,
)
from overlap.group.field import ORDER, P

D = -121665 * pow(121666, -1, int(P)) % int(P)
#: RFC 8032, section 5.1: the base point.
BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
BASE = (BASE_Y).to_bytes(32, "little")
BASE_U = (9).to_bytes(32, "little")


def stream(label: str) -> Callable[[int], bytes]:
    count = 0

    def draw(length: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{label} {count}".encode()).digest(length)

    return draw


def times(scalar: int, point: EdwardsPoint) -> EdwardsPoint:
    product = NEUTRAL
    for bit in bin(scalar)[2:]:
        product = add_points(product, product)
        if bit == "1":
            product = add_points(product, point)
    return product


def is_on_curve(point: EdwardsPoint) -> bool:
    x, y, z, t = (int(value) for value in point)
    p = int(P)
    affine = (-x * x + y * y) * z * z % p == (z**4 + D * x * x * y * y) % p
    return affine and x * y % p == t * z % p


def test_the_group_law() -> None:
    (base,) = read_points(BASE)
    one, two, three = hash_to_points([b"1", b"2", b"3"])
    assert is_on_curve(add_points(one, two))
    left, right = add_points(add_points(one, two), three), add_points(one, add_points(two, three))
    assert write_points([left]) == write_points([right])
    assert write_points([add_points(one, one)]) == write_points([times(2, one)])
    neutral = write_points([NEUTRAL])
    for point in (base, one, two):
        assert write_points([add_points(point, NEUTRAL)]) == write_points([point])
        assert write_points([add_points(point, negate_point(point))]) == neutral
        assert write_points([times(ORDER, point)]) == neutral


def test_multiplication_by_x25519_is_that_of_the_group() -> None:
    random = stream("scalar")
    for _ in range(8):
        scalar, encoded = draw_point(random)
        (point,) = read_points(encoded)
        assert u_coordinates([point]) == multiply(scalar, BASE_U)
        clamped = int.from_bytes(scalar, "little") & (2**255 - 8) | 2**254
        (other,) = hash_to_points([scalar])
        assert u_coordinates([times(clamped, other)]) == multiply(scalar, u_coordinates([other]))


def test_drawn_points_have_both_signs_and_the_prime_order() -> None:
    random = stream("signs")
    points = [draw_point(random)[1] for _ in range(64)]
    base = read_points(BASE)[0]
    assert len(set(points)) == 64
    signs = 0
    for scalar, encoded in (draw_point(random) for _ in range(24)):
        clamped = int.from_bytes(scalar, "little") & (2**255 - 8) | 2**254
        signs += write_points([times(clamped, base)]) == encoded
    assert 4 <= signs <= 20
    assert write_points([times(ORDER, read_points(points[0])[0])]) == write_points([NEUTRAL])


def test_elligator_never_leaves_the_curve() -> None:
    minus_one = gmpy2.mpz(P - 1)
    for element in [gmpy2.mpz(value) for value in (0, 1, 2, 3, 4)] + [minus_one]:
        assert is_on_curve(map_to_point(element))


def test_hashing_gives_the_prime_order_group_and_differs_by_message() -> None:
    points = hash_to_points([bytes([i]) for i in range(16)])
    assert len({write_points([point]) for point in points}) == 16
    assert all(write_points([times(ORDER, point)]) == write_points([NEUTRAL]) for point in points)


#: The eight points of small order in their canonical encodings, and other encodings that are refused.
ORDER_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"
REFUSED = (
    ("neutral", (1).to_bytes(32, "little"), "is of low order"),
    ("order 2", (int(P) - 1).to_bytes(32, "little"), "is of low order"),
    ("order 4", bytes(32), "is of low order"),
    ("order 4, other sign", bytes(31) + b"\x80", "is of low order"),
    ("order 8", bytes.fromhex(ORDER_8 + "7a"), "is of low order"),
    ("order 8, other sign", bytes.fromhex(ORDER_8 + "fa"), "is of low order"),
    ("y = p", int(P).to_bytes(32, "little"), "is not canonical"),
    ("y = p + 1", (int(P) + 1).to_bytes(32, "little"), "is not canonical"),
    ("y = 2^255 - 1", b"\xff" * 31 + b"\x7f", "is not canonical"),
    ("x = -0", (1 | 1 << 255).to_bytes(32, "little"), "is not canonical"),
    ("not on the curve", (2).to_bytes(32, "little"), "is not on the curve"),
    ("short", bytes(31), "is cut short"),
)


@pytest.mark.parametrize(
    ("encoding", "reason"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_bad_points_are_refused(encoding: bytes, reason: str) -> None:
    with pytest.raises(InvalidElement) as caught:
        read_points(BASE + encoding)
    assert caught.value.what == f"element 2 of 2 {reason}"


def test_the_neutral_element_has_a_coordinate_that_multiplication_refuses() -> None:
    assert u_coordinates([NEUTRAL]) == bytes(32)
    with pytest.raises(InvalidElement):
        multiply(bytes(range(32)), u_coordinates([NEUTRAL]))


def test_a_part_of_low_order_is_cleared() -> None:
    low = (gmpy2.mpz(0), P - 1, gmpy2.mpz(1), gmpy2.mpz(0))
    (base,) = read_points(BASE)
    mixed = add_points(base, low)
    assert write_points([mixed]) != BASE
    assert write_points([clear_cofactor(mixed)]) == write_points([clear_cofactor(base)])
    scalar = bytes(range(32))
    assert multiply(scalar, u_coordinates([mixed])) == multiply(scalar, u_coordinates([base]))
