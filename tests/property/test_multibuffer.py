"""The installed multi-buffer library gives the bytes of `cryptography`; skipped where it cannot run."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from overlap.engine import Engine
from overlap.errors import UsageError
from overlap.group import Fault, find_backend, hash_to_group, try_multiply
from overlap.group.backend import multiply_by_cryptography

try:
    MULTIBUFFER = find_backend("multibuffer")
except UsageError as refusal:
    pytest.skip(str(refusal), allow_module_level=True)

P = 2**255 - 19
scalars = st.binary(min_size=32, max_size=32)
#: Anything; numbers close to those where arithmetic modulo P has its edges; and fractions of small numbers.
anything = st.binary(min_size=32, max_size=32)
close = st.builds(
    lambda middle, step: ((middle + step) % 2**256).to_bytes(32, "little"),
    st.sampled_from([0, P, 2 * P, P // 2, 2**255, *(2**i for i in range(8, 256, 4))]),
    st.integers(-2000, 2000),
)
fractions = st.builds(
    lambda numerator, denominator: (numerator * pow(denominator, -1, P) % P).to_bytes(32, "little"),
    st.integers(-200, 200),
    st.integers(1, 300),
)


@settings(max_examples=150, deadline=None)
@given(scalars, st.lists(st.one_of(anything, close, fractions), max_size=20))
@example(bytes(32), [(P - 1).to_bytes(32, "little")])
@example(b"\xff" * 32, [u.to_bytes(32, "little") for u in (P - 2, P - 1363, 2**93 - 1, 2**254 - 9)])
def test_every_point_has_the_product_that_the_default_gives(scalar: bytes, points: list[bytes]) -> None:
    joined = b"".join(points)
    assert MULTIBUFFER(scalar, joined) == multiply_by_cryptography(scalar, joined)
    by_default = try_multiply(scalar, joined)
    assert try_multiply(scalar, joined, MULTIBUFFER) == by_default
    assert isinstance(by_default, Fault) == (bytes(32) in [MULTIBUFFER(scalar, point) for point in points])


def test_two_engines_give_the_same_bytes_at_the_thresholds_as_shipped() -> None:
    points = hash_to_group([i.to_bytes(4, "big") for i in range(4_099)])
    with Engine(2, backend="multibuffer") as fast, Engine(1, backend="cryptography") as slow:
        assert fast.multiply(b"\7" * 32, points) == slow.multiply(b"\7" * 32, points)
