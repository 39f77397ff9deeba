"""Lanes over the installed library give the bytes of gmpy2; skipped where the library cannot run."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.errors import UsageError
from overlap.group import find_backend, find_fault, find_lanes, hash_to_group
from overlap.group.hashing import map_to_curve

try:
    find_backend("multibuffer")
except UsageError as refusal:
    pytest.skip(str(refusal), allow_module_level=True)

LANES = find_lanes("multibuffer")
assert LANES
P = 2**255 - 19

close = st.builds(
    lambda middle, step: (middle + step) % 2**384,
    st.sampled_from([0, P, 2 * P, P // 2, 2**255, *(2**i for i in range(8, 384, 4))]),
    st.integers(-2000, 2000),
)
fractions = st.builds(lambda a, b: a * pow(b, -1, P) % P, st.integers(-200, 200), st.integers(1, 300))
numbers = st.lists(st.one_of(st.integers(0, 2**384 - 1), close, fractions), min_size=1, max_size=20)


@settings(max_examples=150, deadline=None)
@given(numbers)
@example([0, P, P - 1, 2**384 - 1])
def test_every_number_is_mapped_to_the_specified_point(elements: list[int]) -> None:
    uniform = b"".join(element.to_bytes(48, "big") for element in elements)
    wanted = b"".join(map_to_curve(element % P).to_bytes(32, "little") for element in elements)
    assert LANES.map_to_curve(uniform) == wanted


@settings(max_examples=150, deadline=None)
@given(numbers)
@example([P - 1])
@example([1, 2**93 - 1, 2**254 - 9])
def test_every_point_is_judged_as_gmpy2_judges_it(elements: list[int]) -> None:
    kept = [element % P for element in elements if element % P]
    points = b"".join(element.to_bytes(32, "little") for element in kept)
    if points:
        alone = [LANES.are_on_curve(element.to_bytes(32, "little")) for element in kept]
        faults = [find_fault(element.to_bytes(32, "little")) for element in kept]
        assert alone == [not fault or "twist" not in fault.reason for fault in faults]
        assert LANES.are_on_curve(points) == all(alone)


@pytest.mark.parametrize("count", [127, 128, 2047, 2048, 2049, 5000])
def test_lists_as_long_as_they_come_are_hashed_and_checked(count: int) -> None:
    messages = [i.to_bytes(4, "big") for i in range(count)]
    points = hash_to_group(messages)
    assert hash_to_group(messages, lanes=LANES) == points
    assert find_fault(points, LANES) is None
    bad = points[:-32] + (2**200 + 5).to_bytes(32, "little")
    assert find_fault(bad, LANES) == find_fault(bad)
