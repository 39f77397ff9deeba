"""X25519 by a library: the two that can be chosen, which give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from overlap.errors import UsageError
from overlap.group.multibuffer import load_library, load_multibuffer

if TYPE_CHECKING:
    from overlap.group.lanes import Lanes

#: Takes a scalar and points, gives X25519 (RFC 7748, section 5) of each, in order; 32 zero bytes where the
#: result is the neutral element. Scalar and points have been measured already.
Backend = Callable[[bytes, bytes], bytes]

AUTO: Final = "auto"
CRYPTOGRAPHY: Final = "cryptography"
MULTIBUFFER: Final = "multibuffer"
#: What can be asked for; `choose_backend` makes one of the last two out of it.
BACKENDS: Final = (AUTO, CRYPTOGRAPHY, MULTIBUFFER)


def choose_backend(asked: str = AUTO) -> str:
    """The name of the backend to use: the one asked for, or with "auto" the fastest that works here.

    UsageError when what was asked for does not exist or cannot be used here.
    """
    if asked not in BACKENDS:
        raise UsageError(f"there is no backend of that name; there are {', '.join(BACKENDS)}", "choose one")
    if asked == CRYPTOGRAPHY:
        return asked
    try:
        _multibuffer()
    except UsageError:
        if asked == MULTIBUFFER:
            raise
        # It is an extra: whoever does not have it, or not the processor for it, misses nothing but time.
        return CRYPTOGRAPHY
    # Tested now, not in the middle of the first run.
    _lanes()
    return MULTIBUFFER


def find_backend(name: str) -> Backend:
    """The backend of this name, "cryptography" or "multibuffer"; UsageError when it cannot be used here."""
    return _multibuffer() if name == MULTIBUFFER else multiply_by_cryptography


def find_lanes(name: str) -> Lanes | None:
    """What hashes and checks faster with the backend of this name; None where there is no such thing.

    UsageError when the backend cannot be used here.
    """
    return _lanes() if name == MULTIBUFFER else None


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


@cache
def _lanes() -> Lanes | None:
    # Here, because it loads numpy, which nothing else of this package needs.
    from overlap.group.lanes import load_lanes

    _multibuffer()  # It is known now that the processor has what the library needs.
    return load_lanes(load_library())


@cache
def _multibuffer() -> Backend:
    return load_multibuffer(multiply_by_cryptography)
