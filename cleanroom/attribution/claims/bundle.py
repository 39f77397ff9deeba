"""A claim bundle: one file that proves, for the accounts of a run, that they were held since some epoch.

    overlap-claims-bundle/1
    canonical JSON
    signature of everything above, 128 hex digits

It carries the claims log with every checkpoint that somebody cosigned, the opened entries of the epochs
from the first one relied on to the newest, and for each pair token one opened slot of one leaf in every
such epoch. With `pay` all used slots of the leaves are opened, and what is asserted about the relation.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cleanroom import merkle
from cleanroom.attribution.claims.claim import DAY, RELATION, SLOTS, Key
from cleanroom.attribution.claims.commitment import Commitment, Opening, read_count, read_digest
from cleanroom.attribution.claims.history import ClaimsLog
from cleanroom.attribution.claims.leaf import META_SLOT, OpenLeaf
from cleanroom.attribution.claims.times import Stamped
from cleanroom.log import Note
from overlap import canonical
from overlap.errors import MalformedFile
from overlap.keys import TOKEN_LIMIT_BYTES, Card, PartyKeys

__all__ = [
    "BUNDLE_LIMIT",
    "Asserted",
    "Bundle",
    "OpenedEpoch",
    "OpenedSlot",
    "Proved",
    "Shown",
    "prove",
    "read_bundle",
]

CLAIMS_BUNDLE_LINE: Final = b"overlap-claims-bundle/1\n"
PURPOSE: Final = b"claims bundle"

#: Bytes of a bundle; an account takes about 2.5 KiB an epoch.
BUNDLE_LIMIT: Final = 512 * 1024 * 1024
#: Hashes of an inclusion path; the tree of the largest commitment is not deeper.
PATH_LIMIT: Final = 24
_SIGNATURE: Final = 129

_TOKEN = re.compile(r"[0-9a-f]{32}")
_HINT = "ask the partner for the file made by 'overlap claims prove --bundle'"


@dataclass(frozen=True, slots=True)
class OpenedEpoch:
    """An epoch's commitment and the salt (32 bytes) of its entry in the claims log."""

    commitment: Commitment
    salt: bytes


@dataclass(frozen=True, slots=True)
class OpenedSlot:
    """A further slot of a leaf, opened for pay: its salt and its key, "" for an unused slot."""

    salt: bytes
    key: str


