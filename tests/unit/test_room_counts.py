"""The room as third party of a count, over its API: equal contracts, one result, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from protocol_parties import ENGINE, identifiers, make_contract, make_room_contract, stream
from room_house import Reply, RoomHouse

from cleanroom.room import Quotas, open_result, pair_origin, seal_list
from cleanroom.room.counting import KEPT_SECONDS
from overlap.errors import ForgedFile
from overlap.keys import PartyKeys
from overlap.protocol import Contract
from overlap.protocol.room_counts import Responder, Starter

RUN = bytes(range(16))
LEFT = [identifiers([1, 2, 3]), identifiers([4, 5])]
RIGHT = [identifiers([1, 4, 9, 10]), identifiers([2])]
STEPS = ("starter-list", "responder-list")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(open_counts=2))
    made.join("northwind"), made.join("contoso"), made.join("fabrikam")
    yield made
    made.close()


def contract_of(house: RoomHouse) -> Contract:
    contract = make_room_contract((4, 3), (5, 2))
    assert contract.counting is not None
    sides = {
        role: replace(getattr(contract, role), card=house.parties[name].card.digest.hex())
        for role, name in (("starter", "northwind"), ("responder", "contoso"))
    }
    return replace(contract, counting=replace(contract.counting, room=house.keys.card.digest.hex()), **sides)


def begin(contract: Contract, run: bytes = RUN) -> tuple[Starter, Responder, dict[str, bytes]]:
    """Both sides after they have exchanged their elements, and the lists for the room."""
    starter, responder = (
        kind.begin(
            contract,
            run,
            [one for population in side for one in population],
            ENGINE,
            stream(f"counts/{kind.role}"),
            [at for at, population in enumerate(side) for _ in population],
        )
        for kind, side in ((Starter, LEFT), (Responder, RIGHT))
    )
    assert isinstance(starter, Starter) and isinstance(responder, Responder)
    starter.reply(responder.reply(starter.start()))
    return starter, responder, {"starter-list": responder.room_list(), "responder-list": starter.room_list()}


def put(
    house: RoomHouse,
    contract: Contract,
    step: str,
    body: bytes,
    run: bytes = RUN,
    by: PartyKeys | None = None,
) -> Reply:
    sender = house.parties["contoso" if step == "starter-list" else "northwind"]
    data = seal_list(contract, run, step, body, house.keys.card)
    return house.call(by or sender, "PUT", f"/v1/counts/{run.hex()}/{step}", data)


def settle(house: RoomHouse) -> None:
    """Wait for the count that is computed."""
    house.room.counting._worker.submit(lambda: None).result()


def result(house: RoomHouse, by: PartyKeys, run: bytes = RUN) -> Reply:
    settle(house)
    return house.call(by, "GET", f"/v1/counts/{run.hex()}/result")


def test_both_sides_learn_a_number_for_each_cell(house: RoomHouse) -> None:
    contract = contract_of(house)
    starter, responder, lists = begin(contract)
    one, other = house.parties["northwind"], house.parties["contoso"]
    assert house.call(one, "GET", f"/v1/counts/{RUN.hex()}/result").status == 404
    assert put(house, contract, "starter-list", lists["starter-list"]).status == 202
    waiting = result(house, one)
    assert (waiting.status, waiting.fields["retry-after"]) == (404, "1")
    assert put(house, contract, "responder-list", lists["responder-list"]).status == 202
    ours = starter.finish(open_result(contract, RUN, result(house, one).body, one, house.keys.card))
    theirs = responder.finish(open_result(contract, RUN, result(house, other).body, other, house.keys.card))
    assert ours == theirs
    assert ours.numbers == (1, 1, 1, -1)
    assert result(house, one).body == result(house, one).body
    left = sorted(path.name for path in (house.root / "counts").rglob("*") if path.is_file())
    assert left == sorted(
        ["starter-list.digest", "responder-list.digest", one.card.digest.hex(), other.card.digest.hex()]
    )
    pair = house.room.pairs.of(one.card.digest.hex(), other.card.digest.hex())
    assert pair.log.origin == pair_origin(
        house.keys.card.digest.hex(), one.card.digest.hex(), other.card.digest.hex()
    )
    assert [entry.kind for entry in pair.log.entries()] == ["run"]


def test_a_result_opens_for_its_party_under_its_contract_only(house: RoomHouse) -> None:
    contract = contract_of(house)
    _, _, lists = begin(contract)
    for step in STEPS:
        put(house, contract, step, lists[step])
    one, other = house.parties["northwind"], house.parties["contoso"]
    data = result(house, one).body
    with pytest.raises(ForgedFile):
        open_result(contract, RUN, data, other, house.keys.card)
    with pytest.raises(ForgedFile):
        open_result(contract, bytes(16), data, one, house.keys.card)
    with pytest.raises(ForgedFile):
        open_result(replace(contract, veto="duns"), RUN, data, one, house.keys.card)
    with pytest.raises(ForgedFile):
        open_result(contract, RUN, data, one, other.card)


def test_one_run_has_one_result(house: RoomHouse) -> None:
    """The same lists again draw no new noise, and other lists are refused, also after a restart."""
    contract = contract_of(house)
    _, _, lists = begin(contract)
    for step in STEPS:
        put(house, contract, step, lists[step])
    one = house.parties["northwind"]
    first = result(house, one).body
    house.restart()
    for step in STEPS:
        assert put(house, contract, step, lists[step]).status == 202
    assert result(house, one).body == first
    other = lists["responder-list"][:-32] + bytes(32)
    assert put(house, contract, "responder-list", other).status == 409


def test_a_stopped_room_goes_on(house: RoomHouse) -> None:
    contract = contract_of(house)
    _, _, lists = begin(contract)
    put(house, contract, "starter-list", lists["starter-list"])
    house.restart()
    put(house, contract, "responder-list", lists["responder-list"])
    house.restart()
    settle(house)
    assert result(house, house.parties["northwind"]).status == 200


def test_contracts_that_differ_are_refused(house: RoomHouse) -> None:
    contract = contract_of(house)
    _, _, lists = begin(contract)
    put(house, contract, "starter-list", lists["starter-list"])
    other = replace(contract, veto="duns")
    reply = put(house, other, "responder-list", begin(other)[2]["responder-list"])
    assert reply.status == 409


def test_a_contract_that_names_another_room_or_protocol_is_refused(house: RoomHouse) -> None:
    contract = contract_of(house)
    assert contract.counting is not None
    elsewhere = replace(contract, counting=replace(contract.counting, room="00" * 32))
    assert put(house, elsewhere, "starter-list", b"x").status == 403
    sides = {"starter": contract.starter, "responder": contract.responder}
    plain = replace(make_contract(7, 7, "counts"), **sides)
    assert put(house, plain, "starter-list", b"x").status == 403


def test_only_the_other_side_sends_a_list(house: RoomHouse) -> None:
    contract = contract_of(house)
    for by in ("northwind", "fabrikam"):
        assert put(house, contract, "starter-list", b"x", by=house.parties[by]).status == 409
    _, _, lists = begin(contract)
    for step in STEPS:
        put(house, contract, step, lists[step])
    assert result(house, house.parties["fabrikam"]).status == 404


@pytest.mark.parametrize("data", [b"", b"x" * 2_000])
def test_what_does_not_open_is_refused(house: RoomHouse, data: bytes) -> None:
    reply = house.call(house.parties["contoso"], "PUT", f"/v1/counts/{RUN.hex()}/starter-list", data)
    assert reply.status == 422


def test_a_list_sealed_for_another_run_or_step_is_refused(house: RoomHouse) -> None:
    contract = contract_of(house)
    _, _, lists = begin(contract)
    data = seal_list(contract, RUN, "starter-list", lists["starter-list"], house.keys.card)
    sender = house.parties["contoso"]
    assert house.call(sender, "PUT", f"/v1/counts/{'0' * 32}/starter-list", data).status == 422
    assert house.call(sender, "PUT", f"/v1/counts/{RUN.hex()}/responder-list", data).status == 422


@pytest.mark.parametrize("defect", ["short", "low order", "of another run"])
def test_a_list_that_must_not_be_there_aborts_the_run_and_nothing_is_kept(
    house: RoomHouse, defect: str
) -> None:
    contract = contract_of(house)
    _, _, lists = begin(contract)
    bad = {
        "short": lists["responder-list"][:-32],
        "low order": lists["responder-list"][:-64] + bytes(64),
        "of another run": bytes(16) + lists["responder-list"][16:],
    }[defect]
    put(house, contract, "starter-list", lists["starter-list"])
    assert put(house, contract, "responder-list", bad).status == 202
    reply = result(house, house.parties["contoso"])
    assert reply.status == 403
    assert "aborted" in reply.what
    assert put(house, contract, "responder-list", lists["responder-list"]).status == 403
    assert not list((house.root / "counts").rglob("*-list"))


def test_open_counts_have_a_quota_and_old_ones_are_removed(house: RoomHouse) -> None:
    contract = contract_of(house)
    for number in range(3):
        run = number.to_bytes(16, "big")
        reply = put(house, contract, "starter-list", begin(contract, run)[2]["starter-list"], run)
        assert reply.status == (202 if number < 2 else 429)
    house.now += KEPT_SECONDS
    house.room.sweep()
    assert not list((house.root / "counts").iterdir())
    run = bytes(16)
    assert put(house, contract, "starter-list", begin(contract, run)[2]["starter-list"], run).status == 202
