"""The field GF(2^128) = GF(2)[x] / (x^128 + x^7 + x^2 + x + 1), many elements at once, and F2-linear maps.

Bit i of the 128-bit little-endian integer is the coefficient of x^i: the order of IEEE 1619 (XTS), where
byte 0 holds 1, x, ..., x^7 from its lowest bit on. GCM's GHASH (NIST SP 800-38D) is the same field with the
bits of each byte reversed. Addition is XOR. Nothing here runs in constant time: table lookups and branches
depend on the values, as in the whole engine, whose peer sees messages and no timings of single operations.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks, zero_blocks

BITS: Final = 128

#: x^128 = x^7 + x^2 + x + 1.
REDUCTION: Final = 0x87

#: Rows handled at a time: the working arrays of a chunk, 256 KiB each, stay in the cache of one core.
CHUNK_ROWS: Final = 1 << 14

#: One table of 256 blocks, as complex128 items, for each byte that is mapped.
Tables = list[npt.NDArray[np.complex128]]


def tabulate(images: Blocks) -> Tables:
    """The F2-linear map that sends bit i of its argument to `images[i]`, as one table of 256 blocks a byte.

    The number of images is a multiple of 8. Tables of 2^16 entries were slower: they miss the cache.
    """
    tables = np.zeros((len(images) // 8, 256, 2), dtype=np.uint64)
    for bit, image in enumerate(images):
        table, half = tables[bit >> 3], 1 << (bit & 7)
        np.bitwise_xor(table[:half], image, out=table[half : 2 * half])
    return list(tables.view(np.complex128).reshape(-1, 256))


def add_mapped(tables: Tables, arguments: npt.NDArray[np.uint8], blocks: Blocks) -> None:
    """XOR the images of `arguments`, shape (n, len(tables)), one argument a row, into `blocks` (n)."""
    scratch = zero_blocks(min(len(blocks), CHUNK_ROWS))
    for start in range(0, len(blocks), CHUNK_ROWS):
        chunk = blocks[start : start + CHUNK_ROWS]
        image = scratch[: len(chunk)]
        items = image.view(np.complex128).ravel()
        for place, table in enumerate(tables):
            # mode="wrap" writes to `items` without a buffer; a byte never exceeds the table.
            np.take(table, arguments[start : start + CHUNK_ROWS, place], out=items, mode="wrap")
            np.bitwise_xor(chunk, image, out=chunk)


def multiply_by(constant: bytes, blocks: Blocks) -> Blocks:
    """`constant` (16 bytes) times each of `blocks`."""
    image, images = int.from_bytes(constant, "little"), bytearray()
    for _ in range(BITS):
        images += image.to_bytes(BLOCK_BYTES, "little")
        image = double(image)
    product = zero_blocks(len(blocks))
    add_mapped(tabulate(read_blocks(images)), np.ascontiguousarray(blocks).view(np.uint8), product)
    return product


def multiply(left: Blocks, right: Blocks) -> Blocks:
    """The products of `left` and `right`, element by element (both n, or one of them 1).

    By shift and add, two microseconds an element: for few. `multiply_by` is for one constant and many.
    """
    low, high = left[:, 0].copy(), left[:, 1].copy()
    product = zero_blocks(np.broadcast_shapes(left.shape, right.shape)[0])
    one, top, reduction = np.uint64(1), np.uint64(63), np.uint64(REDUCTION)
    for bit in range(BITS):
        chosen = -((right[:, bit >> 6] >> np.uint64(bit & 63)) & one)
        product[:, 0] ^= low & chosen
        product[:, 1] ^= high & chosen
        carry = high >> top
        high = (high << one) | (low >> top)
        low = (low << one) ^ (carry * reduction)
    return product


def evaluate(point: bytes, coefficients: Blocks) -> Blocks:
    """The polynomial with these coefficients, lowest first, at `point` (16 bytes): 1 block.

    Halves fold onto each other (f = f_low + z^half f_high), so n coefficients cost n multiplications.
    """
    folded = np.ascontiguousarray(coefficients)
    while len(folded) > 1:
        half = (len(folded) + 1) // 2
        upper = multiply_by(power(point, half), folded[half:])
        folded = folded[:half].copy()
        folded[: len(upper)] ^= upper
    return folded if len(folded) else zero_blocks(1)


def double(value: int) -> int:
    """x times the element `value`."""
    value <<= 1
    return value if value >> BITS == 0 else value ^ (1 << BITS | REDUCTION)


def product_of(left: int, right: int) -> int:
    """`left` times `right`: the specification of the functions above, one element at a time."""
    total = 0
    while right:
        if right & 1:
            total ^= left
        left, right = double(left), right >> 1
    return total


def power(base: bytes, exponent: int) -> bytes:
    """`base` (16 bytes) to the `exponent`, at least 0; anything to the 0 is 1."""
    result, square = 1, int.from_bytes(base, "little")
    while exponent:
        if exponent & 1:
            result = product_of(result, square)
        square, exponent = product_of(square, square), exponent >> 1
    return result.to_bytes(BLOCK_BYTES, "little")


def inverse(value: bytes) -> bytes:
    """The inverse of an element that is not 0 (ValueError): its power 2^128 - 2."""
    if not any(value):
        raise ValueError("0 has no inverse")
    return power(value, (1 << BITS) - 2)
