"""The extension: v = w + c D for transfers, v = w + D e for field elements, lengths, masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vole_plain import drawn, drawn_blocks, numbers, product

from overlap.errors import ForgedFile, MalformedFile
from overlap.protocol.vole import base_ot, extension
from overlap.protocol.vole.consistency import CHECK_BYTES, fold

CONTEXT = b"context"


def base_keys(delta: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys as the base transfers leave them, without running those."""
    both = drawn_blocks("base", base_ot.COUNT, 2)
    choices = extension.base_choices(delta)
    chosen = np.array([choices >> i & 1 for i in range(base_ot.COUNT)])
    return both, both[np.arange(base_ot.COUNT), chosen]


DELTAS = st.one_of(st.sampled_from([0, 1, 2**127, 2**128 - 1]), st.integers(0, 2**128 - 1))


@settings(max_examples=25, deadline=None)
@given(DELTAS, st.integers(0, 30), st.integers(0, 5))
def test_transfers_and_shares(delta: int, transfers: int, count: int) -> None:
    both, chosen = base_keys(delta)
    choices = np.frombuffer(drawn("choices")(transfers), dtype=np.uint8) & 1
    elements = drawn_blocks("elements", count)
    received = extension.receive(choices, elements, drawn_blocks("roots", 33), both, CONTEXT)
    assert len(received.message) == extension.message_bytes(transfers, count)
    sent = extension.send(delta, received.message, transfers, count, chosen, CONTEXT)
    rows = np.arange(transfers)
    assert (sent.keys[rows, choices] == received.keys).all()
    if delta:
        assert not (sent.keys[rows, 1 - choices] == received.keys).all(axis=1).any()
    shares = zip(numbers(sent.shares), numbers(received.shares), numbers(elements), strict=True)
    assert all(v == w ^ product(delta, e) for v, w, e in shares)


def test_through_real_base_transfers() -> None:
    delta = int.from_bytes(drawn("delta")(16), "little")
    scalars, offer = base_ot.make_offer(extension.base_choices(delta), drawn("offer"), b"")
    answer, both = base_ot.answer_offer(offer, drawn("answer"), b"")
    chosen = base_ot.receive_keys(scalars, offer, answer, b"")
    choices = np.frombuffer(drawn("more choices")(500), dtype=np.uint8) & 1
    received = extension.receive(choices, drawn_blocks("e", 3), drawn_blocks("r", 33), both, CONTEXT)
    sent = extension.send(delta, received.message, 500, 3, chosen, CONTEXT)
    assert (sent.keys[np.arange(500), choices] == received.keys).all()
    assert len(set(numbers(sent.keys))) == 1000


def test_the_correction_is_masked() -> None:
    """With all choices and elements zero, and with others, each bit of the message is as often one."""
    both, _ = base_keys(0)
    choices = np.ones(4096, dtype=np.uint8)
    for wish in (choices * 0, choices):
        received = extension.receive(wish, drawn_blocks("m", 0), drawn_blocks("mask", 33), both, CONTEXT)
        bits = np.unpackbits(np.frombuffer(received.message, dtype=np.uint8))
        assert abs(bits.mean() - 0.5) < 5 * 0.5 / len(bits) ** 0.5
        assert len(bits) == 8 * extension.message_bytes(4096, 0)


def test_no_two_hashes_of_a_run_share_a_tweak() -> None:
    """Large trees, small trees and transfers have numbers of their own, also at the largest size."""
    from overlap.protocol.vole import vole

    depth = vole.pprf.depth(vole.domain(vole.MAX_OUTPUTS))
    large = range(0, vole.NOISE_WEIGHT << 32)
    small = range(extension._FIRST_TREE << 32, extension._FIRST_TREE + 32 << 32)
    transfers = range(extension._FIRST_TWEAK, extension._FIRST_TWEAK + vole.NOISE_WEIGHT * depth)
    assert 2 << depth <= 1 << 32
    assert large.stop <= small.start < small.stop <= transfers.start < transfers.stop <= 1 << 64


@pytest.mark.parametrize("change", [-1, 1])
def test_a_message_of_another_length_is_refused(change: int) -> None:
    _, chosen = base_keys(5)
    with pytest.raises(MalformedFile, match="the request has"):
        extension.send(5, bytes(extension.message_bytes(9, 2) + change), 9, 2, chosen, CONTEXT)


