"""The secret half of a card.

Every use has a key of its own: `signing` for documents and frames, `checkpoints` for the log, `requests` for
lease requests, a sealing key for what is sent to the party, and `storage` for what the party keeps on disk.
Of the recovery key only the digest is here: the key itself lies offline.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from overlap import canonical
from overlap.errors import MalformedFile, UsageError
from overlap.keys.card import NO_RECOVERY, SIGNED_LINE, USES, Card, check_party_name, signed_bytes
from overlap.keys.passphrase import lock, unlock
from overlap.keys.sealing import OneTimeKey
from overlap.keys.symmetric import RandomBytes, hkdf

#: Every secret and its length in bytes, in the order in which they are drawn.
SECRETS: Final = dict.fromkeys(USES, 32) | {"x25519": 32, "mlkem": 64, "storage": 32}


class PartyKeys:
    """The secret half of a card. It cannot be printed, compared or pickled."""

    __slots__ = ("_ed25519", "_recovery", "_sealing", "_secrets", "card", "party")

    def __init__(self, party: str, secrets: dict[str, bytes], recovery: bytes = NO_RECOVERY) -> None:
        self.party = check_party_name(party)
        self._recovery = recovery
        self._secrets = secrets
        self._ed25519 = {use: Ed25519PrivateKey.from_private_bytes(secrets[use]) for use in USES}
        self._sealing = OneTimeKey(secrets["mlkem"] + secrets["x25519"])
        self.card = self._make_card()

    @staticmethod
    def generate(party: str, random: RandomBytes, recovery: bytes = NO_RECOVERY) -> PartyKeys:
        """New keys for `party` from `random`; `recovery` is the digest that the card commits to.

        Without one the card can never be rotated or revoked: for parties that live as long as a program.
        """
        return PartyKeys(party, {name: random(length) for name, length in SECRETS.items()}, recovery)

    def sign(self, use: str, purpose: bytes, message: bytes) -> bytes:
        """A 64-byte signature by the key for `use`; `purpose` separates kinds of document from each other."""
        return self._ed25519[use].sign(signed_bytes(purpose, message))

    def sign_raw(self, use: str, message: bytes) -> bytes:
        """Plain Ed25519 over `message`, for formats of others that bring their own separation of purposes.

        Raises UsageError for a message that would be one of our own signatures in another's coat.
        """
        if message.startswith(SIGNED_LINE):
            raise UsageError("a raw signature over one of our own documents", "use PartyKeys.sign")
        return self._ed25519[use].sign(message)

    def open_sealed(self, info: bytes, sealed: bytes, what: str) -> bytes:
        """What was sealed to this party under `info`; ForgedFile when it was altered or is for another."""
        return self._sealing.open_sealed(info, sealed, what)

    def storage_key(self, purpose: bytes) -> bytes:
        """32 bytes under which this party keeps its own files of one `purpose`."""
        return hkdf(self._secrets["storage"], b"overlap-storage/1\n" + purpose)

    def to_locked(self, passphrase: str, random: RandomBytes) -> bytes:
        """The key file: everything secret, encrypted under the passphrase."""
        body = {"party": self.party, "recovery": self._recovery.hex()}
        body |= {name: value.hex() for name, value in self._secrets.items()}
        return lock(passphrase, canonical.encode(body), random)

    @staticmethod
    def from_locked(data: bytes, passphrase: str) -> PartyKeys:
        """The keys in a key file. Raises WrongPassphrase or MalformedFile."""
        body = canonical.decode(unlock(passphrase, data, "the key file"), "the key file")
        try:
            party, recovery = body.pop("party"), bytes.fromhex(body.pop("recovery"))
            secrets = {name: bytes.fromhex(body.pop(name)) for name in SECRETS}
            lengths_hold = all(len(secrets[name]) == length for name, length in SECRETS.items())
            if body or not lengths_hold or len(recovery) != len(NO_RECOVERY):
                raise ValueError
            return PartyKeys(party, secrets, recovery)
        except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
            raise MalformedFile(
                "the key file does not hold the keys of version 1", "restore the file from a backup"
            ) from error

    def _make_card(self) -> Card:
        public = {use: self._ed25519[use].public_key().public_bytes_raw() for use in USES}
        sealing, recovery = self._sealing.public, self._recovery
        unsigned = Card(self.party, **public, sealing=sealing, recovery=recovery, signature=b"")
        return replace(unsigned, signature=self.sign("signing", b"card", unsigned.body()))

    def __repr__(self) -> str:
        return f"PartyKeys(party={self.party!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret keys are not pickled")
