"""X25519 for eight points at once by Intel's multi-buffer library, where it is installed and can run.

The library (`mbx_x25519_mb8` of crypto_mb, in the package `ipp-crypto`) needs AVX-512 with IFMA; it runs one
Montgomery ladder in eight lanes, constant-time. It is found through the installed package and loaded with
ctypes, which holds no interpreter lock during a call, so threads multiply side by side.

It is not taken at its word. Its subtraction in the field goes wrong when the smaller operand is close to zero
and the larger one close to the modulus, which makes products wrong for a few points of a special form:
2^255 - 19 - k for small k, 2^93 - 1, 1/2 (12 of the 518 cases of Project Wycheproof, in version 2026.2 of the
package). For a random point both operands are like that once in about 2^60 products. So

- points whose number looks special go to the package `cryptography` instead (`looks_special`);
- in every call one product, which nobody can foresee, is compared with that of `cryptography`;
- nothing of it is used before it has given published values and those of `cryptography` (`agrees`).

A peer who searches long enough (some 2^35 steps) may still find a point whose product comes out wrong when
the first bits of our scalar are what it guessed. It would spoil its own match, and learn those few bits of a
scalar that serves one run.
"""

from __future__ import annotations

import ctypes
import hashlib
import platform
import sys
from array import array
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Final

from overlap.errors import OverlapError, UsageError

LANES: Final = 8

#: (package, file in it), in the order in which the loader needs them: the second set is what the first names.
_LIBRARIES: Final = (
    ("intel-cmplr-lib-rt", "libintlc.so.5"),
    ("intel-cmplr-lib-rt", "libimf.so"),
    ("intel-cmplr-lib-rt", "libirng.so"),
    ("intel-cmplr-lib-rt", "libsvml.so"),
    ("ipp-crypto", "libcrypto_mb.so"),
)
_SIZE: Final = 32
#: MBX_ALGO_X25519 of crypto_mb/cpu_features.h; the answer is a mask of widths, and eight lanes are bit 3.
_ALGORITHM: Final = 4
#: Four bits of the status are for each lane: 0 is good, 4 says that the product is the neutral element.
_LOW_ORDER: Final = 4
_RUNS: Final = (bytes(4), b"\xff" * 4)

_HINT: Final = (
    "install 'account-overlap[fast]' on Linux with an x86-64 processor that has AVX-512 IFMA, "
    "or choose the backend cryptography"
)

#: As `overlap.group.backend.Backend`.
Multiply = Callable[[bytes, bytes], bytes]


def load_multibuffer(reference: Multiply) -> Multiply:
    """The backend over the multi-buffer library, after it gave the bytes of `reference` on fixed inputs.

    UsageError says why it cannot be used here: not installed, not this processor, or wrong bytes.
    """
    if not _right_system():
        raise _unusable("it exists for Linux on x86-64 only")
    try:
        library = load_library()
    except PackageNotFoundError as error:
        raise _unusable(f"the package {error.name} is not installed") from error
    except OSError as error:
        raise _unusable("its library could not be loaded") from error
    try:
        applicable = library.mbx_get_algo_info
        applicable.argtypes, applicable.restype = [ctypes.c_int], ctypes.c_uint64
        call = library.mbx_x25519_mb8
    except AttributeError as error:
        raise _unusable("its library is of another version") from error
    if not applicable(_ALGORITHM) & LANES:
        raise _unusable("this processor lacks AVX-512 with IFMA")
    call.argtypes, call.restype = [ctypes.c_void_p] * 3, ctypes.c_uint32
    multiply = guarded(_over(call), reference)
    if not agrees(multiply, reference):
        raise _unusable("its self-test gave wrong bytes")
    return multiply


def guarded(fast: Multiply, reference: Multiply) -> Multiply:
    """`fast` with the guards that this module's description names.

    OverlapError when the product that is compared is wrong.
    """

    def multiply(scalar: bytes, points: bytes) -> bytes:
        products = fast(scalar, points)
        if not points:
            return products
        # The choice depends on the secret scalar, so the peer cannot arrange for it.
        drawn = int.from_bytes(hashlib.sha256(scalar + points).digest(), "big") * _SIZE % len(points)
        chosen = slice(drawn, drawn + _SIZE)
        special = looks_special(points)
        if drawn not in special and products[chosen] != reference(scalar, points[chosen]):
            raise OverlapError("the multi-buffer library gave a wrong product", _HINT)
        for start in special:
            replaced = reference(scalar, points[start : start + _SIZE])
            products = products[:start] + replaced + products[start + _SIZE :]
        return products

    return multiply


