"""Multiplying elements, and refusing what a peer must not send."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import gmpy2

from overlap.errors import InvalidElement, OverlapError
from overlap.group.backend import Backend, multiply_by_cryptography
from overlap.group.field import A, Mpz, P
from overlap.group.multibuffer import looks_special
from overlap.group.scalars import SCALAR_BYTES

if TYPE_CHECKING:
    from overlap.group.lanes import Lanes

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
#: Elements that lanes take at once, and from how many on they are quicker than numbers one by one.
_BATCH: Final = 2048 * ELEMENT_BYTES
_LEAST: Final = 128 * ELEMENT_BYTES
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


def find_fault(points: bytes, lanes: Lanes | None = None) -> Fault | None:
    """The first element that is refused by itself, repetition apart. RFC 7748, section 6.1 and 7.

    `lanes` give the same answer in less time.
    """
    if len(points) % ELEMENT_BYTES:
        return Fault(len(points) // ELEMENT_BYTES, "is cut short")
    return None if _faultless(points, lanes) else _first_fault(points)


def _faultless(points: bytes, lanes: Lanes | None) -> bool:
    """Whether all are good; that they are is the usual case, and quicker to see for all at once."""
    if not points:
        return True
    if any(low in points for low in _LOW_ORDER_BYTES):
        return False
    for start in range(0, len(points), _BATCH):
        batch = points[start : start + _BATCH]
        if lanes and len(batch) >= _LEAST and not looks_special(batch):
            good = _faultless_in_lanes(batch, lanes)
        else:
            good = None
        if not (_faultless_one_by_one(batch) if good is None else good):
            return False
    return True


def _faultless_one_by_one(points: bytes) -> bool:
    # Leading zeros are not unpacked, but an element of zeros has been seen above.
    numbers = gmpy2.unpack(gmpy2.mpz.from_bytes(points, "little"), 8 * ELEMENT_BYTES)
    return bool(max(numbers) < P and min([gmpy2.legendre(_square(u), P) for u in numbers]) == 1)


def _faultless_in_lanes(points: bytes, lanes: Lanes) -> bool | None:
    """The same; None when the library failed. OverlapError when the one compared is wrong."""
    # P and what is above it have the highest bit or a run of ones, and those with a run are not here.
    good = max(points[ELEMENT_BYTES - 1 :: ELEMENT_BYTES]) < 128 and lanes.are_on_curve(points)
    drawn = int.from_bytes(hashlib.sha256(points).digest(), "big") * ELEMENT_BYTES % len(points)
    u = gmpy2.mpz.from_bytes(points[drawn : drawn + ELEMENT_BYTES], "little")
    if good and gmpy2.legendre(_square(u), P) != 1:
        raise OverlapError(
            "the multi-buffer library took a point of the twist", "choose the backend cryptography"
        )
    return good


def _square(u: Mpz) -> Mpz:
    """u^3 + A u^2 + u, which is v^2 for a point of the curve."""
    return ((u + A) * u + 1) * u


def _first_fault(points: bytes) -> Fault | None:
    read, legendre = gmpy2.mpz.from_bytes, gmpy2.legendre
    for start in range(0, len(points), ELEMENT_BYTES):
        u = read(points[start : start + ELEMENT_BYTES], "little")
        if u >= P:
            return _fault(start, "is not canonical")
        if u in _LOW_ORDER:
            return _fault(start, "is of low order")
        if legendre(_square(u), P) < 0:
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
