"""Fixed-key AES and its hash against AES written from FIPS 197, streams against NIST SP 800-38A."""

from __future__ import annotations

import numpy as np
import pytest
from vole_plain import aes, drawn_blocks, tmmo

from overlap.protocol.vole import aes as bulk


def test_the_plain_cipher_is_that_of_fips_197() -> None:
    """Appendix C.1."""
    key, block = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    assert aes(key, block).hex() == "69c4e0d86a7b0430d8cdb78070b4c55a"


@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (2, 3, 2)])
def test_the_permutation_is_aes_of_each_block(shape: tuple[int, ...]) -> None:
    blocks = drawn_blocks("permute", *shape)
    permuted = bulk.permute(blocks)
    assert permuted.shape == blocks.shape
    text = blocks.tobytes()
    plain = [aes(bulk.FIXED_KEY, text[i : i + 16]) for i in range(0, len(text), 16)]
    assert permuted.tobytes() == b"".join(plain)


def test_the_hash_is_tmmo_of_each_block() -> None:
    blocks, tweaks = (
        drawn_blocks("tmmo", 9),
        np.array([0, 1, 2, 3, 1 << 31, 1 << 63, 5, 5, 6], dtype=np.uint64),
    )
    blocks[7] = blocks[6]
    hashed, before = bulk.tmmo(blocks, tweaks), blocks.copy()
    for block, tweak, value in zip(blocks, tweaks, hashed, strict=True):
        assert value.tobytes() == tmmo(bulk.FIXED_KEY, block.tobytes(), int(tweak))
    assert (hashed[6] == hashed[7]).all()
    assert (blocks == before).all()


def test_streams_are_ctr_of_sp_800_38a() -> None:
    """Appendix F.5.1: the output blocks, from the counter of that vector."""
    key, start = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), 0xF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF
    expected = (
        "ec8cdf7398607cb0f2d21675ea9ea1e4362b7c3c6773516318a077d7fc5073ae"
        "6a2cc3787889374fbeb4c81b17ba6c44e89c399ff0f198c6d40a31db156cabfe"
    )
    assert bulk.expand_bytes(key, 64, start).hex() == expected
    assert bulk.expand(key, 4, start).tobytes().hex() == expected
    assert bulk.expand(key, 2, start + 2).tobytes().hex() == expected[64:]


def test_a_source_of_bytes_is_the_stream_in_pieces() -> None:
    source = bulk.stream(bytes(16))
    assert source(5) + source(0) + source(40) == bulk.expand_bytes(bytes(16), 45)


def test_seeds_for_different_purposes_and_secrets_differ() -> None:
    seeds = {
        bulk.derive_seed(secret, purpose) for secret in (b"", b"a", bytes(32)) for purpose in ("", "a", "b")
    }
    assert len(seeds) == 9
    assert all(len(seed) == bulk.SEED_BYTES for seed in seeds)


@pytest.mark.parametrize(("seed", "length"), [(bytes(15), 1), (bytes(32), 1), (bytes(16), -1)])
def test_a_seed_of_another_length_is_refused(seed: bytes, length: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        bulk.expand_bytes(seed, length)
