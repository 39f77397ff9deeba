"""Lanes over functions in Python that behave as those of the library do, well or badly.

So everything but the arithmetic of the real library is tested on every machine; that is in
tests/property/test_lanes.py.
"""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from overlap.errors import OverlapError
from overlap.group import Fault, find_fault, hash_to_group
from overlap.group.hashing import hash_one, map_to_curve
from overlap.group.lanes import Lanes, load_lanes

P = 2**255 - 19
Numbers = list[int]
#: On the twist, and nothing else is wrong with them.
TWIST = [
    u
    for u in (int.from_bytes(hashlib.sha256(bytes([i])).digest()[:31], "little") for i in range(60))
    if pow(u**3 + 486662 * u * u + u, (P - 1) // 2, P) == P - 1
]


class Library:
    """The three functions, over numbers; `spoil` changes the results of one of them, after the self-test."""

    def __init__(self) -> None:
        self.misused: list[str] = []
        self.spoil: dict[str, Callable[[Numbers], Numbers]] = {}
        self.fe52_mb_mul_mod25519 = self._function("mul", lambda one, other: one * other % P, 2)
        self.fe52_mb_sqr_mod25519 = self._function("sqr", lambda one: one * one % P, 1)
        self.fe52_pow_2_252m3_mod25519 = self._function("pow", lambda one: pow(one, 2**252 - 3, P), 1)

    def _function(self, name: str, compute: Callable[..., int], arguments: int) -> Any:
        def call(target: int, *sources: int) -> None:
            # An exception would not reach the caller of a function of C.
            if any(place % 64 for place in (target, *sources)):
                self.misused.append("not where the library can load it")
            if any(limb >= 2**52 for place in sources for limb in _limbs(place)):
                self.misused.append("the library takes 52 bits of a limb")
            numbers = [compute(*lane) for lane in zip(*map(_read, sources), strict=True)]
            _write(target, self.spoil.get(name, list)(numbers))

        return ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * (1 + arguments))(call)


def _limbs(place: int) -> Any:
    return (ctypes.c_uint64 * 40).from_address(place)


def _read(place: int) -> Numbers:
    limbs = _limbs(place)
    return [sum(limbs[8 * at + lane] << 52 * at for at in range(5)) for lane in range(8)]


def _write(place: int, numbers: Numbers) -> None:
    limbs = _limbs(place)
    for lane, number in enumerate(numbers):
        for at in range(5):
            limbs[8 * at + lane] = number >> 52 * at & 2**52 - 1


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def over(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lanes]:
    """Lanes over the library that take every list, however short."""
    for module in ("hashing", "points"):
        monkeypatch.setattr(f"overlap.group.{module}._LEAST", 1)
    found = load_lanes(library)  # type: ignore[arg-type]
    assert found
    yield found
    assert library.misused == []


MESSAGES = [f"account {i}".encode() for i in range(40)]
POINTS = hash_to_group(MESSAGES)
#: Where the reduction modulo P has its edges.
UNIFORM = [number.to_bytes(48, "big") for number in (0, 1, P - 1, P, 2 * P, 2**255, 2**260 - 1, 2**384 - 1)]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 40])
def test_hashing_in_lanes_gives_the_specified_points(over: Lanes, count: int) -> None:
    wanted = b"".join(map(hash_one, MESSAGES[:count]))
    assert hash_to_group(MESSAGES[:count], lanes=over) == wanted


def test_numbers_at_the_edges_are_mapped_as_specified(over: Lanes) -> None:
    wanted = [map_to_curve(int.from_bytes(part, "big") % P).to_bytes(32, "little") for part in UNIFORM]
    assert over.map_to_curve(b"".join(UNIFORM)) == b"".join(wanted)


@pytest.mark.parametrize("position", [0, 7, 8, 39])
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, "is of low order"),
        (1, "is of low order"),
        (2, "is on the twist"),
        (P - 1, "is on the twist"),
        (P, "is not canonical"),
        (2**255 - 1, "is not canonical"),
        (2**255 + 9, "is not canonical"),
        (TWIST[0], "is on the twist"),
    ],
)
def test_the_fault_is_the_one_that_is_found_without_lanes(
    over: Lanes, number: int, reason: str, position: int
) -> None:
    assert find_fault(POINTS, over) is None
    bad = POINTS[: 32 * position] + number.to_bytes(32, "little") + POINTS[32 * position + 32 :]
    assert find_fault(bad, over) == find_fault(bad) == Fault(position, reason)


def test_a_wrong_power_is_seen_and_gmpy2_takes_over(library: Library, over: Lanes) -> None:
    twist = TWIST[0].to_bytes(32, "little")
    for spoiled in (lambda numbers: [*numbers[:-1], numbers[-1] + 1], lambda numbers: [0] * 8):
        library.spoil["pow"] = spoiled
        assert over.map_to_curve(hashlib.shake_256(b"").digest(48)) == b""
        assert over.are_on_curve(POINTS) is None
        assert hash_to_group(MESSAGES, lanes=over) == POINTS
        assert find_fault(POINTS, over) is None
        assert find_fault(POINTS + twist, over) == find_fault(POINTS + twist) is not None


def test_a_wrong_product_is_an_error(library: Library, over: Lanes) -> None:
    calls = 0

    def wrong_from_now_on(numbers: Numbers) -> Numbers:
        nonlocal calls
        calls += 1
        # Three products for each group come before the power is judged; those behind are the quotients.
        return numbers if calls <= 3 * 5 else [number ^ 1 for number in numbers]

    library.spoil["mul"] = wrong_from_now_on
    with pytest.raises(OverlapError, match="gave a wrong point"):
        hash_to_group(MESSAGES, lanes=over)


def test_a_library_that_lets_the_twist_pass_is_found_out(
    over: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = b"".join(u.to_bytes(32, "little") for u in TWIST)
    monkeypatch.setattr(over, "are_on_curve", lambda points: True)
    with pytest.raises(OverlapError, match="took a point of the twist"):
        find_fault(bad, over)


def test_points_that_look_special_are_checked_by_gmpy2(over: Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def answer(points: bytes) -> bool:
        asked.append(points)
        return True

    monkeypatch.setattr(over, "are_on_curve", answer)
    assert find_fault(POINTS + (9).to_bytes(32, "little"), over) is None
    assert asked == []
    assert find_fault(POINTS, over) is None
    assert asked == [POINTS]


@pytest.mark.parametrize("name", ["mul", "sqr", "pow"])
def test_a_library_with_a_wrong_function_is_not_used(library: Library, name: str) -> None:
    library.spoil[name] = lambda numbers: [*numbers[:-1], numbers[-1] ^ 2**200]
    assert load_lanes(library) is None  # type: ignore[arg-type]


def test_a_library_without_the_functions_is_not_used(library: Library) -> None:
    del library.fe52_mb_sqr_mod25519
    assert load_lanes(library) is None  # type: ignore[arg-type]
