"""Colleagues at a room: a key file each, a role that the room checks, and what they may look at."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from counted_house import agree_counted, join_house, meet_counted
from live_parties import LiveParties
from room_house import URL, RoomHouse
from two_parties import PARTNER, VENDOR

from cleanroom.room import backup_room, restore_room
from cleanroom.session.room import room_members

OTHER = "a colleague's very own passphrase"


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> LiveParties:
    both = LiveParties(tmp_path_factory.mktemp("members") / "both")
    meet_counted(both)
    return both


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room")
    yield made
    made.close()


@pytest.fixture
def both(met: LiveParties, house: RoomHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveParties:
    made = met.copy(tmp_path / "both")
    assert isinstance(made, LiveParties)
    join_house(made, house, monkeypatch)
    monkeypatch.setenv("OVERLAP_NEW_PASSPHRASE", OTHER)
    return made


def add(both: LiveParties, role: str) -> Path:
    out = both.root / f"{role}.key"
    assert (
        both.run(VENDOR, "room", "member", "add", "--role", role, "--out", out).after("member").endswith(role)
    )
    return out


def seen(both: LiveParties, *words: str | Path, code: int = 0) -> str:
    """A command of a colleague who has nothing but the key file."""
    answer = both.run("nobody", "room", *words, code=code, passphrase=OTHER)
    return answer.err if code else answer.out


def test_each_role_sees_what_it_may(both: LiveParties, house: RoomHouse) -> None:
    keys = {role: add(both, role) for role in ("operator", "auditor", "viewer")}
    agree_counted(both, "lobby")
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    both.run(PARTNER, "match", "reply", both.mail("start"), "--via", URL)
    peer = both.read_json(PARTNER, "card")["digest"]
    for role in ("operator", "viewer"):
        assert "frame" in seen(both, "inbox", "--as", keys[role])
    assert "may not do this" in seen(both, "inbox", "--as", keys["auditor"], code=3)
    for role in ("operator", "auditor"):
        assert "verified" in seen(both, "log", peer, "--as", keys[role])
    assert "may not do this" in seen(both, "log", peer, "--as", keys["viewer"], code=3)
    for key in keys.values():
        assert "no such share" in seen(both, "share", "0" * 32, "--as", key, code=3)


def test_after_a_restore_a_member_waits_to_be_confirmed(both: LiveParties, house: RoomHouse) -> None:
    key = add(both, "viewer")
    saved = BytesIO()
    house.stop()
    backup_room(house.root, saved, house.now)
    saved.seek(0)
    restore_room(house.root, saved, house.now)
    house.start()
    assert "confirmed" in seen(both, "inbox", "--as", key, code=3)
    listed = both.read_json(VENDOR, "room", "member", "list")
    assert [one["state"] for one in listed] == ["active", "suspended"]
    both.run(VENDOR, "room", "member", "confirm", listed[0]["keyid"][:8], code=2)
    both.run(VENDOR, "room", "member", "confirm", listed[1]["keyid"][:8])
    seen(both, "inbox", "--as", key)
    both.run(VENDOR, "room", "member", "confirm", listed[1]["keyid"][:8], code=2)


def test_a_removed_member_is_nobody(both: LiveParties) -> None:
    key = add(both, "viewer")
    listed = both.read_json(VENDOR, "room", "member", "list")
    assert [one["role"] for one in listed] == ["admin", "viewer"]
    both.run(VENDOR, "room", "member", "remove", listed[1]["keyid"][:8])
    assert "does not know" in seen(both, "inbox", "--as", key, code=3)
    both.run(VENDOR, "room", "member", "remove", listed[1]["keyid"][:8], code=2)


def test_an_altered_key_file_is_noticed(both: LiveParties) -> None:
    key = add(both, "viewer")
    good = key.read_bytes()
    key.write_bytes(good.replace(b"https://room.example", b"https://doom.example"))
    assert "was altered" in seen(both, "inbox", "--as", key, code=5)
    key.write_bytes(good[:-40])
    seen(both, "inbox", "--as", key, code=4)
    assert both.run(VENDOR, "room", "member", "add", "--role", "viewer", "--out", key, code=2)


def test_a_log_that_the_room_has_not_signed_is_refused(
    both: LiveParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = add(both, "auditor")
    both.run(VENDOR, "claims", "commit", "--partner", PARTNER, "--via", URL)
    peer = both.read_json(PARTNER, "card")["digest"]
    monkeypatch.setattr(room_members, "leaf_hash", lambda data: bytes(32))
    assert "is not the one that it has signed" in seen(both, "log", peer, "--as", key, code=5)
