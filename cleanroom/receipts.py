"""Receipts: signed statements about grants, runs, releases and ends that anybody can check without our code.

A receipt is an in-toto Statement (version 1) in a DSSE envelope (version 1.0.2), below a first line of ours.
The signatures are plain Ed25519 by the parties' `signing` keys over the pre-authentication encoding, in the
order of signing; each names its key by the digest of the signer's card.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys import Card, PartyKeys

STATEMENT_LINE: Final = b"overlap-statement/1\n"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"

#: What receipts speak about; the number is the version of the predicate's fields.
GRANT: Final = "urn:overlap:grant:1"
RUN: Final = "urn:overlap:run:1"
RELEASE: Final = "urn:overlap:release:1"
EXPORT: Final = "urn:overlap:export:1"
EXPIRY: Final = "urn:overlap:expiry:1"
REVOCATION: Final = "urn:overlap:revocation:1"
DESTRUCTION: Final = "urn:overlap:destruction:1"
REVIEW: Final = "urn:overlap:review:1"
CLAIMS_TERMS: Final = "urn:overlap:claims-terms:1"
ACTION_LOG: Final = "urn:overlap:action-log:1"
ACTION_ANSWER: Final = "urn:overlap:action-answer:1"
PREDICATES: Final = (
    ACTION_ANSWER,
    ACTION_LOG,
    CLAIMS_TERMS,
    DESTRUCTION,
    EXPIRY,
    EXPORT,
    GRANT,
    RELEASE,
    REVIEW,
    REVOCATION,
    RUN,
)

#: A grant of 100,000 records carries two digests a record and is the largest statement; others are a few KB.
STATEMENT_LIMIT_BYTES: Final = 64 * 2**20

_HINT: Final = "ask the sender for the receipt again"
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Statement:
    """A receipt whose signatures hold. `subject` maps names to SHA-256 digests in hex."""

    predicate_type: str
    subject: Mapping[str, str]
    predicate: Mapping[str, Any]
    signers: tuple[str, ...]
    digest: bytes


def sign_statement(
    predicate_type: str, subject: Mapping[str, str], predicate: Mapping[str, Any], keys: PartyKeys
) -> bytes:
    """The receipt, signed by `keys`; UsageError for an unknown predicate type or a subject without digest."""
    if predicate_type not in PREDICATES or not _is_subject(subject):
        raise UsageError("a receipt needs a known predicate type and subjects with SHA-256 digests", _HINT)
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": subject[name]}} for name in sorted(subject)],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }
    return _envelope(payload := canonical.encode(statement), [_sign(payload, keys)])


def countersign(data: bytes, signers: Sequence[Card], predicate_type: str, keys: PartyKeys) -> bytes:
    """The receipt with the signature of `keys` after those of `signers`, which are checked first."""
    read_statement(data, signers, predicate_type)
    payload, signatures = _open_envelope(data)
    return _envelope(payload, [*signatures, _sign(payload, keys)])


def countersignature(data: bytes, signers: Sequence[Card], predicate_type: str, keys: PartyKeys) -> bytes:
    """The signature alone, 64 bytes, that `countersign` would add."""
    read_statement(data, signers, predicate_type)
    return keys.sign_raw("signing", _pae(_open_envelope(data)[0]))


def with_countersignature(
    data: bytes, signers: Sequence[Card], predicate_type: str, signer: Card, signature: bytes
) -> bytes:
    """The receipt with `signature` by `signer` after those of `signers`; all are checked.

    A receipt that has a countersignature already gets this one in its place.
    """
    payload, signatures = _open_envelope(data)
    added = {"keyid": signer.digest.hex(), "sig": base64.b64encode(signature).decode()}
    made = _envelope(payload, [*signatures[: len(signers)], added])
    read_statement(made, [*signers, signer], predicate_type)
    return made


def last_signature(data: bytes) -> bytes:
    """The last signature in a receipt (64 bytes as a rule), unchecked."""
    return _from_base64(_open_envelope(data)[1][-1]["sig"])


def read_statement(data: bytes, cards: Sequence[Card], predicate_type: str) -> Statement:
    """The statement in a receipt signed by exactly `cards`, in this order.

    Raises MalformedFile for any other form, ForgedFile for another signer, a missing or a false signature, or
    another predicate type.
    """
    payload, signatures = _open_envelope(data)
    if [signature["keyid"] for signature in signatures] != [card.digest.hex() for card in cards]:
        raise ForgedFile("the receipt is not signed by the parties it should be", _HINT)
    for card, signature in zip(cards, signatures, strict=True):
        card.verify_raw("signing", _pae(payload), _from_base64(signature["sig"]), "the receipt")
    value = canonical.decode(payload, "the receipt's statement")
    if not isinstance(value, dict) or set(value) != {"_type", "subject", "predicateType", "predicate"}:
        raise MalformedFile("the receipt does not hold a statement of version 1", _HINT)
    if value["_type"] != STATEMENT_TYPE or value["predicateType"] != predicate_type:
        raise ForgedFile("the receipt is about something else", _HINT)
    subject = _read_subject(value["subject"])
    if not isinstance(value["predicate"], dict):
        raise MalformedFile("the receipt does not hold a statement of version 1", _HINT)
    signers = tuple(card.party for card in cards)
    return Statement(predicate_type, subject, value["predicate"], signers, statement_digest(data))


def statement_digest(data: bytes) -> bytes:
    """SHA-256 over what is signed: the same before and after a countersignature."""
    return hashlib.sha256(_pae(_open_envelope(data)[0])).digest()


@dataclass(frozen=True, slots=True)
class Outline:
    """What a receipt says, unchecked; `signers` are the card digests (hex) of those it says have signed."""

    predicate_type: str
    predicate: Mapping[str, Any]
    signers: tuple[str, ...]


def outline(data: bytes) -> Outline:
    """To know by which cards a receipt is to be read. MalformedFile when it is none."""
    payload, signatures = _open_envelope(data)
    value = canonical.decode(payload, "the receipt's statement")
    good = isinstance(value, dict) and value.get("predicateType") in PREDICATES
    if not good or not isinstance(value.get("predicate"), dict):
        raise MalformedFile("the receipt does not hold a statement of version 1", _HINT)
    signers = tuple(signature["keyid"] for signature in signatures)
    return Outline(value["predicateType"], value["predicate"], signers)


def _pae(payload: bytes) -> bytes:
    """The pre-authentication encoding of DSSE."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _sign(payload: bytes, keys: PartyKeys) -> dict[str, str]:
    signature = base64.b64encode(keys.sign_raw("signing", _pae(payload))).decode()
    return {"keyid": keys.card.digest.hex(), "sig": signature}


