"""Keys, cards, signatures, sealing and secrets at rest.

The Ed25519 vectors are RFC 8032, section 7.1, tests 1 and 2; HKDF is RFC 5869, appendix A.3 (no salt, no
info); AES-256-GCM is test case 14 of the GCM specification; the small-order encodings follow from the curve
equation.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from random import Random

import pytest

from overlap import canonical
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile, UsageError, WrongPassphrase
from overlap.keys import (
    CARD_LINE,
    Card,
    OneTimeKey,
    PartyKeys,
    check_party_name,
    check_verify_key,
    decrypt,
    encrypt,
    hkdf,
    lock,
    seal_to,
    unlock,
)
from overlap.keys import passphrase as passphrase_module

RANDOM = Random(11).randbytes
OURS = PartyKeys.generate("northwind", RANDOM)
PEER = PartyKeys.generate("contoso", RANDOM)
P = 2**255 - 19


def _order_eight_y() -> tuple[int, int]:
    """y of the points of order 8: -x^2 + y^2 = 1 + d x^2 y^2 doubles to (±1/sqrt(-1), 0) when y^2 = -x^2.

    With x^2 = -y^2 the equation is d y^4 + 2 y^2 - 1 = 0; each y^2 that is a square gives y and -y.
    """
    d = -121665 * pow(121666, -1, P) % P
    found = []
    for sign in (1, -1):
        root = _square_root((1 + d) % P)
        square = (-1 + sign * root) * pow(d, -1, P) % P
        if pow(square, (P - 1) // 2, P) == 1:
            y = _square_root(square)
            found += [y, P - y]
    return found[0], found[1]


def _square_root(value: int) -> int:
    root = pow(value, (P + 3) // 8, P)
    return root if root * root % P == value else root * pow(2, (P - 1) // 4, P) % P


#: y = 1 (order 1), -1 (order 2), 0 (order 4), two of order 8; 0 and 1 are also encoded as p and p + 1.
SMALL_ORDER = [1, P - 1, 0, *_order_eight_y(), P, P + 1]


@pytest.mark.parametrize("y", SMALL_ORDER, ids=["1", "-1", "0", "order 8", "order 8, negative", "p", "p+1"])
@pytest.mark.parametrize("sign", [0, 1])
def test_every_encoding_of_a_small_order_key_is_refused(y: int, sign: int) -> None:
    key = (y | sign << 255).to_bytes(32, "little")
    with pytest.raises(ForgedFile):
        check_verify_key(key, "the key")
    for use in ("signing", "checkpoints", "requests"):
        with pytest.raises(BadPeerFile):
            Card.from_bytes(replace(OURS.card, **{use: key}).to_bytes())


@pytest.mark.parametrize("y", [P + 2, P + 18, 2**255 - 1])
def test_a_key_that_is_not_canonical_is_refused(y: int) -> None:
    with pytest.raises(ForgedFile):
        check_verify_key(y.to_bytes(32, "little"), "the key")


def test_an_ordinary_key_is_accepted() -> None:
    check_verify_key(OURS.card.signing, "the key")


@pytest.mark.parametrize(
    ("secret", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)
def test_raw_signatures_are_those_of_rfc_8032(secret: str, public: str, message: str, signature: str) -> None:
    secrets = dict(OURS._secrets) | {"signing": bytes.fromhex(secret)}
    keys = PartyKeys("northwind", secrets)
    assert keys.card.signing.hex() == public
    assert keys.sign_raw("signing", bytes.fromhex(message)).hex() == signature
    keys.card.verify_raw("signing", bytes.fromhex(message), bytes.fromhex(signature), "the vector")


def test_a_signature_holds_for_its_use_purpose_message_and_party_only() -> None:
    signature = OURS.sign("signing", b"frame", b"body")
    OURS.card.verify("signing", b"frame", b"body", signature, "the frame")
    for card, use, purpose, message in (
        (PEER.card, "signing", b"frame", b"body"),
        (OURS.card, "requests", b"frame", b"body"),
        (OURS.card, "signing", b"lease", b"body"),
        (OURS.card, "signing", b"frame", b"other"),
        (OURS.card, "signing", b"framebody", b""),
    ):
        with pytest.raises(ForgedFile):
            card.verify(use, purpose, message, signature, "the frame")
    with pytest.raises(ForgedFile):
        OURS.card.verify("signing", b"frame", b"body", signature[:-1], "the frame")


def test_a_raw_signature_never_stands_for_one_of_our_documents() -> None:
    with pytest.raises(UsageError):
        OURS.sign_raw("signing", b"overlap-signature/1\n" + canonical.digest(b"frame", b"body"))


def test_a_card_is_read_back_with_its_digest_and_fingerprint() -> None:
    card = Card.from_bytes(OURS.card.to_bytes())
    assert card == OURS.card
    assert card.digest == OURS.card.digest != PEER.card.digest
    groups = card.fingerprint.split(" ")
    assert len(groups) == 6
    assert all(len(group) == 4 for group in groups)


def test_every_changed_bit_of_a_card_is_refused() -> None:
    data = OURS.card.to_bytes()
    for position in range(len(data)):
        for mask in (1 << (position % 8), 0x20):
            broken = data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]
            with pytest.raises(BadPeerFile):
                Card.from_bytes(broken)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        CARD_LINE,
        CARD_LINE + b"{}\n",
        CARD_LINE + b"[]\n",
        OURS.card.to_bytes()[:-1],
        OURS.card.to_bytes() + b"\n",
        OURS.card.to_bytes().replace(b"overlap-card/1", b"overlap-card/2"),
        OURS.card.to_bytes() + bytes(16_384),
    ],
    ids=["empty", "first line only", "no fields", "a list", "cut", "longer", "version 2", "too large"],
)
def test_files_that_are_no_card_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedFile):
        Card.from_bytes(data)


@pytest.mark.parametrize(
    "changes",
    [{"party": "North Wind"}, {"signing": b"\1" * 31}, {"sealing": b"\1" * 1215}, {"signature": b"\1" * 63}],
)
def test_cards_with_a_field_of_the_wrong_form_are_malformed(changes: dict[str, bytes]) -> None:
    with pytest.raises(MalformedFile):
        Card.from_bytes(replace(OURS.card, **changes).to_bytes())


def test_a_card_with_a_key_of_another_party_is_forged() -> None:
    for name in ("signing", "checkpoints", "requests", "sealing"):
        with pytest.raises(ForgedFile):
            Card.from_bytes(replace(OURS.card, **{name: getattr(PEER.card, name)}).to_bytes())


def test_sealed_bytes_open_only_for_their_party_under_their_info() -> None:
    sealed = OURS.card.seal(b"info", b"secret")
    assert OURS.open_sealed(b"info", sealed, "the file") == b"secret"
    with pytest.raises(ForgedFile):
        OURS.open_sealed(b"other", sealed, "the file")
    with pytest.raises(ForgedFile):
        PEER.open_sealed(b"info", sealed, "the file")
    for position in range(0, len(sealed), 7):
        broken = sealed[:position] + bytes([sealed[position] ^ 0x80]) + sealed[position + 1 :]
        with pytest.raises(ForgedFile):
            OURS.open_sealed(b"info", broken, "the file")
    for cut in (b"", sealed[:40], sealed[:-1]):
        with pytest.raises(ForgedFile):
            OURS.open_sealed(b"info", cut, "the file")


def test_a_one_time_key_opens_what_was_sealed_to_it_also_after_it_was_kept() -> None:
    key = OneTimeKey.generate(RANDOM)
    sealed = seal_to(key.public, b"info", b"secret")
    assert OneTimeKey(key.secret_bytes()).open_sealed(b"info", sealed, "the lease") == b"secret"
    with pytest.raises(ForgedFile):
        OneTimeKey.generate(RANDOM).open_sealed(b"info", sealed, "the lease")
    with pytest.raises(MalformedFile):
        OneTimeKey(key.secret_bytes()[:-1])


@pytest.mark.parametrize("public", [b"", bytes(1215), b"\xff" * 1216], ids=["empty", "short", "not reduced"])
def test_nothing_is_sealed_to_bytes_that_are_no_key(public: bytes) -> None:
    with pytest.raises(MalformedFile):
        seal_to(public, b"info", b"secret")


def test_storage_keys_differ_by_purpose_and_party_and_last() -> None:
    key = OURS.storage_key(b"vault")
    assert len(key) == 32
    assert key != OURS.storage_key(b"store")
    assert key != PEER.storage_key(b"vault")


def test_a_key_file_gives_the_same_keys_back() -> None:
    again = PartyKeys.from_locked(OURS.to_locked("correct horse", RANDOM), "correct horse")
    assert again.card == OURS.card
    assert again.storage_key(b"vault") == OURS.storage_key(b"vault")


def test_a_wrong_passphrase_and_an_altered_key_file_do_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase_module, "SCRYPT_N", 2)
    locked = OURS.to_locked("correct horse", RANDOM)
    for wrong in ("", "correct horse ", "Correct horse"):
        with pytest.raises(WrongPassphrase):
            PartyKeys.from_locked(locked, wrong)
    for position in range(len(locked)):
        broken = locked[:position] + bytes([locked[position] ^ 1]) + locked[position + 1 :]
        with pytest.raises((WrongPassphrase, MalformedFile)):
            PartyKeys.from_locked(broken, "correct horse")
    for cut in (b"", locked[:40]):
        with pytest.raises(MalformedFile):
            unlock("correct horse", cut, "the key file")


@pytest.mark.parametrize("body", [[], {}, {"party": "a"}, {"party": "a", "signing": "00"}])
def test_a_locked_file_that_holds_no_keys_is_malformed(monkeypatch: pytest.MonkeyPatch, body: object) -> None:
    monkeypatch.setattr(passphrase_module, "SCRYPT_N", 2)
    with pytest.raises(MalformedFile):
        PartyKeys.from_locked(lock("x", canonical.encode(body), RANDOM), "x")


def test_secret_keys_are_not_printed_or_pickled() -> None:
    for keys in (OURS, OneTimeKey.generate(RANDOM)):
        with pytest.raises(TypeError):
            pickle.dumps(keys)
    assert repr(OURS) == "PartyKeys(party='northwind')"
    assert repr(OneTimeKey.generate(RANDOM)) == "OneTimeKey()"


@pytest.mark.parametrize("name", ["", "A", "-a", "a b", "a/b", "a" * 41, "ä", "a\n"])
def test_party_names_can_stand_in_a_file_name(name: str) -> None:
    with pytest.raises(UsageError):
        check_party_name(name)
    assert check_party_name("a" * 40) == "a" * 40


def test_hkdf_is_that_of_rfc_5869() -> None:
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    assert hkdf(b"\x0b" * 22, b"", 42).hex() == expected


def test_encryption_is_aes_256_gcm() -> None:
    sealed = encrypt(bytes(32), bytes(12), bytes(16), b"")
    assert sealed.hex() == "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    assert decrypt(bytes(32), bytes(12), sealed, b"", "the file") == bytes(16)


def test_decryption_refuses_another_key_nonce_context_or_byte() -> None:
    sealed = encrypt(bytes(32), bytes(12), b"secret", b"context")
    for key, nonce, data, context in (
        (b"\1" * 32, bytes(12), sealed, b"context"),
        (bytes(32), b"\1" * 12, sealed, b"context"),
        (bytes(32), bytes(12), sealed, b"other"),
        (bytes(32), bytes(12), sealed[:-1], b"context"),
        (bytes(32), bytes(12), b"", b"context"),
    ):
        with pytest.raises(ForgedFile):
            decrypt(key, nonce, data, context, "the file")
