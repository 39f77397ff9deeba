"""Plain specifications of what the vector-OLE is made of, over Python integers: slow, short and
independent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole import code

Blocks = npt.NDArray[np.uint64]
REDUCTION = 1 << 128 | 0x87


def drawn(label: str) -> Callable[[int], bytes]:
    """Bytes that depend on a label and on how many calls came before: SHAKE-256."""
    count = 0

    def draw(length: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{label} {count}".encode()).digest(length)

    return draw


def drawn_blocks(label: str, *shape: int) -> Blocks:
    """Blocks drawn from a label, an array of shape (*shape, 2)."""
    count = int(np.prod(shape))
    text = hashlib.shake_256(f"blocks {label}".encode()).digest(16 * count)
    return np.frombuffer(text, dtype="<u8").reshape(*shape, 2).copy()


def numbers(blocks: Blocks) -> list[int]:
    """Each block as the little-endian number that it is."""
    text = blocks.tobytes()
    return [int.from_bytes(text[i : i + 16], "little") for i in range(0, len(text), 16)]


def product(one: int, two: int) -> int:
    """In GF(2^128) modulo x^128 + x^7 + x^2 + x + 1."""
    total = 0
    for bit in range(128):
        total ^= one << bit if two >> bit & 1 else 0
    for bit in range(254, 127, -1):
        total ^= REDUCTION << (bit - 128) if total >> bit & 1 else 0
    return total


def aes(key: bytes, block: bytes) -> bytes:
    """AES-128 of one block (FIPS 197, section 5.1)."""
    words = [list(key[i : i + 4]) for i in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = list(words[-1])
        if i % 4 == 0:
            word = [SBOX[value] for value in word[1:] + word[:1]]
            word[0] ^= constant
            constant = times_two(constant)
        words.append([x ^ y for x, y in zip(words[i - 4], word, strict=True)])
    keys = [[byte for word in words[4 * i : 4 * i + 4] for byte in word] for i in range(11)]
    state = [x ^ y for x, y in zip(block, keys[0], strict=True)]
    for number in range(1, 11):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if number < 10:
            state = [byte for i in range(0, 16, 4) for byte in mix(state[i : i + 4])]
        state = [x ^ y for x, y in zip(state, keys[number], strict=True)]
    return bytes(state)


def mix(column: Sequence[int]) -> list[int]:
    whole = column[0] ^ column[1] ^ column[2] ^ column[3]
    return [column[i] ^ whole ^ times_two(column[i] ^ column[(i + 1) % 4]) for i in range(4)]


def times_two(value: int) -> int:
    return (value << 1 ^ 0x11B) if value & 0x80 else value << 1


def substitution() -> list[int]:
    """The S-box: inversion in GF(2^8), then the affine map (FIPS 197, section 5.1.1)."""
    powers = [1]
    for _ in range(254):
        powers.append(powers[-1] ^ times_two(powers[-1]))
    inverse = {0: 0} | {powers[i]: powers[-i % 255] for i in range(255)}
    box = []
    for value in range(256):
        doubled = inverse[value] * 0x101
        box.append((doubled ^ doubled >> 4 ^ doubled >> 5 ^ doubled >> 6 ^ doubled >> 7 ^ 0x63) & 0xFF)
    return box


SBOX = substitution()


def tmmo(key: bytes, block: bytes, tweak: int) -> bytes:
    """TMMO(x, i) = pi(pi(x) + i) + pi(x), eprint 2019/074, section 7.4."""
    inner = aes(key, block)
    moved = (int.from_bytes(inner, "little") ^ tweak).to_bytes(16, "little")
    return bytes(x ^ y for x, y in zip(aes(key, moved), inner, strict=True))


def columns_of(tap: int, count: int, parity: int) -> list[int]:
    """The column of entry `tap` of B in the first `count` rows, one number at a time."""
    start, width = code.column_range(tap, parity)
    return [start + (word * width >> 32) for word in code.position_words(tap, count).tolist()]
