"""128 random oblivious transfers over edwards25519: what everything below the vector-OLE grows from.

The endemic OT of Masny and Rindal, "Endemic Oblivious Transfer" (CCS 2019, eprint 2019/706), the
one-round protocol from Diffie-Hellman, one for each bit c of the receiver:

    receiver  draws r[1-c], a uniform element, and b;  r[c] = b G - H(r[1-c])       sends r[0], r[1]
    sender    draws a, one for all 128;  A = a G;  key[j] = K(a (r[j] + H(r[1-j])))     sends A
    receiver  key[c] = K(b A)

Both r are uniform whatever c is, since b G is. H is a random oracle into the prime-order group, K is SHA-256
over context, position, both r, A and the product's u-coordinate. Neither message depends on the other, so the
receiver's may come first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from overlap.errors import MalformedFile
from overlap.group import (
    add_points,
    check_points,
    draw_point,
    hash_to_points,
    multiply,
    negate_point,
    read_points,
    u_coordinates,
    write_points,
)
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: Transfers of one run, the computational security parameter.
COUNT: Final = 128
OFFER_BYTES: Final = COUNT * 64
ANSWER_BYTES: Final = 32

_BASE_U: Final = (9).to_bytes(32, "little")


def make_offer(choices: int, random: RandomBytes, context: bytes) -> tuple[bytes, bytes]:
    """The receiver's secret (its 128 scalars, 32 bytes each) and its message of OFFER_BYTES: both r
    of each.

    Bit i of `choices`, a number below 2^128, is the choice of transfer i. `context` names the run: both sides
    give the same bytes.
    """
    tag = _tag(context)
    drawn = [draw_point(random) for _ in range(COUNT)]
    others = [draw_point(random)[1] for _ in range(COUNT)]
    hashes = hash_to_points(
        [_message(tag, i, 1 - (choices >> i & 1), others[i]) for i in range(COUNT)],
    )
    chosen = read_points(b"".join(point for _, point in drawn))
    masked = write_points(
        [add_points(point, negate_point(hashed)) for point, hashed in zip(chosen, hashes, strict=True)]
    )
    offer = bytearray()
    for i in range(COUNT):
        pair = (masked[32 * i : 32 * i + 32], others[i])
        offer += b"".join(reversed(pair) if choices >> i & 1 else pair)
    return b"".join(scalar for scalar, _ in drawn), bytes(offer)


def answer_offer(offer: bytes, random: RandomBytes, context: bytes) -> tuple[bytes, Blocks]:
    """The sender's message of ANSWER_BYTES and its keys, shape (128, 2, 2): transfer, choice, block.

    Raises MalformedFile when the offer has another length, InvalidElement when a value in it is no point of
    the curve, of low order, or cancels its hash.
    """
    if len(offer) != OFFER_BYTES:
        raise MalformedFile(
            f"the base transfers have {len(offer)} bytes, not {OFFER_BYTES}", "ask the peer to send it again"
        )
    tag = _tag(context)
    scalar, _ = draw_point(random)
    public = multiply(scalar, _BASE_U)
    encodings = [offer[32 * i : 32 * i + 32] for i in range(2 * COUNT)]
    hashes = hash_to_points([_message(tag, i // 2, i % 2, encodings[i]) for i in range(2 * COUNT)])
    # The neighbour of r[j], at i ^ 1, is r[1-j].
    sums = [add_points(point, hashes[i ^ 1]) for i, point in enumerate(read_points(offer))]
    products = multiply(scalar, u_coordinates(sums))
    keys = b"".join(
        _key(tag, i // 2, offer, public, products[32 * i : 32 * i + 32]) for i in range(2 * COUNT)
    )
    return public, read_blocks(keys).reshape(COUNT, 2, 2)


def receive_keys(scalars: bytes, offer: bytes, answer: bytes, context: bytes) -> Blocks:
    """The receiver's key of each transfer, shape (128, 2).

    Raises MalformedFile when the answer has another length, InvalidElement when it is no u-coordinate of the
    curve or of low order.
    """
    if len(answer) != ANSWER_BYTES:
        raise MalformedFile(
            f"the answer to the base transfers has {len(answer)} bytes, not {ANSWER_BYTES}",
            "ask the peer to send it again",
        )
    check_points(answer)
    tag = _tag(context)
    keys = b"".join(
        _key(tag, i, offer, answer, multiply(scalars[32 * i : 32 * i + 32], answer)) for i in range(COUNT)
    )
    return np.ascontiguousarray(read_blocks(keys))


def _tag(context: bytes) -> bytes:
    return hashlib.sha256(b"overlap vole 1 base transfers" + context).digest()


def _message(tag: bytes, index: int, position: int, encoding: bytes) -> bytes:
    """What is hashed to the group for r[position] of transfer `index`."""
    return tag + bytes([index, position]) + encoding


def _key(tag: bytes, index: int, offer: bytes, public: bytes, product: bytes) -> bytes:
    pair = offer[64 * index : 64 * index + 64]
    return hashlib.sha256(b"key" + tag + bytes([index]) + pair + public + product).digest()[:BLOCK_BYTES]
