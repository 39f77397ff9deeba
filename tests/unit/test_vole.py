"""The whole vector-OLE: C = D A + B at every size, states on disk between messages, wrong messages."""

from __future__ import annotations

import math

import numpy as np
import pytest
from vole_plain import drawn, numbers, product

from overlap.errors import ForgedFile, InvalidElement, MalformedFile
from overlap.protocol.vole import base_ot, vole
from overlap.protocol.vole.blocks import Blocks
from overlap.protocol.vole.vole import Receiver, Sender


def run(outputs: int, label: str = "run") -> tuple[Sender, Receiver, Blocks]:
    sender = Sender.begin(outputs, drawn(f"{label} sender"), b"context")
    receiver, request = Receiver.begin(outputs, drawn(f"{label} receiver"), b"context").request(
        sender.offer()
    )
    return sender, receiver, receiver.finish(sender.answer(request))


def fits(sender: Sender, receiver: Receiver, c: Blocks, rows: slice = slice(None)) -> bool:
    delta = int.from_bytes(sender.delta, "little")
    triples = zip(numbers(receiver.a[rows]), numbers(sender.b[rows]), numbers(c[rows]), strict=True)
    return all(c == product(delta, a) ^ b for a, b, c in triples)


@pytest.mark.parametrize("outputs", [1, 2, 100, 1000, 10_000])
def test_c_is_d_times_a_plus_b(outputs: int) -> None:
    sender, receiver, c = run(outputs)
    assert c.shape == sender.b.shape == receiver.a.shape == (outputs, 2)
    assert fits(sender, receiver, c)
    for vector in (receiver.a, sender.b, c):
        assert len(set(numbers(vector))) == outputs
        bits = np.unpackbits(vector.view(np.uint8))
        assert abs(bits.mean() - 0.5) < 5 * 0.5 / len(bits) ** 0.5


@pytest.mark.slow
def test_at_the_size_of_a_million_identifiers() -> None:
    sender, receiver, c = run(1_300_000)
    assert fits(sender, receiver, c, slice(0, None, 1000))
    assert fits(sender, receiver, c, slice(-1000, None))
    delta = int.from_bytes(sender.delta, "little")
    sums = [int(np.bitwise_xor.reduce(v[:, i])) for v in (receiver.a, sender.b, c) for i in (0, 1)]
    a, b, total = (low | high << 64 for low, high in zip(sums[::2], sums[1::2], strict=True))
    assert total == product(delta, a) ^ b


def test_states_survive_being_written_between_messages() -> None:
    outputs = 1000
    sender = Sender.begin(outputs, drawn("state sender"), b"c")
    receiver = Receiver.begin(outputs, drawn("state receiver"), b"c")
    receiver = Receiver.from_parts(receiver.to_parts())
    again = Sender.from_parts(sender.to_parts())
    assert again.offer() == sender.offer()
    following, request = receiver.request(again.offer())
    assert receiver.request(again.offer())[1] == request
    answer = Sender.from_parts(again.to_parts()).answer(request)
    assert sender.answer(request) == answer
    parts = following.to_parts()
    assert all(isinstance(value, bytes) for value in [*parts.values(), *sender.to_parts().values()])
    assert sum(map(len, parts.values())) < 5000
    assert sum(map(len, sender.to_parts().values())) < 13_000
    c = Receiver.from_parts(parts).finish(answer)
    assert fits(again, Receiver.from_parts(parts), c)


def test_what_comes_early_depends_on_no_message() -> None:
    sender = Sender.begin(500, drawn("early"), b"c")
    b, delta = sender.b.copy(), sender.delta
    receiver = Receiver.begin(500, drawn("early receiver"), b"c")
    a = receiver.a.copy()
    receiver, request = receiver.request(sender.offer())
    c = receiver.finish(sender.answer(request))
    assert (sender.b == b).all()
    assert (receiver.a == a).all()
    assert sender.delta == delta
    assert fits(sender, receiver, c)


