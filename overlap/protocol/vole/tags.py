"""Hashes of the vector-OLE protocol over whole lists: identifiers to blocks, blocks to tags.

A tag is TMMO(K, h) = pi(pi(K) ^ h) ^ pi(K) (`overlap.protocol.vole.aes`), cut to its size: K is what the OPRF
gave for an identifier, h its block, and pi AES-128 under a public key that is drawn from contract, run, the
key w that both sides drew together (`hash_key`) and what the tag is for, so that no tag of one use says
anything about one of another, and none can be computed before w is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np

from overlap import canonical
from overlap.protocol.columns import Pieces
from overlap.protocol.contract import Contract
from overlap.protocol.vole.aes import permute
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks

_KEY_BYTES: Final = 16


def hash_identifiers(contract: Contract, run: bytes, identifiers: Iterable[bytes]) -> Blocks:
    """h of each encoded identifier: BLAKE2b with 16 bytes of output, whose salt and personalization (eprint
    2013/322, section 2.5; 16 bytes each) are a digest of contract and run."""
    name = canonical.digest(b"overlap-vole-identifier/1", contract.digest, run)
    # A copy takes half the time of a new object, which reads all its parameters again.
    copy = hashlib.blake2b(digest_size=BLOCK_BYTES, salt=name[:16], person=name[16:]).copy
    hashed: list[bytes] = []
    for identifier in identifiers:
        state = copy()
        state.update(identifier)
        hashed.append(state.digest())
    return read_blocks(b"".join(hashed))


def are_distinct(blocks: Blocks) -> bool:
    """Whether no block is repeated."""
    halves = np.sort(blocks[:, 0])
    return not (halves[1:] == halves[:-1]).any() or len(np.unique(blocks, axis=0)) == len(blocks)


def purpose_key(contract: Contract, run: bytes, drawn: bytes, purpose: str) -> bytes:
    """The public key of pi for one purpose in one run whose hash key w is `drawn`."""
    seen = (contract.digest, run, drawn, purpose.encode())
    return canonical.digest(b"overlap-vole-tag/1", *seen)[:_KEY_BYTES]


def hash_pairs(key: bytes, inputs: Blocks, hashed: Blocks) -> Blocks:
    """TMMO of each input under its tweak in `hashed`, 16 bytes each."""
    inner = permute(np.ascontiguousarray(inputs), key)
    outer = permute(inner ^ hashed, key)
    outer ^= inner
    return outer


def cut_tags(blocks: Blocks, size: int) -> Pieces:
    """The first `size` bytes of each block."""
    return blocks.view(np.uint8).reshape(-1, BLOCK_BYTES)[:, :size]
