"""The check that the receiver of the extension used one string y for all 128 bits of D.

Without it a receiver that sends another correction to each group learns all of D from one run: whether a
transfer still fits tells the group's bits, and the list tags tell whether it fits. The check is that of
SoftSpokenOT (Roy, CRYPTO 2022, eprint 2022/192) against a receiver that does not keep to the protocol: it
folds each string along, and does not add up transfers as older checks do. The point is a hash of the message,
so the check costs no message of its own.

A fold F maps a string of blocks x_1..x_n and a last, random block m to m + x_1 X + ... + x_n X^n in
GF(2^128), at a point X that is hashed from all that the receiver sent before. v_i = w_i + D_i y gives
F(v_i) = F(w_i) + D_i F(y) for each bit i. The receiver sends F(y) and a hash of all F(w_i); the sender
compares the hash of all F(v_i) + D_i F(y).

Who sends other strings than y to some groups must guess the bits of D in these groups beforehand: a wrong
guess ends the run, and a run has a D of its own. The block m, random in y, hides the rest of y in F(y). Two
different strings have the same fold at n of the 2^128 points at most.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.errors import ForgedFile
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks, zero_blocks
from overlap.protocol.vole.field import multiply_by, power

MASK_BYTES: Final = BLOCK_BYTES
#: F(y), and SHA-256 over all F(w_i).
CHECK_BYTES: Final = BLOCK_BYTES + 32

#: The hint of every check that fails.
ALTERED: Final = (
    "the peer's software is altered or faulty; do not repeat the run before the peer has replaced it"
)

Rows = npt.NDArray[np.uint8]


def make_check(rows: Rows, wish: Rows, context: bytes, message: bytes) -> bytes:
    """The receiver's CHECK_BYTES behind `message`: its `rows` w, shape (128, length), its string y (length).

    The last MASK_BYTES of each are the mask. `context` names the run.
    """
    folded = fold(np.concatenate([rows, wish[None]]), _point(context, message))
    opened: bytes = folded[-1].tobytes()
    return opened + _digest(folded[:-1])


def verify_check(rows: Rows, bits: Rows, context: bytes, message: bytes, check: bytes) -> None:
    """Return when the sender's `rows` v, (128, length), fit its `bits` of D, (128,); else ForgedFile."""
    folded = fold(rows, _point(context, message))
    folded ^= read_blocks(check[:BLOCK_BYTES]) * bits[:, None].astype(np.uint64)
    if not hmac.compare_digest(_digest(folded), check[BLOCK_BYTES:]):
        raise ForgedFile(
            "the request was not made as the protocol says: its transfers do not fit together",
            ALTERED,
        )


def fold(rows: Rows, point: bytes) -> Blocks:
    """F of each row, (n, 2), at `point` (16 bytes). Rows are filled up with zeros to whole blocks."""
    count, length = rows.shape
    body = length - MASK_BYTES
    blocks = max(1, -(-body // BLOCK_BYTES))
    padded = np.zeros((count, blocks * BLOCK_BYTES), dtype=np.uint8)
    padded[:, :body] = rows[:, :body]
    terms = padded.view("<u8").reshape(count, blocks, 2)
    # Upper parts fold onto lower ones, as in `field.evaluate`, for all rows at once. The lower part is as
    # long as a power of two, so that the powers of the point are squares, each of the one before.
    squares = [point]
    while 1 << len(squares) < blocks:
        squares.append(power(squares[-1], 2))
    while terms.shape[1] > 1:
        half = 1 << (terms.shape[1] - 1).bit_length() - 1
        upper = multiply_by(squares[half.bit_length() - 1], terms[:, half:].reshape(-1, 2))
        terms = terms[:, :half].copy()
        terms[:, : len(upper) // count] ^= upper.reshape(count, -1, 2)
    folded = zero_blocks(count)
    folded ^= multiply_by(point, np.ascontiguousarray(terms[:, 0]))
    folded ^= np.ascontiguousarray(rows[:, body:]).view("<u8")
    return folded


def _point(context: bytes, message: bytes) -> bytes:
    start = b"overlap vole 1 consistency" + len(context).to_bytes(8, "big") + context
    return hashlib.sha256(start + message).digest()[:BLOCK_BYTES]


def _digest(folded: Blocks) -> bytes:
    return hashlib.sha256(b"overlap vole 1 folds" + folded.tobytes()).digest()
