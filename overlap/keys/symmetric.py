"""Deriving keys and encrypting under them: HKDF-SHA256 (RFC 5869) and AES-256-GCM (NIST SP 800-38D)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from overlap.errors import ForgedFile

#: Draws that many random bytes; `secrets.token_bytes` outside tests.
RandomBytes = Callable[[int], bytes]

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


def hkdf(key: bytes, info: bytes, length: int = KEY_BYTES) -> bytes:
    """`length` bytes derived from a uniformly random `key` for the use that `info` names (no salt)."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """Ciphertext and 16-byte tag. One key encrypts one message, or every message has a nonce of its own.

    GCM does not commit to its key: where that matters, a digest of the key is signed beside the ciphertext.
    """
    return AESGCM(key).encrypt(nonce, plaintext, associated)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, associated: bytes, what: str) -> bytes:
    """The inverse of `encrypt`; ForgedFile, naming `what`, when key, nonce or any byte is another."""
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, associated)
    except InvalidTag as error:
        raise ForgedFile(
            f"{what} does not open: it was altered or belongs to another key",
            "restore the file, or ask its sender for it again",
        ) from error
