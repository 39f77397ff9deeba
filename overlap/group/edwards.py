"""edwards25519, where points can be added: what the base oblivious transfers need and X25519 has not.

The curve is -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, section 5.1), birationally equivalent to curve25519. Points
are extended coordinates (X, Y, Z, T), x = X/Z, y = Y/Z, x y = T/Z. The addition is complete (Hisil, Wong,
Carter, Dawson, "Twisted Edwards Curves Revisited", section 3.1: a = -1 is a square, d is none), so no input
needs a case of its own. Multiplication is left to libraries: of the base point through Ed25519 keys, of
another point through X25519 on its u-coordinate. Neither additions nor maps are constant-time: see the head
of the package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import gmpy2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overlap.group.field import A, Mpz, P, invert_all
from overlap.group.hashing import expand_message
from overlap.group.points import ELEMENT_BYTES, Fault, invalid_element

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: Extended coordinates (X, Y, Z, T).
EdwardsPoint = tuple[Mpz, Mpz, Mpz, Mpz]

#: Domain separation tag of our own hashes to this curve.
EDWARDS_DST: Final = b"OVERLAP-V01-edwards25519_XMD:SHA-512_ELL2_RO_"

NEUTRAL: Final[EdwardsPoint] = (gmpy2.mpz(0), gmpy2.mpz(1), gmpy2.mpz(1), gmpy2.mpz(0))

_D: Final[Mpz] = -121665 * gmpy2.invert(121666, P) % P
_TWO_D: Final[Mpz] = 2 * _D % P
_SQRT_MINUS_ONE: Final[Mpz] = gmpy2.powmod(2, (P - 1) // 4, P)
_FIELD_BYTES: Final = 48


def add_points(one: EdwardsPoint, two: EdwardsPoint) -> EdwardsPoint:
    """The sum of any two points, equal or not."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = two
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = t1 * t2 % P * _TWO_D % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate_point(point: EdwardsPoint) -> EdwardsPoint:
    """The point that gives the neutral element when added to `point`."""
    x, y, z, t = point
    return -x % P, y, z, -t % P


def clear_cofactor(point: EdwardsPoint) -> EdwardsPoint:
    """Eight times the point: in the prime-order group."""
    for _ in range(3):
        point = add_points(point, point)
    return point


