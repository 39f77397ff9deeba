"""Scalars: 32 bytes, clamped as X25519 does (RFC 7748, section 5), and what undoes one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from overlap.group.field import ORDER

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

SCALAR_BYTES: Final = 32


def draw_scalar(random: RandomBytes) -> bytes:
    """A secret scalar 8m, m uniform in [2^251, 2^252). It serves one run with one peer, then it is destroyed.

    m and -m give the same u-coordinate, and together they cover the integers modulo the group order up to a
    part of 2^-126: an element multiplied by a clamped scalar is uniform in the prime-order group.
    """
    return _clamp(int.from_bytes(random(SCALAR_BYTES), "little")).to_bytes(SCALAR_BYTES, "little")


def unblinding_scalar(scalar: bytes) -> bytes:
    """The clamped scalar that takes `scalar` away again, through the same multiplication.

    For the scalar a = 8m it is 8t with t = +-1/(64m) modulo the group order, the sign chosen so that t is in
    [2^251, 2^252). Let b = 8n be any clamped scalar and Q any point of the curve. 8nQ is in the prime-order
    group whatever Q was, so 8t 8m (8n Q) = (64 m t) (8n Q) = +-(8n Q), and a u-coordinate has no sign:

        multiply(unblinding_scalar(a), multiply(b, multiply(a, Q))) == multiply(b, Q)

    Both sides therefore compare u(b H(x)). H(x) itself does not come back, only its part in the prime-order
    group, up to sign.

    Raises ValueError when neither sign is in the interval: chance 2^-126 for a random scalar.
    """
    if len(scalar) != SCALAR_BYTES:
        raise ValueError("a scalar has 32 bytes")
    m = _clamp(int.from_bytes(scalar, "little")) // 8
    inverse = pow(64 * m, -1, ORDER)
    for t in (inverse, ORDER - inverse):
        if 2**251 <= t < 2**252:
            return (8 * t).to_bytes(SCALAR_BYTES, "little")
    raise ValueError("this scalar has no clamped inverse; draw another")


def _clamp(number: int) -> int:
    return number & (2**255 - 8) | 2**254
