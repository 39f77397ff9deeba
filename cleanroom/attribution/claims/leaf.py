"""The leaves of a claims commitment ("fhc1"): salts, slots, and the hash over them.

    salt_i = HMAC-SHA256(K, "fhc1" || e || i || account)                              i = 0, 1, 2; 3 = meta
    cm_i   = SHA256("fhc1-key" || SHA256(origin) || e || i || salt_i || length || key_i)   a used slot
           = SHA256("fhc1-dummy" || origin || e || i || salt_i)                            an unused one
    meta   = digest(salt_3, relation, asserted day, evidence digest)
    leaf   = SHA256(0x00 || SHA256(origin) || e || cm_0 || cm_1 || cm_2 || meta)
    root   = RFC 9162 tree over all leaves, sorted by their hash

`origin` is the digest of the owner's card and `e` the epoch (8 bytes): a root that somebody else publishes as
its own opens nothing. `i` is 1 byte, `length` 4. The list is padded with leaves of dummies to a multiple of
the bucket; a dummy can be shown to be one and can never be opened as a key. Root and size together bound what
can be claimed for ever: three keys a leaf.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import HeldAccount, Key
from overlap import canonical
from overlap.errors import UsageError

__all__ = ["Leaf", "dummy_slot", "key_slot", "leaf_of", "make_leaves", "meta_slot"]

#: Leaves; a tree of more would not fit into memory beside its opening.
LEAF_LIMIT: Final = 2**24
#: The number of the salt that closes what is asserted, after those of the three key slots.
META_SLOT: Final = 3


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf with everything that opens it; `account` is None for padding."""

    account: HeldAccount | None
    salts: tuple[bytes, bytes, bytes, bytes]
    slots: tuple[bytes, bytes, bytes]
    meta: bytes
    hash: bytes


def make_leaves(
    accounts: list[HeldAccount], origin: bytes, epoch: int, secret: bytes, size: int
) -> list[Leaf]:
    """`size` leaves, padding included, in the order of the tree."""
    if size > LEAF_LIMIT:
        raise UsageError(f"a commitment holds at most {LEAF_LIMIT} leaves", "commit a smaller list")
    leaves = [_account_leaf(account, origin, epoch, secret) for account in accounts]
    leaves += [_dummy_leaf(number, origin, epoch, secret) for number in range(size - len(accounts))]
    return sorted(leaves, key=lambda leaf: leaf.hash)


def key_slot(key: Key, origin: bytes, epoch: int, slot: int, salt: bytes) -> bytes:
    """The commitment of a used slot."""
    value = key.to_bytes()
    head = b"fhc1-key" + hashlib.sha256(origin).digest() + epoch.to_bytes(8, "big") + bytes([slot])
    return hashlib.sha256(head + salt + len(value).to_bytes(4, "big") + value).digest()


def dummy_slot(origin: bytes, epoch: int, slot: int, salt: bytes) -> bytes:
    """The commitment of an unused slot; its prefix keeps it from ever opening as a key."""
    head = b"fhc1-dummy" + origin + epoch.to_bytes(8, "big") + bytes([slot])
    return hashlib.sha256(head + salt).digest()


def meta_slot(salt: bytes, relation: str, since: str, evidence: bytes) -> bytes:
    """The commitment to what is asserted about the relation."""
    return canonical.digest(salt, relation.encode(), since.encode(), evidence)


def leaf_of(origin: bytes, epoch: int, slots: Iterable[bytes], meta: bytes) -> bytes:
    """The hash of a leaf."""
    head = hashlib.sha256(origin).digest() + epoch.to_bytes(8, "big")
    return merkle.leaf_hash(head + b"".join(slots) + meta)


def _account_leaf(account: HeldAccount, origin: bytes, epoch: int, secret: bytes) -> Leaf:
    salts = _salts(secret, epoch, account.digest)
    first, second, third = (
        dummy_slot(origin, epoch, slot, salts[slot])
        if key is None
        else key_slot(key, origin, epoch, slot, salts[slot])
        for slot, key in enumerate(account.keys)
    )
    meta = meta_slot(salts[META_SLOT], account.relation, account.since, account.evidence)
    slots = (first, second, third)
    return Leaf(account, salts, slots, meta, leaf_of(origin, epoch, slots, meta))


def _dummy_leaf(number: int, origin: bytes, epoch: int, secret: bytes) -> Leaf:
    salts = _salts(secret, epoch, canonical.digest(b"dummy", number.to_bytes(8, "big")))
    first, second, third, meta = (dummy_slot(origin, epoch, slot, salts[slot]) for slot in range(4))
    slots = (first, second, third)
    return Leaf(None, salts, slots, meta, leaf_of(origin, epoch, slots, meta))


def _salts(secret: bytes, epoch: int, account: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    head = b"fhc1" + epoch.to_bytes(8, "big")
    first, second, third, meta = (
        hmac.digest(secret, head + bytes([slot]) + account, "sha256") for slot in range(4)
    )
    return first, second, third, meta
