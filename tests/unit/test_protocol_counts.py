"""Level `counts`: both sides learn a number, and no element can be placed."""

from __future__ import annotations

import pytest
from protocol_parties import begin, identifiers, make_contract, run_both

from overlap.errors import ForgedFile, InvalidElement, MalformedFile, Refused, WrongRun
from overlap.protocol.counts import Count


def test_both_sides_learn_the_number_of_common_identifiers() -> None:
    ours, theirs = run_both(
        make_contract(12, 14, "counts"), identifiers(range(10)), identifiers(range(6, 20))
    )
    assert ours == Count(shared=4, submitted=10, peer_bound=14)
    assert theirs == Count(shared=4, submitted=14, peer_bound=12)


def test_reblinded_elements_are_sorted_by_value() -> None:
    starter, responder = begin(make_contract(30, 4, "counts"), identifiers(range(20)), identifiers(range(4)))
    reply = responder.reply(starter.start())
    elements = [reply[at : at + 32] for at in range(0, 30 * 32, 32)]
    assert elements == sorted(set(elements))


def test_a_reply_in_another_order_is_refused() -> None:
    starter, responder = begin(make_contract(3, 3, "counts"), identifiers(range(3)), identifiers(range(3)))
    reply = responder.reply(starter.start())
    with pytest.raises(MalformedFile, match="not in order"):
        starter.finish(reply[32:64] + reply[:32] + reply[64:])
    assert starter.state == "aborted"


@pytest.mark.parametrize(("count", "why"), [(4, "declared size bounds"), (3, "above what we submitted")])
def test_a_count_that_cannot_be_is_refused(count: int, why: str) -> None:
    starter, responder = begin(make_contract(3, 3, "counts"), identifiers(range(3)), identifiers(range(2)))
    responder.reply(starter.start())
    with pytest.raises(ForgedFile, match=why):
        responder.finish(count.to_bytes(8, "big"))
    assert responder.state == "aborted"


def test_a_finish_of_another_size_is_refused() -> None:
    starter, responder = begin(make_contract(3, 3, "counts"), identifiers(range(3)), identifiers(range(3)))
    responder.reply(starter.start())
    with pytest.raises(MalformedFile, match="size"):
        responder.finish(bytes(9))


def test_another_count_after_the_first_aborts_the_run() -> None:
    starter, responder = begin(make_contract(3, 3, "counts"), identifiers(range(3)), identifiers(range(3)))
    finish, _ = starter.finish(responder.reply(starter.start()))
    assert responder.finish(finish).shared == 3
    with pytest.raises(WrongRun):
        responder.finish(bytes(8))
    with pytest.raises(Refused, match="aborted"):
        responder.finish(finish)


def test_a_low_order_element_in_the_reply_is_refused() -> None:
    starter, responder = begin(make_contract(3, 3, "counts"), identifiers(range(3)), identifiers(range(3)))
    reply = responder.reply(starter.start())
    with pytest.raises(InvalidElement):
        starter.finish(bytes(32) + reply[32:])
    assert starter.state == "aborted"
