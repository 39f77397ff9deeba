"""A party's keys, its public card, signatures, and sealing to a card.

Every use has a key of its own: `signing` for documents and frames, `checkpoints` for the log, `requests` for
lease requests, `sealing` for what is sent to the party. Signatures are Ed25519 (RFC 8032); sealing is HPKE
(RFC 9180, base mode) with the hybrid KEM ML-KEM-768 + X25519, HKDF-SHA256 and AES-256-GCM. Base mode does not
say who sealed: whatever is sealed is signed inside.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError, WrongPassphrase

#: Draws that many random bytes; `secrets.token_bytes` outside tests.
RandomBytes = Callable[[int], bytes]

CARD_LINE: Final = b"overlap-card/1\n"
LOCKED_LINE: Final = b"overlap-locked/1\n"
SEAL_SUITE: Final = "HPKE-MLKEM768X25519-HKDF-SHA256-AES256GCM"
USES: Final = ("signing", "checkpoints", "requests")

#: scrypt cost (RFC 7914): 2^16 blocks of 8 x 128 bytes need 64 MiB and about 0.2 s, once a command.
SCRYPT_N: Final = 2**16

_PARTY_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
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
    """A party's public keys and name, self-signed. `sealing` is 1184 + 32 bytes, the others 32 bytes each."""

    party: str
    signing: bytes
    checkpoints: bytes
    requests: bytes
    sealing: bytes
    signature: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 over everything the card says."""
        return canonical.digest(CARD_LINE, canonical.encode(_card_body(self)))

    @property
    def fingerprint(self) -> str:
        """120 bits of the digest as six groups of four base-32 letters, to compare by phone."""
        text = base64.b32encode(self.digest[:15]).decode()
        return " ".join(text[i : i + 4] for i in range(0, 24, 4))

    def to_bytes(self) -> bytes:
        return CARD_LINE + canonical.encode(_card_body(self) | {"signature": self.signature.hex()}) + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> Card:
        """The card in `data`.

        Raises MalformedFile for anything but the canonical bytes of this version, ForgedFile when the
        self-signature does not hold or a key is small-order or non-canonical.
        """
        if len(data) > 16_384:
            raise MalformedFile("the card is larger than 16 KiB", "ask for the file made by 'overlap card'")
        if not data.startswith(CARD_LINE) or not data.endswith(b"\n"):
            raise MalformedFile("this is not a card of version 1", "ask for the file made by 'overlap card'")
        fields = canonical.decode(data[len(CARD_LINE) : -1], "the card")
        card = _card_from_fields(fields)
        for use in USES:
            check_verify_key(getattr(card, use), f"the card's {use} key")
        card.verify("signing", b"card", canonical.encode(_card_body(card)), card.signature, "the card")
        return card

    def verify(self, use: str, purpose: bytes, message: bytes, signature: bytes, what: str) -> None:
        """Return when `signature` over (`purpose`, `message`) is by the `use` key; else ForgedFile."""
        try:
            Ed25519PublicKey.from_public_bytes(getattr(self, use)).verify(
                signature, _signed(purpose, message)
            )
        except (InvalidSignature, ValueError) as error:
            raise ForgedFile(
                f"the signature of {what} does not hold",
                "the file was altered or is not by this party; ask for it again",
            ) from error

    def seal(self, info: bytes, plaintext: bytes) -> bytes:
        """`plaintext` sealed so that only this party opens it; `info` must be given again to open."""
        public = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.sealing[:1184]),
            X25519PublicKey.from_public_bytes(self.sealing[1184:]),
        )
        return _SUITE.encrypt(plaintext, public, info)


class PartyKeys:
    """The secret half of a card. It cannot be printed, compared or pickled."""

    __slots__ = ("_ed25519", "_sealing", "_secrets", "card", "party")

    def __init__(self, party: str, secrets: dict[str, bytes]) -> None:
        self.party = check_party_name(party)
        self._secrets = secrets
        self._ed25519 = {use: Ed25519PrivateKey.from_private_bytes(secrets[use]) for use in USES}
        self._sealing = MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(secrets["mlkem"]),
            X25519PrivateKey.from_private_bytes(secrets["x25519"]),
        )
        self.card = self._make_card()

    @staticmethod
    def generate(party: str, random: RandomBytes) -> PartyKeys:
        """New keys for `party` from `random`."""
        return PartyKeys(
            party, {use: random(32) for use in USES} | {"x25519": random(32), "mlkem": random(64)}
        )

    def sign(self, use: str, purpose: bytes, message: bytes) -> bytes:
        """A 64-byte signature by the key for `use`; `purpose` separates kinds of document from each other."""
        return self._ed25519[use].sign(_signed(purpose, message))

    def open_sealed(self, info: bytes, sealed: bytes, what: str) -> bytes:
        """What was sealed to this party under `info`; ForgedFile when it was altered or is for another."""
        try:
            return _SUITE.decrypt(sealed, self._sealing, info)
        except (InvalidTag, ValueError) as error:
            raise ForgedFile(
                f"{what} does not open: it was altered, cut short, or sealed to another party",
                "ask the sender for the file again, sealed to your present card",
            ) from error

    def to_locked(self, passphrase: str, random: RandomBytes) -> bytes:
        """The key file: everything secret, encrypted under the passphrase."""
        body = {"party": self.party} | {name: value.hex() for name, value in self._secrets.items()}
        return lock(passphrase, canonical.encode(body), random)

    @staticmethod
    def from_locked(data: bytes, passphrase: str) -> PartyKeys:
        """The keys in a key file. Raises WrongPassphrase or MalformedFile."""
        body = canonical.decode(unlock(passphrase, data, "the key file"), "the key file")
        party = body.pop("party")
        return PartyKeys(party, {name: bytes.fromhex(value) for name, value in body.items()})

    def _make_card(self) -> Card:
        def public(use: str) -> bytes:
            return self._ed25519[use].public_key().public_bytes_raw()

        mlkem = MLKEM768PrivateKey.from_seed_bytes(self._secrets["mlkem"]).public_key().public_bytes_raw()
        x25519 = X25519PrivateKey.from_private_bytes(self._secrets["x25519"]).public_key().public_bytes_raw()
        unsigned = Card(
            self.party, public("signing"), public("checkpoints"), public("requests"), mlkem + x25519, b""
        )
        signature = self.sign("signing", b"card", canonical.encode(_card_body(unsigned)))
        return Card(
            unsigned.party,
            unsigned.signing,
            unsigned.checkpoints,
            unsigned.requests,
            unsigned.sealing,
            signature,
        )

    def __repr__(self) -> str:
        return f"PartyKeys(party={self.party!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret keys are not pickled")


def check_verify_key(key: bytes, what: str) -> None:
    """ForgedFile when an Ed25519 key is small-order (then any message verifies) or not canonical."""
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
        raise ForgedFile(f"{what} is not a safe key", "ask the party to make new keys with 'overlap init'")


def lock(passphrase: str, plaintext: bytes, random: RandomBytes) -> bytes:
    """`plaintext` under a passphrase: scrypt (RFC 7914) and AES-256-GCM."""
    salt, nonce = random(16), random(12)
    header = LOCKED_LINE + salt + nonce
    return header + AESGCM(_stretch(passphrase, salt)).encrypt(nonce, plaintext, header)


def unlock(passphrase: str, data: bytes, what: str) -> bytes:
    """The inverse of `lock`. Raises MalformedFile for another format and WrongPassphrase otherwise."""
    head = len(LOCKED_LINE)
    if not data.startswith(LOCKED_LINE) or len(data) < head + 16 + 12 + 16:
        raise MalformedFile(f"{what} is not a locked file of version 1", "restore the file from a backup")
    salt, nonce = data[head : head + 16], data[head + 16 : head + 28]
    try:
        return AESGCM(_stretch(passphrase, salt)).decrypt(nonce, data[head + 28 :], data[: head + 28])
    except InvalidTag as error:
        raise WrongPassphrase(
            f"the passphrase does not open {what}, or the file was altered", "try the passphrase again"
        ) from error


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=SCRYPT_N, r=8, p=1).derive(passphrase.encode())


def _signed(purpose: bytes, message: bytes) -> bytes:
    return b"overlap-signature/1\n" + canonical.digest(purpose, message)


def _card_body(card: Card) -> dict[str, str]:
    return {
        "party": card.party,
        "sealing_suite": SEAL_SUITE,
        "sealing": card.sealing.hex(),
        **{use: getattr(card, use).hex() for use in USES},
    }


def _card_from_fields(fields: Any) -> Card:
    names = {"party", "sealing_suite", "sealing", "signature", *USES}
    hint = "ask for the file made by 'overlap card'"
    if not isinstance(fields, dict) or set(fields) != names or fields["sealing_suite"] != SEAL_SUITE:
        raise MalformedFile("the card does not have the fields of version 1", hint)
    try:
        party = check_party_name(fields["party"])
        raw = {name: bytes.fromhex(fields[name]) for name in (*USES, "sealing", "signature")}
    except (binascii.Error, TypeError, ValueError, UsageError) as error:
        raise MalformedFile("a field of the card is not what it should be", hint) from error
    if any(len(raw[use]) != 32 for use in USES) or len(raw["sealing"]) != 1216 or len(raw["signature"]) != 64:
        raise MalformedFile("a key of the card has the wrong length", hint)
    return Card(party, raw["signing"], raw["checkpoints"], raw["requests"], raw["sealing"], raw["signature"])
