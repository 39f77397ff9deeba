"""Checkpoints: what a log's owner signs after every entry, and hands to the peer.

The text is a C2SP tlog-checkpoint: origin, size and root, one a line, in a signed note whose key name is the
origin. The signature is plain Ed25519 by the owner's `checkpoints` key, so any witness can check it.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from cleanroom.log.note import ED25519, NoteSignature, key_id
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card, PartyKeys

#: A checkpoint note is about 420 bytes; the limit bounds what a peer's file makes us read.
NOTE_LIMIT_BYTES: Final = 1_024

_NOTE = re.compile(
    r"([!-~]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n\n— ([!-~]+) ([A-Za-z0-9+/=]{92})\n"
)


def log_origin(owner: Card, peer: Card) -> str:
    """The name of the log that `owner` keeps of what happens with `peer`: both card digests, in hex."""
    return f"overlap/{owner.digest.hex()}/{peer.digest.hex()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`root` (32 bytes) of the first `size` entries of the log `origin`, signed (64 bytes) by its owner."""

    origin: str
    size: int
    root: bytes
    signature: bytes

    def body(self) -> bytes:
        """The text that is signed."""
        return checkpoint_body(self.origin, self.size, self.root)

    def to_note(self, owner: Card) -> str:
        """The checkpoint as a signed note, to hand to the peer or a witness."""
        named = key_id(self.origin, ED25519, owner.checkpoints)
        line = NoteSignature(self.origin, named, self.signature).to_text()
        return f"{self.body().decode()}\n{line}\n"

    def verify(self, owner: Card) -> None:
        """Return when the signature is the owner's; else ForgedFile."""
        owner.verify_raw("checkpoints", self.body(), self.signature, "the checkpoint")


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """Three lines: the origin, the size in decimal, the root in base 64."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def sign_checkpoint(origin: str, size: int, root: bytes, keys: PartyKeys) -> Checkpoint:
    """The signed checkpoint of a log with this root."""
    return Checkpoint(origin, size, root, keys.sign_raw("checkpoints", checkpoint_body(origin, size, root)))


def read_checkpoint(note: str, origin: str, owner: Card) -> Checkpoint:
    """The checkpoint in a note of the log `origin`, signed by `owner`.

    Raises MalformedFile for any other form and ForgedFile for another log, key or signature.
    """
    match = _NOTE.fullmatch(note) if len(note) <= NOTE_LIMIT_BYTES else None
    if match is None:
        raise MalformedFile("this is not a checkpoint of a log", "ask the peer for its newest checkpoint")
    named, size, root, signer, signature = match.groups()
    if named != origin or signer != origin:
        raise ForgedFile("the checkpoint is of another log", "ask the peer for the log you share with it")
    try:
        decoded, digest = base64.b64decode(signature), base64.b64decode(root)
    except binascii.Error as error:
        raise MalformedFile(
            "this is not a checkpoint of a log", "ask the peer for its newest checkpoint"
        ) from error
    checkpoint = Checkpoint(origin, int(size), digest, decoded[4:])
    if checkpoint.to_note(owner) != note:
        raise ForgedFile("the checkpoint is by another key or altered", "ask the peer for it again")
    checkpoint.verify(owner)
    return checkpoint
