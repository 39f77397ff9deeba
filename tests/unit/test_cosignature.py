"""Cosigned checkpoints, against an independent reading of C2SP tlog-cosignature and signed-note."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from random import Random

import pytest

from cleanroom.log import Cosigned, Log, cosign, log_origin, read_cosigned
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile
from overlap.keys import PartyKeys

RANDOM = Random(8).randbytes
OWNER = PartyKeys.generate("northwind", RANDOM)
PEER = PartyKeys.generate("contoso", RANDOM)
ORIGIN = log_origin(OWNER.card, PEER.card)
TIME = 1_795_341_600


@pytest.fixture
def cosigned(tmp_path: Path) -> Cosigned:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    for number in range(3):
        log.append("run", {}, 1_000 + number, RANDOM)
    return cosign(log.head(), PEER, TIME)


def test_a_cosigned_note_is_read_back(cosigned: Cosigned) -> None:
    note = cosigned.to_note(OWNER.card, PEER.card)
    assert read_cosigned(note, ORIGIN, OWNER.card, PEER.card) == cosigned


def test_the_second_line_is_what_the_specification_says(cosigned: Cosigned) -> None:
    """Key ID: SHA-256(name, LF, 0x04, key)[:4]; then the time in 8 bytes, big-endian, then the signature.

    Signed are two lines, `cosignature/v1` and `time SECONDS`, and the whole body of the checkpoint.
    """
    note = cosigned.to_note(OWNER.card, PEER.card)
    body, _, signatures = note.partition("\n\n")
    own, other = signatures.splitlines()
    assert own.startswith(f"— {ORIGIN} ")
    dash, name, encoded = other.split(" ")
    stamped = base64.b64decode(encoded, validate=True)
    assert (dash, name) == ("—", f"overlap/{PEER.card.digest.hex()}")
    assert stamped[:4] == hashlib.sha256(name.encode() + b"\n\x04" + PEER.card.checkpoints).digest()[:4]
    assert int.from_bytes(stamped[4:12], "big") == TIME
    message = f"cosignature/v1\ntime {TIME}\n{body}\n".encode()
    PEER.card.verify_raw("checkpoints", message, stamped[12:], "the cosignature")
    assert len(body.splitlines()) == 3 and len(stamped) == 4 + 8 + 64


def test_every_changed_character_of_a_cosigned_note_is_refused(cosigned: Cosigned) -> None:
    note = cosigned.to_note(OWNER.card, PEER.card)
    for position in range(len(note)):
        broken = note[:position] + chr(ord(note[position]) ^ 1) + note[position + 1 :]
        with pytest.raises(BadPeerFile):
            read_cosigned(broken, ORIGIN, OWNER.card, PEER.card)
        with pytest.raises(BadPeerFile):
            read_cosigned(note[:position] + note[position + 1 :], ORIGIN, OWNER.card, PEER.card)


def test_another_cosigner_or_log_is_refused(cosigned: Cosigned) -> None:
    note = cosigned.to_note(OWNER.card, PEER.card)
    with pytest.raises(ForgedFile):
        read_cosigned(note, ORIGIN, OWNER.card, OWNER.card)
    with pytest.raises(ForgedFile):
        read_cosigned(note, log_origin(PEER.card, OWNER.card), PEER.card, OWNER.card)
    with pytest.raises(MalformedFile):
        read_cosigned(cosigned.checkpoint.to_note(OWNER.card), ORIGIN, OWNER.card, PEER.card)
    late = Cosigned(cosigned.checkpoint, 2**63, cosigned.signature).to_note(OWNER.card, PEER.card)
    with pytest.raises(ForgedFile):
        read_cosigned(late, ORIGIN, OWNER.card, PEER.card)


def test_neither_signature_stands_for_the_other(cosigned: Cosigned) -> None:
    checkpoint = cosigned.checkpoint
    as_cosignature = Cosigned(checkpoint, TIME, OWNER.sign_raw("checkpoints", checkpoint.body()))
    with pytest.raises(ForgedFile):
        read_cosigned(as_cosignature.to_note(OWNER.card, OWNER.card), ORIGIN, OWNER.card, OWNER.card)
