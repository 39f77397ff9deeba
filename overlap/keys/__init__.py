"""A party's keys, its public card, signatures, sealing, secrets at rest: the only room with the primitives.

symmetric    HKDF-SHA256 and AES-256-GCM, plainly named
sealing      HPKE to a public key; keys that serve one answer
card         a party's public keys and name; signatures are checked here
party        the secret half of a card; signatures are made here
passphrase   secrets under a passphrase
plain        a signature under a key that stands on no card
"""

from overlap.keys.card import CARD_LINE, USES, Card, check_party_name, check_verify_key
from overlap.keys.party import PartyKeys
from overlap.keys.passphrase import LOCKED_LINE, SCRYPT_N, lock, unlock
from overlap.keys.plain import verify_plain
from overlap.keys.sealing import SEAL_SUITE, OneTimeKey, seal_to
from overlap.keys.symmetric import KEY_BYTES, NONCE_BYTES, RandomBytes, decrypt, encrypt, hkdf

__all__ = [
    "CARD_LINE",
    "KEY_BYTES",
    "LOCKED_LINE",
    "NONCE_BYTES",
    "SCRYPT_N",
    "SEAL_SUITE",
    "USES",
    "Card",
    "OneTimeKey",
    "PartyKeys",
    "RandomBytes",
    "check_party_name",
    "check_verify_key",
    "decrypt",
    "encrypt",
    "hkdf",
    "lock",
    "seal_to",
    "unlock",
    "verify_plain",
]
