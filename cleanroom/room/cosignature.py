"""Cosignatures: a party signs that it has seen a checkpoint of the room's log, and when.

The line is a C2SP tlog-cosignature, below the room's own line in the same note. It is Ed25519 by the party's
`checkpoints` key over "cosignature/v1", the time, and the text of the checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cleanroom.log import Checkpoint, read_checkpoint
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card, PartyKeys

#: A checkpoint and one cosignature; what is longer is neither.
NOTE_LIMIT_BYTES: Final = 2_048

_TYPE: Final = b"\x04"
_LINE = re.compile(r"(.+\n)— ([!-~]+) ([A-Za-z0-9+/]{102}==)\n", re.DOTALL)
_HINT: Final = "cosign the newest checkpoint of the room's log"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A checkpoint that a party has cosigned at `time`; `note` is the text with both lines."""

    checkpoint: Checkpoint
    time: int
    note: str


def cosigner_name(card: Card) -> str:
    """The name of a party in a cosignature line."""
    return f"overlap/{card.digest.hex()}"


def cosign(note: str, origin: str, room: Card, keys: PartyKeys, now: int) -> str:
    """The room's `note` with the cosignature of `keys` below. Raises as `read_checkpoint`."""
    checkpoint = read_checkpoint(note, origin, room)
    signature = keys.sign_raw("checkpoints", _signed(checkpoint, now))
    name = cosigner_name(keys.card)
    blob = _key_hash(name, keys.card) + now.to_bytes(8, "big") + signature
    return f"{note}— {name} {base64.b64encode(blob).decode()}\n"


def read_cosigned(note: str, origin: str, room: Card, party: Card) -> Cosigned:
    """The checkpoint in a note that `room` signed and `party` cosigned; nobody else's line is in it.

    Raises MalformedFile for any other form, ForgedFile for another log, key or signature.
    """
    match = _LINE.fullmatch(note) if len(note) <= NOTE_LIMIT_BYTES else None
    if match is None:
        raise MalformedFile("this is not a cosigned checkpoint", _HINT)
    above, name, text = match.groups()
    try:
        blob = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedFile("this is not a cosigned checkpoint", _HINT) from error
    checkpoint = read_checkpoint(above, origin, room)
    time = int.from_bytes(blob[4:12], "big")
    again = base64.b64encode(_key_hash(name, party) + blob[4:]).decode()
    if name != cosigner_name(party) or again != text or len(blob) != 76 or time >= 2**53:
        raise ForgedFile("the checkpoint is cosigned by another key", _HINT)
    party.verify_raw("checkpoints", _signed(checkpoint, time), blob[12:], "the cosignature")
    return Cosigned(checkpoint, time, note)


def _signed(checkpoint: Checkpoint, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n".encode() + checkpoint.body()


def _key_hash(name: str, card: Card) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _TYPE + card.checkpoints).digest()[:4]