@dataclass(frozen=True, slots=True)
class Asserted:
    """What the claimant asserts about the relation, opened for pay; `evidence` is a digest or b""."""

    salt: bytes
    relation: str
    since: str
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Shown:
    """A leaf of one epoch's tree with the slot that is opened; for pay `others` has the other two."""

    epoch: int
    index: int
    path: tuple[bytes, ...]
    slot: int
    salt: bytes
    slots: tuple[bytes, bytes, bytes]
    meta: bytes
    others: tuple[OpenedSlot, ...] = ()
    asserted: Asserted | None = None


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle as read, only its form checked. `claims` maps pair tokens to leaves, the first epoch first."""

    sender: bytes
    recipient: bytes
    run: bytes
    made: int
    pay: bool
    log: ClaimsLog
    checkpoints: tuple[Stamped, ...]
    epochs: tuple[OpenedEpoch, ...]
    claims: Mapping[str, tuple[Shown, ...]]
    signed: bytes
    signature: bytes

    def require_signed(self, card: Card) -> None:
        """Return when the sender signed exactly these bytes; else ForgedFile."""
        card.verify("signing", PURPOSE, self.signed, self.signature, "the claim bundle")


@dataclass(frozen=True, slots=True)
class Proved:
    """The file, and the tokens whose matched keys the newest epoch does not hold."""

    data: bytes
    missing: tuple[str, ...]


def prove(
    epochs: Sequence[OpenedEpoch],
    load: Callable[[int], Opening],
    matched: Mapping[str, Sequence[Key]],
    log: ClaimsLog,
    checkpoints: Sequence[Stamped],
    keys: PartyKeys,
    recipient: bytes,
    run: bytes,
    now: int,
    *,
    pay: bool = False,
    since: int | None = None,
) -> Proved:
    """The bundle for `matched`: pair token to the own keys of that account that matched, the best first.

    `epochs` are all of the log, in order; `load` gives the opening of one. Each account is claimed from the
    first epoch since which no epoch is without it. The entries are opened from the first epoch that any
    account needs, and from epoch `since` at the latest.
    """
    claims: dict[str, list[dict[str, Any]]] = {token: [] for token in matched}
    lost: set[str] = set()
    for one in reversed(epochs):
        if len(lost) < len(matched):
            _show_epoch(load(one.commitment.epoch), matched, claims, lost, pay)
    held = {token: list(reversed(shown)) for token, shown in claims.items() if shown}
    first = min([shown[0]["epoch"] for shown in held.values()] + [since or len(log.entries)])
    body = {
        "sender": keys.card.digest.hex(),
        "recipient": recipient.hex(),
        "run": run.hex(),
        "made": now,
        "pay": pay,
        "log": log.to_text(),
        "checkpoints": [
            {"note": one.note.to_text(), "token": base64.b64encode(one.token).decode()} for one in checkpoints
        ],
        "epochs": [
            {"commitment": one.commitment.to_fields(), "salt": one.salt.hex()} for one in epochs[first - 1 :]
        ],
        "claims": held,
    }
    signed = CLAIMS_BUNDLE_LINE + canonical.encode(body) + b"\n"
    signature = keys.sign("signing", PURPOSE, signed)
    return Proved(signed + signature.hex().encode() + b"\n", tuple(sorted(matched.keys() - held.keys())))


def read_bundle(data: bytes) -> Bundle:
    """The bundle in a file. Raises MalformedFile for anything but the one form of this version."""
    signed, tail = data[:-_SIGNATURE], data[-_SIGNATURE:]
    if len(data) > BUNDLE_LIMIT:
        raise MalformedFile("the claim bundle is larger than 512 MiB", _HINT)
    if not signed.startswith(CLAIMS_BUNDLE_LINE) or not signed.endswith(b"\n") or tail[-1:] != b"\n":
        raise MalformedFile("this is not a claim bundle of version 1", _HINT)
    value = canonical.decode(signed[len(CLAIMS_BUNDLE_LINE) : -1], "the claim bundle")
    try:
        signature = bytes.fromhex(tail[:-1].decode())
        if signature.hex().encode() + b"\n" != tail or len(signature) != 64:
            raise ValueError("a signature is 64 bytes in hex")
        return Bundle(**_fields(value), signed=signed, signature=signature)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile("a field of the claim bundle is not what it should be", _HINT) from error


def _show_epoch(
    opening: Opening,
    matched: Mapping[str, Sequence[Key]],
    claims: dict[str, list[dict[str, Any]]],
    lost: set[str],
    pay: bool,
) -> None:
    """Add the leaf of this epoch to every account that no later epoch is without."""
    places = opening.places()
    found: dict[str, tuple[int, Key]] = {}
    for token in matched.keys() - lost:
        key = next((key for key in matched[token] if key.text in places), None)
        if key is None:
            lost.add(token)
        else:
            found[token] = (places[key.text], key)
    tokens = sorted(found)
    paths = opening.paths([found[token][0] for token in tokens]) if tokens else []
    for token, path in zip(tokens, paths, strict=True):
        index, key = found[token]
        leaf = opening.leaf(index)
        slot = leaf.row[1:4].index(key.text)
        shown = _shown_fields(opening.commitment.epoch, index, path, slot, leaf)
        claims[token].append(shown | (_pay_fields(slot, leaf) if pay else {}))


def _shown_fields(epoch: int, index: int, path: merkle.Proof, slot: int, leaf: OpenLeaf) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "index": index,
        "path": [node.hex() for node in path],
        "slot": slot,
        "salt": leaf.salts[slot].hex(),
        "slots": [commitment.hex() for commitment in leaf.slots],
        "meta": leaf.meta.hex(),
    }


def _pay_fields(slot: int, leaf: OpenLeaf) -> dict[str, Any]:
    _, *keys, relation, since, evidence = leaf.row
    others = [
        {"salt": leaf.salts[other].hex(), "key": keys[other]} for other in range(len(SLOTS)) if other != slot
    ]
    about = {
        "salt": leaf.salts[META_SLOT].hex(),
        "relation": relation,
        "since": since,
        "evidence": evidence,
    }
    return {"others": others, "asserted": about}


def _fields(value: Any) -> dict[str, Any]:
    names = {"sender", "recipient", "run", "made", "pay", "log", "checkpoints", "epochs", "claims"}
    if set(value) != names or type(value["pay"]) is not bool:
        raise ValueError("unknown or missing field")
    run = bytes.fromhex(value["run"])
    if run.hex() != value["run"] or len(run) not in (0, 16):
        raise ValueError("a run is 16 bytes, or none")
    claims = value["claims"]
    if not all(_TOKEN.fullmatch(token) and shown for token, shown in claims.items()):
        raise ValueError("a pair token is 32 hex digits, and has a leaf")
    pay = value["pay"]
    return {
        "sender": read_digest(value["sender"]),
        "recipient": read_digest(value["recipient"]),
        "run": run,
        "made": read_count(value["made"]),
        "pay": pay,
        "log": ClaimsLog.from_text(value["log"]),
        "checkpoints": tuple(_stamped(one) for one in value["checkpoints"]),
        "epochs": tuple(
            OpenedEpoch(Commitment.from_fields(_only(one, "commitment", "salt")["commitment"]),
                        read_digest(one["salt"]))
            for one in value["epochs"]
        ),
        "claims": {token: tuple(_shown(one, pay) for one in shown) for token, shown in claims.items()},
    }  # fmt: skip


def _only(fields: Any, *names: str) -> Any:
    if not isinstance(fields, dict) or set(fields) != set(names):
        raise ValueError("unknown or missing field")
    return fields


def _stamped(fields: Any) -> Stamped:
    _only(fields, "note", "token")
    try:
        token = base64.b64decode(fields["token"], validate=True)
    except binascii.Error as error:
        raise ValueError("a token is base 64") from error
    if base64.b64encode(token).decode() != fields["token"] or len(token) > TOKEN_LIMIT_BYTES:
        raise ValueError("a token is in its one form and not larger than its limit")
    return Stamped(Note.from_text(fields["note"]), token)


def _shown(fields: Any, pay: bool) -> Shown:
    names = ("epoch", "index", "path", "slot", "salt", "slots", "meta")
    _only(fields, *names, *(("others", "asserted") if pay else ()))
    first, second, third = (read_digest(text) for text in fields["slots"])
    if len(fields["path"]) > PATH_LIMIT or read_count(fields["slot"]) >= len(SLOTS):
        raise ValueError("a path that is too long, or no slot")
    others: tuple[OpenedSlot, ...] = ()
    if pay:
        one, two = (_other(slot) for slot in fields["others"])
        others = (one, two)
    return Shown(
        epoch=read_count(fields["epoch"]),
        index=read_count(fields["index"]),
        path=tuple(read_digest(text) for text in fields["path"]),
        slot=fields["slot"],
        salt=read_digest(fields["salt"]),
        slots=(first, second, third),
        meta=read_digest(fields["meta"]),
        others=others,
        asserted=_asserted(fields["asserted"]) if pay else None,
    )


def _other(fields: Any) -> OpenedSlot:
    _only(fields, "salt", "key")
    if not isinstance(fields["key"], str):
        raise ValueError("a key is text")
    return OpenedSlot(read_digest(fields["salt"]), fields["key"])


def _asserted(fields: Any) -> Asserted:
    _only(fields, "salt", "relation", "since", "evidence")
    if not RELATION.fullmatch(fields["relation"]) or (fields["since"] and not DAY.fullmatch(fields["since"])):
        raise ValueError("a relation is a word, a date a day or nothing")
    evidence = read_digest(fields["evidence"]) if fields["evidence"] else b""
    if fields["evidence"] != evidence.hex() or not isinstance(fields["since"], str):
        raise ValueError("evidence is a digest or nothing")
    return Asserted(read_digest(fields["salt"]), fields["relation"], fields["since"], evidence)
