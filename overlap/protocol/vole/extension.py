"""From 128 base transfers to many transfers and to a short vector-OLE, all under one secret D.

SoftSpokenOT (Roy, "SoftSpokenOT: Quieter OT Extension from Small-Field Silent VOLE", CRYPTO 2022, eprint
2022/192) with groups of k = 4 bits; with k = 1 it would be IKNP. D is 128
secret bits of the sender, which are its choices in the base transfers; D also is the field element
sum D_i X^i of GF(2^128).

For each group of bits 4g..4g+3 the receiver has a small tree of 16 leaf seeds of which the sender, by four
base transfers, knows all but number d = the four bits as a number. Each seed x is expanded to r_x, a long
string. The receiver forms, and sends as `correction` together with its own string y,

    u = sum of all r_x,   correction = u + y,   w_i = sum of those r_x with bit i of x set      (i = 0..3)

and the sender forms v_i = sum of those r_x with bit i of x + d set, plus D_i correction. The seed that it
lacks has x + d = 0 and is never needed. If D_i = 0, bit i of x + d is that of x, so v_i = w_i. If D_i = 1 it
is the opposite, so v_i = u + w_i + u + y = w_i + y. In both cases

    v_i = w_i + D_i y     for each of the 128 bits, with the same y.

The string y is made of two parts. Its first part are choice bits c_j: across the 128 strings, v = w + c_j D
for each j, whose hashes are random transfers: keys H(v), H(v + D), of which the receiver knows H(w), number
c_j. Its second part are field elements e_j: multiplying string i by X^i and adding up gives v = w + D e_j, a
vector-OLE (the noisy one of RR22, eprint 2022/320, which is Gilboa's product with D's bits).

The receiver learns nothing of D, the sender nothing of y but what the missing seeds' strings mask. A last
block of y is random and serves `consistency`, which shows that there is one y: without that a receiver which
sends other corrections would learn D. `pprf_check` shows that the small trees are trees, so that the strings
which a receiver can be said to have sent do not depend on D."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.errors import ForgedFile, MalformedFile
from overlap.protocol.vole import base_ot, pprf, pprf_check
from overlap.protocol.vole.aes import expand_bytes, tmmo
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks
from overlap.protocol.vole.consistency import ALTERED, CHECK_BYTES, MASK_BYTES, make_check, verify_check

#: Bits of D in a group, k. Twice as many would halve the message and multiply the work by eight.
GROUP_BITS: Final = 4
_GROUPS: Final = base_ot.COUNT // GROUP_BITS
_LEAVES: Final = 1 << GROUP_BITS
#: Numbers of the small trees: above those of the large trees, so that no tweak is shared.
_FIRST_TREE: Final = 1 << 30
#: Tweaks of the transfers' hashes: above those of all trees.
_FIRST_TWEAK: Final = 1 << 63
_SUM_BYTES: Final = pprf.message_bytes(_GROUPS, _LEAVES)
#: The masked sums of the small trees, and the proof of their leaves.
_TREE_BYTES: Final = _SUM_BYTES + pprf_check.proof_bytes(_GROUPS)

Bits = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """What the receiver has: `keys` (n, 2), one of each transfer, and `shares` w (t, 2) of the vector-OLE."""

    message: bytes
    keys: Blocks
    shares: Blocks


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """What the sender has: `keys` (n, 2, 2), both of each transfer, and `shares` v = w + D e (t, 2)."""

    keys: Blocks
    shares: Blocks


def message_bytes(transfers: int, elements: int) -> int:
    """The bytes of the receiver's message."""
    return _TREE_BYTES + _GROUPS * _row_bytes(transfers, elements) + CHECK_BYTES


def base_choices(delta: int) -> int:
    """The sender's choices in the base transfers, as `base_ot.make_offer` takes them."""
    digits = np.array([delta >> GROUP_BITS * g & _LEAVES - 1 for g in range(_GROUPS)], dtype=np.int64)
    bits = pprf.choice_bits(digits, _LEAVES).ravel()
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def receive(choices: Bits, elements: Blocks, roots: Blocks, keys: Blocks, context: bytes) -> Received:
    """Choose one key by each of `choices`, (n,), and share D times each of `elements`, (t, 2).

    `roots`, (33, 2), are fresh and secret: one for each tree, and the mask; `keys`, (128, 2, 2), are those of
    the sender in the base transfers, whose receiver is the sender here. `context` names the run.
    """
    leaves, tree_message = pprf.grow(np.ascontiguousarray(roots[:_GROUPS]), _LEAVES, _FIRST_TREE)
    tree_message ^= keys.reshape(_GROUPS, GROUP_BITS, 2, 2)
    wish = np.frombuffer(_pack(choices) + elements.tobytes() + roots[_GROUPS:].tobytes(), dtype=np.uint8)
    corrections, sums = [], []
    for g in range(_GROUPS):
        strings = _strings(leaves[:, g], len(wish))
        corrections.append(np.bitwise_xor.reduce(strings, axis=0) ^ wish)
        sums += [np.bitwise_xor.reduce(strings[_with_bit(i, 0)], axis=0) for i in range(GROUP_BITS)]
    rows = np.stack(sums)
    columns, shares = _split(rows, len(choices))
    trees = tree_message.tobytes() + pprf_check.prove(leaves, _FIRST_TREE)
    message = trees + b"".join(row.tobytes() for row in corrections)
    return Received(
        message + make_check(rows, wish, context, message),
        tmmo(columns, _tweaks(len(choices))),
        shares,
    )