def message_of(delta: int, transfers: int = 16) -> tuple[bytes, np.ndarray]:
    both, chosen = base_keys(delta)
    choices = np.zeros(transfers, dtype=np.uint8)
    received = extension.receive(choices, drawn_blocks("m", 2), drawn_blocks("flip", 33), both, CONTEXT)
    return received.message, chosen


@pytest.mark.parametrize("guess", [0, 0b0110, 0b1111])
def test_a_receiver_passes_with_another_string_only_when_it_guesses_the_bits(guess: int) -> None:
    """A modified tool that makes the check anew, for the D that it guesses in the group it changed."""
    delta = 0b0110 << 8
    both, chosen = base_keys(delta)
    choices = np.zeros(16, dtype=np.uint8)
    real = extension.make_check

    def cheating(rows: np.ndarray, wish: np.ndarray, context: bytes, message: bytes) -> bytes:
        changed = bytearray(message)
        changed[extension._TREE_BYTES + 2 * len(wish)] ^= 1
        cheated.append(bytes(changed))
        other = np.zeros_like(wish)
        other[0] = 1
        bits = np.array([guess >> i & 1 for i in range(4)], dtype=np.uint8)
        rows = rows.copy()
        rows[8:12] ^= bits[:, None] * other
        return real(rows, wish, context, bytes(changed))

    cheated: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extension, "make_check", cheating)
        received = extension.receive(choices, drawn_blocks("m", 2), drawn_blocks("flip", 33), both, CONTEXT)
    message = cheated[0] + received.message[-CHECK_BYTES:]
    if guess == 0b0110:
        extension.send(delta, message, 16, 2, chosen, CONTEXT)
        return
    with pytest.raises(ForgedFile):
        extension.send(delta, message, 16, 2, chosen, CONTEXT)


@pytest.mark.parametrize("part", ["trees", "corrections", "mask", "sum", "digest"])
def test_any_changed_bit_is_found_out(part: str) -> None:
    message, chosen = message_of(2**128 - 1)
    place = {
        "trees": 3,
        "corrections": extension._TREE_BYTES,
        "mask": len(message) - CHECK_BYTES - 1,
        "sum": len(message) - CHECK_BYTES,
        "digest": len(message) - 1,
    }[part]
    changed = bytearray(message)
    changed[place] ^= 1
    with pytest.raises(ForgedFile):
        extension.send(2**128 - 1, bytes(changed), 16, 2, chosen, CONTEXT)


def test_the_check_of_another_run_does_not_hold() -> None:
    message, chosen = message_of(77)
    extension.send(77, message, 16, 2, chosen, CONTEXT)
    with pytest.raises(ForgedFile):
        extension.send(77, message, 16, 2, chosen, b"another run")


@pytest.mark.parametrize("length", [16, 17, 32, 33, 160, 175])
def test_a_fold_is_the_polynomial_of_its_blocks(length: int) -> None:
    """Over Python integers: the last block, then the others times rising powers of the point."""
    rows = np.frombuffer(drawn("fold")(3 * length), dtype=np.uint8).reshape(3, length)
    point = drawn("point")(16)
    x = int.from_bytes(point, "little")
    for row, folded in zip(rows, numbers(fold(rows, point)), strict=True):
        data = row.tobytes()
        total, times = int.from_bytes(data[-16:], "little"), 1
        for start in range(0, length - 16, 16):
            times = product(times, x)
            total ^= product(times, int.from_bytes(data[:-16][start : start + 16], "little"))
        assert folded == total


def test_a_fold_alone_says_nothing_of_the_string() -> None:
    """The mask is random: folds of one string under many masks are all different and balanced."""
    text = np.zeros((2000, 48), dtype=np.uint8)
    text[:, 32:] = np.frombuffer(drawn("masks")(2000 * 16), dtype=np.uint8).reshape(2000, 16)
    folds = fold(text, drawn("point")(16))
    bits = np.unpackbits(folds.view(np.uint8))
    assert len(set(numbers(folds))) == 2000
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / len(bits) ** 0.5
