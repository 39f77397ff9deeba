"""The extension: v = w + c D for transfers, v = w + D e for field elements, lengths, masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vole_plain import drawn, drawn_blocks, numbers, product

from overlap.errors import MalformedFile
from overlap.protocol.vole import base_ot, extension


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
    received = extension.receive(choices, elements, drawn_blocks("roots", 32), both)
    assert len(received.message) == extension.message_bytes(transfers, count)
    sent = extension.send(delta, received.message, transfers, count, chosen)
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
    received = extension.receive(choices, drawn_blocks("e", 3), drawn_blocks("r", 32), both)
    sent = extension.send(delta, received.message, 500, 3, chosen)
    assert (sent.keys[np.arange(500), choices] == received.keys).all()
    assert len(set(numbers(sent.keys))) == 1000


def test_the_correction_is_masked() -> None:
    """With all choices and elements zero, and with others, each bit of the message is as often one."""
    both, _ = base_keys(0)
    choices = np.ones(4096, dtype=np.uint8)
    for wish in (choices * 0, choices):
        received = extension.receive(wish, drawn_blocks("m", 0), drawn_blocks("mask", 32), both)
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
        extension.send(5, bytes(extension.message_bytes(9, 2) + change), 9, 2, chosen)


def test_a_changed_bit_of_the_choices_spoils_one_transfer_or_none() -> None:
    """Semi-honest: the sender does not notice that groups differ, and whether it matters tells bits of D."""
    delta = 0b0110 << 8
    both, chosen = base_keys(delta)
    choices = np.zeros(16, dtype=np.uint8)
    received = extension.receive(choices, drawn_blocks("m", 0), drawn_blocks("flip", 32), both)
    spoiled = []
    for group in (2, 3):
        message = bytearray(received.message)
        message[extension.message_bytes(0, 0) + 2 * group] ^= 1
        sent = extension.send(delta, bytes(message), 16, 0, chosen)
        spoiled.append(int((sent.keys[:, 0] != received.keys).any(axis=1).sum()))
    assert spoiled == [1, 0]
