"""Canonical JSON: what is written, and that nothing else is written or read."""

from __future__ import annotations

from typing import Any

import pytest

from overlap import canonical
from overlap.errors import MalformedFile


def test_keys_are_sorted_and_text_is_utf8_without_white_space() -> None:
    value = {"b": [1, True, None, "ü"], "a": {"y": (), "x": -2}}
    assert canonical.encode(value) == '{"a":{"x":-2,"y":[]},"b":[1,true,null,"ü"]}'.encode()
    assert canonical.decode(canonical.encode(value), "it") == {**value, "a": {"y": [], "x": -2}}


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), [1, 2.5], ({"a": [0.0]},), {"a": {"b": 1e9}}, {1: "a"}, {"a": [{None: 1}]}]
)
def test_floats_and_other_keys_than_strings_are_not_written(value: Any) -> None:
    with pytest.raises(ValueError, match=r"floats have no canonical form|keys are strings"):
        canonical.encode(value)


@pytest.mark.parametrize("odd", [(1.5,), [[2.5]], ({"a": 0.5},), ({3: "a"},)])
def test_a_float_in_one_row_of_a_long_table_is_not_written(odd: Any) -> None:
    with pytest.raises(ValueError, match=r"floats have no canonical form|keys are strings"):
        canonical.encode({"held": [*[("a", "b")] * 5_000, odd]})


def test_a_value_that_holds_itself_is_not_written() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(ValueError, match="Circular"):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"1.0",
        b"[1e3]",
        b"NaN",
        b"-Infinity",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b"[1, 2]",
        b"[1]\n",
        b'"\\u00fc"',
        b'"\xff"',
        b"[" * 100_000,
    ],
)
def test_anything_but_the_canonical_bytes_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFile):
        canonical.decode(data, "it")
