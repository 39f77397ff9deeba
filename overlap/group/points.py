"""Multiplying elements, and refusing what a peer must not send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import gmpy2

from overlap.errors import InvalidElement
from overlap.group.backend import Backend, multiply_by_cryptography
from overlap.group.field import A, P
from overlap.group.scalars import SCALAR_BYTES

ELEMENT_BYTES: Final = 32

#: The u-coordinates on the curve whose order divides eight: orders 2, 4, 8 and 8. A clamped scalar takes them
#: to the neutral element. The fifth of small order, -1, is on the twist.
_LOW_ORDER: Final = frozenset(
    {
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)
_LOW_ORDER_BYTES: Final = tuple(u.to_bytes(ELEMENT_BYTES, "little") for u in _LOW_ORDER)
_HINT: Final = (
    "the peer's software is altered or faulty; do not repeat the run before the peer has replaced it"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an element is refused; `position` counts from zero."""

    position: int
    reason: str


def multiply(scalar: bytes, points: bytes) -> bytes:
    """X25519 (RFC 7748) of the scalar and each point, in order; the scalar is clamped.

    Raises InvalidElement when a result is the neutral element, ValueError when `scalar` is not 32 bytes or
    `points` not a multiple of 32.
    """
    products = try_multiply(scalar, points)
    if isinstance(products, Fault):
        raise invalid_element(products, len(points) // ELEMENT_BYTES)
    return products


def try_multiply(scalar: bytes, points: bytes, backend: Backend = multiply_by_cryptography) -> bytes | Fault:
    """As `multiply`, but the refusal is a value, so that it can cross from one process to another."""
    if len(scalar) != SCALAR_BYTES or len(points) % ELEMENT_BYTES:
        raise ValueError("a scalar has 32 bytes, and points have 32 bytes each")
    products = backend(scalar, points)
    neutral = bytes(ELEMENT_BYTES)
    if neutral not in products:
        return products
    for start in range(0, len(products), ELEMENT_BYTES):
        if products[start : start + ELEMENT_BYTES] == neutral:
            return Fault(start // ELEMENT_BYTES, "is of low order")
    return products


def check_points(points: bytes) -> None:
    """Return when every element is a canonical point of the curve, not of low order, and none is repeated.

    Raises InvalidElement with the position of the first fault, counted from 1, and never a value. A point of
    the twist would carry the scalar into another group; a low-order one gives a result that is known
    beforehand; a second encoding of an element would count it twice. Adding a point of low order gives seven
    more elements with the same product, which only `check_distinct` on the products can see.
    """
    fault = find_fault(points)
    if fault:
        raise invalid_element(fault, -(-len(points) // ELEMENT_BYTES))
    check_distinct(points)


def find_fault(points: bytes) -> Fault | None:
    """The first element that is refused by itself, repetition apart. RFC 7748, section 6.1 and 7."""
    if len(points) % ELEMENT_BYTES:
        return Fault(len(points) // ELEMENT_BYTES, "is cut short")
    return None if _faultless(points) else _first_fault(points)


def _faultless(points: bytes) -> bool:
    """Whether all are good; that they are is the usual case, and quicker to see for all at once."""
    if not points:
        return True
    if any(low in points for low in _LOW_ORDER_BYTES):
        return False
    # Leading zeros are not unpacked, but an element of zeros has been seen above.
    numbers = gmpy2.unpack(gmpy2.mpz.from_bytes(points, "little"), 8 * ELEMENT_BYTES)
    legendre = gmpy2.legendre
    return bool(max(numbers) < P and min([legendre(((u + A) * u + 1) * u, P) for u in numbers]) == 1)


def _first_fault(points: bytes) -> Fault | None:
    read, legendre = gmpy2.mpz.from_bytes, gmpy2.legendre
    for start in range(0, len(points), ELEMENT_BYTES):
        u = read(points[start : start + ELEMENT_BYTES], "little")
        if u >= P:
            return _fault(start, "is not canonical")
        if u in _LOW_ORDER:
            return _fault(start, "is of low order")
        if legendre(((u + A) * u + 1) * u, P) < 0:
            return _fault(start, "is on the twist")
    return None


def check_distinct(points: bytes) -> None:
    """Return when no element is repeated; else InvalidElement. Also for products: see `check_points`."""
    # Here, because numpy takes long to load and the workers do not need it.
    import numpy as np

    heads = np.sort(np.frombuffer(points, np.dtype((np.uint64, 4)))[:, 0])
    if not (heads[1:] == heads[:-1]).any():
        # No two agree in their first eight bytes, so no two are equal; this is the usual case.
        return
    seen = set()
    for start in range(0, len(points), ELEMENT_BYTES):
        element = points[start : start + ELEMENT_BYTES]
        if element in seen:
            fault = _fault(start, "repeats an earlier one")
            raise invalid_element(fault, len(points) // ELEMENT_BYTES)
        seen.add(element)


def invalid_element(fault: Fault, total: int) -> InvalidElement:
    """The error for a fault among `total` elements; it says where and why, never which value."""
    return InvalidElement(f"element {fault.position + 1} of {total} {fault.reason}", _HINT)


def _fault(start: int, reason: str) -> Fault:
    return Fault(start // ELEMENT_BYTES, reason)
