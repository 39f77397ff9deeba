"""Receipts: the envelope is checked by an independent reading of the DSSE and in-toto texts."""

from __future__ import annotations

import base64
import hashlib
import json
from random import Random

import pytest

from cleanroom.receipts import (
    DESTRUCTION,
    GRANT,
    STATEMENT_LINE,
    countersign,
    read_statement,
    sign_statement,
    statement_digest,
)
from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile, UsageError
from overlap.keys import PartyKeys

RANDOM = Random(9).randbytes
OURS = PartyKeys.generate("northwind", RANDOM)
PEER = PartyKeys.generate("contoso", RANDOM)
SUBJECT = {"share": hashlib.sha256(b"share").hexdigest(), "agreement": hashlib.sha256(b"a").hexdigest()}
RECEIPT = sign_statement(GRANT, SUBJECT, {"records": 3}, OURS)


def test_a_receipt_is_read_back() -> None:
    statement = read_statement(RECEIPT, [OURS.card], GRANT)
    assert statement.subject == SUBJECT
    assert statement.predicate == {"records": 3}
    assert statement.signers == ("northwind",)


def test_the_envelope_can_be_checked_by_the_dsse_text_alone() -> None:
    envelope = json.loads(RECEIPT.removeprefix(STATEMENT_LINE))
    payload = base64.b64decode(envelope["payload"])
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    # PAE = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body; the type has 28 bytes.
    message = b"DSSEv1 28 application/vnd.in-toto+json " + str(len(payload)).encode() + b" " + payload
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    OURS.card.verify_raw("signing", message, signature, "the receipt")
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [item["name"] for item in statement["subject"]] == ["agreement", "share"]


def test_a_countersigned_receipt_carries_both_signatures_and_keeps_its_digest() -> None:
    both = countersign(RECEIPT, [OURS.card], GRANT, PEER)
    assert read_statement(both, [OURS.card, PEER.card], GRANT).signers == ("northwind", "contoso")
    assert statement_digest(both) == statement_digest(RECEIPT)


def test_the_signers_are_exactly_those_expected() -> None:
    both = countersign(RECEIPT, [OURS.card], GRANT, PEER)
    for data, cards in (
        (RECEIPT, [OURS.card, PEER.card]),
        (RECEIPT, [PEER.card]),
        (RECEIPT, []),
        (both, [OURS.card]),
        (both, [PEER.card, OURS.card]),
    ):
        with pytest.raises(ForgedFile):
            read_statement(data, cards, GRANT)
    with pytest.raises(ForgedFile):
        countersign(RECEIPT, [PEER.card], GRANT, PEER)


def test_a_receipt_about_something_else_is_refused() -> None:
    with pytest.raises(ForgedFile):
        read_statement(RECEIPT, [OURS.card], DESTRUCTION)


def test_every_changed_byte_of_a_receipt_is_refused() -> None:
    for position in range(len(RECEIPT)):
        for mask in (0x01, 0x20):
            broken = RECEIPT[:position] + bytes([RECEIPT[position] ^ mask]) + RECEIPT[position + 1 :]
            with pytest.raises(BadPeerFile):
                read_statement(broken, [OURS.card], GRANT)
    for end in range(0, len(RECEIPT), 5):
        with pytest.raises(BadPeerFile):
            read_statement(RECEIPT[:end], [OURS.card], GRANT)


def _envelope(**changes: object) -> bytes:
    envelope = json.loads(RECEIPT.removeprefix(STATEMENT_LINE)) | changes
    return STATEMENT_LINE + canonical.encode(envelope) + b"\n"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        STATEMENT_LINE + b"[]\n",
        STATEMENT_LINE + b"7\n",
        RECEIPT + b"\n",
        RECEIPT.replace(b"{", b"{ ", 1),
        _envelope(signatures=[]),
        _envelope(signatures=[{"keyid": "00", "sig": ""}]),
        _envelope(signatures=[7]),
        _envelope(payload="?"),
        _envelope(payload=7),
        _envelope(extra=1),
        _envelope(payloadType="text/plain"),
    ],
    ids=[
        "empty file",
        "a list",
        "a number",
        "an extra line feed",
        "white space",
        "no signature",
        "a short key id",
        "a signature that is a number",
        "a payload that is not base 64",
        "a payload that is a number",
        "an unknown field",
        "another payload type",
    ],
)
def test_envelopes_of_another_form_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedFile):
        read_statement(data, [OURS.card], GRANT)


@pytest.mark.parametrize(
    "statement",
    [
        [],
        {"_type": "https://in-toto.io/Statement/v1", "predicateType": GRANT, "predicate": {}},
        {"_type": "https://in-toto.io/Statement/v1", "predicateType": GRANT, "predicate": {}, "subject": []},
        {"_type": "https://in-toto.io/Statement/v1", "predicateType": GRANT, "predicate": {}, "subject": 7},
        {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": GRANT,
            "predicate": [],
            "subject": [{"name": "a", "digest": {"sha256": "0" * 64}}],
        },
        {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": GRANT,
            "predicate": {},
            "subject": [{"name": "a", "digest": {"sha256": "0" * 64}}],
        },
    ],
    ids=["a list", "no subject", "empty subject", "subject a number", "predicate a list", "old version"],
)
def test_signed_statements_of_another_form_are_refused(statement: object) -> None:
    payload = canonical.encode(statement)
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(payload), payload)
    signature = base64.b64encode(OURS.sign_raw("signing", message)).decode()
    data = _envelope(
        payload=base64.b64encode(payload).decode(),
        signatures=[{"keyid": OURS.card.digest.hex(), "sig": signature}],
    )
    with pytest.raises(BadPeerFile):
        read_statement(data, [OURS.card], GRANT)


def test_statements_of_unknown_type_or_without_digest_are_not_signed() -> None:
    with pytest.raises(UsageError):
        sign_statement("urn:overlap:other:1", SUBJECT, {}, OURS)
    for subject in ({}, {"share": "acme"}):
        with pytest.raises(UsageError):
            sign_statement(GRANT, subject, {}, OURS)
