"""The bytes that are matched: the kind stands inside them, so that no two kinds can meet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

#: Bytes of a length; the same as in `overlap.canonical.digest`.
LENGTH: Final = 8

#: Lengths of values whose encoding is kept, so that a list of many costs one addition each.
_SHORT: Final = 256


def encode_identifier(kind: str, value: str, cell: str = "") -> bytes:
    """Kind and value in UTF-8, each after its length of 8 bytes, big-endian.

    Where only some populations may meet, the label of the cell stands behind them in the same form, so that
    equal identifiers of two cells have different bytes.
    """
    plain = _prefixed_kind(kind) + prefixed(value.encode())
    return plain + prefixed(cell.encode()) if cell else plain


def encode_identifiers(kind: str, values: Iterable[str]) -> list[bytes]:
    """`encode_identifier` of many values of one kind."""
    heads = _heads(kind)
    return [
        heads[len(value)] + value if len(value) < _SHORT else heads[0][:-LENGTH] + prefixed(value)
        for value in map(str.encode, values)
    ]


def decode_identifier(encoded: bytes) -> tuple[str, str]:
    """The inverse of `encode_identifier`; ValueError for anything it does not write."""
    kind, rest = split_prefixed(encoded)
    value, rest = split_prefixed(rest)
    if rest:
        raise ValueError("bytes after the value")
    return kind.decode(), value.decode()


@lru_cache(maxsize=32)
def _heads(kind: str) -> list[bytes]:
    """What stands before a value of this kind, by the length of the value, as far as lengths are short."""
    return [_prefixed_kind(kind) + size.to_bytes(LENGTH, "big") for size in range(_SHORT)]


@lru_cache(maxsize=32)
def _prefixed_kind(kind: str) -> bytes:
    return prefixed(kind.encode())


def prefixed(part: bytes) -> bytes:
    """`part` after its length."""
    return len(part).to_bytes(LENGTH, "big") + part


def split_prefixed(data: bytes) -> tuple[bytes, bytes]:
    """The first length-prefixed part and what follows it; ValueError when `data` is too short."""
    end = LENGTH + int.from_bytes(data[:LENGTH], "big")
    if len(data) < LENGTH or len(data) < end:
        raise ValueError("shorter than its length says")
    return data[LENGTH:end], data[end:]
