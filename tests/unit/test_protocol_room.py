"""Counts through a third party: three roles, populations as cells, minimum and noise."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from protocol_parties import (
    ENGINE,
    RUN,
    begin_room,
    identifiers,
    make_contract,
    make_room_contract,
    run_room,
    stream,
)

from overlap.errors import BadInput, ForgedFile, InvalidElement, MalformedFile, Refused, UsageError, WrongRun
from overlap.group import draw_scalar, hash_to_group, multiply
from overlap.protocol import protocol_of
from overlap.protocol.catalogue import part_size
from overlap.protocol.room_counts import Responder, Room, Starter

CONTRACT = make_room_contract((4, 3), (5, 2))
LEFT = [identifiers([1, 2, 3]), identifiers([4, 5])]
RIGHT = [identifiers([1, 4, 9, 10]), identifiers([2])]
STEPS = ("start", "reply", "starter-list", "responder-list", "result")


def parties() -> tuple[Starter, Responder, Room]:
    return begin_room(CONTRACT, LEFT, RIGHT)


def bodies() -> dict[str, bytes]:
    starter, responder, room = parties()
    made = {"start": starter.start()}
    made["reply"] = responder.reply(made["start"])
    made["starter-list"] = responder.room_list()
    made["responder-list"] = starter.reply(made["reply"])
    room.take(made["starter-list"])
    made["result"], _ = room.result(made["responder-list"])
    return made


def test_everybody_learns_a_number_for_each_cell() -> None:
    ours, theirs, told = run_room(CONTRACT, LEFT, RIGHT)
    assert ours == theirs == told
    assert dict(zip(told.cells, told.numbers, strict=True)) == {
        ("starter_0", "responder_0"): 1,
        ("starter_0", "responder_1"): 1,
        ("starter_1", "responder_0"): 1,
        ("starter_1", "responder_1"): -1,
    }


def test_every_body_has_the_size_that_the_contract_fixes() -> None:
    assert {step: len(body) for step, body in bodies().items()} == {
        step: part_size(CONTRACT, step) for step in protocol_of(CONTRACT).messages
    }


def test_the_protocol_says_who_sends_what_to_whom() -> None:
    protocol = protocol_of(CONTRACT)
    told = [(protocol.sender_of(step), protocol.recipients_of(step)) for step in STEPS]
    assert told == [
        ("starter", ("responder",)),
        ("responder", ("starter",)),
        ("responder", ("room",)),
        ("starter", ("room",)),
        ("room", ("starter", "responder")),
    ]


def test_the_room_sees_no_element_that_a_side_has_sent_to_the_other() -> None:
    made = bodies()
    split = {
        step: {body[at : at + 32] for at in range(len(body) % 32, len(body), 32)}
        for step, body in made.items()
    }
    assert not (split["start"] | split["reply"]) & (split["starter-list"] | split["responder-list"])
    common = split["starter-list"] & split["responder-list"]
    assert len(common - {CONTRACT.digest}) == 3


def test_lists_are_in_an_order_that_says_nothing() -> None:
    for step, bounds in (("starter-list", (4, 3)), ("responder-list", (5, 2))):
        body = bodies()[step][48:]
        elements = [body[at : at + 32] for at in range(0, len(body), 32)]
        assert elements[: bounds[0]] == sorted(elements[: bounds[0]])
        assert elements[bounds[0] :] == sorted(elements[bounds[0] :])


def count_of_cheat(scalars_for_reply: str, minimum: int) -> int:
    """What the room tells when all 20 targets match and the starter has blinded each with its own scalar."""
    targets = identifiers(range(20))
    contract = make_room_contract((20,), (20,), minimum)
    starter, responder, room = begin_room(contract, [targets], [targets])
    random = stream("cheat")
    scalars = [draw_scalar(random) for _ in targets]
    elements = sorted(
        multiply(scalar, hash_to_group([target])) for scalar, target in zip(scalars, targets, strict=True)
    )
    reply = responder.reply(b"".join(elements))
    room.take(responder.room_list())
    returned = [reply[at : at + 32] for at in range(0, len(reply), 32)]
    taken = {"its own": [starter._run.scalar] * 20, "one of them": scalars[:1] * 20, "all": scalars}
    doubled = [
        multiply(one, element) for one, element in zip(taken[scalars_for_reply], returned, strict=True)
    ]
    _, told = room.result(RUN + contract.digest + b"".join(sorted(doubled)))
    return told.numbers[0]


def test_a_starter_that_blinds_each_target_with_its_own_scalar_counts_nothing() -> None:
    """Over files this cheat tells which targets match, with the count still right (crypto.md F2)."""
    assert count_of_cheat("its own", minimum=1) == -1
    # One scalar of the twenty for all that came back asks about one target, as a list of one does.
    assert count_of_cheat("one of them", minimum=1) == 1
    # Each element that came back can be blinded once, so the scalars meet their targets by accident only.
    assert [count_of_cheat(way, minimum=5) for way in ("its own", "one of them", "all")] == [-1, -1, -1]


def test_dummies_of_both_sides_never_meet() -> None:
    contract = make_room_contract((50,), (50,))
    _, _, told = run_room(contract, [identifiers([1])], [identifiers([1])])
    assert told.numbers == (1,)
    _, _, told = run_room(contract, [[]], [[]])
    assert told.numbers == (-1,)


@pytest.mark.parametrize(("minimum", "number"), [(3, 3), (4, -1)])
def test_a_number_below_the_minimum_is_withheld(minimum: int, number: int) -> None:
    contract = make_room_contract((4,), (5,), minimum)
    ours, theirs, told = run_room(contract, [identifiers(range(4))], [identifiers(range(1, 6))])
    assert ours.numbers == theirs.numbers == told.numbers == (number,)


def test_the_noise_is_fresh_for_each_cell_and_has_the_scale_of_epsilon() -> None:
    contract = make_room_contract((1, 1, 1), (30, 30), minimum=1, epsilon=(1, 2))
    random, drawn = stream("noise"), Counter[int]()
    room = Room.begin(contract, RUN, ENGINE, random)
    for _ in range(4000):
        drawn[room._blur(1000) - 1000] += 1
    # Of discrete Laplace noise with epsilon 1/2, (1 - a) / (1 + a) = 24.5 % are 0, a being exp(-1/2).
    assert 0.22 < drawn[0] / 4000 < 0.27
    assert 0.27 < (drawn[1] + drawn[-1]) / 4000 < 0.33
    assert abs(sum(size * count for size, count in drawn.items())) < 4 * (4000 * 7.8) ** 0.5


@pytest.mark.parametrize("values", [[0, 0, 0, 1], [0, 0, 0, 1, 2], [0, 0, 0, 1, -1], []], ids=str)
def test_the_population_of_each_identifier_is_needed(values: list[int]) -> None:
    own = [one for population in LEFT for one in population]
    with pytest.raises(UsageError):
        Starter.begin(CONTRACT, RUN, own, ENGINE, stream("x"), values)


def test_more_identifiers_than_a_population_may_have_are_refused() -> None:
    with pytest.raises(Refused, match="starter_1"):
        begin_room(CONTRACT, [identifiers([1]), identifiers([2, 3, 4, 5])], RIGHT)


def test_an_identifier_in_two_populations_is_refused() -> None:
    with pytest.raises(Refused, match="repeated"):
        begin_room(CONTRACT, [identifiers([1]), identifiers([1])], RIGHT)


@pytest.mark.parametrize("change", ["none", "sum", "number"])
def test_a_contract_that_does_not_bound_each_population_is_refused(change: str) -> None:
    counting = CONTRACT.counting
    assert counting is not None
    spoilt = {
        "none": None,
        "sum": replace(counting, starter_bounds=(4, 4)),
        "number": replace(counting, responder_bounds=(7,)),
    }[change]
    with pytest.raises(Refused, match="each population"):
        Room.begin(replace(CONTRACT, counting=spoilt), RUN, ENGINE, stream("x"))
    with pytest.raises(Refused, match="each population"):
        part_size(replace(CONTRACT, counting=spoilt), "start")


def at_step(step: str) -> tuple[Any, Any]:
    """The verb that takes `step`, of a role that awaits it, and the body."""
    starter, responder, room = parties()
    made = bodies()
    start = starter.start()
    if step == "start":
        return responder.reply, made[step]
    responder.reply(start)
    if step == "reply":
        return starter.reply, made[step]
    if step == "starter-list":
        return room.take, made[step]
    room.take(made["starter-list"])
    if step == "responder-list":
        return room.result, made[step]
    return responder.finish, made[step]


@pytest.mark.parametrize("step", STEPS)
def test_a_message_taken_again_gets_the_same_answer_and_another_one_aborts(step: str) -> None:
    take, body = at_step(step)
    first = take(body)
    assert take(body) == first
    with pytest.raises(WrongRun, match="second, different"):
        take(body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises(Refused, match="aborted"):
        take(body)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("defect", ["short", "long", "empty"])
def test_a_message_of_another_length_is_refused(step: str, defect: str) -> None:
    take, body = at_step(step)
    with pytest.raises(MalformedFile):
        take({"short": body[:-1], "long": body + b"\0", "empty": b""}[defect])
    with pytest.raises(Refused, match="aborted"):
        take(body)


@pytest.mark.parametrize("step", STEPS[:4])
@pytest.mark.parametrize("defect", ["repeated", "order", "low order", "twist", "across populations"])
def test_elements_that_must_not_be_there_are_refused(step: str, defect: str) -> None:
    take, body = at_step(step)
    first = 4 if step in ("start", "starter-list") else 5
    count = 7
    head, elements = (
        body[: -32 * count],
        [body[-32 * count :][at : at + 32] for at in range(0, 32 * count, 32)],
    )
    match defect:
        case "repeated":
            elements[1] = elements[0]
        case "order":
            elements[0], elements[1] = elements[1], elements[0]
        case "low order":
            elements[0] = bytes(32)
        case "twist":
            elements[0] = (2).to_bytes(32, "little")
            elements[:first] = sorted(elements[:first])
        case "across populations":
            elements[first] = elements[0]
            elements[first:] = sorted(elements[first:])
    with pytest.raises((MalformedFile, InvalidElement)):
        take(head + b"".join(elements))
    with pytest.raises(Refused, match="aborted"):
        take(body)


def test_an_element_and_one_that_differs_by_a_point_of_low_order_are_refused() -> None:
    starter, responder, _ = parties()
    body = starter.start()
    elements = [body[-32 * 7 :][at : at + 32] for at in range(0, 32 * 7, 32)]
    elements[5] = pow(int.from_bytes(elements[0], "little"), -1, 2**255 - 19).to_bytes(32, "little")
    elements[4:] = sorted(elements[4:])
    with pytest.raises(InvalidElement, match="repeats"):
        responder.reply(b"".join(elements))


@pytest.mark.parametrize("step", ["starter-list", "responder-list"])
@pytest.mark.parametrize("place", [0, 20], ids=["run", "contract"])
def test_a_list_of_another_run_or_contract_is_refused(step: str, place: int) -> None:
    take, body = at_step(step)
    with pytest.raises(WrongRun, match="another run or contract"):
        take(body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])


def test_a_list_before_the_other_is_refused_and_changes_nothing() -> None:
    _, _, room = parties()
    made = bodies()
    with pytest.raises(Refused, match="does not take"):
        room.result(made["responder-list"])
    room.take(made["starter-list"])
    assert room.result(made["responder-list"])[0] == made["result"]


@pytest.mark.parametrize("role", ["starter", "responder"])
def test_a_result_over_another_list_is_refused(role: str) -> None:
    starter, responder, _ = parties()
    starter.reply(responder.reply(starter.start()))
    result = bodies()["result"]
    side, at = (starter, 32) if role == "starter" else (responder, 0)
    with pytest.raises(ForgedFile, match="another list"):
        side.finish(result[:at] + bytes(32) + result[at + 32 :])
    assert side.state == "aborted"


def test_a_result_with_a_number_below_the_minimum_is_refused() -> None:
    contract = make_room_contract((4, 3), (5, 2), minimum=4)
    starter, responder, room = begin_room(contract, LEFT, RIGHT)
    reply = responder.reply(starter.start())
    room.take(responder.room_list())
    result, _ = room.result(starter.reply(reply))
    with pytest.raises(ForgedFile, match="minimum"):
        starter.finish(result[:-8] + (3).to_bytes(8, "big"))


def test_there_is_no_list_for_the_room_before_the_other_side_has_sent_its_elements() -> None:
    starter, responder, _ = parties()
    for side in (starter, responder):
        with pytest.raises(Refused, match="yet"):
            side.room_list()


def test_all_three_go_on_after_every_restart_and_the_room_keeps_no_list() -> None:
    roles: list[Any] = list(parties())
    made = bodies()

    def restart() -> None:
        roles[:] = [
            type(role).from_bytes(role.to_bytes(), ENGINE, stream(f"again {at}"))
            for at, role in enumerate(roles)
        ]

    assert roles[0].start() == made["start"]
    restart()
    assert len(roles[1].reply(made["start"])) == len(made["reply"])
    restart()
    reply = roles[1].reply(made["start"])
    lists = roles[1].room_list(), roles[0].reply(reply)
    roles[2].take(lists[0])
    restart()
    result, told = roles[2].result(lists[1])
    restart()
    assert roles[2].result(lists[1]) == (result, told)
    assert roles[0].finish(result) == roles[1].finish(result) == told
    assert lists[0] not in roles[2].to_bytes() and lists[1] not in roles[2].to_bytes()
    with pytest.raises(BadInput):
        Room.from_bytes(roles[0].to_bytes(), ENGINE, stream("x"))


def test_the_contract_of_two_parties_has_no_room() -> None:
    with pytest.raises(Refused):
        Room.begin(make_contract(3, 3, "counts"), RUN, ENGINE, stream("x"))
