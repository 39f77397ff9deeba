"""Committing to a list of held accounts for an epoch: first-holder commitment, version 1 ("fhc1").

The formulas are in `leaf`. Root and size together bound what can be claimed for ever: three keys a leaf. What
was not on the list cannot be added later; what was on it cannot be taken for somebody else's. A commitment is
what stands behind an entry of the owner's claims log (`history`), salted there and opened to partners only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import Row
from cleanroom.attribution.claims.leaf import DUMMY, LEAF_LIMIT, OpenLeaf, make_hashes, open_leaf
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, UsageError
from overlap.protocol.contract import Side

__all__ = ["BUCKET", "FIRST", "Commitment", "Committed", "Opening", "commit", "require_bound"]

COMMITMENT_LINE: Final = b"overlap-claims-commitment/1\n"
OPENING_LINE: Final = b"overlap-claims-opening/1\n"

#: Version of the formulas.
FHC: Final = 1
#: Leaves; the published size is a multiple of it, so that it tells a customer count only that roughly.
BUCKET: Final = 64
#: What stands for the root before the first.
FIRST: Final = bytes(32)
#: Bytes of a commitment file; it holds eight short fields.
COMMITMENT_LIMIT: Final = 4096
#: Characters of the canonicaliser's name and digests.
CANONICALISER_LIMIT: Final = 200
_HINT = "ask the partner for the file made by 'overlap claims commit'"
_FIELDS = {"fhc", "origin", "epoch", "root", "previous", "leaves", "bucket", "canonicaliser"}


@dataclass(frozen=True, slots=True)
class Commitment:
    """One epoch: `origin` (the owner's card digest), `root` and `previous` root have 32 bytes.

    `epoch` counts from 1 and is the place of the entry in the owner's claims log; `leaves` counts the padding
    too.
    """

    origin: bytes
    epoch: int
    root: bytes
    previous: bytes
    leaves: int
    bucket: int
    canonicaliser: str

    def to_bytes(self) -> bytes:
        return COMMITMENT_LINE + canonical.encode(self.to_fields()) + b"\n"

    def to_fields(self) -> dict[str, Any]:
        """As it stands in a file: bytes in hex."""
        values = asdict(self) | {"fhc": FHC}
        return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}

    @property
    def digest(self) -> bytes:
        """SHA-256 that names this commitment in the logs of both parties."""
        return canonical.digest(self.to_bytes())

    @staticmethod
    def from_bytes(data: bytes) -> Commitment:
        """The commitment in a file. Raises MalformedFile for anything but the bytes of this version."""
        if len(data) > COMMITMENT_LIMIT or not data.startswith(COMMITMENT_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a claims commitment of version 1", _HINT)
        value = canonical.decode(data[len(COMMITMENT_LINE) : -1], "the claims commitment")
        commitment = Commitment.from_fields(value)
        if commitment.to_bytes() != data:
            raise MalformedFile("the claims commitment is not in canonical form", _HINT)
        return commitment

    @staticmethod
    def from_fields(value: Any) -> Commitment:
        """The inverse of `to_fields`; MalformedFile for anything else."""
        try:
            if set(value) != _FIELDS or value["fhc"] != FHC or type(value["fhc"]) is not int:
                raise ValueError("unknown or missing field")
            commitment = Commitment(
                origin=read_digest(value["origin"]),
                epoch=read_count(value["epoch"]),
                root=read_digest(value["root"]),
                previous=read_digest(value["previous"]),
                leaves=read_count(value["leaves"]),
                bucket=read_count(value["bucket"]),
                canonicaliser=value["canonicaliser"],
            )
            _require_sizes(commitment)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise MalformedFile("a field of the claims commitment is not what it should be", _HINT) from error
        return commitment


@dataclass(frozen=True, slots=True)
class Committed:
    """A commitment and its opening; the opening holds the list and the secret: the caller encrypts it."""

    commitment: Commitment
    opening: bytes = field(repr=False)


class Opening:
    """What opens one commitment: the list, the secret, and the tree over all leaves, in memory."""

    __slots__ = ("_hashes", "_numbers", "_secret", "commitment", "rows")

    def __init__(self, commitment: Commitment, rows: Sequence[Row], secret: bytes) -> None:
        self.commitment = commitment
        self.rows = rows
        self._secret = secret
        made = make_hashes(rows, commitment.origin, commitment.epoch, secret, commitment.leaves)
        self._numbers = sorted(range(len(made)), key=made.__getitem__)
        self._hashes = [made[number] for number in self._numbers]

    def root(self) -> bytes:
        """The root over the leaves as they open here."""
        return merkle.root(self._hashes)

    def leaf(self, index: int) -> OpenLeaf:
        """The leaf at `index` of the tree, with everything that opens it."""
        number = self._numbers[index]
        row = self.rows[number] if number < len(self.rows) else DUMMY
        return open_leaf(row, number, self.commitment.origin, self.commitment.epoch, self._secret)

    def paths(self, indexes: Sequence[int]) -> list[merkle.Proof]:
        """The inclusion path of each leaf."""
        return merkle.inclusion_proofs(self._hashes, indexes)

    def places(self) -> dict[str, int]:
        """Key text to the index of its leaf; of several the one with the earliest asserted date."""
        at = [0] * len(self._numbers)
        for index, number in enumerate(self._numbers):
            at[number] = index
        places: dict[str, tuple[str, int]] = {}
        for number, row in enumerate(self.rows):
            rank = (row[5] or "9999", at[number])
            for key in row[1:4]:
                if key and rank < places.get(key, ("~", 0)):
                    places[key] = rank
        return {key: index for key, (_, index) in places.items()}

    @staticmethod
    def from_bytes(data: bytes) -> Opening:
        """The opening in such bytes; MalformedFile when it does not open its own root."""
        hint = "restore the claims opening from a backup"
        if not data.startswith(OPENING_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a claims opening of version 1", hint)
        value = canonical.decode(data[len(OPENING_LINE) : -1], "the claims opening")
        try:
            secret, rows = read_digest(value.pop("secret")), list(map(tuple, value.pop("held")))
            opening = Opening(Commitment.from_fields(value), rows, secret)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, UsageError) as error:
            raise MalformedFile("a field of the claims opening is not what it should be", hint) from error
        if opening.root() != opening.commitment.root:
            raise MalformedFile("the claims opening does not open its own root", hint)
        return opening


def commit(
    rows: Sequence[Row],
    origin: bytes,
    epoch: int,
    secret: bytes,
    canonicaliser: str,
    *,
    previous: bytes = FIRST,
    bucket: int = BUCKET,
) -> Committed:
    """Commit `rows` for the owner of the card with digest `origin`.

    `epoch` is the place of the commitment in the owner's claims log, from 1; `previous` the root of the epoch
    before; `secret` is 32 random bytes of this epoch alone; `canonicaliser` names version and digests of the
    normaliser that made the keys. Raises UsageError for arguments out of range.
    """
    if len(origin) != 32 or len(secret) != 32 or not 0 < epoch < 2**63 or bucket < 1:
        raise UsageError("origin and secret are 32 bytes, epoch and bucket are counts", "see the docstring")
    if not 0 < len(canonicaliser) <= CANONICALISER_LIMIT:
        raise UsageError("the canonicaliser's name is empty or too long", "give its version and digests")
    size = max(1, -(-len(rows) // bucket)) * bucket
    root = merkle.root(_sorted(make_hashes(rows, origin, epoch, secret, size)))
    commitment = Commitment(origin, epoch, root, previous, size, bucket, canonicaliser)
    fields = commitment.to_fields() | {"secret": secret.hex(), "held": rows}
    return Committed(commitment, OPENING_LINE + canonical.encode(fields) + b"\n")


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


def read_digest(text: Any) -> bytes:
    """The 32 bytes in lower-case hex; ValueError for anything else."""
    value = bytes.fromhex(text)
    if len(value) != 32 or value.hex() != text:
        raise ValueError("not 32 bytes in lower-case hex")
    return value


def read_count(number: Any) -> int:
    """A whole number from 0; ValueError for anything else."""
    if type(number) is not int or not 0 <= number < 2**63:
        raise ValueError("not a count")
    return number


def _sorted(hashes: list[bytes]) -> list[bytes]:
    """The hashes in their order; by the first eight bytes at once where no two share them."""
    import numpy as np

    heads = np.frombuffer(b"".join(hashes), dtype=">u8").reshape(-1, 4)[:, 0].astype(np.uint64)
    order = np.argsort(heads, kind="stable")
    ranked = heads[order]
    if bool((ranked[1:] == ranked[:-1]).any()):
        return sorted(hashes)
    return [hashes[place] for place in order.tolist()]


def _require_sizes(commitment: Commitment) -> None:
    name = commitment.canonicaliser
    good = (
        commitment.epoch > 0
        and commitment.bucket > 0
        and 0 < commitment.leaves <= LEAF_LIMIT
        and commitment.leaves % commitment.bucket == 0
        and isinstance(name, str)
        and 0 < len(name) <= CANONICALISER_LIMIT
        and name.isprintable()
    )
    if not good:
        raise ValueError("a number or the canonicaliser is out of range")
