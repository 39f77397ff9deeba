"""The part of JSON Schema (2020-12) that docs/schema uses; any other keyword is an error, not a pass."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None),
}  # fmt: skip
_NOTES = {"$schema", "$id", "title", "description"}


def violations(schema: dict[str, Any], value: Any, place: str = "$") -> list[str]:
    """Every place where `value` is not what the schema describes."""
    found = _type(schema, schema["type"], value, place) if "type" in schema else []
    if found:
        return found  # The other keywords are about values of that type.
    for keyword, wanted in schema.items():
        if keyword not in _NOTES:
            found += _CHECKS[keyword](schema, wanted, value, place)
    return found


def _type(_schema: Any, wanted: str, value: Any, place: str) -> list[str]:
    good = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    return [] if good else [f"{place} is no {wanted}"]


def _any_of(_schema: Any, wanted: list[dict[str, Any]], value: Any, place: str) -> list[str]:
    return [] if any(not violations(one, value) for one in wanted) else [f"{place} fits none of anyOf"]


def _properties(_schema: Any, wanted: dict[str, Any], value: Any, place: str) -> list[str]:
    named = {**value} if isinstance(value, dict) else {}
    return [
        line
        for name, one in wanted.items()
        if name in named
        for line in violations(one, named[name], f"{place}.{name}")
    ]


def _additional(schema: dict[str, Any], _wanted: bool, value: Any, place: str) -> list[str]:
    return [f"{place}.{name} is not described" for name in {*value} - {*schema["properties"]}]


def _items(_schema: Any, wanted: dict[str, Any], value: Any, place: str) -> list[str]:
    return [line for at, item in enumerate(value) for line in violations(wanted, item, f"{place}[{at}]")]


def _holds(test: Any) -> Any:
    def check(_schema: Any, wanted: Any, value: Any, place: str) -> list[str]:
        return [] if test(wanted, value) else [f"{place} is not {wanted}"]

    return check


_CHECKS: dict[str, Any] = {
    "type": _type,
    "anyOf": _any_of,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    "required": _holds(lambda wanted, value: {*wanted} <= {*value}),
    "enum": _holds(lambda wanted, value: value in wanted),
    "const": _holds(lambda wanted, value: value == wanted),
    "pattern": _holds(lambda wanted, value: re.search(wanted, value) is not None),
    "minimum": _holds(lambda wanted, value: value >= wanted),
    "maximum": _holds(lambda wanted, value: value <= wanted),
    "minLength": _holds(lambda wanted, value: len(value) >= wanted),
    "maxLength": _holds(lambda wanted, value: len(value) <= wanted),
    "maxItems": _holds(lambda wanted, value: len(value) <= wanted),
    "minItems": _holds(lambda wanted, value: len(value) >= wanted),
    "uniqueItems": _holds(lambda _, value: len({repr(item) for item in value}) == len(value)),
}
