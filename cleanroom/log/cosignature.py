"""Cosignatures: one party says at a time that it checked a checkpoint of the other's log.

The text is a C2SP tlog-cosignature in its Ed25519 form (`cosignature/v1`): a second signature line below the
checkpoint's own, so that any client of signed notes can check both. It is made with the cosigner's
`checkpoints` key; the line says the time, and what is signed begins with words of its own, so that neither
kind of signature can stand for the other.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cleanroom.log.checkpoint import NOTE_LIMIT_BYTES, Checkpoint, read_checkpoint
from cleanroom.log.note import NoteSignature, cosigned_bytes, witness_key
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card, PartyKeys

_LINE = re.compile(r"— ([!-~]+) ([A-Za-z0-9+/]{102}==)\n")
_TIME_BYTES: Final = 8
_LAST_TIME: Final = 2**63 - 1
_HINT: Final = "ask the peer for the file made by 'overlap audit sync'"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint, and that its cosigner had seen nothing newer or other of that log at `time`.

    `time` is in unix seconds; `signature` has 64 bytes.
    """

    checkpoint: Checkpoint
    time: int
    signature: bytes

    def to_note(self, owner: Card, cosigner: Card) -> str:
        """The signed note with both signature lines, the owner's first."""
        key, stamped = witness_key(cosigner), self.time.to_bytes(_TIME_BYTES, "big") + self.signature
        return f"{self.checkpoint.to_note(owner)}{NoteSignature(key.name, key.id, stamped).to_text()}\n"


def cosigner_name(card: Card) -> str:
    """How a cosigner is called in its signature line: by the digest of its card, in hex."""
    return witness_key(card).name


def cosign(checkpoint: Checkpoint, keys: PartyKeys, time: int) -> Cosigned:
    """The checkpoint, cosigned at `time`; whether it goes on from the one before is checked by the caller."""
    return Cosigned(checkpoint, time, keys.sign_raw("checkpoints", _message(checkpoint, time)))


def read_cosigned(note: str, origin: str, owner: Card, cosigner: Card) -> Cosigned:
    """The checkpoint of the log `origin` in a note signed by its `owner` and then by `cosigner`.

    Raises MalformedFile for any other form and ForgedFile for another log, key or signature.
    """
    cut = note.rfind("— ") if len(note) <= NOTE_LIMIT_BYTES else -1
    match = _LINE.fullmatch(note, cut) if cut > 0 else None
    if match is None:
        raise MalformedFile("this is not a cosigned checkpoint", _HINT)
    checkpoint = read_checkpoint(note[:cut], origin, owner)
    try:
        stamped = base64.b64decode(match[2], validate=True)[4:]
    except binascii.Error as error:
        raise MalformedFile("this is not a cosigned checkpoint", _HINT) from error
    time = int.from_bytes(stamped[:_TIME_BYTES], "big")
    cosigned = Cosigned(checkpoint, time, stamped[_TIME_BYTES:])
    if time > _LAST_TIME or cosigned.to_note(owner, cosigner) != note:
        raise ForgedFile("the cosignature is by another key or altered", _HINT)
    cosigner.verify_raw("checkpoints", _message(checkpoint, time), cosigned.signature, "the cosignature")
    return cosigned


def _message(checkpoint: Checkpoint, time: int) -> bytes:
    return cosigned_bytes(checkpoint.body(), time)
