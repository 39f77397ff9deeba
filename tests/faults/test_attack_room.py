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
from room_house import Reply, RoomHouse, announcement
from room_shares import asked, countersigned, deposit, grant, received

from cleanroom.room import Quotas, backup_room, invite_here, member_signer, restore_room, seal_list
from cleanroom.room import gate as gate_module
from cleanroom.room import relay as relay_module
from overlap.keys import Card, PartyKeys, RecoveryKey, make_revocation, make_rotation
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


def with_recovery(house: RoomHouse, name: str) -> tuple[PartyKeys, RecoveryKey]:
    """A registered party whose card fixes a recovery key."""
    recovery = RecoveryKey.generate(name, house.random.randbytes)
    keys = PartyKeys.generate(name, house.random.randbytes, recovery.commitment)
    digest = keys.card.digest.hex()
    invite_here(house.root, digest, house.now)
    house.room.tick()
    assert house.call(keys, "PUT", f"/v1/cards/{digest}", keys.card.to_bytes()).status == 201
    return keys, recovery


def end(house: RoomHouse, by: PartyKeys, card: Card, statement: bytes) -> Reply:
    return house.call(by, "PUT", f"/v1/cards/{card.digest.hex()}/end", statement)


@pytest.mark.parametrize("change", ["revocation", "rotation"])
def test_a_thief_with_the_keys_of_a_dead_card_does_nothing_in_the_room(house: RoomHouse, change: str) -> None:
    """Whoever takes the statement in tells the room, too: the thief would not."""
    partner = house.parties["northwind"]
    stolen, recovery = with_recovery(house, "litware")
    member = PartyKeys.generate("hired", house.random.randbytes)
    document = {"key": member.card.requests.hex(), "role": "operator"}
    assert house.call(stolen, "POST", "/v1/members", document=document).status == 201
    made = [grant(house, *pair) for pair in ((partner, stolen), (stolen, partner))]
    for one, (grantor, recipient) in zip(made, ((partner, stolen), (stolen, partner)), strict=True):
        assert deposit(house, one, grantor).status == 201
        assert countersigned(house, one, grantor, recipient).status == 204
    share = received(made[0], stolen, partner)
    house.deliver(partner, stolen, b"a letter, sealed to the stolen key")
    after = RecoveryKey.generate("litware", house.random.randbytes)
    coming = PartyKeys.generate("litware", house.random.randbytes, after.commitment)
    data = (
        make_revocation(stolen.card, recovery, house.now).data
        if change == "revocation"
        else make_rotation(stolen, coming, recovery, house.now).data
    )
    assert end(house, partner, stolen.card, data).status == 204
    assert asked(house, share, stolen)[1].status == 401
    assert house.call(stolen, "GET", "/v1/messages").status == 401
    assert house.call(member_signer(member), "GET", "/v1/messages").status == 401
    for one in made:
        stands = house.call(partner, "GET", f"/v1/shares/{one.terms.share}").json()
        assert (stands["reason"], stands["destroyed"] > 0) == ("revocation", True)
    wanted = announcement(stolen, b"more")
    assert house.call(partner, "POST", "/v1/messages", document=wanted).status == 404
    house.restart()
    assert house.call(stolen, "GET", "/v1/messages").status == 401
    invite_here(house.root, stolen.card.digest.hex(), house.now)
    house.room.tick()
    again = house.call(stolen, "PUT", f"/v1/cards/{stolen.card.digest.hex()}", stolen.card.to_bytes())
    assert (again.status, house.call(stolen, "GET", "/v1/messages").status) == (403, 401)
    digest = coming.card.digest.hex()
    welcome = house.call(coming, "PUT", f"/v1/cards/{digest}", coming.card.to_bytes())
    assert welcome.status == (201 if change == "rotation" else 401)


def test_nobody_ends_the_card_of_another(house: RoomHouse) -> None:
    """A statement counts by the recovery key that the card fixed, and for the card that it names."""
    attacker = house.parties["fabrikam"]
    victim, recovery = with_recovery(house, "litware")
    other, theirs = with_recovery(house, "tailspin")
    true = make_revocation(victim.card, recovery, house.now).data
    false = make_revocation(other.card, theirs, house.now).data
    assert end(house, attacker, victim.card, false).status == 409
    forged = true.replace(recovery.public.hex().encode(), theirs.public.hex().encode())
    assert end(house, attacker, victim.card, forged).status == 422
    assert end(house, attacker, victim.card, b"overlap-card-revocation/1\n{}\n").status == 422
    assert house.call(victim, "GET", "/v1/messages").status == 200