def agrees(multiply: Multiply, reference: Multiply) -> bool:
    """Whether both give the same bytes on fixed inputs, and the published ones where there are such.

    The inputs are RFC 7748's, and some that have a neutral product or are not canonical in every lane, in
    lists of which the last group of eight is not full.
    """
    try:
        if any(multiply(scalar, point) != product for scalar, point, product in _PUBLISHED):
            return False
        scalar = hashlib.sha256(b"self-test").digest()
        good = [hashlib.sha256(bytes([i])).digest() for i in range(3 * LANES)]
        special = [u.to_bytes(_SIZE, "little") for u in _SPECIAL]
        lists = [[], good[:1], good, good[: LANES + 3], special, special[::-1]]
        lists += [[*good[:lane], special[0], *good[lane:LANES]] for lane in range(LANES)]
        joined = map(b"".join, lists)
        return all(multiply(scalar, points) == reference(scalar, points) for points in joined)
    except OverlapError:
        return False


def looks_special(points: bytes) -> set[int]:
    """Where the elements start that have a run of four bytes 0 or 255: one random element in 70 million.

    The numbers for which products were seen to be wrong are small, or small and divided by a power of two,
    modulo 2^255 - 19: most of their bits are one run of zeros or ones.
    """
    found = set()
    for run in _RUNS:
        at = points.find(run)
        while at >= 0:
            if at % _SIZE <= _SIZE - len(run):
                found.add(at - at % _SIZE)
            at = points.find(run, at + 1)
    return found


def _right_system() -> bool:
    return sys.platform == "linux" and platform.machine() == "x86_64"


@cache
def load_library() -> ctypes.CDLL:
    """The library, its companions first; PackageNotFoundError or OSError when one is missing."""
    loaded = None
    for package, name in _LIBRARIES:
        paths = [path for path in distribution(package).files or () if path.name == name]
        if not paths:
            raise OSError(f"{package} has no file {name}")
        loaded = ctypes.CDLL(str(paths[0].locate()))
    assert loaded
    return loaded


def _over(call: Callable[[int, int, int], int]) -> Multiply:
    """A backend over the function of the library, which takes the addresses of three lists of addresses."""

    def multiply(scalar: bytes, points: bytes) -> bytes:
        count = len(points) // _SIZE
        if not count:
            return b""
        products = ctypes.create_string_buffer(len(points))
        spare = ctypes.create_string_buffer(_SIZE)
        # The library reads scalars in place, so that this copy is the only one, and it is wiped.
        secret = ctypes.create_string_buffer(scalar, _SIZE)
        first = ctypes.cast(ctypes.c_char_p(points), ctypes.c_void_p).value or 0
        # Lanes without a point of their own repeat the last one, and their products go nowhere.
        missing = -count % LANES
        last = first + (count - 1) * _SIZE
        sources = array("Q", [*range(first, first + len(points), _SIZE), *[last] * missing])
        begin = ctypes.addressof(products)
        targets = array("Q", [*range(begin, begin + len(points), _SIZE)])
        targets.extend([ctypes.addressof(spare)] * missing)
        scalars = array("Q", [ctypes.addressof(secret)] * LANES)
        source, target, keys = (part.buffer_info()[0] for part in (sources, targets, scalars))
        neutral = []
        try:
            for at in range(0, count, LANES):
                status = call(target + 8 * at, keys, source + 8 * at)
                if status:
                    neutral += [at + lane for lane in _neutral_lanes(status) if at + lane < count]
        finally:
            ctypes.memset(secret, 0, _SIZE)
        for at in neutral:
            ctypes.memset(begin + at * _SIZE, 0, _SIZE)
        return products.raw

    return multiply


def _neutral_lanes(status: int) -> list[int]:
    """The lanes whose product is neutral. OverlapError when the status says anything else."""
    lanes = [(lane, status >> 4 * lane & 15) for lane in range(LANES)]
    if any(code not in (0, _LOW_ORDER) for _, code in lanes):
        raise OverlapError(f"the multi-buffer library failed with status {status:#x}", _HINT)
    return [lane for lane, code in lanes if code]


def _unusable(why: str) -> UsageError:
    return UsageError(f"the backend multibuffer cannot be used here: {why}", _HINT)


def _published(*values: str) -> tuple[bytes, bytes, bytes]:
    scalar, point, product = map(bytes.fromhex, values)
    return scalar, point, product


#: Scalar, u-coordinate, product (RFC 7748, section 5.2, both one-time vectors and the first iteration).
_PUBLISHED: Final = (
    _published(
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ),
    _published(
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ),
    _published(
        "0900000000000000000000000000000000000000000000000000000000000000",
        "0900000000000000000000000000000000000000000000000000000000000000",
        "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
    ),
)

_P: Final = 2**255 - 19
#: Points of low order on curve and twist, canonical and not; the largest numbers; and the top bit, which
#: RFC 7748 masks.
_SPECIAL: Final = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    _P - 1,
    _P,
    _P + 1,
    _P + 3,
    2**255 - 1,
    2**255,
    2**255 + 9,
    2**256 - 1,
    9,
)
