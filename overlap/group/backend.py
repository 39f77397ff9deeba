"""X25519 by a library. A faster one is another function of type `Backend` that gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

#: Takes a scalar and points, gives X25519 (RFC 7748, section 5) of each, in order; 32 zero bytes where the
#: result is the neutral element. Scalar and points have been measured already.
Backend = Callable[[bytes, bytes], bytes]


def multiply_by_cryptography(scalar: bytes, points: bytes) -> bytes:
    """A `Backend` over the package `cryptography`, constant-time in OpenSSL."""
    exchange, read = X25519PrivateKey.from_private_bytes(scalar).exchange, X25519PublicKey.from_public_bytes
    products = []
    for start in range(0, len(points), 32):
        try:
            products.append(exchange(read(points[start : start + 32])))
        except ValueError:
            # The library refuses the all-zero result (RFC 7748, section 6.1) instead of returning it.
            products.append(bytes(32))
    return b"".join(products)
