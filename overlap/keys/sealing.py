"""Sealing to a public key: HPKE (RFC 9180, base mode) with the hybrid KEM ML-KEM-768 + X25519.

Base mode does not say who sealed: whatever is sealed is signed inside.
"""

from __future__ import annotations

from typing import Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from overlap.errors import ForgedFile, MalformedFile
from overlap.keys.symmetric import RandomBytes

SEAL_SUITE: Final = "HPKE-MLKEM768X25519-HKDF-SHA256-AES256GCM"

#: An ML-KEM-768 encapsulation key and an X25519 key.
PUBLIC_BYTES: Final = 1184 + 32
#: An ML-KEM-768 seed and an X25519 key.
SECRET_BYTES: Final = 64 + 32

_FIELD_PRIME: Final = 2**255 - 19
#: The u-coordinates of X25519 whose order divides 8: what is agreed on with such a key is known to everybody.
_SMALL_ORDER_U: Final = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    }
)

_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def seal_to(public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """`plaintext` sealed to a public key of PUBLIC_BYTES; `info` must be given again to open.

    Raises MalformedFile when `public` is no such key, ForgedFile when it is not a safe one.
    """
    return _SUITE.encrypt(plaintext, _public_key(public, "a public sealing key"), info)


def check_sealing_key(public: bytes, what: str) -> None:
    """Return when `public` is PUBLIC_BYTES of a key to seal to.

    Raises MalformedFile for another length or an ML-KEM key that is not reduced, ForgedFile when the X25519
    half is small-order or not canonical: the hybrid must not rest on one half alone.
    """
    _public_key(public, what)


def _public_key(public: bytes, what: str) -> MLKEM768X25519PublicKey:
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:1184]),
            X25519PublicKey.from_public_bytes(public[1184:]),
        )
    except ValueError as error:
        raise MalformedFile(f"{what} is not a key of its kind", "ask for a new key") from error
    # The top bit is masked off by RFC 7748 and must not give a second encoding.
    u = int.from_bytes(public[1184:], "little")
    if u >= _FIELD_PRIME or u in _SMALL_ORDER_U:
        raise ForgedFile(f"{what} is not a safe key", "ask the party to make new keys")
    return key


class OneTimeKey:
    """A sealing key that serves one answer and is then thrown away. It cannot be printed or pickled."""

    __slots__ = ("_key", "_secret", "public")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise MalformedFile("a one-time key has the wrong length", "make a new request")
        self._secret = secret
        mlkem = MLKEM768PrivateKey.from_seed_bytes(secret[:64])
        x25519 = X25519PrivateKey.from_private_bytes(secret[64:])
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()

    @staticmethod
    def generate(random: RandomBytes) -> OneTimeKey:
        """A new key from `random`."""
        return OneTimeKey(random(SECRET_BYTES))

    def secret_bytes(self) -> bytes:
        """The SECRET_BYTES to keep, in the vault, until the answer has come; `OneTimeKey(...)` reads them."""
        return self._secret

    def open_sealed(self, info: bytes, sealed: bytes, what: str) -> bytes:
        """What was sealed to this key under `info`; ForgedFile when it was altered or is for another."""
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise ForgedFile(
                f"{what} does not open: it was altered, cut short, or sealed to another key",
                "check that it is the partner's newest file and not one of your own; "
                "else ask for it again, sealed to your present key",
            ) from error

    def __repr__(self) -> str:
        return "OneTimeKey()"

    def __reduce__(self) -> NoReturn:
        raise TypeError("secret keys are not pickled")