def send(delta: int, message: bytes, transfers: int, elements: int, keys: Blocks, context: bytes) -> Sent:
    """Both keys of each transfer and the shares of D times the receiver's elements.

    `keys`, (128, 2), are those of the receiver in the base transfers. Raises MalformedFile when the message
    has another length, ForgedFile when it is not that of trees and of one string y. `context` names the run.
    """
    length = _row_bytes(transfers, elements)
    if len(message) != message_bytes(transfers, elements):
        raise MalformedFile(
            f"the request has {len(message)} bytes, not {message_bytes(transfers, elements)}",
            "ask the peer to send it again",
        )
    digits = np.array([delta >> GROUP_BITS * g & _LEAVES - 1 for g in range(_GROUPS)], dtype=np.int64)
    tree_message = read_blocks(message[:_SUM_BYTES]).reshape(_GROUPS, GROUP_BITS, 2, 2)
    tree_keys = keys.reshape(_GROUPS, GROUP_BITS, 2)
    leaves = pprf.grow_punctured(digits, _LEAVES, _FIRST_TREE, tree_keys, tree_message)
    if not pprf_check.is_proven(leaves, digits, _FIRST_TREE, message[_SUM_BYTES:_TREE_BYTES]):
        raise ForgedFile(
            "the request was not made as the protocol says: its trees do not fit together",
            ALTERED,
        )
    message, check = message[:-CHECK_BYTES], message[-CHECK_BYTES:]
    corrections = np.frombuffer(message, dtype=np.uint8, offset=_TREE_BYTES).reshape(_GROUPS, length)
    every = []
    for g, digit in enumerate(digits.tolist()):
        strings = _strings(leaves[:, g], length)
        for i in range(GROUP_BITS):
            row = np.bitwise_xor.reduce(strings[_with_bit(i, digit)], axis=0)
            every.append(row ^ corrections[g] if digit >> i & 1 else row)
    rows = np.stack(every)
    secret = np.frombuffer(delta.to_bytes(BLOCK_BYTES, "little"), dtype="<u8")
    verify_check(rows, np.unpackbits(secret.view(np.uint8), bitorder="little"), context, message, check)
    columns, shares = _split(rows, transfers)
    tweaks = _tweaks(transfers)
    both = np.stack([tmmo(columns, tweaks), tmmo(columns ^ secret, tweaks)], axis=1)
    return Sent(both, shares)


def _row_bytes(transfers: int, elements: int) -> int:
    return -(-transfers // 8) + elements * BLOCK_BYTES + MASK_BYTES


def _pack(bits: Bits) -> bytes:
    return np.packbits(bits, bitorder="little").tobytes()


def _tweaks(count: int) -> npt.NDArray[np.uint64]:
    return np.uint64(_FIRST_TWEAK) + np.arange(count, dtype=np.uint64)


def _with_bit(bit: int, digit: int) -> npt.NDArray[np.int64]:
    """The leaf numbers whose sum with `digit` has this bit set."""
    numbers = np.arange(_LEAVES)
    return np.flatnonzero((numbers ^ digit) >> bit & 1)


def _strings(seeds: Blocks, length: int) -> Rows:
    """Each seed's string, shape (16, length)."""
    text = b"".join(expand_bytes(seed.tobytes(), length) for seed in seeds)
    return np.frombuffer(text, dtype=np.uint8).reshape(len(seeds), length)


def _split(rows: Rows, transfers: int) -> tuple[Blocks, Blocks]:
    """The 128 strings as `transfers` columns of 128 bits, and as sums over i of X^i times string i."""
    start = -(-transfers // 8)
    bits = np.unpackbits(rows[:, :start], axis=1, count=transfers, bitorder="little")
    columns = np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little")
    elements = np.ascontiguousarray(rows[:, start:-MASK_BYTES]).view("<u8").reshape(len(rows), -1, 2)
    shares = elements[-1].copy()
    for row in elements[-2::-1]:
        shares = _times_x(shares) ^ row
    return columns.view("<u8"), shares


def _times_x(blocks: Blocks) -> Blocks:
    """X times each block modulo X^128 + X^7 + X^2 + X + 1, where the lowest bit of a block is that of X^0."""
    high = blocks >> np.uint64(63)
    product = blocks << np.uint64(1)
    product[:, 1] ^= high[:, 0]
    product[:, 0] ^= high[:, 1] * np.uint64(0x87)
    return product
