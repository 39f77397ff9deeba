"""The whole walk of two parties through a room, and rooms that cheat."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_parties import LiveParties, walk
from small_room import Reply, SmallRoom, problem, small_room
from two_parties import PARTNER, VENDOR, meet

from cleanroom.room import client, piecewise
from overlap.keys import PartyKeys

pytestmark = pytest.mark.slow

POLICY = ("--size-bound", "256")


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> LiveParties:
    """Both have keys, accounts and each other's cards."""
    both = LiveParties(tmp_path_factory.mktemp("met") / "both")
    meet(both)
    return both


@pytest.fixture
def room() -> Iterator[SmallRoom]:
    keys = PartyKeys.generate("room", lambda number: bytes([7]) * number)
    with small_room(keys) as made:
        yield made


@pytest.fixture
def both(met: LiveParties, room: SmallRoom, tmp_path: Path) -> LiveParties:
    made = met.copy(tmp_path / "both")
    assert isinstance(made, LiveParties)
    made.join(room.url, room.fingerprint)
    return made


def test_the_whole_walk_and_what_the_room_saw_of_it(both: LiveParties, room: SmallRoom) -> None:
    seen: list[bytes] = []

    def look(method: str, path: str, body: bytes) -> Reply | None:
        seen.append(body)
        return None

    room.before = look
    walk(both)
    assert room.messages == {}
    said = b"".join(seen)
    assert b"territory" not in said and b"overlap-agreement" not in said and b"customers" not in said
    assert VENDOR.encode() not in said and PARTNER.encode() not in said


def test_a_sync_that_is_cut_off_in_the_middle_of_an_upload_goes_on(
    both: LiveParties, room: SmallRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecewise, "CHUNK", 4096)
    monkeypatch.setattr(client, "PAUSES", ())
    both.run(VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", "territory-planning", *POLICY)
    both.run(PARTNER, "agreement", "accept", "--yes")
    both.run(VENDOR, "sync")
    pieces = 0

    def cut(method: str, path: str, body: bytes) -> Reply | None:
        nonlocal pieces
        pieces += method == "PATCH"
        if pieces > 2:
            raise ConnectionError
        return None

    room.before = cut
    assert "cannot be reached" in both.run(VENDOR, "match", "start", code=4).err
    room.before = lambda *_: None
    room.requests.clear()
    assert both.run(VENDOR, "sync").out == f"sent      frame to {PARTNER} by {room.url}\n"
    uploads = [size for method, _, size in room.requests if method == "PATCH"]
    (message,) = room.messages.values()
    assert sum(uploads) == message.about["size"] - 2 * 4096
    both.run(PARTNER, "sync")
    both.run(VENDOR, "match", "finish")


def test_a_room_that_signs_with_another_key_is_not_believed(both: LiveParties, room: SmallRoom) -> None:
    both.run(VENDOR, "card", "--partner", PARTNER)
    room.sign = PartyKeys.generate("room", lambda number: bytes([8]) * number)
    for words in (("sync",), ("partner", "add"), ("sync", "--dry-run")):
        answer = both.run(PARTNER, *words, code=None)
        assert answer.code in (4, 5)
        assert "does not hold" in answer.out + answer.err
    assert "does not hold" in both.run(PARTNER, "card", "--partner", VENDOR, code=5).err
    room.sign = room.keys
    assert "took in" not in both.run(PARTNER, "sync").out
    assert len(room.messages) == 2


def test_a_room_is_joined_by_its_fingerprint_only(met: LiveParties, room: SmallRoom, tmp_path: Path) -> None:
    both = met.copy(tmp_path / "both")
    other = PartyKeys.generate("room", lambda number: bytes([9]) * number)
    join = ("room", "join", room.url, "--fingerprint")
    assert "not that of the room's card" in both.run(VENDOR, *join, other.card.fingerprint, code=3).err
    room.before = lambda method, path, body: problem(403, "nobody has invited you") if body else None
    assert "nobody has invited you" in both.run(VENDOR, *join, room.fingerprint, code=3).err
    assert both.read_json(VENDOR, "room", "list") == []
    assert "was not joined" in both.run(VENDOR, "receive", "--via", room.url, code=2).err
    room.before = lambda *_: None
    both.run(VENDOR, *join, room.fingerprint.lower())
    assert both.read_json(VENDOR, "room", "list")[0]["url"] == room.url
    room.keys, before = other, room.keys
    room.sign = other
    assert "another room named" in both.run(VENDOR, *join, other.card.fingerprint, code=3).err
    room.keys = room.sign = before
    assert both.run(VENDOR, "sync", "--via", room.url).out == ""
    both.place(VENDOR, "rooms", "room.card").write_bytes(other.card.to_bytes())
    assert "is not verified" in both.run(VENDOR, "receive", "--via", room.url, code=3).err
    both.run(VENDOR, "room", "join", "https://Room.example/path", "--fingerprint", "x", code=2)
    both.run(VENDOR, "room", "join", "http://room.example", "--fingerprint", "x", code=2)


def test_without_the_packages_of_a_room_the_extra_is_named(
    both: LiveParties, room: SmallRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cleanroom.room.client", None)
    said = both.run(VENDOR, "receive", code=2).err
    assert "account-overlap[room]" in said


def test_other_bytes_than_announced_are_refused_and_tried_no_more(both: LiveParties, room: SmallRoom) -> None:
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)
    (message,) = room.messages.values()
    message.data[100] ^= 1
    assert "not the one that was announced" in both.run(VENDOR, "sync", code=3).out
    assert both.run(VENDOR, "sync").out == ""
    message.data[100] ^= 1
    assert "took in" in both.run(VENDOR, "sync", "--again").out
