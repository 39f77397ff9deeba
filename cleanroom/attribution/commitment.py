"""Committing to a list of held accounts before a match: first-holder commitment, version 1 ("fhc1").

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
from dataclasses import dataclass, field
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claim import HeldAccount, Key
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, UsageError
from overlap.protocol.contract import Side

__all__ = ["BUCKET", "Commitment", "Committed", "commit", "require_bound"]

COMMITMENT_LINE: Final = b"overlap-claims-commitment/1\n"
OPENING_LINE: Final = b"overlap-claims-opening/1\n"

#: Leaves; the published size is a multiple of it, so that it tells a customer count only that roughly.
BUCKET: Final = 64
#: Leaves; a tree of more would not fit into memory beside its opening.
LEAF_LIMIT: Final = 2**24
#: Bytes of a commitment file; it holds five short fields.
COMMITMENT_LIMIT: Final = 4096
#: Characters of the canonicaliser's name and digests.
CANONICALISER_LIMIT: Final = 200
META_SLOT: Final = 3
_HINT = "ask the partner for the file made by 'overlap claims commit'"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What the other party gets: `origin` and `root` are 32 bytes, `leaves` counts the padding too."""

    origin: bytes
    epoch: int
    root: bytes
    leaves: int
    bucket: int
    canonicaliser: str

    def to_bytes(self) -> bytes:
        fields = {
            "origin": self.origin.hex(),
            "epoch": self.epoch,
            "root": self.root.hex(),
            "leaves": self.leaves,
            "bucket": self.bucket,
            "canonicaliser": self.canonicaliser,
        }
        return COMMITMENT_LINE + canonical.encode(fields) + b"\n"

    @property
    def digest(self) -> bytes:
        """SHA-256 that names this commitment in the log."""
        return canonical.digest(self.to_bytes())

    @staticmethod
    def from_bytes(data: bytes) -> Commitment:
        """The commitment in a file. Raises MalformedFile for anything but the bytes of this version."""
        if len(data) > COMMITMENT_LIMIT or not data.startswith(COMMITMENT_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a claims commitment of version 1", _HINT)
        value = canonical.decode(data[len(COMMITMENT_LINE) : -1], "the claims commitment")
        try:
            commitment = _commitment_from_fields(value)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedFile("a field of the claims commitment is not what it should be", _HINT) from error
        if commitment.to_bytes() != data:
            raise MalformedFile("the claims commitment is not in canonical form", _HINT)
        return commitment


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment and its opening; the opening holds the list and the secret: the caller encrypts it."""

    commitment: Commitment
    opening: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf with everything that opens it; `account` is None for padding."""

    account: HeldAccount | None
    salts: tuple[bytes, bytes, bytes, bytes]
    slots: tuple[bytes, bytes, bytes]
    meta: bytes
    hash: bytes


def commit(
    held: Iterable[HeldAccount],
    origin: bytes,
    epoch: int,
    secret: bytes,
    canonicaliser: str,
    *,
    bucket: int = BUCKET,
) -> Committed:
    """Commit `held` for the owner of the card with digest `origin`.

    `epoch` numbers the owner's commitments and is never used twice; `secret` is 32 random bytes;
    `canonicaliser` names version and digests of the normaliser that made the keys. The order of `held` does
    not matter. Raises UsageError for arguments out of range.
    """
    if len(origin) != 32 or len(secret) != 32 or not 0 <= epoch < 2**63 or bucket < 1:
        raise UsageError("origin and secret are 32 bytes, epoch and bucket are counts", "see the docstring")
    if not 0 < len(canonicaliser) <= CANONICALISER_LIMIT:
        raise UsageError("the canonicaliser's name is empty or too long", "give its version and digests")
    accounts = sorted(set(held), key=_order)
    leaves = make_leaves(accounts, origin, epoch, secret, bucket)
    root = merkle.root([leaf.hash for leaf in leaves])
    commitment = Commitment(origin, epoch, root, len(leaves), bucket, canonicaliser)
    return Committed(commitment, _opening(commitment, secret, accounts))


def require_bound(commitment: Commitment, side: Side) -> None:
    """Return when `commitment` is the one that `side` bound in the contract of a run.

    Raises ContractMismatch naming the field: another root or size was bound before the first blinded byte.
    """
    pairs = (
        ("card", side.card, commitment.origin.hex()),
        ("claim_root", side.claim_root, commitment.root.hex()),
        ("claim_leaves", str(side.claim_leaves), str(commitment.leaves)),
    )
    for name, bound, shown in pairs:
        if bound != shown:
            raise ContractMismatch(
                name,
                bound[:16] or "none",
                shown[:16],
                "use the commitment that the contract of the run names",
            )


def make_leaves(
    accounts: list[HeldAccount], origin: bytes, epoch: int, secret: bytes, bucket: int
) -> list[Leaf]:
    """All leaves, padding included, in the order of the tree."""
    size = max(1, -(-len(accounts) // bucket)) * bucket
    if size > LEAF_LIMIT:
        raise UsageError(f"a commitment holds at most {LEAF_LIMIT} leaves", "commit a smaller list")
    leaves = [_account_leaf(account, origin, epoch, secret) for account in accounts]
    leaves += [_dummy_leaf(number, origin, epoch, secret) for number in range(size - len(accounts))]
    return sorted(leaves, key=lambda leaf: leaf.hash)


def read_opening(opening: bytes) -> tuple[Commitment, list[Leaf]]:
    """The commitment and the leaves behind an opening; MalformedFile when the two do not belong together."""
    hint = "restore the claims opening from a backup"
    if not opening.startswith(OPENING_LINE) or not opening.endswith(b"\n"):
        raise MalformedFile("this is not a claims opening of version 1", hint)
    value = canonical.decode(opening[len(OPENING_LINE) : -1], "the claims opening")
    try:
        secret, accounts = bytes.fromhex(value.pop("secret")), [_account(row) for row in value.pop("held")]
        commitment = _commitment_from_fields(value)
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
        raise MalformedFile("a field of the claims opening is not what it should be", hint) from error
    leaves = make_leaves(accounts, commitment.origin, commitment.epoch, secret, commitment.bucket)
    if merkle.root([leaf.hash for leaf in leaves]) != commitment.root:
        raise MalformedFile("the claims opening does not open its own root", hint)
    return commitment, leaves


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


def _opening(commitment: Commitment, secret: bytes, accounts: list[HeldAccount]) -> bytes:
    fields = canonical.decode(commitment.to_bytes()[len(COMMITMENT_LINE) : -1], "the claims commitment")
    rows = [
        {
            "id": account.id,
            "keys": [[key.kind, key.value] if key else None for key in account.keys],
            "since": account.since,
            "relation": account.relation,
            "evidence": account.evidence.hex(),
        }
        for account in accounts
    ]
    return OPENING_LINE + canonical.encode(fields | {"secret": secret.hex(), "held": rows}) + b"\n"


def _account(row: dict[str, Any]) -> HeldAccount:
    first, second, third = (Key(*key) if key else None for key in row["keys"])
    return HeldAccount(
        row["id"], (first, second, third), row["since"], row["relation"], bytes.fromhex(row["evidence"])
    )


def _order(account: HeldAccount) -> tuple[str, list[tuple[str, str]], str, str, bytes]:
    keys = [(key.kind, key.value) if key else ("", "") for key in account.keys]
    return account.id, keys, account.since, account.relation, account.evidence


def _commitment_from_fields(fields: dict[str, Any]) -> Commitment:
    if set(fields) != {"origin", "epoch", "root", "leaves", "bucket", "canonicaliser"}:
        raise ValueError("unknown or missing field")
    numbers = fields["epoch"], fields["leaves"], fields["bucket"]
    epoch, leaves, bucket = numbers
    origin, root, canonicaliser = (
        bytes.fromhex(fields["origin"]),
        bytes.fromhex(fields["root"]),
        fields["canonicaliser"],
    )
    if any(type(number) is not int for number in numbers) or not 0 <= epoch < 2**63 or bucket < 1:
        raise ValueError("a count is not a count")
    if not 0 < leaves <= LEAF_LIMIT or leaves % bucket:
        raise ValueError("the size is not a multiple of the bucket")
    if len(origin) != 32 or len(root) != 32 or not isinstance(canonicaliser, str):
        raise ValueError("a digest has the wrong length")
    if not 0 < len(canonicaliser) <= CANONICALISER_LIMIT or not canonicaliser.isprintable():
        raise ValueError("the canonicaliser's name is not printable")
    return Commitment(origin, epoch, root, leaves, bucket, canonicaliser)
