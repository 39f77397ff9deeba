"""The group. Expected values are computed here by plain formulas of RFC 7748 and RFC 9380."""

from __future__ import annotations

import hashlib

import pytest

from overlap.errors import InvalidElement
from overlap.group import (
    check_distinct,
    check_points,
    draw_scalar,
    dummy_messages,
    hash_to_group,
    multiply,
    unblinding_scalar,
)
from overlap.group.field import ORDER, A, P, invert_all
from overlap.group.hashing import hash_one
from overlap.keys import RandomBytes

p = int(P)


def stream(seed: str):
    """Random bytes that are the same in every run."""
    state = hashlib.shake_256(seed.encode())
    drawn = 0

    def random(count: int) -> bytes:
        nonlocal drawn
        drawn += count
        return state.digest(drawn)[-count:] if count else b""

    return random


def element(u: int) -> bytes:
    return u.to_bytes(32, "little")


def elements(points: bytes) -> list[bytes]:
    return [points[i : i + 32] for i in range(0, len(points), 32)]


def is_square(value: int) -> bool:
    return pow(value, (p - 1) // 2, p) != p - 1


def ladder(k: int, u: int) -> int:
    """k times the point, for any k > 0, without clamping (RFC 7748, section 5); 0 when neutral."""
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in bin(k)[2:]:
        if bit == "1":
            x2, z2, x3, z3 = x3, z3, x2, z2
        s, t = pow(x2 + z2, 2, p), pow(x2 - z2, 2, p)
        cross, other = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        x3, z3 = pow(cross + other, 2, p), u * pow(cross - other, 2, p) % p
        x2, z2 = s * t % p, (s - t) * (s + (A - 2) // 4 * (s - t)) % p
        if bit == "1":
            x2, z2, x3, z3 = x3, z3, x2, z2
    return x2 * pow(z2, p - 2, p) % p


def in_image_of_the_hash(point: bytes) -> bool:
    """Whether Elligator 2 (RFC 9380, section 6.7.1) has a pre-image of u: -2u(u + A) is a square."""
    u = int.from_bytes(point, "little")
    return is_square(-2 * u * (u + A))


HASHED = hash_to_group([f"account {i}".encode() for i in range(8)])
# The four of the curve, then -1 on the twist (https://cr.yp.to/ecdh.html, "May I validate public keys?").
LOW_ORDER = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
)


def test_facts_that_let_the_hash_do_without_special_cases() -> None:
    assert not is_square(pow(-2, -1, p))
    assert not is_square(-A)
    assert not is_square(A * A - 4)


def test_hash_is_the_same_over_the_edge_of_a_batch() -> None:
    messages = [i.to_bytes(2, "big") for i in range(1026)]
    hashed = elements(hash_to_group(messages))
    assert len(hashed) == 1026
    for i in (0, 1, 1022, 1023, 1024, 1025):
        assert hashed[i] == hash_one(messages[i])


def test_hash_of_nothing_is_nothing() -> None:
    assert hash_to_group([]) == b""


def test_hash_under_another_tag_is_another_element() -> None:
    assert hash_one(b"account", b"another-tag-of-16") != hash_one(b"account")


@pytest.mark.parametrize("size", [0, 15, 256])
def test_a_tag_of_the_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16 to 255 bytes"):
        hash_to_group([b"account"], bytes(size))


def test_inverses_are_inverses() -> None:
    values = [2, 3, p - 1, 12345]
    assert [value * inverse % p for value, inverse in zip(values, invert_all(values), strict=True)] == [1] * 4


def test_drawn_scalars_are_clamped() -> None:
    for byte in (0, 255):
        scalar = int.from_bytes(draw_scalar(lambda n, byte=byte: bytes([byte]) * n), "little")
        assert scalar % 8 == 0
        assert 2**254 <= scalar < 2**255


def test_multiply_is_the_multiple_on_the_curve() -> None:
    scalar = draw_scalar(stream("multiple"))
    u, k = int.from_bytes(HASHED[:32], "little"), int.from_bytes(scalar, "little")
    assert multiply(scalar, HASHED[:32]) == element(ladder(k, u))


def test_multiply_of_q_is_an_eighth_of_the_scalar_times_p() -> None:
    scalar = draw_scalar(stream("eighth"))
    after = ladder(8, int.from_bytes(HASHED[:32], "little"))
    assert multiply(scalar, HASHED[:32]) == element(ladder(int.from_bytes(scalar, "little") // 8, after))


def test_products_are_in_the_prime_order_group_though_hashes_are_not() -> None:
    products = multiply(draw_scalar(stream("subgroup")), HASHED)
    assert all(ladder(ORDER, int.from_bytes(point, "little")) == 0 for point in elements(products))
    assert not all(ladder(ORDER, int.from_bytes(point, "little")) == 0 for point in elements(HASHED))


def test_multiplications_commute() -> None:
    random = stream("commute")
    a, b = draw_scalar(random), draw_scalar(random)
    assert multiply(a, multiply(b, HASHED)) == multiply(b, multiply(a, HASHED))


def test_unblinding_leaves_the_peers_product() -> None:
    random = stream("unblind")
    for _ in range(20):
        a, b = draw_scalar(random), draw_scalar(random)
        assert multiply(unblinding_scalar(a), multiply(b, multiply(a, HASHED))) == multiply(b, HASHED)


def test_a_scalar_whose_inverse_cannot_be_clamped_is_refused() -> None:
    # 64 m = 1 modulo the order makes the inverse 1, and neither 1 nor -1 is in [2^251, 2^252).
    m = pow(64, -1, ORDER)
    m = m if m >= 2**251 else ORDER - m
    with pytest.raises(ValueError, match="no clamped inverse"):
        unblinding_scalar((8 * m).to_bytes(32, "little"))


@pytest.mark.parametrize(("scalar", "points"), [(31, 32), (33, 32), (32, 31), (32, 33)])
def test_wrong_lengths_are_our_own_mistake(scalar: int, points: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        multiply(bytes(scalar), HASHED[:points])


def test_unblinding_a_scalar_of_the_wrong_length_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        unblinding_scalar(bytes(31))


def test_honest_elements_pass() -> None:
    check_points(HASHED)
    check_points(multiply(draw_scalar(stream("honest")), HASHED))
    check_points(b"")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        *((element(u), "is of low order") for u in LOW_ORDER),
        (element(p - 1), "is on the twist"),
        (element(2), "is on the twist"),
        (element(p), "is not canonical"),
        (element(p + 3), "is not canonical"),
        (element(2**255 - 1), "is not canonical"),
        (element(int.from_bytes(HASHED[:32], "little") | 2**255), "is not canonical"),
        (HASHED[32:64], "repeats an earlier one"),
        (HASHED[:31], "is cut short"),
    ],
)
def test_check_refuses_with_position_and_reason(bad: bytes, reason: str) -> None:
    with pytest.raises(InvalidElement) as refusal:
        check_points(HASHED[:64] + bad)
    assert refusal.value.what == f"element 3 of 3 {reason}"
    assert refusal.value.hint


def test_check_names_the_first_fault() -> None:
    with pytest.raises(InvalidElement, match=r"^element 2 of 4 is on the twist$"):
        check_points(HASHED[:32] + element(2) + element(0) + HASHED[:32])


@pytest.mark.parametrize("u", [*LOW_ORDER, p - 1])
def test_multiply_refuses_a_neutral_result(u: int) -> None:
    with pytest.raises(InvalidElement, match=r"^element 2 of 3 is of low order$"):
        multiply(draw_scalar(stream("neutral")), HASHED[:32] + element(u) + HASHED[32:64])


def test_an_element_shifted_by_a_point_of_order_two_is_seen_in_the_products() -> None:
    # Adding the point (0, 0) takes u to 1/u.
    shifted = element(pow(int.from_bytes(HASHED[:32], "little"), -1, p))
    both = HASHED[:32] + shifted
    check_points(both)
    with pytest.raises(InvalidElement, match=r"^element 2 of 2 repeats an earlier one$"):
        check_distinct(multiply(draw_scalar(stream("shifted")), both))


def draw_dummies(count: int, random: RandomBytes) -> bytes:
    """Dummies as they leave: hashed and blinded."""
    return multiply(draw_scalar(random), hash_to_group(dummy_messages(count, random)))


def test_dummies_are_distinct_good_elements_of_the_prime_order_group() -> None:
    dummies = draw_dummies(5, stream("dummies"))
    assert len(dummies) == 5 * 32
    check_points(dummies)
    assert all(ladder(ORDER, int.from_bytes(point, "little")) == 0 for point in elements(dummies))


def test_dummies_leave_the_image_of_the_hash_as_blinded_elements_do() -> None:
    assert all(in_image_of_the_hash(point) for point in elements(HASHED))
    dummies = elements(draw_dummies(200, stream("image")))
    assert 60 < sum(in_image_of_the_hash(point) for point in dummies) < 140


def test_dummies_follow_the_randomness() -> None:
    assert draw_dummies(2, stream("one")) == draw_dummies(2, stream("one"))
    assert draw_dummies(2, stream("one")) != draw_dummies(2, stream("two"))


def test_no_dummies_are_no_bytes_and_fewer_are_a_mistake() -> None:
    assert draw_dummies(0, stream("none")) == b""
    with pytest.raises(ValueError, match="not negative"):
        draw_dummies(-1, stream("none"))
