"""The recovery key: kept offline, it alone ends a card, and with the keys of both cards it replaces one.

A card commits to it by a digest, so nothing is known of the key itself until it is used once.
"""

from __future__ import annotations

import hashlib
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys.card import check_party_name, check_verify_key, signed_bytes
from overlap.keys.passphrase import lock, unlock
from overlap.keys.symmetric import RandomBytes

#: Bytes of a recovery file: a locked file of one key.
RECOVERY_LIMIT_BYTES: Final = 4_096


class RecoveryKey:
    """An Ed25519 key that serves rotation and revocation only. It cannot be printed, compared or pickled."""

    __slots__ = ("_key", "_secret", "party", "public")

    def __init__(self, party: str, secret: bytes) -> None:
        self.party = check_party_name(party)
        self._secret = secret
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw()

    @staticmethod
    def generate(party: str, random: RandomBytes) -> RecoveryKey:
        """A new recovery key for `party` from `random`."""
        return RecoveryKey(party, random(32))

    @property
    def commitment(self) -> bytes:
        """What a card says about this key: SHA-256 of its public half."""
        return hashlib.sha256(self.public).digest()

    def sign(self, purpose: bytes, message: bytes) -> bytes:
        """A 64-byte signature, bound to `purpose` as those of the other keys are."""
        return self._key.sign(signed_bytes(purpose, message))

    def to_locked(self, passphrase: str, random: RandomBytes) -> bytes:
        """The recovery file: the key, encrypted under a passphrase."""
        body = {"party": self.party, "recovery": self._secret.hex()}
        return lock(passphrase, canonical.encode(body), random)

    @staticmethod
    def from_locked(data: bytes, passphrase: str) -> RecoveryKey:
        """The key in a recovery file. Raises WrongPassphrase or MalformedFile."""
        body = canonical.decode(unlock(passphrase, data, "the recovery file"), "the recovery file")
        try:
            if set(body) != {"party", "recovery"}:
                raise ValueError
            return RecoveryKey(body["party"], bytes.fromhex(body["recovery"]))
        except (TypeError, ValueError, UsageError) as error:
            raise MalformedFile(
                "the file does not hold a recovery key of version 1",
                "give the file that 'overlap init' wrote",
            ) from error

    def __repr__(self) -> str:
        return f"RecoveryKey(party={self.party!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret keys are not pickled")


def check_recovery(
    public: bytes, commitment: bytes, purpose: bytes, message: bytes, signature: bytes, what: str
) -> None:
    """Return when `public` is the key that `commitment` fixed and signed (`purpose`, `message`).

    Raises ForgedFile for another, small-order or non-canonical key, and for a signature that does not hold.
    """
    check_verify_key(public, f"the recovery key of {what}")
    if hashlib.sha256(public).digest() != commitment:
        raise ForgedFile(
            f"{what} is signed by another recovery key than the one fixed in the card",
            "believe nothing it says; call the party",
        )
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed_bytes(purpose, message))
    except (InvalidSignature, ValueError) as error:
        raise ForgedFile(
            f"the recovery key's signature of {what} does not hold",
            "the file was altered or is not by this party; ask for it again",
        ) from error
