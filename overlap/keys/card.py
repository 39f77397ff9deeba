"""A party's card: public keys and name, self-signed; and the check of its signatures (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys.sealing import PUBLIC_BYTES, SEAL_SUITE, check_sealing_key, seal_to

CARD_LINE: Final = b"overlap-card/1\n"
USES: Final = ("signing", "checkpoints", "requests")

#: A card is about 3.5 KB; the limit leaves room for further keys in a later version.
CARD_LIMIT_BYTES: Final = 16_384

#: Stands in a card in place of a recovery key's digest: nobody has such a key, the card is never rotated.
NO_RECOVERY: Final = bytes(32)

#: What our own signatures begin with, so that a raw signature (`sign_raw`) can never stand for one of them.
SIGNED_LINE: Final = b"overlap-signature/1\n"

_PARTY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FIELD_PRIME = 2**255 - 19
#: The y coordinates of the eight points whose order divides 8; such a key accepts signatures of anybody.
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
    }
)


def check_party_name(name: str) -> str:
    """The name unchanged, or UsageError: 1 to 40 of a-z, 0-9 and "-", so that it can stand in a file name."""
    if not _PARTY_NAME.fullmatch(name):
        raise UsageError(
            "a party name is 1 to 40 characters of a-z, 0-9 and '-', beginning with a letter or digit",
            "choose a short name such as 'northwind'",
        )
    return name


@dataclass(frozen=True)
class Card:
    """A party's public keys and name, self-signed. `sealing` is 1184 + 32 bytes, the others 32 bytes each.

    `recovery` is the SHA-256 of the key that alone ends this card and without which none takes its place.
    """

    party: str
    signing: bytes
    checkpoints: bytes
    requests: bytes
    sealing: bytes
    recovery: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 over everything the card says."""
        return canonical.digest(CARD_LINE, self.body())

    @property
    def fingerprint(self) -> str:
        """120 bits of the digest as six groups of four base-32 letters, to compare by phone."""
        text = base64.b32encode(self.digest[:15]).decode()
        return " ".join(text[i : i + 4] for i in range(0, 24, 4))

    def body(self) -> bytes:
        """What the card's own signature covers."""
        return canonical.encode(self._fields())

    def to_bytes(self) -> bytes:
        return CARD_LINE + canonical.encode(self._fields() | {"signature": self.signature.hex()}) + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> Card:
        """The card in `data`.

        Raises MalformedFile for anything but the canonical bytes of this version, ForgedFile when the
        self-signature does not hold or a key is small-order or non-canonical.
        """
        hint = "ask for the file made by 'overlap card'"
        if len(data) > CARD_LIMIT_BYTES:
            raise MalformedFile("the card is larger than 16 KiB", hint)
        if not data.startswith(CARD_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a card of version 1", hint)
        card = _card_from_fields(canonical.decode(data[len(CARD_LINE) : -1], "the card"))
        if card.to_bytes() != data:  # bytes.fromhex also reads upper case and spaces
            raise MalformedFile("the card is not in canonical form", hint)
        for use in USES:
            check_verify_key(getattr(card, use), f"the card's {use} key")
        check_sealing_key(card.sealing, "the card's sealing key")
        card.verify("signing", b"card", card.body(), card.signature, "the card")
        return card

    def verify(self, use: str, purpose: bytes, message: bytes, signature: bytes, what: str) -> None:
        """Return when `signature` over (`purpose`, `message`) is by the `use` key; else ForgedFile."""
        self.verify_raw(use, signed_bytes(purpose, message), signature, what)

    def verify_raw(self, use: str, message: bytes, signature: bytes, what: str) -> None:
        """Return when `signature` is plain Ed25519 over `message` by the `use` key; else ForgedFile.

        For formats of others that bring their own separation of purposes: DSSE and signed notes.
        """
        try:
            Ed25519PublicKey.from_public_bytes(getattr(self, use)).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise ForgedFile(
                f"the signature of {what} does not hold",
                "the file was altered or is not by this party; ask for it again",
            ) from error

    def seal(self, info: bytes, plaintext: bytes) -> bytes:
        """`plaintext` sealed so that only this party opens it; `info` must be given again to open."""
        return seal_to(self.sealing, info, plaintext)

    def _fields(self) -> dict[str, str]:
        return {
            "party": self.party,
            "sealing_suite": SEAL_SUITE,
            "sealing": self.sealing.hex(),
            "recovery": self.recovery.hex(),
            **{use: getattr(self, use).hex() for use in USES},
        }


def check_verify_key(key: bytes, what: str) -> None:
    """ForgedFile when an Ed25519 key is small-order (then any message verifies) or not canonical."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
        raise ForgedFile(f"{what} is not a safe key", "ask the party to make new keys with 'overlap init'")


def signed_bytes(purpose: bytes, message: bytes) -> bytes:
    """What one of our own signatures covers: `purpose` separates kinds of document from each other."""
    return SIGNED_LINE + canonical.digest(purpose, message)


def _card_from_fields(fields: Any) -> Card:
    names = {"party", "sealing_suite", "sealing", "recovery", "signature", *USES}
    hint = "ask for the file made by 'overlap card'"
    if not isinstance(fields, dict) or set(fields) != names or fields["sealing_suite"] != SEAL_SUITE:
        raise MalformedFile("the card does not have the fields of version 1", hint)
    try:
        party = check_party_name(fields["party"])
        raw = {name: bytes.fromhex(fields[name]) for name in (*USES, "sealing", "recovery", "signature")}
    except (TypeError, ValueError, UsageError) as error:
        raise MalformedFile("a field of the card is not what it should be", hint) from error
    lengths = {"sealing": PUBLIC_BYTES, "signature": 64} | dict.fromkeys((*USES, "recovery"), 32)
    if any(len(raw[name]) != length for name, length in lengths.items()):
        raise MalformedFile("a key of the card has the wrong length", hint)
    return Card(party, **raw)
