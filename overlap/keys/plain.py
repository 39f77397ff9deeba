"""A plain Ed25519 signature under a key that stands on no card: a member's key at a room."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from overlap.errors import ForgedFile


def verify_plain(key: bytes, message: bytes, signature: bytes, what: str) -> None:
    """Return when `signature` is Ed25519 (RFC 8032) over `message` by `key`, 32 bytes; else ForgedFile.

    The key is one that `check_verify_key` has accepted: a small-order key verifies anything.
    """
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise ForgedFile(
            f"the signature of {what} does not hold", "sign it again with the right key"
        ) from error
