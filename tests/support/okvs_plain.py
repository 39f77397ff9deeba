"""The field and the store again, one element at a time and without numpy: what the fast code must equal."""

from __future__ import annotations


def times(left: int, right: int) -> int:
    """The product in GF(2^128): carry-less product, then x^128 = x^7 + x^2 + x + 1 from the top down."""
    product = 0
    for bit in range(128):
        if right >> bit & 1:
            product ^= left << bit
    for bit in range(254, 127, -1):
        if product >> bit & 1:
            product ^= (1 << 128 | 0x87) << bit - 128
    return product


def row_of(key: bytes, sparse: int, dense: int = 48) -> list[int]:
    """The columns that the row of this 16-byte key holds."""
    words = [int.from_bytes(key[at : at + 4], "little") for at in range(0, 16, 4)]
    chosen: list[int] = []
    for place, word in enumerate(words[1:]):
        column = word * (sparse - place) >> 32
        for earlier in sorted(chosen):
            column += column >= earlier
        chosen.append(column)
    bits = int.from_bytes(key[:6], "little")
    return chosen + [sparse + bit for bit in range(dense) if bits >> bit & 1]


def read(store: bytes, columns: list[int]) -> bytes:
    value = 0
    for column in columns:
        value ^= int.from_bytes(store[16 * column : 16 * column + 16], "little")
    return value.to_bytes(16, "little")
