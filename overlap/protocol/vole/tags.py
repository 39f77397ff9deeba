"""Hashes of the vector-OLE protocol over whole lists: identifiers to blocks, blocks to tags, sorted tags.

A tag is TMMO(K, h) = pi(pi(K) ^ h) ^ pi(K) (`overlap.protocol.vole.aes`), cut to its size: K is what the OPRF
gave for an identifier, h its block, and pi AES-128 under a public key that is drawn from contract, run and
what the tag is for, so that no tag of one use says anything about one of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap import canonical
from overlap.protocol.contract import Contract
from overlap.protocol.vole.aes import permute
from overlap.protocol.vole.blocks import BLOCK_BYTES, Blocks, read_blocks

#: Many tags of one size: shape (n, size), uint8.
Tags = npt.NDArray[np.uint8]

_KEY_BYTES: Final = 16


def hash_identifiers(contract: Contract, run: bytes, identifiers: Iterable[bytes]) -> Blocks:
    """h of each encoded identifier: BLAKE2b with 16 bytes of output, over a digest of contract and run (16
    bytes), then the identifier."""
    start = canonical.digest(b"overlap-vole-identifier/1", contract.digest, run)
    hashed = [hashlib.blake2b(start + each, digest_size=BLOCK_BYTES).digest() for each in identifiers]
    return read_blocks(b"".join(hashed))


def are_distinct(blocks: Blocks) -> bool:
    """Whether no block is repeated."""
    halves = np.sort(blocks[:, 0])
    return not (halves[1:] == halves[:-1]).any() or len(np.unique(blocks, axis=0)) == len(blocks)


def purpose_key(contract: Contract, run: bytes, purpose: str) -> bytes:
    """The public key of pi for one purpose in one run."""
    return canonical.digest(b"overlap-vole-tag/1", contract.digest, run, purpose.encode())[:_KEY_BYTES]


def hash_pairs(key: bytes, inputs: Blocks, hashed: Blocks) -> Blocks:
    """TMMO of each input under its tweak in `hashed`, 16 bytes each."""
    inner = permute(np.ascontiguousarray(inputs), key)
    outer = permute(inner ^ hashed, key)
    outer ^= inner
    return outer


def cut_tags(blocks: Blocks, size: int) -> Tags:
    """The first `size` bytes of each block."""
    return blocks.view(np.uint8).reshape(-1, BLOCK_BYTES)[:, :size]


def read_tags(data: bytes, size: int) -> Tags:
    """Tags that lie behind each other."""
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, size)


def sort_tags(tags: Tags) -> Tags:
    """The tags in ascending order, as bytes are compared."""
    head = _heads(tags)
    order = np.argsort(head)
    ordered = head[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.lexsort(tags.T[::-1])
    return np.ascontiguousarray(tags[order])


def are_ascending(tags: Tags) -> bool:
    """Whether the tags are distinct and sorted."""
    head = _heads(tags)
    if (head[1:] < head[:-1]).any():
        return False
    ties = np.flatnonzero(head[1:] == head[:-1])
    return all(tags[at].tobytes() < tags[at + 1].tobytes() for at in ties)


def find_tags(ours: Tags, theirs: Tags) -> npt.NDArray[np.int64]:
    """The ascending positions of our tags that are among theirs, which are sorted."""
    mine, others = _heads(ours), _heads(theirs)
    order = np.argsort(mine)
    at = np.searchsorted(others, mine[order])
    near = np.flatnonzero(at < len(others))
    near = near[others[at[near]] == mine[order[near]]]
    places, starts = order[near], at[near]
    same = (ours[places] == theirs[starts]).all(axis=1)
    # Two tags of theirs may begin alike; then ours can be the second.
    further = [
        place
        for place, start in zip(places[~same].tolist(), starts[~same].tolist(), strict=True)
        if _stands(ours[place], theirs, start)
    ]
    return np.sort(np.concatenate([places[same], np.array(further, dtype=np.int64)]))


def _stands(tag: npt.NDArray[np.uint8], theirs: Tags, start: int) -> bool:
    """Whether `tag` is among the tags from `start` on that begin with the same eight bytes."""
    at = start
    while at < len(theirs) and (theirs[at, :8] == tag[:8]).all():
        if (theirs[at] == tag).all():
            return True
        at += 1
    return False


def _heads(tags: Tags) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each tag as a number that sorts as they do."""
    return np.ascontiguousarray(tags[:, :8]).view(">u8").ravel().astype(np.uint64)
