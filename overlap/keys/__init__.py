"""A party's keys, its public card, signatures, sealing, secrets at rest: the only room with the primitives.

symmetric    HKDF-SHA256 and AES-256-GCM, plainly named
sealing      HPKE to a public key; keys that serve one answer
card         a party's public keys and name; signatures are checked here
party        the secret half of a card; signatures are made here
passphrase   secrets under a passphrase
plain        a signature under a key that stands on no card
recovery     the key that lies offline, and that a card commits to
rotation     statements that a card takes the place of another, or is dead
timestamp    tokens of a time authority (RFC 3161)
known_answers  whether the primitives of this machine give the published answers
"""

from overlap.keys.card import CARD_LINE, NO_RECOVERY, USES, Card, check_party_name, check_verify_key
from overlap.keys.known_answers import PRIMITIVES, answers_as_published
from overlap.keys.party import PartyKeys
from overlap.keys.passphrase import LOCKED_LINE, SCRYPT_N, check_passphrase, lock, unlock
from overlap.keys.plain import verify_plain
from overlap.keys.recovery import RECOVERY_LIMIT_BYTES, RecoveryKey
from overlap.keys.rotation import (
    REVOCATION_LINE,
    ROTATION_LIMIT_BYTES,
    ROTATION_LINE,
    CardRevocation,
    Rotation,
    make_revocation,
    make_rotation,
    read_revocation,
    read_rotation,
    require_recovery,
)
from overlap.keys.sealing import SEAL_SUITE, OneTimeKey, check_sealing_key, seal_to
from overlap.keys.symmetric import KEY_BYTES, NONCE_BYTES, RandomBytes, decrypt, encrypt, hkdf
from overlap.keys.timestamp import TOKEN_LIMIT_BYTES, check_authority, timestamp_request, verify_timestamp

__all__ = [
    "CARD_LINE",
    "KEY_BYTES",
    "LOCKED_LINE",
    "NONCE_BYTES",
    "NO_RECOVERY",
    "PRIMITIVES",
    "RECOVERY_LIMIT_BYTES",
    "REVOCATION_LINE",
    "ROTATION_LIMIT_BYTES",
    "ROTATION_LINE",
    "SCRYPT_N",
    "SEAL_SUITE",
    "TOKEN_LIMIT_BYTES",
    "USES",
    "Card",
    "CardRevocation",
    "OneTimeKey",
    "PartyKeys",
    "RandomBytes",
    "RecoveryKey",
    "Rotation",
    "answers_as_published",
    "check_authority",
    "check_party_name",
    "check_passphrase",
    "check_sealing_key",
    "check_verify_key",
    "decrypt",
    "encrypt",
    "hkdf",
    "lock",
    "make_revocation",
    "make_rotation",
    "read_revocation",
    "read_rotation",
    "require_recovery",
    "seal_to",
    "timestamp_request",
    "unlock",
    "verify_plain",
    "verify_timestamp",
]
