"""Signed notes with any number of signatures, and the public keys that check them (C2SP signed-note).

A note is a text, an empty line, and one line a signature: `— NAME BASE64(key id, 4 bytes || signature)`.
The key id is the beginning of SHA-256(NAME LF TYPE KEY), so a signature by an unknown key is seen before it
is checked, and left alone, as the specification asks. A checkpoint is signed with type 1 (Ed25519 over the
text); a witness signs with type 4: 8 bytes of time, then Ed25519 over `cosignature/v1`, that time and the
text.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys import Card, check_verify_key, verify_plain

#: Types of keys in a note.
ED25519: Final = 1
COSIGNATURE: Final = 4
#: Signatures below one note: the owner's and at most 31 witnesses'.
SIGNATURES_LIMIT: Final = 32
#: Characters of a note.
TEXT_LIMIT: Final = 16_384

_LINE = re.compile(r"— ([!-*,-~]{1,200}) ([A-Za-z0-9+/]+=*)")
_KEY = re.compile(r"([!-*,-~]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)")
_LAST_TIME: Final = 2**63 - 1
_HINT: Final = "ask for the file again"


@dataclass(frozen=True, slots=True, order=True)
class NoteKey:
    """A public key of signed notes: its name, its type, and 32 bytes of Ed25519."""

    name: str
    kind: int
    key: bytes

    @property
    def id(self) -> bytes:
        """The 4 bytes by which a signature names its key."""
        return key_id(self.name, self.kind, self.key)

    def to_text(self) -> str:
        """NAME+ID+KEY, as keys of witnesses are published."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @staticmethod
    def from_text(text: str) -> NoteKey:
        """The inverse. Raises UsageError for any other form and ForgedFile for a key that is not safe."""
        match = _KEY.fullmatch(text) if len(text) < TEXT_LIMIT else None
        hint = "give NAME+ID+KEY as the witness publishes it; 'overlap claims key' prints that of a party"
        if match is None:
            raise UsageError("this is not a public key of signed notes", hint)
        raw = _from_base64(match[3])
        if len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):
            raise UsageError("this key of signed notes is of a type that is not known here", hint)
        key = NoteKey(match[1], raw[0], raw[1:])
        if key.to_text() != text:
            raise UsageError("the id of this key of signed notes is not its own", hint)
        check_verify_key(key.key, "the key of a witness")
        return key

    def checks(self, body: bytes, signature: bytes) -> int:
        """The time of a cosignature over `body` (unix seconds; 0 for a plain one); ForgedFile if false."""
        if self.kind == ED25519:
            verify_plain(self.key, body, signature, "the note")
            return 0
        time = int.from_bytes(signature[:8], "big")
        if len(signature) != 72 or time > _LAST_TIME:
            raise ForgedFile("a cosignature is not of the form of version 1", _HINT)
        verify_plain(self.key, cosigned_bytes(body, time), signature[8:], "the cosignature")
        return time


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line below a note: the signer's name, the id of its key, and the bytes after it."""

    name: str
    id: bytes
    signature: bytes

    def to_text(self) -> str:
        """The line, without its line feed."""
        return f"— {self.name} {base64.b64encode(self.id + self.signature).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a line feed, and the signatures below it, unchecked."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def to_text(self) -> str:
        """The note as a file has it."""
        return self.text + "\n" + "".join(f"{one.to_text()}\n" for one in self.signatures)

    @staticmethod
    def from_text(text: str) -> Note:
        """The inverse; MalformedFile for anything but the one form of a note."""
        body, empty, below = text.rpartition("\n\n")
        if len(text) > TEXT_LIMIT or not empty or not below.endswith("\n"):
            raise MalformedFile("this is not a signed note", _HINT)
        matches = [_LINE.fullmatch(line) for line in below[:-1].split("\n")]
        if len(matches) > SIGNATURES_LIMIT:
            raise MalformedFile("a signed note has too many signatures", _HINT)
        found = []
        for match in matches:
            raw = b"" if match is None else _from_base64(match[2])
            if match is None or len(raw) < 5:
                raise MalformedFile("a line below a signed note is not a signature", _HINT)
            found.append(NoteSignature(match[1], raw[:4], raw[4:]))
        note = Note(body + "\n", tuple(found))
        if note.to_text() != text:
            raise MalformedFile("a signed note is not in its one form", _HINT)
        return note

    def signed_by(self, key: NoteKey) -> int | None:
        """The time of the first signature by `key` (0 for a plain one); None when there is none.

        Raises ForgedFile when a signature that names this key does not hold.
        """
        for one in self.signatures:
            if (one.name, one.id) == (key.name, key.id):
                return key.checks(self.text.encode(), one.signature)
        return None

    def with_signatures(self, others: Iterable[NoteSignature]) -> Note:
        """The note with those of `others` whose key has not signed here; of one key the first counts."""
        kept = {(one.name, one.id): one for one in (*self.signatures, *others)}
        first = {(one.name, one.id): one for one in self.signatures}
        return Note(self.text, tuple((kept | first).values()))


def key_id(name: str, kind: int, key: bytes) -> bytes:
    """The first 4 bytes of SHA-256(name LF type key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def cosigned_bytes(body: bytes, time: int) -> bytes:
    """What a witness signs at `time`: words of its own before the text, so that no signature is both."""
    return b"cosignature/v1\ntime %d\n" % time + body


def witness_key(card: Card) -> NoteKey:
    """The key with which the owner of a card cosigns, named by the card's digest."""
    return NoteKey(f"overlap/{card.digest.hex()}", COSIGNATURE, card.checkpoints)


def _from_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedFile("a line of a signed note is not base 64", _HINT) from error
    if base64.b64encode(data).decode() != text:
        raise MalformedFile("a line of a signed note is not in its one form", _HINT)
    return data
