"""Secrets under a passphrase: scrypt (RFC 7914) and AES-256-GCM."""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from overlap.errors import MalformedFile, WrongPassphrase
from overlap.keys.symmetric import RandomBytes

LOCKED_LINE: Final = b"overlap-locked/1\n"

#: scrypt cost (RFC 7914): 2^16 blocks of 8 x 128 bytes need 64 MiB and about 0.2 s, once a command.
SCRYPT_N: Final = 2**16


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
            f"the passphrase does not open {what}, or the file was altered",
            "check OVERLAP_PASSPHRASE, --passphrase-file or the system keyring, then try again",
        ) from error


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=SCRYPT_N, r=8, p=1).derive(passphrase.encode())
