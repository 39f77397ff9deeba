"""Hashing to the curve: suite curve25519_XMD:SHA-512_ELL2_NU_ of RFC 9380, its u-coordinate only.

The suite ends by clearing the cofactor, three doublings. Here that is left to the multiplication that always
follows: a clamped scalar is a multiple of eight. So `hash_to_group` gives the u-coordinate of the suite's
point Q, and X25519 with a clamped scalar 8m gives that of m times the suite's point P.

`hash_one` is the specification; `hash_to_group` gives the same bytes for many messages at once.

The image is about half of the points. That costs nothing: what the peer sees is multiplied by a secret
uniform scalar, and the hash still is a random oracle into the prime-order group. To program it with a uniform
element P', draw a point 8^-1 P' + T with T uniform among the eight points of small order, start again unless
it is in the image (half of them are), and choose one of its pre-images at random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

import gmpy2

from overlap.errors import OverlapError
from overlap.group.field import A, Mpz, P, invert_all

if TYPE_CHECKING:
    from overlap.group.lanes import Lanes

#: Domain separation tag (RFC 9380, section 3.1: at least 16 bytes, application and version first). Up to 45
#: bytes leave the second hash of a message in one block of SHA-512; this one has 43.
DST: Final = b"OVERLAP-V01-curve25519_XMD:SHA-512_ELL2_NU_"

#: L of the suite: ceil((255 + 128) / 8) bytes, so that the reduction modulo P has a bias below 2^-128.
_FIELD_BYTES: Final = 48
_A_SQUARED: Final = A * A
_HASH_BYTES: Final = 64
_BLOCK_BYTES: Final = 128
#: Messages that share one modular inversion: enough for its cost to vanish, few enough for the cache.
_BATCH: Final = 2048
#: Messages from which lanes are quicker than numbers one by one.
_LEAST: Final = 128


def hash_to_group(messages: Sequence[bytes], dst: bytes = DST, lanes: Lanes | None = None) -> bytes:
    """The u-coordinate (32 bytes, little-endian) of each message's point, in order.

    `dst` is 16 to 255 bytes (ValueError otherwise); all but test vectors use our own. `lanes` give the same
    bytes in less time.
    """
    out = []
    for start in range(0, len(messages), _BATCH):
        uniform = _expand_all(messages[start : start + _BATCH], dst)
        mapped = _map_in_lanes(b"".join(uniform), lanes) if lanes and len(uniform) >= _LEAST else b""
        out.append(mapped or _map_all(uniform))
    return b"".join(out)


def hash_one(message: bytes, dst: bytes = DST) -> bytes:
    """The specification of `hash_to_group` for one message."""
    uniform = expand_message(message, dst, _FIELD_BYTES)
    return map_to_curve(int.from_bytes(uniform, "big") % int(P)).to_bytes(32, "little")


def expand_message(message: bytes, dst: bytes, length: int) -> bytes:
    """expand_message_xmd with SHA-512 (RFC 9380, section 5.3.1): `length` uniform bytes, at most 255 * 64."""
    blocks = -(-length // _HASH_BYTES)
    if blocks > 255:
        raise ValueError("expand_message_xmd gives at most 16320 bytes")
    suffix = _dst_suffix(dst)
    first = hashlib.sha512(
        bytes(_BLOCK_BYTES) + message + length.to_bytes(2, "big") + b"\0" + suffix
    ).digest()
    block, uniform = bytes(_HASH_BYTES), b""
    for i in range(1, blocks + 1):
        mixed = int.from_bytes(first, "big") ^ int.from_bytes(block, "big")
        block = hashlib.sha512(mixed.to_bytes(_HASH_BYTES, "big") + bytes([i]) + suffix).digest()
        uniform += block
    return uniform[:length]


def map_to_curve(element: int) -> int:
    """Elligator 2 (RFC 9380, section 6.7.1, Z = 2): the u-coordinate of the point for a field element."""
    p = int(P)
    # 1 + 2 element^2 is never zero: -1/2 is no square modulo P.
    u = -A * pow(1 + 2 * element * element, -1, p) % p
    square = pow(u * u * u + A * u * u + u, (p - 1) // 2, p) != p - 1
    return u if square else (-u - A) % p


def _dst_suffix(dst: bytes) -> bytes:
    if not 16 <= len(dst) <= 255:
        raise ValueError("a domain separation tag has 16 to 255 bytes")
    return dst + bytes([len(dst)])


def _expand_all(messages: Sequence[bytes], dst: bytes) -> list[bytes]:
    """`expand_message` of each message: 48 uniform bytes."""
    suffix = _dst_suffix(dst)
    # The first block of the first hash is all zero, so its state is computed once. One output block covers
    # the 48 bytes: the chain of section 5.3.1 has one link.
    sha512 = _sha512()
    padded = sha512(bytes(_BLOCK_BYTES)).copy
    first_end = _FIELD_BYTES.to_bytes(2, "big") + b"\0" + suffix
    second_end = b"\1" + suffix
    uniform = []
    for message in messages:
        first = padded()
        first.update(message + first_end)
        uniform.append(sha512(first.digest() + second_end).digest()[:_FIELD_BYTES])
    return uniform


@cache
def _sha512() -> Callable[[bytes], hashlib._Hash]:
    """The interpreter's own SHA-512, where it has one.

    For so short messages it takes two thirds of the time of OpenSSL's, which allocates more than it computes.
    """
    for name in ("_sha2", "_sha512"):
        with suppress(ImportError, AttributeError):
            return cast("Callable[[bytes], hashlib._Hash]", import_module(name).sha512)
    return hashlib.sha512


def _map_all(uniform: Sequence[bytes]) -> bytes:
    """`map_to_curve` of each number that these bytes are, with one inversion for all, 32 bytes each.

    With d = 1 + 2 element^2 the first candidate is u = -A/d, and u^3 + A u^2 + u is -A d (d^2 - A^2 d + A^2)
    times the square d^-4. -A is no square, so u is on the curve when the rest is none. The rest is never
    zero: neither is d, and d^2 - A^2 d + A^2 has the discriminant A^2 (A^2 - 4), which is no square.
    """
    elements = [gmpy2.mpz.from_bytes(part, "big") for part in uniform]
    divisors = [2 * element * element % P + 1 for element in elements]
    mapped: list[Mpz] = []
    legendre = gmpy2.legendre
    for d, inverse in zip(divisors, invert_all(divisors), strict=True):
        quotient = A * inverse
        if legendre(d * ((d - _A_SQUARED) * d + _A_SQUARED), P) < 0:
            mapped.append(-quotient % P)
        else:
            mapped.append((quotient - A) % P)
    return int(gmpy2.pack(mapped, 256)).to_bytes(32 * len(mapped), "little")


def _map_in_lanes(uniform: bytes, lanes: Lanes) -> bytes:
    """`_map_all` of these bytes, joined; nothing when the library failed. OverlapError for a wrong result."""
    mapped = lanes.map_to_curve(uniform)
    if mapped:
        drawn = int.from_bytes(hashlib.sha256(uniform).digest(), "big") % (len(uniform) // _FIELD_BYTES)
        part = uniform[drawn * _FIELD_BYTES : (drawn + 1) * _FIELD_BYTES]
        if mapped[32 * drawn : 32 * drawn + 32] != _map_all([part]):
            raise OverlapError(
                "the multi-buffer library gave a wrong point", "choose the backend cryptography"
            )
    return mapped
