"""Bulk AES-128: a fixed public permutation, the hash made of it, and streams from a secret seed.

The hash is TMMO(x, i) = pi(pi(x) ^ i) ^ pi(x) of Guo, Katz, Wang and Yu, "Efficient and Secure Multiparty
Computation from Fixed-Key Block Ciphers" (eprint 2019/074, section 7.4): tweakable circular correlation
robust when pi is an ideal permutation. Bare pi is never used as a hash. pi is AES-128 under a public key
drawn from a name, so that nobody chose it. Distinct tweaks keep the loss at one target for each hash, not one
for each value hashed in the run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB

from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks

if TYPE_CHECKING:
    import numpy.typing as npt

    from overlap.keys import RandomBytes

SEED_BYTES: Final = 16
#: The public key of the permutation pi.
FIXED_KEY: Final = hashlib.sha256(b"overlap vole 1 fixed permutation").digest()[:SEED_BYTES]


def permute(blocks: Blocks, key: bytes = FIXED_KEY) -> Blocks:
    """pi of each block, in a new array of the same shape; `blocks` is C-contiguous with blocks last.

    `key` is another public key, for a permutation of its own.
    """
    # The library wants one block less one byte of room behind the output.
    out = np.empty((blocks.size // 2 + 1, 2), dtype=np.uint64)
    source, target = (array.reshape(-1).view(np.uint8).data for array in (blocks, out))
    # Electronic codebook is bulk pi, block by block: what fixed-key hashing is made of. Nothing is encrypted.
    Cipher(AES(key), ECB()).encryptor().update_into(source, target)  # noqa: S305
    return out[:-1].reshape(blocks.shape)


def tmmo(blocks: Blocks, tweaks: npt.NDArray[np.uint64]) -> Blocks:
    """TMMO of each block. `tweaks` is one number for each, the low half of the tweak whose high half is 0."""
    inner = permute(blocks)
    outer = inner.copy()
    outer[..., 0] ^= tweaks
    outer = permute(outer)
    outer ^= inner
    return outer


def expand(seed: bytes, count: int, start: int = 0) -> Blocks:
    """Blocks `start` to `start + count` of the keystream of AES-128-CTR under the 16-byte `seed`.

    The counter is a 128-bit big-endian number that begins at zero (NIST SP 800-38A, section 6.5). Read-only.
    """
    return np.frombuffer(expand_bytes(seed, count * BLOCK_BYTES, start), dtype="<u8").reshape(-1, 2)


def expand_bytes(seed: bytes, length: int, start: int = 0) -> bytes:
    """As `expand`, in bytes: `length` of them from block `start` on."""
    if len(seed) != SEED_BYTES or length < 0:
        raise ValueError("a seed has 16 bytes, and a length is not negative")
    encryptor = Cipher(AES(seed), CTR(start.to_bytes(BLOCK_BYTES, "big"))).encryptor()
    return encryptor.update(bytes(length))


def derive_seed(secret: bytes, purpose: str) -> bytes:
    """A 16-byte seed for one purpose: SHA-256 over both, cut short."""
    label = purpose.encode("ascii")
    return hashlib.sha256(b"overlap vole 1 seed" + bytes([len(label)]) + label + secret).digest()[:SEED_BYTES]


def stream(seed: bytes) -> RandomBytes:
    """A source of random bytes that gives the keystream under `seed` piece by piece."""
    encryptor = Cipher(AES(seed), CTR(bytes(BLOCK_BYTES))).encryptor()
    return lambda length: encryptor.update(bytes(length))
