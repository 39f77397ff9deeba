"""Committing to a list of held accounts before a match: first-holder commitment, version 1 ("fhc1").

The formulas are in `leaf`. Root and size together bound what can be claimed for ever: three keys a leaf. What
was not on the list cannot be added later; what was on it cannot be taken for somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import HeldAccount, Key
from cleanroom.attribution.claims.leaf import LEAF_LIMIT, Leaf, make_leaves
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, UsageError
from overlap.protocol.contract import Side

__all__ = ["BUCKET", "Commitment", "Committed", "commit", "require_bound"]

COMMITMENT_LINE: Final = b"overlap-claims-commitment/1\n"
OPENING_LINE: Final = b"overlap-claims-opening/1\n"

#: Leaves; the published size is a multiple of it, so that it tells a customer count only that roughly.
BUCKET: Final = 64
#: Bytes of a commitment file; it holds five short fields.
COMMITMENT_LIMIT: Final = 4096
#: Characters of the canonicaliser's name and digests.
CANONICALISER_LIMIT: Final = 200
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
    size = max(1, -(-len(accounts) // bucket)) * bucket
    leaves = make_leaves(accounts, origin, epoch, secret, size)
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
    leaves = make_leaves(accounts, commitment.origin, commitment.epoch, secret, commitment.leaves)
    if merkle.root([leaf.hash for leaf in leaves]) != commitment.root:
        raise MalformedFile("the claims opening does not open its own root", hint)
    return commitment, leaves


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
