"""A room against its own members: a party that crowds others out, a thief with the keys of a dead card.

Everybody here signs with a registered key; what is tried is what the rules of a room are there to prevent.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from protocol_parties import make_room_contract
from room_house import URL, RoomHouse
from room_shares import asked, countersigned, deposit, grant, received

from cleanroom.room import Quotas, backup_room, restore_room, seal_list
from cleanroom.room import gate as gate_module
from cleanroom.room import relay as relay_module
from overlap.keys import PartyKeys
from overlap.protocol import Contract


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(requests=10_000, open_counts=2))
    for name in ("northwind", "contoso", "fabrikam"):
        made.join(name)
    yield made
    made.close()


def test_many_messages_of_one_sender_hide_no_other(house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's messages are not fetched by anybody, so they would stand before all others for 14 days."""
    victim, stranger, partner = (house.parties[name] for name in ("northwind", "fabrikam", "contoso"))
    monkeypatch.setattr(relay_module, "INBOX_LIMIT", 4)
    for number in range(5):
        house.deliver(stranger, victim, b"junk %d" % number)
    house.now += 1
    name = house.deliver(partner, victim, b"a frame")
    shown = house.call(victim, "GET", "/v1/messages").json()
    assert len(shown) == 4
    assert shown[-1]["id"] == name
    assert [one["time"] for one in shown] == sorted(one["time"] for one in shown)


def contract_of(house: RoomHouse, starter: PartyKeys, responder: PartyKeys) -> Contract:
    contract = make_room_contract((4, 3), (5, 2))
    assert contract.counting is not None
    sides = {
        role: replace(getattr(contract, role), card=keys.card.digest.hex())
        for role, keys in (("starter", starter), ("responder", responder))
    }
    return replace(contract, counting=replace(contract.counting, room=house.keys.card.digest.hex()), **sides)


def put_list(house: RoomHouse, starter: PartyKeys, responder: PartyKeys, run: bytes) -> int:
    """The starter sends its list of a new run."""
    data = seal_list(contract_of(house, starter, responder), run, "responder-list", b"x", house.keys.card)
    return house.call(starter, "PUT", f"/v1/counts/{run.hex()}/responder-list", data).status


def test_counts_begun_by_others_keep_nobody_from_counting(house: RoomHouse) -> None:
    """A contract names its parties by itself; only one's own list is one's own doing."""
    stranger, victim, partner = (house.parties[name] for name in ("fabrikam", "northwind", "contoso"))
    found = [put_list(house, stranger, victim, bytes([number] * 16)) for number in range(3)]
    assert found == [202, 202, 429]
    found = [put_list(house, victim, partner, bytes([8 + number] * 16)) for number in range(3)]
    assert found == [202, 202, 429]


def test_bodies_that_do_not_come_make_the_room_busy_for_their_sender_alone(
    house: RoomHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger, victim = house.parties["fabrikam"], house.parties["northwind"]
    monkeypatch.setattr(gate_module, "INTAKE_LIMIT", 200_000)
    monkeypatch.setattr(gate_module, "PARTY_INTAKE", 50_000)
    statuses: list[int] = []

    def scope_of(by: PartyKeys, body: bytes, said: int) -> dict[str, Any]:
        request = house.signed(by, "POST", "/v1/invitations", body)
        return {
            "type": "http",
            "method": "POST",
            "path": "/v1/invitations",
            "raw_path": b"/v1/invitations",
            "query_string": b"",
            "root_path": "",
            "headers": [
                *(
                    (name.lower().encode(), value.encode("latin-1"))
                    for name, value in request.headers.items()
                ),
                (b"content-length", str(said).encode()),
            ],
        }

    async def begin(by: PartyKeys, *, sends: bool) -> None:
        async def receive() -> dict[str, Any]:
            if not sends:
                await asyncio.sleep(3_600)
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            statuses.extend([event["status"]] if "status" in event else [])

        await house.gate(scope_of(by, b"{}", 2 if sends else 16_000), receive, send)

    async def attack() -> None:
        stalled = [asyncio.create_task(begin(stranger, sends=False)) for _ in range(13)]
        await asyncio.sleep(0.3)
        await begin(victim, sends=True)
        for task in stalled:
            task.cancel()
        await asyncio.gather(*stalled, return_exceptions=True)

    house._runner.run(attack())
    assert statuses == [503] * 10 + [422]
    assert house.gate._reading == 0
    assert URL == house.gate._url


def test_a_request_from_before_a_backup_was_restored_is_not_taken_again(house: RoomHouse) -> None:
    """The nonces since the backup are not in it."""
    victim, other = house.parties["northwind"], house.parties["contoso"]
    name = house.deliver(other, victim, b"a frame")
    house.stop()
    out = io.BytesIO()
    backup_room(house.root, out, house.now)
    house.start()
    request = house.signed(victim, "DELETE", f"/v1/messages/{name}")
    assert house.send(request).status == 204
    house.stop()
    house.now += 5
    restore_room(house.root, io.BytesIO(out.getvalue()), house.now)
    house.start()
    assert house.send(request).status == 401
    assert house.room.relay.count()[0] == 1
    house.now += 1
    assert house.call(victim, "GET", "/v1/messages").status == 200