def _envelope(payload: bytes, signatures: Sequence[Mapping[str, str]]) -> bytes:
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": list(signatures),
    }
    return STATEMENT_LINE + canonical.encode(envelope) + b"\n"


def _open_envelope(data: bytes) -> tuple[bytes, list[dict[str, str]]]:
    """The payload and the signatures as they stand, unchecked; one encoding only is accepted."""
    if len(data) > STATEMENT_LIMIT_BYTES:
        raise MalformedFile("the receipt is larger than 64 MiB", _HINT)
    if not data.startswith(STATEMENT_LINE) or not data.endswith(b"\n"):
        raise MalformedFile("this is not a receipt of version 1", _HINT)
    envelope = canonical.decode(data[len(STATEMENT_LINE) : -1], "the receipt")
    try:
        payload, signatures = _from_base64(envelope["payload"]), envelope["signatures"]
        for signature in signatures:
            if set(signature) != {"keyid", "sig"} or not _DIGEST.fullmatch(signature["keyid"]):
                raise ValueError("a signature names its key and itself")
            _from_base64(signature["sig"])
        again = _envelope(payload, signatures)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile("the receipt is not an envelope of version 1", _HINT) from error
    if again != data or not signatures:
        raise MalformedFile("the receipt is not in canonical form", _HINT)
    return payload, signatures


def _from_base64(text: str) -> bytes:
    """Strict base 64: the one text of its bytes."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise binascii.Error("not canonical base 64")
    return data


def _is_subject(subject: Mapping[str, str]) -> bool:
    return bool(subject) and all(_DIGEST.fullmatch(digest) for digest in subject.values())


def _read_subject(value: Any) -> dict[str, str]:
    try:
        subject = {item["name"]: item["digest"]["sha256"] for item in value}
        again = [{"name": name, "digest": {"sha256": subject[name]}} for name in sorted(subject)]
        if again != value or not _is_subject(subject):
            raise ValueError("subjects are sorted and have one digest each")
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedFile("the receipt's subjects are not what they should be", _HINT) from error
    return subject
