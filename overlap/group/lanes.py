"""Arithmetic modulo P on many numbers, eight at a time, by functions inside the multi-buffer library.

The library's ladder multiplies, squares and raises to (P - 5)/8 in eight lanes of AVX-512, and it exports
these three although no header names them. Whether a number is a square then takes a third of the time that
gmpy2 needs, and nothing has to become a Python number. The library's subtraction, which is wrong for some
operands, is not used: sums and differences are taken here.

Nothing is taken at its word here either. The functions are not used before they gave right answers for
numbers of every awkward form (`load_lanes`). z^((P - 1)/4) is one of the four roots of 1, by which it is seen
whether z is a square; a slip on the way there gives none of them, and then there is no answer. The callers
compute one result of each batch by gmpy2 as well, and every batch in which a number of the peer's looks
special.

A number is five limbs of 52 bits, the lowest first. `Rows` has the shape (5, numbers), in which sums are
taken fast, `Groups` (groups, 5, 8): a group is what the library takes at once.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import gmpy2
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    Rows = npt.NDArray[np.int64]
    Groups = npt.NDArray[np.int64]
    Places = npt.NDArray[np.intp]

LANES: Final = 8

_P: Final = 2**255 - 19
_A: Final = 486662
_LIMBS: Final = 5
_BITS: Final = 52
_MASK: Final = 2**_BITS - 1
#: Bits of the highest limb that count below 2^255.
_TOP: Final = 255 - 4 * _BITS
#: Bytes of a group.
_GROUP: Final = 8 * _LIMBS * LANES
_ALIGNMENT: Final = 64
_NAMES: Final = ("fe52_mb_mul_mod25519", "fe52_mb_sqr_mod25519", "fe52_pow_2_252m3_mod25519")

_Call = Callable[..., None]


class Lanes:
    """Elligator 2 and the equation of curve25519 for many numbers, over three functions of the library."""

    def __init__(self, multiply: _Call, square: _Call, power: _Call) -> None:
        self._multiply, self._square, self._power = multiply, square, power

    def map_to_curve(self, uniform: bytes) -> bytes:
        """`overlap.group.hashing.map_to_curve` of each number of 48 bytes, big-endian: 32 bytes each.

        Nothing when a power came out that no right computation gives.
        """
        count = len(uniform) // 48
        # d = 1 + 2 element^2; `_map_all` in hashing.py says why this product tells which candidate it is.
        rows = 2 * _rows(self._squares(_groups(_read_uniform(uniform))))
        rows[0] += 1
        d = _groups(_carry(rows))
        rest = self._products(_groups(_carry(rows + _column(2 * _P - _A * _A))), d)
        rest = self._plus(rest, _A * _A)
        product = self._products(rest, d)
        found = self._characters(product)
        if found is None:
            return b""
        which, powers = found
        # power * product is a root of 1, so power / root is 1 / product, and rest / product is 1 / d.
        scale = _groups(_MINUS_A_OVER_ROOTS.T[:, which])
        quotients = self._products(self._products(rest, powers), scale)
        first = _rows(quotients)
        second = _column(2 * _P - _A) - first
        return _write(np.where(which < _SQUARES, second, first))[: 32 * count]

    def are_on_curve(self, points: bytes) -> bool | None:
        """Whether all u-coordinates of 32 bytes, below P and not zero, are on the curve, none on its twist.

        None when a power came out that no right computation gives.
        """
        count = len(points) // 32
        rows = _read(points)
        # What fills up the last group is 1, because zero has no power among the roots of 1.
        rows[0, count:] = 1
        u = _groups(rows)
        product = self._products(self._plus(u, _A), u)
        found = self._characters(self._products(self._plus(product, 1), u))
        return None if found is None else bool((found[0][:count] < _SQUARES).all())

    def _products(self, ones: Groups, others: Groups) -> Groups:
        out = _empty(len(ones))
        _run(self._multiply, *(_places(part) for part in (out, ones, others)))
        return out

    def _squares(self, numbers: Groups) -> Groups:
        out = _empty(len(numbers))
        _run(self._square, _places(out), _places(numbers))
        return out

    def _powers(self, numbers: Groups) -> Groups:
        """z^((P - 5)/8)."""
        out = _empty(len(numbers))
        _run(self._power, _places(out), _places(numbers))
        return out

    def _plus(self, numbers: Groups, small: int) -> Groups:
        """The sums with a number below 2^60."""
        rows = _rows(numbers)
        rows[0] += small
        return _groups(_carry(rows))

    def _characters(self, numbers: Groups) -> tuple[Places, Groups] | None:
        """For each number z which root of 1 is z^((P - 1)/4), and z^((P - 5)/4); no z may be zero.

        None when one is no root of 1. Squares have the first `_SQUARES` of `_ROOTS`.
        """
        powers = self._squares(self._powers(numbers))
        roots = _rows(self._products(powers, numbers))
        lowest, which = roots[0], np.zeros(roots.shape[1], np.intp)
        for at in range(1, len(_ROOTS)):
            which[lowest == _ROOTS[at, 0]] = at
        if not all((row == wanted[which]).all() for row, wanted in zip(roots, _ROOTS.T, strict=True)):
            return None
        return which, powers


def load_lanes(library: ctypes.CDLL) -> Lanes | None:
    """The lanes over this library, or None when it lacks one of the functions or gives a wrong answer."""
    calls: list[_Call] = []
    for name, arguments in zip(_NAMES, (3, 2, 2), strict=True):
        found = getattr(library, name, None)
        if found is None:
            return None
        # A product takes less time than giving up the interpreter and getting it back; a power does not.
        kind: Any = ctypes.CFUNCTYPE if name == _NAMES[-1] else ctypes.PYFUNCTYPE
        calls.append(kind(None, *[ctypes.c_void_p] * arguments)(ctypes.cast(found, ctypes.c_void_p).value))
    lanes = Lanes(*calls)
    return lanes if _agrees(lanes) else None


def _agrees(lanes: Lanes) -> bool:
    """Whether products, squares and powers are right for numbers of which each limb is awkward or any."""
    stream = iter(hashlib.shake_256(b"self-test of lanes").digest(5 * 8 * 120))

    def draw(choices: Sequence[int], bits: int) -> int:
        """One of the choices, or any number of so many bits."""
        which, *rest = (next(stream) for _ in range(8))
        return (*choices, int.from_bytes(rest, "big") & (1 << bits) - 1)[which % (len(choices) + 1)]

    limbs, top = (0, 1, 2, _MASK, _MASK - 1, 2 ** (_BITS - 1)), (0, 1, 2**_TOP - 1, 2**_TOP)
    numbers = [_P - 1, _P, _P + 1, 2**255 - 1, 2**255, 1, 2, 19]
    for _ in range(120):
        parts = [draw(limbs, _BITS) for _ in range(_LIMBS - 1)] + [draw(top, _TOP)]
        numbers.append(sum(part << _BITS * at for at, part in enumerate(parts)))
    backwards = numbers[::-1]
    ones, others = _from_numbers(numbers), _from_numbers(backwards)
    wanted = (
        (lanes._products(ones, others), [a * b % _P for a, b in zip(numbers, backwards, strict=True)]),
        (lanes._squares(ones), [one * one % _P for one in numbers]),
        (lanes._powers(ones), [gmpy2.powmod(one, (_P - 5) // 8, _P) for one in numbers]),
    )
    return all(
        ((found >= 0) & (found <= _MASK)).all() and [number % _P for number in _numbers(found)] == right
        for found, right in wanted
    )


def _run(call: _Call, *places: range) -> None:
    """Call the function for each group."""
    deque(map(call, *places), 0)


def _places(groups: Groups) -> range:
    """Where in memory each group begins."""
    begin = groups.ctypes.data
    return range(begin, begin + len(groups) * _GROUP, _GROUP)


def _empty(groups: int) -> Groups:
    """Room for so many groups, where the library can load them."""
    room = np.empty(groups * _GROUP + _ALIGNMENT, np.uint8)
    skip = -room.ctypes.data % _ALIGNMENT
    return room[skip : skip + groups * _GROUP].view(np.int64).reshape(groups, _LIMBS, LANES)


def _groups(rows: Rows) -> Groups:
    """The same numbers for the library; every limb has 52 bits by now."""
    groups = _empty(rows.shape[1] // LANES)
    groups[:] = rows.reshape(_LIMBS, -1, LANES).transpose(1, 0, 2)
    return groups


def _rows(groups: Groups) -> Rows:
    # A copy in any case: of one group, reshaping alone would give a view, and sums are taken in place.
    return groups.transpose(1, 0, 2).copy().reshape(_LIMBS, -1)


def _column(number: int) -> Rows:
    """One number beside all others."""
    parts = [number >> _BITS * at & _MASK for at in range(_LIMBS)]
    return np.array(parts, np.int64)[:, None]


def _from_numbers(numbers: Sequence[int]) -> Groups:
    rows = [[number >> _BITS * at & _MASK for number in numbers] for at in range(_LIMBS)]
    return _groups(np.array(rows, np.int64))


def _numbers(groups: Groups) -> list[int]:
    limbs = _rows(groups).T.tolist()
    return [sum(limb << _BITS * at for at, limb in enumerate(row)) for row in limbs]


def _carry(rows: Rows) -> Rows:
    """The same numbers modulo P, changed in place: limbs of 52 bits, and at most a little above 2^255.

    Limbs may be too large or negative before, up to 2^62 in size; a number may not.
    """
    _ripple(rows)
    # 2^255 is 19 modulo P.
    rows[0] += 19 * (rows[-1] >> _TOP)
    rows[-1] &= 2**_TOP - 1
    return _ripple(rows)


def _ripple(rows: Rows) -> Rows:
    for at in range(_LIMBS - 1):
        rows[at + 1] += rows[at] >> _BITS
        rows[at] &= _MASK
    return rows


def _reduce(rows: Rows) -> Rows:
    """The same numbers below P, changed in place; limbs as for `_carry`."""
    _carry(rows)
    # With 19 more it reaches 2^255 exactly when it is P or above.
    over = rows[0] + 19 >> _BITS
    for row in rows[1:-1]:
        over = row + over >> _BITS
    rows[0] += 19 * (rows[-1] + over >> _TOP)
    _ripple(rows)
    rows[-1] &= 2**_TOP - 1
    return rows


def _words(data: bytes, words: int) -> npt.NDArray[np.uint64]:
    """Numbers of so many words of 8 bytes, little-endian, as columns; zeros fill up the last group."""
    count = len(data) // (8 * words)
    table = np.zeros((words, -(-count // LANES) * LANES), np.uint64)
    table[:, :count] = np.frombuffer(data, "<u8").reshape(count, words).T
    return table


def _read(data: bytes) -> Rows:
    """Numbers of 32 bytes, little-endian."""
    words = _words(data, 4)
    return _limbs(words, words[3] >> 16)


def _read_uniform(data: bytes) -> Rows:
    """Numbers of 48 bytes, big-endian, modulo P."""
    # Backwards as a whole: the numbers then stand in reverse order, which is undone behind.
    words = _words(data[::-1], 6)
    count = len(data) // 48
    words[:, :count] = words[:, :count][:, ::-1]
    rows = _limbs(words, (words[3] >> 16 | words[4] << 48) & _MASK)
    high = words[4] >> 4 & _MASK, (words[4] >> 56 | words[5] << 8) & _MASK, words[5] >> 44
    for at, part in enumerate(high):
        # 2^260 is 32 * 19 modulo P.
        rows[at] += 608 * part.view(np.int64)
    return _carry(rows)


def _limbs(words: npt.NDArray[np.uint64], last: npt.NDArray[np.uint64]) -> Rows:
    """The lowest 208 bits of the words as four limbs, and the last limb."""
    rows = np.empty((_LIMBS, words.shape[1]), np.uint64)
    rows[0] = words[0] & _MASK
    for at, low, high in ((1, 52, 12), (2, 40, 24), (3, 28, 36)):
        rows[at] = (words[at - 1] >> low | words[at] << high) & _MASK
    rows[4] = last
    return rows.view(np.int64)


def _write(rows: Rows) -> bytes:
    """Numbers of 32 bytes, little-endian and below P."""
    parts = _reduce(rows).view(np.uint64)
    words = np.empty((rows.shape[1], 4), "<u8")
    for at, low, high in ((0, 0, 52), (1, 12, 40), (2, 24, 28), (3, 36, 16)):
        words[:, at] = parts[at] >> low | parts[at + 1] << high
    return words.tobytes()


_ROOT: Final = pow(2, (_P - 1) // 4, _P)
#: The four roots of 1, the squares first, one of them written in two ways: a row of limbs each.
_ROOT_NUMBERS: Final = (1, _P + 1, _P - 1, _ROOT, _P - _ROOT)
_ROOTS: Final = np.array([_column(number)[:, 0] for number in _ROOT_NUMBERS])
#: How many of them are powers of squares.
_SQUARES: Final = 3
_MINUS_A_OVER_ROOTS: Final = np.array(
    [_column(-_A * pow(number, -1, _P) % _P)[:, 0] for number in _ROOT_NUMBERS]
)