def write_points(points: Sequence[EdwardsPoint]) -> bytes:
    """The encodings (RFC 8032, section 5.1.2), 32 bytes each, in order."""
    out = bytearray()
    for (x, y, _, _), inverse in zip(points, invert_all([point[2] for point in points]), strict=True):
        out += int(y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(ELEMENT_BYTES, "little")
    return bytes(out)


def read_points(encodings: bytes) -> list[EdwardsPoint]:
    """The points (RFC 8032, section 5.1.3). Raises InvalidElement where one is not canonical, not on the
    curve or of low order, and where `encodings` is not a multiple of 32 bytes.

    A point of large order may still have a part of low order: a clamped scalar takes it away.
    """
    total = -(-len(encodings) // ELEMENT_BYTES)
    points = []
    for position in range(total):
        point = _read(encodings[position * ELEMENT_BYTES : (position + 1) * ELEMENT_BYTES])
        if isinstance(point, str):
            raise invalid_element(Fault(position, point), total)
        points.append(point)
    return points


def u_coordinates(points: Sequence[EdwardsPoint]) -> bytes:
    """u = (1 + y) / (1 - y) of each point's image on curve25519 (RFC 7748, section 4.1), 32 bytes each.

    The neutral element, which has no u, gives 0: `multiply` refuses that.
    """
    divisors = [(z - y) % P or gmpy2.mpz(1) for _, y, z, _ in points]
    out = bytearray()
    for (_, y, z, _), inverse in zip(points, invert_all(divisors), strict=True):
        u = 0 if (z - y) % P == 0 else (z + y) * inverse % P
        out += int(u).to_bytes(ELEMENT_BYTES, "little")
    return bytes(out)


def draw_point(random: RandomBytes) -> tuple[bytes, bytes]:
    """A scalar for `multiply` and the encoding of a point whose u-coordinate is that scalar times the base's.

    The point is uniform in the prime-order group up to a part of 2^-126: clamped scalars are 8m with m in
    [2^251, 2^252), and a random sign gives the other half of the integers modulo the order. A u-coordinate
    has no sign, so the scalar serves for both.
    """
    drawn = random(33)
    seed, sign = drawn[:32], drawn[32] & 1
    encoded = bytearray(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
    # x and -x differ in their lowest bit, which is the highest of the encoding.
    encoded[-1] ^= sign << 7
    # RFC 8032, section 5.1.5: the secret scalar is the first half of this hash; `multiply` clamps it.
    return hashlib.sha512(seed).digest()[:32], bytes(encoded)


def hash_to_points(messages: Sequence[bytes], dst: bytes = EDWARDS_DST) -> list[EdwardsPoint]:
    """The point of each message: suite edwards25519_XMD:SHA-512_ELL2_RO_ of RFC 9380 (section 8.5), whole."""
    points = []
    for message in messages:
        uniform = expand_message(message, dst, 2 * _FIELD_BYTES)
        one, two = (
            map_to_point(gmpy2.mpz(int.from_bytes(part, "big")) % P)
            for part in (uniform[:_FIELD_BYTES], uniform[_FIELD_BYTES:])
        )
        points.append(clear_cofactor(add_points(one, two)))
    return points


def map_to_point(element: Mpz) -> EdwardsPoint:
    """Elligator 2 and the rational map (RFC 9380, sections 6.7.1 and 6.8.2, Z = 2) for one field element."""
    u = -A * gmpy2.invert(1 + 2 * element * element, P) % P
    square = (u * (u + A) + 1) * u % P
    first = gmpy2.legendre(square, P) >= 0
    if not first:
        u = (-u - A) % P
        square = (u * (u + A) + 1) * u % P
    v = _sqrt(square)
    assert v is not None  # One of the two candidates is on the curve (section 6.7.1).
    # sgn0(v) is 1 for the first candidate and 0 for the second.
    v = v if (v & 1) == first else -v
    if v == 0 or u == P - 1:
        return NEUTRAL  # Where the rational map divides by zero (section 6.8.2).
    # x = sqrt(-486664) u / v and y = (u - 1) / (u + 1), over the common denominator v (u + 1).
    x, y, z = _SCALE * u % P * (u + 1) % P, (u - 1) * v % P, v * (u + 1) % P
    return x * z % P, y * z % P, z * z % P, x * y % P


def _read(encoding: bytes) -> EdwardsPoint | str:
    """The point, or why there is none."""
    if len(encoding) != ELEMENT_BYTES:
        return "is cut short"
    number = int.from_bytes(encoding, "little")
    sign, y = number >> 255, gmpy2.mpz(number & (2**255 - 1))
    if y >= P:
        return "is not canonical"
    square = y * y % P
    # x^2 = (y^2 - 1) / (d y^2 + 1), and the divisor is never zero: -1/d is no square.
    x = _sqrt((square - 1) * gmpy2.invert(_D * square + 1, P) % P)
    if x is None:
        return "is not on the curve"
    if x == 0 and sign:
        return "is not canonical"
    x = x if (x & 1) == sign else -x % P
    point = (x, y, gmpy2.mpz(1), x * y % P)
    cleared = clear_cofactor(point)
    return "is of low order" if cleared[0] == 0 else point


def _sqrt(square: Mpz) -> Mpz | None:
    """A square root modulo P, which is 5 modulo 8 (RFC 8032, section 5.1.3), or None."""
    root = gmpy2.powmod(square, (P + 3) // 8, P)
    for candidate in (root, root * _SQRT_MINUS_ONE % P):
        if (candidate * candidate - square) % P == 0:
            return candidate
    return None


def _scale() -> Mpz:
    """The square root of -486664 = -(A + 2) with sgn0 = 0, of the rational map (RFC 7748, section 4.1)."""
    root = _sqrt(gmpy2.mpz(-A - 2) % P)
    assert root is not None
    return root if root & 1 == 0 else P - root


_SCALE: Final[Mpz] = _scale()