def test_messages_have_the_stated_lengths() -> None:
    for outputs in (1, 100, 3000):
        sender = Sender.begin(outputs, drawn("length"), b"")
        _, request = Receiver.begin(outputs, drawn("lengths"), b"").request(sender.offer())
        assert len(sender.offer()) == base_ot.OFFER_BYTES
        assert len(request) == vole.request_bytes(outputs)
        assert len(sender.answer(request)) == vole.answer_bytes(outputs)


def test_noise_is_one_uniform_point_in_each_part() -> None:
    outputs = 20_000
    size = vole.domain(outputs)
    points = []
    for i in range(20):
        places, values = Receiver.begin(outputs, drawn(f"noise {i}"), b"")._noise
        assert len(places) == len(values) == vole.NOISE_WEIGHT
        assert len(set(numbers(values))) == vole.NOISE_WEIGHT
        assert values.any(axis=1).all()
        points += places.tolist()
    assert 0 <= min(points) < max(points) < size
    deviation = size / (12 * len(points)) ** 0.5
    assert abs(np.mean(points) - (size - 1) / 2) < 5 * deviation


def test_parameters() -> None:
    assert vole.NOISE_WEIGHT == 176
    assert -math.log2(1 - 2 * vole.DISTANCE) * vole.NOISE_WEIGHT >= 128
    assert [vole.domain(outputs) for outputs in (1, 176, 177, 1_230_000)] == [2, 2, 3, 13978]


@pytest.mark.parametrize("outputs", [-1, 0, (1 << 32) + 1])
def test_impossible_sizes_are_refused(outputs: int) -> None:
    for role in (Sender, Receiver):
        with pytest.raises(ValueError, match="outputs"):
            role.begin(outputs, drawn("x"), b"")


SENDER = Sender.begin(50, drawn("fault sender"), b"c")
RECEIVER, REQUEST = Receiver.begin(50, drawn("fault receiver"), b"c").request(SENDER.offer())
ANSWER = SENDER.answer(REQUEST)


@pytest.mark.parametrize("change", [-16, -1, 1, 16])
def test_messages_of_another_length_are_refused(change: int) -> None:
    def changed(message: bytes) -> bytes:
        return message[:change] if change < 0 else message + bytes(change)

    with pytest.raises(MalformedFile, match="request"):
        SENDER.answer(changed(REQUEST))
    with pytest.raises(MalformedFile, match="reply"):
        RECEIVER.finish(changed(ANSWER))
    with pytest.raises(MalformedFile, match="base transfers"):
        Receiver.begin(50, drawn("x"), b"c").request(changed(SENDER.offer()))
    for message in (REQUEST, ANSWER):
        with pytest.raises(MalformedFile):
            RECEIVER.finish(message[: len(message) // 2])


def test_a_request_with_a_bad_point_is_refused() -> None:
    with pytest.raises(InvalidElement):
        SENDER.answer(bytes(32) + REQUEST[32:])


def test_messages_of_another_run_or_context_do_not_fit() -> None:
    other = Sender.begin(50, drawn("another sender"), b"c")
    with pytest.raises(ForgedFile):
        other.answer(REQUEST)
    elsewhere = Sender.begin(50, drawn("fault sender"), b"other context")
    _, request = Receiver.begin(50, drawn("fault receiver"), b"c").request(elsewhere.offer())
    with pytest.raises(ForgedFile):
        elsewhere.answer(request)


@pytest.mark.parametrize("place", [*range(0, 320, 16), len(ANSWER) // 2, len(ANSWER) - 33, len(ANSWER) - 1])
def test_a_changed_bit_of_the_answer_is_refused_or_changes_nothing(place: int) -> None:
    """Of each pair of sums one is read; of the rest every bit matters."""
    answer = bytearray(ANSWER)
    answer[place] ^= 1
    try:
        c = RECEIVER.finish(bytes(answer))
    except ForgedFile:
        return
    assert place < 32 * vole.NOISE_WEIGHT * vole.pprf.depth(vole.domain(50))
    assert (c == RECEIVER.finish(ANSWER)).all()


def test_the_state_from_before_the_request_does_not_finish() -> None:
    with pytest.raises(ValueError, match="request"):
        Receiver.begin(50, drawn("fault receiver"), b"c").finish(ANSWER)


def test_the_same_request_gets_the_same_answer() -> None:
    assert SENDER.answer(REQUEST) == ANSWER
