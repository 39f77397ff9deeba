"""The base transfers: the chosen key and no other, messages that do not tell the choice, faults."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from vole_plain import drawn

from overlap.errors import InvalidElement, MalformedFile
from overlap.protocol.vole import base_ot

CHOICES = int.from_bytes(hashlib.sha256(b"choices").digest()[:16], "little")
SCALARS, OFFER = base_ot.make_offer(CHOICES, drawn("receiver"), b"run")
ANSWER, KEYS = base_ot.answer_offer(OFFER, drawn("sender"), b"run")
LOW_ORDER = bytes(32)


def test_each_chosen_key_is_received_and_no_other() -> None:
    received = base_ot.receive_keys(SCALARS, OFFER, ANSWER, b"run")
    assert KEYS.shape == (128, 2, 2)
    assert received.shape == (128, 2)
    for i in range(128):
        chosen = CHOICES >> i & 1
        assert KEYS[i, chosen].tobytes() == received[i].tobytes()
    assert len({block.tobytes() for block in KEYS.reshape(-1, 2)}) == 256


def test_the_messages_have_the_stated_lengths() -> None:
    assert (len(OFFER), len(ANSWER)) == (base_ot.OFFER_BYTES, base_ot.ANSWER_BYTES) == (8192, 32)


@pytest.mark.parametrize("choices", [0, 2**128 - 1])
def test_all_equal_choices(choices: int) -> None:
    scalars, offer = base_ot.make_offer(choices, drawn("equal"), b"")
    answer, keys = base_ot.answer_offer(offer, drawn("answer"), b"")
    assert (base_ot.receive_keys(scalars, offer, answer, b"") == keys[:, choices & 1]).all()


def test_another_context_gives_other_keys() -> None:
    received = base_ot.receive_keys(SCALARS, OFFER, ANSWER, b"other")
    assert not (received[:, None] == KEYS).all(axis=2).any()
    _, keys = base_ot.answer_offer(OFFER, drawn("sender"), b"other")
    assert not (keys == KEYS).all(axis=2).any()


def test_the_offer_does_not_tell_the_choices() -> None:
    """Each bit of r[0] and r[1], and of their sum, is set as often when 0 was chosen as when 1 was.

    Over 24 offers there are 3072 transfers; a difference of means beyond five standard deviations at one of
    768 bits has chance below one in a thousand, and the seed is fixed.
    """
    random = drawn("moments")
    seen, chosen = [], []
    for _ in range(24):
        choices = random(16)
        _, offer = base_ot.make_offer(int.from_bytes(choices, "little"), random, b"")
        first, second = np.frombuffer(offer, dtype=np.uint8).reshape(128, 2, 32).transpose(1, 0, 2)
        seen.append(np.unpackbits(np.hstack([first, second, first ^ second]), axis=1))
        chosen.append(np.unpackbits(np.frombuffer(choices, dtype=np.uint8), bitorder="little"))
    bits, ones = np.vstack(seen), np.concatenate(chosen).astype(bool)
    difference = bits[ones].mean(axis=0) - bits[~ones].mean(axis=0)
    assert abs(difference).max() < 5 * (0.25 / ones.sum() + 0.25 / (~ones).sum()) ** 0.5


def test_neither_element_is_repeated() -> None:
    points = {OFFER[i : i + 32] for i in range(0, len(OFFER), 32)}
    assert len(points) == 256


@pytest.mark.parametrize("change", [-1, 1, -8192, 32])
def test_an_offer_of_another_length_is_refused(change: int) -> None:
    text = OFFER[: len(OFFER) + change] if change < 0 else OFFER + bytes(change)
    with pytest.raises(MalformedFile, match="base transfers"):
        base_ot.answer_offer(text, drawn("x"), b"run")


BAD_POINTS = {
    "low order": LOW_ORDER,
    "neutral": (1).to_bytes(32, "little"),
    "not canonical": b"\xff" * 31 + b"\x7f",
    "not on the curve": (2).to_bytes(32, "little"),
}


@pytest.mark.parametrize("name", BAD_POINTS)
@pytest.mark.parametrize("place", [0, 255])
def test_a_bad_point_in_an_offer_is_refused(name: str, place: int) -> None:
    offer = OFFER[: 32 * place] + BAD_POINTS[name] + OFFER[32 * place + 32 :]
    with pytest.raises(InvalidElement, match=f"element {place + 1} of 256"):
        base_ot.answer_offer(offer, drawn("x"), b"run")


def test_a_point_that_cancels_its_hash_is_refused() -> None:
    """r[1] = -H(r[0]): the sender's key 1 would be known to everybody."""
    from overlap.group import hash_to_points, negate_point, write_points

    tag = hashlib.sha256(b"overlap vole 1 base transfers" + b"run").digest()
    first = OFFER[:32]
    hashed = hash_to_points([tag + bytes([0, 0]) + first])
    offer = first + write_points([negate_point(hashed[0])]) + OFFER[64:]
    with pytest.raises(InvalidElement, match="is of low order"):
        base_ot.answer_offer(offer, drawn("x"), b"run")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_an_answer_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedFile):
        base_ot.receive_keys(SCALARS, OFFER, bytes(length), b"run")


@pytest.mark.parametrize("answer", [LOW_ORDER, b"\xff" * 32, (2).to_bytes(32, "little")])
def test_a_bad_point_as_an_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(InvalidElement):
        base_ot.receive_keys(SCALARS, OFFER, answer, b"run")
