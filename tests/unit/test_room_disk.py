"""The limit of a room's disk: what all parties together may send, and what goes on beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from room_house import RoomHouse, announcement
from room_shares import asked, countersigned, deposit, grant, received

from cleanroom.room import Quotas

MIB = 2**20


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(disk_bytes=8 * MIB))
    made.join("northwind"), made.join("contoso"), made.join("fabrikam")
    yield made
    made.close()


def announce(house: RoomHouse, by: str, data: bytes) -> int:
    wanted = announcement(house.parties["contoso"], data)
    return house.call(house.parties[by], "POST", "/v1/messages", document=wanted).status


def test_all_parties_together_may_announce_no_more_than_the_disk_has(house: RoomHouse) -> None:
    assert announce(house, "northwind", bytes(9 * MIB)) == 413
    assert announce(house, "northwind", bytes(3 * MIB)) == 201
    assert announce(house, "fabrikam", bytes(3 * MIB)) == 201
    refused = house.call(
        house.parties["fabrikam"],
        "POST",
        "/v1/messages",
        document=announcement(house.parties["contoso"], b"x" * 3 * MIB),
    )
    assert (refused.status, "disk" in refused.what) == (507, True)
    assert refused.json()["error"] == "Unreachable"
    house.restart()
    assert announce(house, "fabrikam", b"x" * 3 * MIB) == 507


def test_what_was_fetched_makes_place(house: RoomHouse) -> None:
    name = house.deliver(house.parties["northwind"], house.parties["contoso"], bytes(5 * MIB))
    assert announce(house, "fabrikam", bytes(4 * MIB)) == 507
    assert house.call(house.parties["contoso"], "DELETE", f"/v1/messages/{name}").status == 204
    assert announce(house, "fabrikam", bytes(4 * MIB)) == 201


def test_files_that_are_no_messages_count_too(house: RoomHouse) -> None:
    assert announce(house, "northwind", bytes(5 * MIB)) == 201
    (house.root / "left").write_bytes(bytes(4 * MIB))
    house.room.sweep()
    assert announce(house, "fabrikam", b"small") == 507


def test_at_the_limit_shares_are_read_and_end_and_nothing_new_is_taken(house: RoomHouse) -> None:
    grantor, recipient = house.parties["northwind"], house.parties["contoso"]
    made = grant(house, grantor, recipient)
    assert deposit(house, made, grantor).status == 201
    (house.root / "left").write_bytes(bytes(8 * MIB))
    house.room.sweep()
    assert deposit(house, made, grantor).status == 201  # The same one again is no new one.
    assert deposit(house, grant(house, grantor, recipient), grantor).status == 507
    assert announce(house, "fabrikam", b"small") == 507
    assert countersigned(house, made, grantor, recipient).status == 204
    assert asked(house, received(made, recipient, grantor), recipient)[1].status == 200
    assert house.call(grantor, "POST", f"/v1/shares/{made.terms.share}/revocation").status == 200
    house.restart()
    assert any("above the limit" in finding for finding in house.room.findings)
    text = house.call(None, "GET", "/metrics").body.decode()
    figures = dict(line.split() for line in text.splitlines() if line.startswith("overlap_room_disk"))
    assert float(figures["overlap_room_disk_bytes"]) > float(figures["overlap_room_disk_limit_bytes"])
    assert float(figures["overlap_room_disk_limit_bytes"]) == 8 * MIB
    house.restart()


def test_no_card_is_registered_beyond_the_limit(house: RoomHouse) -> None:
    (house.root / "left").write_bytes(bytes(8 * MIB))
    house.room.sweep()
    with pytest.raises(AssertionError, match="disk"):
        house.join("tailspin")
