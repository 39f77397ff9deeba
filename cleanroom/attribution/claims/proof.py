"""Proving a committed claim for a matched pair, and verifying such a proof with one's own key.

A proof opens one slot of one leaf. The other slots stay closed, so that the verifier learns nothing about
keys that did not match. The verifier recomputes the slot from *its own* key: a proof shows no key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import DAY, RELATION, SLOT_OF_KIND, SLOTS, Key
from cleanroom.attribution.claims.commitment import Commitment, read_opening
from cleanroom.attribution.claims.leaf import META_SLOT, Leaf, dummy_slot, key_slot, leaf_of, meta_slot
from overlap import canonical
from overlap.errors import MalformedFile

__all__ = ["FAILURES", "Failed", "Proof", "Proved", "Verified", "prove", "read_proofs", "verify"]

PROOF_LINE: Final = b"overlap-claims-proof/1\n"

#: Bytes of a proof file; a proof takes about 2.5 KiB, so this is some 200,000 matched accounts.
PROOF_LIMIT: Final = 512 * 1024 * 1024
#: Hashes of an inclusion path; the tree of the largest commitment is not deeper.
PATH_LIMIT: Final = 24

#: Every way in which a proof can fail, in the order of the checks.
FAILURES: Final[Mapping[str, str]] = {
    "wrong-origin": "the commitment or the proof belongs to another party",
    "wrong-epoch": "the proof is for another epoch than the commitment",
    "other-canonicaliser": "the keys were committed under another normaliser",
    "index-out-of-range": "the leaf lies outside the committed size",
    "wrong-slot": "the opened slot is not the one for this kind of key",
    "dummy-as-key": "the opened slot is a dummy, not a key",
    "key-does-not-open": "the opened slot holds another key, or was not made by this party for this epoch",
    "meta-does-not-open": "relation, asserted date or evidence are not the committed ones",
    "not-in-tree": "the path does not lead from this leaf to the committed root",
}

_TOKEN = re.compile(r"[0-9a-f]{32}")
_HINT = "ask the partner for the proofs again"


@dataclass(frozen=True, slots=True)
class Proof:
    """One claim about the pair `token`: the opened slot, the path, what is asserted. Digests are 32 bytes."""

    origin: bytes
    epoch: int
    token: str
    index: int
    path: tuple[bytes, ...]
    slot: int
    salt: bytes
    slots: tuple[bytes, bytes, bytes]
    meta: bytes
    meta_salt: bytes
    relation: str
    since: str
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Proved:
    """The body of the proof file, and the tokens whose matched key the commitment does not hold."""

    body: bytes
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """The claim was in the committed list. `since` is asserted by the claimant ("" when it asserts none)."""

    token: str
    origin: bytes
    epoch: int
    root: bytes
    index: int
    leaves: int
    kind: str
    relation: str
    since: str
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """The claim is not proven; `code` is one of FAILURES."""

    token: str
    code: str


def prove(opening: bytes, matched: Mapping[str, Key]) -> Proved:
    """Proofs from an opening for `matched`: pair token (32 hex digits) to the own key that matched.

    A key that several accounts hold is proven by the one with the earliest asserted date. Raises
    MalformedFile when the opening was altered.
    """
    commitment, leaves = read_opening(opening)
    places = _places(leaves)
    tokens = sorted(token for token in matched if matched[token] in places)
    indexes = [places[matched[token]] for token in tokens]
    paths = merkle.inclusion_proofs([leaf.hash for leaf in leaves], indexes)
    proofs = [
        _fields(token, index, path, SLOT_OF_KIND[matched[token].kind], leaves[index])
        for token, index, path in zip(tokens, indexes, paths, strict=True)
    ]
    missing = tuple(sorted(matched.keys() - set(tokens)))
    body = {"origin": commitment.origin.hex(), "epoch": commitment.epoch, "proofs": proofs}
    return Proved(PROOF_LINE + canonical.encode(body) + b"\n", missing)


def read_proofs(body: bytes) -> tuple[Proof, ...]:
    """The proofs of a file, in the order of their tokens, each token once. Raises MalformedFile otherwise."""
    if len(body) > PROOF_LIMIT or not body.startswith(PROOF_LINE) or not body.endswith(b"\n"):
        raise MalformedFile("this is not a file of claim proofs of version 1", _HINT)
    value = canonical.decode(body[len(PROOF_LINE) : -1], "the file of claim proofs")
    try:
        if set(value) != {"origin", "epoch", "proofs"}:
            raise ValueError("unknown or missing field")
        origin, epoch = _digest(value["origin"]), _count(value["epoch"])
        proofs = tuple(_proof(origin, epoch, fields) for fields in value["proofs"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile("a field of the claim proofs is not what it should be", _HINT) from error
    tokens = [proof.token for proof in proofs]
    if tokens != sorted(set(tokens)):
        raise MalformedFile("the claim proofs are not sorted by token, or one is repeated", _HINT)
    return proofs


def verify(
    proof: Proof, commitment: Commitment, origin: bytes, key: Key, canonicaliser: str
) -> Verified | Failed:
    """Whether `proof` opens `commitment` to the verifier's own `key` of the matched account.

    `origin` is the digest of the claimant's confirmed card; `canonicaliser` names the normaliser that made
    `key`. The commitment is the one received before: whether in time is for `credit` to judge.
    """
    code = _failure(proof, commitment, origin, key, canonicaliser)
    if code:
        return Failed(proof.token, code)
    return Verified(
        token=proof.token,
        origin=origin,
        epoch=commitment.epoch,
        root=commitment.root,
        index=proof.index,
        leaves=commitment.leaves,
        kind=key.kind,
        relation=proof.relation,
        since=proof.since,
        evidence=proof.evidence,
    )


def _failure(proof: Proof, commitment: Commitment, origin: bytes, key: Key, canonicaliser: str) -> str | None:
    opened = proof.slots[proof.slot]
    place = (origin, commitment.epoch, proof.slot, proof.salt)
    meta = meta_slot(proof.meta_salt, proof.relation, proof.since, proof.evidence)
    leaf = leaf_of(origin, commitment.epoch, proof.slots, proof.meta)
    checks = (
        ("wrong-origin", commitment.origin == origin and proof.origin == origin),
        ("wrong-epoch", proof.epoch == commitment.epoch),
        ("other-canonicaliser", commitment.canonicaliser == canonicaliser),
        ("index-out-of-range", proof.index < commitment.leaves),
        ("wrong-slot", SLOT_OF_KIND.get(key.kind) == proof.slot),
        ("dummy-as-key", opened != dummy_slot(*place)),
        ("key-does-not-open", opened == key_slot(key, *place)),
        ("meta-does-not-open", proof.meta == meta),
        (
            "not-in-tree",
            merkle.verify_inclusion(leaf, proof.index, commitment.leaves, proof.path, commitment.root),
        ),
    )
    return next((code for code, holds in checks if not holds), None)


def _places(leaves: list[Leaf]) -> dict[Key, int]:
    places: dict[Key, tuple[str, int]] = {}
    for index, leaf in enumerate(leaves):
        if leaf.account is None:
            continue
        rank = (leaf.account.since or "9999", index)
        for key in leaf.account.keys:
            if key is not None and rank < places.get(key, ("~", 0)):
                places[key] = rank
    return {key: index for key, (_, index) in places.items()}


def _fields(token: str, index: int, path: merkle.Proof, slot: int, leaf: Leaf) -> dict[str, Any]:
    account = leaf.account
    assert account is not None
    return {
        "token": token,
        "index": index,
        "path": [node.hex() for node in path],
        "slot": slot,
        "salt": leaf.salts[slot].hex(),
        "slots": [commitment.hex() for commitment in leaf.slots],
        "meta": leaf.meta.hex(),
        "meta_salt": leaf.salts[META_SLOT].hex(),
        "relation": account.relation,
        "since": account.since,
        "evidence": account.evidence.hex(),
    }


def _proof(origin: bytes, epoch: int, fields: dict[str, Any]) -> Proof:
    names = {
        "token",
        "index",
        "path",
        "slot",
        "salt",
        "slots",
        "meta",
        "meta_salt",
        "relation",
        "since",
        "evidence",
    }
    if set(fields) != names or len(fields["path"]) > PATH_LIMIT:
        raise ValueError("unknown or missing field, or a path that is too long")
    first, second, third = (_digest(text) for text in fields["slots"])
    if not _TOKEN.fullmatch(fields["token"]) or not RELATION.fullmatch(fields["relation"]):
        raise ValueError("token or relation")
    if not isinstance(fields["since"], str) or not isinstance(fields["evidence"], str):
        raise ValueError("asserted date or evidence")
    if fields["since"] and not DAY.fullmatch(fields["since"]):
        raise ValueError("asserted date")
    if _count(fields["slot"]) >= len(SLOTS):
        raise ValueError("slot")
    return Proof(
        origin=origin,
        epoch=epoch,
        token=fields["token"],
        index=_count(fields["index"]),
        path=tuple(_digest(text) for text in fields["path"]),
        slot=fields["slot"],
        salt=_digest(fields["salt"]),
        slots=(first, second, third),
        meta=_digest(fields["meta"]),
        meta_salt=_digest(fields["meta_salt"]),
        relation=fields["relation"],
        since=fields["since"],
        evidence=_digest(fields["evidence"]) if fields["evidence"] else b"",
    )


def _digest(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32 or value.hex() != text:
        raise ValueError("not 32 bytes in lower-case hex")
    return value


def _count(number: Any) -> int:
    if type(number) is not int or not 0 <= number < 2**63:
        raise ValueError("not a count")
    return number
