"""A room that was away when a card changed, or came back from a backup, is told by the next sync."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from counted_house import join_house
from live_parties import LiveParties
from room_house import URL, RoomHouse
from two_parties import PARTNER, VENDOR, meet

from cleanroom.room import backup_room, client, restore_room
from overlap.errors import Unreachable

pytestmark = pytest.mark.usefixtures("quick_passphrase")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room")
    yield made
    made.close()


@pytest.fixture
def both(tmp_path: Path, house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> LiveParties:
    made = LiveParties(tmp_path / "both")
    meet(made)
    join_house(made, house, monkeypatch)
    monkeypatch.setattr(client, "PAUSES", ())
    return made


def away(patch: pytest.MonkeyPatch) -> None:
    def exchange(*_: object) -> None:
        raise Unreachable("the room cannot be reached", "later")

    patch.setattr(client, "exchange", exchange)


def rotate(both: LiveParties) -> str:
    """The partner rotates, and the vendor takes it in; the digest of the card that is out of use."""
    before: str = both.read_json(PARTNER, "card")["digest"]
    recovery = both.place(PARTNER, "recovery.key")
    both.run(PARTNER, "keys", "rotate", "--recovery", recovery, "--out", both.mail("rotation"))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))
    return before


def said(both: LiveParties, party: str, code: int = 0) -> list[tuple[str, str]]:
    actions = json.loads(both.run(party, "sync", "--json", code=code).out)
    return [(one["did"], one["what"]) for one in actions]


TOLD = [("told", f"lobby: a card of {PARTNER} is out of use")]


def test_who_took_a_rotation_in_tells_the_room_when_it_is_back(both: LiveParties, house: RoomHouse) -> None:
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        old = rotate(both)
        ((did, what),) = said(both, VENDOR, 4)
        assert did == "failed" and what.startswith("lobby: ")
    assert old not in house.room.registry.ended
    assert said(both, VENDOR) == TOLD
    assert old in house.room.registry.ended
    assert said(both, VENDOR) == []
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        assert said(both, VENDOR) == []  # It was told: that it is away is no news.


def test_who_rotated_while_the_room_was_away_tells_it_with_the_new_card(
    both: LiveParties, house: RoomHouse
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        old = rotate(both)
    assert said(both, PARTNER) == TOLD
    assert old in house.room.registry.ended
    both.run(PARTNER, "room", "join", URL, "--fingerprint", house.keys.card.fingerprint)
    assert said(both, PARTNER) == []


def test_a_revocation_is_told_too(both: LiveParties, house: RoomHouse) -> None:
    old = both.read_json(PARTNER, "card")["digest"]
    recovery = both.place(PARTNER, "recovery.key")
    both.run(PARTNER, "keys", "revoke", "--recovery", recovery, "--out", both.mail("dead"), "--yes")
    with pytest.MonkeyPatch.context() as patch:
        away(patch)
        both.run(VENDOR, "partner", "revoke", both.mail("dead"))
    assert said(both, VENDOR) == TOLD
    assert old in house.room.registry.ended


def test_a_room_that_came_back_from_a_backup_is_told_again(both: LiveParties, house: RoomHouse) -> None:
    house.stop()
    backup = io.BytesIO()
    backup_room(house.root, backup, house.now)
    house.start()
    old = rotate(both)
    assert old in house.room.registry.ended
    house.stop()
    backup.seek(0)
    restore_room(house.root, backup, house.now)
    house.start()
    assert old not in house.room.registry.ended
    assert said(both, VENDOR) == TOLD
    assert old in house.room.registry.ended


def test_a_stranger_ends_no_card_of_the_room(both: LiveParties, house: RoomHouse) -> None:
    """The card that a rotation leads to signs for that one request only, and only from a registered card."""
    stranger = both.root / "stranger"
    both.run("stranger", "init", "--party", "stranger")
    both.run("stranger", "keys", "rotate", "--recovery", stranger / "recovery.key", "--out",
             both.mail("strange"))  # fmt: skip
    keys = both.keys_of("stranger")
    victim = both.read_json(PARTNER, "card")["digest"]
    statement = both.mail("strange").read_bytes()
    assert house.call(keys, "PUT", f"/v1/cards/{victim}/end", statement).status == 401
    assert house.call(keys, "GET", "/v1/messages").status == 401
    assert victim not in house.room.registry.ended
