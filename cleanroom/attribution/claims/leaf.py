"""The leaves of a claims commitment ("fhc1"): salts, slots, and the hash over them.

    salts  = SHAKE-256("fhc1-salt" || K || e || block), 128 bytes an account: salt_0, salt_1, salt_2, salt_3
    cm_i   = SHA256("fhc1-key" || SHA256(origin) || e || i || salt_i || length || key_i)   a used slot
           = SHA256("fhc1-dummy" || origin || e || i || salt_i)                            an unused one
    meta   = SHA256("fhc1-meta" || salt_3 || length || relation || length || day || length || evidence)
    leaf   = SHA256(0x00 || SHA256(origin) || e || cm_0 || cm_1 || cm_2 || meta)
    root   = RFC 9162 tree over all leaves, sorted by their hash

`origin` is the digest of the owner's card and `e` the epoch (8 bytes): a root that somebody else publishes as
its own opens nothing. `i` is 1 byte, `length` 4, `block` 8: a block has BLOCK accounts, in the order of the
opening. The list is padded with leaves of dummies to a multiple of the bucket; a dummy can be shown to be one
and can never be opened as a key. Root and size together bound what can be claimed: three keys a leaf.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from struct import unpack_from
from typing import Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import Row
from overlap.errors import UsageError

__all__ = [
    "DUMMY",
    "META_SLOT",
    "OpenLeaf",
    "dummy_slot",
    "key_slot",
    "leaf_of",
    "make_hashes",
    "meta_slot",
    "open_leaf",
]

#: Leaves; a tree of more would not fit into memory beside its opening.
LEAF_LIMIT: Final = 2**24
#: The number of the salt that closes what is asserted, after those of the three key slots.
META_SLOT: Final = 3
SALT_BYTES: Final = 32
#: Accounts whose salts are drawn by one call of SHAKE-256.
BLOCK: Final = 1024
#: What is committed for a leaf of padding: no key, and nothing asserted.
DUMMY: Final[Row] = ("", "", "", "", "", "", "")

_LEAF_SALTS: Final = 4 * SALT_BYTES
#: Bytes of a key at most, and all lengths up to it as they are hashed.
KEY_LIMIT: Final = 4096
_LENGTHS: Final = [length.to_bytes(4, "big") for length in range(KEY_LIMIT + 1)]


@dataclass(frozen=True, slots=True)
class OpenLeaf:
    """One leaf with everything that opens it; `row` is DUMMY for padding."""

    row: Row
    salts: tuple[bytes, bytes, bytes, bytes]
    slots: tuple[bytes, bytes, bytes]
    meta: bytes

    def hash(self, origin: bytes, epoch: int) -> bytes:
        """The hash of this leaf."""
        return leaf_of(origin, epoch, self.slots, self.meta)


def key_slot(key: str, origin: bytes, epoch: int, slot: int, salt: bytes) -> bytes:
    """The commitment of a used slot to `key`, a kind and a value joined by a colon."""
    value = key.encode()
    head = b"fhc1-key" + hashlib.sha256(origin).digest() + epoch.to_bytes(8, "big") + bytes([slot])
    return hashlib.sha256(head + salt + _sized(value)).digest()


def dummy_slot(origin: bytes, epoch: int, slot: int, salt: bytes) -> bytes:
    """The commitment of an unused slot; its prefix keeps it from ever opening as a key."""
    head = b"fhc1-dummy" + origin + epoch.to_bytes(8, "big") + bytes([slot])
    return hashlib.sha256(head + salt).digest()


def meta_slot(salt: bytes, relation: str, since: str, evidence: bytes) -> bytes:
    """The commitment to what is asserted about the relation."""
    parts = b"".join(map(_sized, (relation.encode(), since.encode(), evidence)))
    return hashlib.sha256(b"fhc1-meta" + salt + parts).digest()


def leaf_of(origin: bytes, epoch: int, slots: Iterable[bytes], meta: bytes) -> bytes:
    """The hash of a leaf."""
    head = hashlib.sha256(origin).digest() + epoch.to_bytes(8, "big")
    return merkle.leaf_hash(head + b"".join(slots) + meta)


def open_leaf(row: Row, number: int, origin: bytes, epoch: int, secret: bytes) -> OpenLeaf:
    """The leaf of account `number` of an opening; numbers behind the last account are padding."""
    block = _salts(secret, epoch, number // BLOCK)
    at = number % BLOCK * _LEAF_SALTS
    first, second, third, fourth = (block[at + i : at + i + 32] for i in range(0, _LEAF_SALTS, 32))
    salts = (first, second, third, fourth)
    one, two, three = (
        key_slot(key, origin, epoch, slot, salts[slot])
        if key
        else dummy_slot(origin, epoch, slot, salts[slot])
        for slot, key in enumerate(row[1:4])
    )
    if row is DUMMY or row == DUMMY:
        meta = dummy_slot(origin, epoch, META_SLOT, fourth)
    else:
        meta = meta_slot(fourth, row[4], row[5], bytes.fromhex(row[6]))
    return OpenLeaf(row, salts, (one, two, three), meta)


def make_hashes(rows: Sequence[Row], origin: bytes, epoch: int, secret: bytes, size: int) -> list[bytes]:
    """The hashes of `size` leaves in the order of the opening, padding behind the accounts.

    The same as `open_leaf(…).hash(…)` for each; this way takes a few microseconds a leaf.
    """
    if size > LEAF_LIMIT:
        raise UsageError(f"a commitment holds at most {LEAF_LIMIT} leaves", "commit a smaller list")
    if any(len(key) > KEY_LIMIT // 4 for row in rows for key in row[1:4]):
        raise UsageError(
            "a key to be claimed is longer than any name or number", "correct the account's name"
        )
    made: list[bytes] = []
    padded = [*rows, *[DUMMY] * (size - len(rows))]
    for block in range(-(-size // BLOCK)):
        made += _hash_block(
            padded[block * BLOCK : (block + 1) * BLOCK], _salts(secret, epoch, block), origin, epoch
        )
    return made


def _hash_block(rows: Sequence[Row], salts: bytes, origin: bytes, epoch: int) -> list[bytes]:
    """Column by column: nearly all steps between two hashes run inside the interpreter's own loops."""
    if not rows:
        return []
    number = epoch.to_bytes(8, "big")
    place = hashlib.sha256(origin).digest() + number
    _, *keys, relations, days, documents = zip(*rows, strict=True)
    drawn = unpack_from("32s" * (4 * len(rows)), salts)
    slots = []
    for slot, texts in enumerate(keys):
        used, unused = (b"fhc1-key" + place + bytes([slot]), b"fhc1-dummy" + origin + number + bytes([slot]))
        heads = [used if text else unused for text in texts]
        values = [text.encode() for text in texts]
        tails = [_LENGTHS[len(value)] + value if value else b"" for value in values]
        slots.append(_hash_all(zip(heads, drawn[slot::4], tails, strict=True)))
    known = _Asserted()
    padding = b"fhc1-dummy" + origin + number + bytes([META_SLOT])
    heads = [b"fhc1-meta" if relation else padding for relation in relations]
    tails = [known[about] for about in zip(relations, days, documents, strict=True)]
    metas = _hash_all(zip(heads, drawn[META_SLOT::4], tails, strict=True))
    return _hash_all(zip(repeat(b"\x00" + place), *slots, metas, strict=False))


def _hash_all(parts: Iterable[tuple[bytes, ...]]) -> list[bytes]:
    """SHA-256 over the parts of each, joined."""
    return [state.digest() for state in map(hashlib.sha256, map(b"".join, parts))]


class _Asserted(dict[tuple[str, str, str], bytes]):
    """What is hashed of relation, day and evidence; few of them differ, so each is put together once."""

    def __missing__(self, about: tuple[str, str, str]) -> bytes:
        relation, since, evidence = about
        if not relation:
            return b""
        parts = (relation.encode(), since.encode(), bytes.fromhex(evidence))
        made = self[about] = b"".join(map(_sized, parts))
        return made


def _salts(secret: bytes, epoch: int, block: int) -> bytes:
    """The salts of one block of accounts: nobody without K can tell them from random bytes."""
    state = hashlib.shake_256(b"fhc1-salt" + secret + epoch.to_bytes(8, "big") + block.to_bytes(8, "big"))
    return state.digest(BLOCK * _LEAF_SALTS)


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
