"""RFC 9380, appendix J.5.1: edwards25519_XMD:SHA-512_ELL2_RO_; RFC 8032, section 7.1: encodings of points."""

from __future__ import annotations

import pytest

from overlap.group.edwards import hash_to_points, read_points, write_points

SUITE_DST = b"QUUX-V01-CS02-with-edwards25519_XMD:SHA-512_ELL2_RO_"

#: Message, P.x, P.y.
HASHED = (
    (
        b"",
        "3c3da6925a3c3c268448dcabb47ccde5439559d9599646a8260e47b1e4822fc6",
        "09a6c8561a0b22bef63124c588ce4c62ea83a3c899763af26d795302e115dc21",
    ),
    (
        b"abc",
        "608040b42285cc0d72cbb3985c6b04c935370c7361f4b7fbdb1ae7f8c1a8ecad",
        "1a8395b88338f22e435bbd301183e7f20a5f9de643f11882fb237f88268a5531",
    ),
    (
        b"abcdef0123456789",
        "6d7fabf47a2dc03fe7d47f7dddd21082c5fb8f86743cd020f3fb147d57161472",
        "53060a3d140e7fbcda641ed3cf42c88a75411e648a1add71217f70ea8ec561a6",
    ),
    (
        b"q128_" + b"q" * 128,
        "5fb0b92acedd16f3bcb0ef83f5c7b7a9466b5f1e0d8d217421878ea3686f8524",
        "2eca15e355fcfa39d2982f67ddb0eea138e2994f5956ed37b7f72eea5e89d2f7",
    ),
    (
        b"a512_" + b"a" * 512,
        "0efcfde5898a839b00997fbe40d2ebe950bc81181afbd5cd6b9618aa336c1e8c",
        "6dc2fc04f266c5c27f236a80b14f92ccd051ef1ff027f26a07f8c0f327d8f995",
    ),
)

#: Public keys of the test vectors: valid points.
PUBLIC_KEYS = (
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
)


@pytest.mark.parametrize(("message", "x", "y"), HASHED, ids=lambda value: str(value)[:12])
def test_hash_to_points(message: bytes, x: str, y: str) -> None:
    number = int(y, 16) | (int(x, 16) & 1) << 255
    assert write_points(hash_to_points([message], SUITE_DST)) == number.to_bytes(32, "little")


def test_encodings_round_trip() -> None:
    encoded = b"".join(map(bytes.fromhex, PUBLIC_KEYS))
    assert write_points(read_points(encoded)) == encoded
