"""Secrets under a passphrase: scrypt (RFC 7914) and AES-256-GCM."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from overlap.errors import MalformedFile, UsageError, WrongPassphrase
from overlap.keys.symmetric import RandomBytes

LOCKED_LINE: Final = b"overlap-locked/1\n"

#: scrypt cost (RFC 7914): 2^16 blocks of 8 x 128 bytes need 64 MiB and about 0.2 s, once a command.
SCRYPT_N: Final = 2**16


#: Characters, and different ones among them; a shorter passphrase is guessed whatever scrypt costs.
LEAST_PASSPHRASE: Final = 12
LEAST_DIFFERENT: Final = 5
#: Characters that must be left of a passphrase when words that everybody tries first are taken out.
LEAST_BESIDE: Final = 8

_TRIED_FIRST: Final = (
    "passphrase",
    "password",
    "passwort",
    "overlap",
    "qwerty",
    "letmein",
    "welcome",
    "secret",
)


def check_passphrase(passphrase: str, party: str) -> None:
    """Return when a new passphrase is not among the first that anybody would try; else UsageError.

    It is a floor, not a measure of strength: length, different characters, and what is left beside the
    party's own name, common words, and runs such as 12345 or aaaa.
    """
    hint = "it protects every key under it: choose four words or more that do not belong together"
    if len(passphrase) < LEAST_PASSPHRASE:
        raise UsageError(f"the passphrase is shorter than {LEAST_PASSPHRASE} characters", hint)
    if len(set(passphrase)) < LEAST_DIFFERENT:
        raise UsageError(f"the passphrase has fewer than {LEAST_DIFFERENT} different characters", hint)
    rest = passphrase.lower()
    for word in (party, *_TRIED_FIRST):
        rest = rest.replace(word, "")
    if sum(abs(ord(here) - ord(before)) > 1 for before, here in pairwise(" " + rest)) < LEAST_BESIDE:
        raise UsageError("the passphrase is little more than a name, a common word or a run of digits", hint)


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
