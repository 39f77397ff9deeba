"""The walk of two parties through a room that runs as a process of its own."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_disk import Killed, faulty_disk
from live_parties import LiveParties, lend, walk
from real_room import RealRoom, real_room
from two_parties import PARTNER, SHARED, VENDOR, change_policy, meet

from cleanroom.room import client, piecewise

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveParties, RealRoom]]:
    """Both have met, and both have joined the room."""
    root = tmp_path_factory.mktemp("real")
    both = LiveParties(root / "both")
    meet(both)
    digests = [both.read_json(party, "card")["digest"] for party in (VENDOR, PARTNER)]
    with real_room(root / "room", *digests) as room:
        both.join(room.url, room.fingerprint)
        yield both, room


@pytest.fixture
def both(joined: tuple[LiveParties, RealRoom], tmp_path: Path) -> LiveParties:
    made = joined[0].copy(tmp_path / "both")
    assert isinstance(made, LiveParties)
    return made


def shared(both: LiveParties, party: str) -> list[str]:
    return [run["shared"] for run in both.read_json(party, "match", "list")]


def test_the_whole_walk(both: LiveParties) -> None:
    walk(both)


def test_nobody_reads_or_removes_what_is_for_another(both: LiveParties) -> None:
    both.run(PARTNER, "claims", "commit", "--partner", VENDOR)
    assert json.loads(both.run(PARTNER, "sync", "--json").out) == []
    assert "took in" in both.run(VENDOR, "sync").out


def test_a_party_brings_another_one_into_the_room(
    both: LiveParties, joined: tuple[LiveParties, RealRoom]
) -> None:
    room, third = joined[1], "fabrikam"
    both.run(third, "init", "--party", third)
    both.run(third, "card", "--out", both.mail("third"))
    join = ("room", "join", room.url, "--fingerprint", room.fingerprint)
    assert "does not know our card" in both.run(third, *join, code=3).err
    both.run(VENDOR, "partner", "add", both.mail("third"))
    both.run(VENDOR, "room", "introduce", third, code=3)  # Its fingerprint is not confirmed.
    fingerprint = both.run(third, "card").after("fingerprint")
    both.run(VENDOR, "partner", "verify", third, "--fingerprint", fingerprint)
    both.run(VENDOR, "room", "introduce", third, "--room", "lobby", code=2)
    assert both.run(VENDOR, "room", "introduce", third).out.startswith("invited until ")
    both.run(third, *join)
    both.run(third, "partner", "add", both.mail(f"{VENDOR}.card"))
    both.run(third, "card", "--partner", VENDOR, "--via", room.url)
    assert "decide    card" in both.run(VENDOR, "sync").out


def agree(both: LiveParties) -> None:
    policy = change_policy(both, run_budget="300")
    propose = ("agreement", "propose", "--partner", PARTNER, "--policy", policy, "--size-bound", "256")
    both.run(VENDOR, *propose)
    both.run(PARTNER, "agreement", "accept", "--yes")
    both.run(VENDOR, "sync")


def state_of(both: LiveParties, party: str) -> tuple[str, int]:
    (share,) = both.read_json(party, "shares", "list")
    return share["state"], share["read"]


def test_a_share_whose_half_the_room_holds_is_read_and_revoked_there(both: LiveParties) -> None:
    lend(both)
    vault = both.place(PARTNER, "vault")
    assert list(vault.glob("*.secret")) == []
    said = both.run(VENDOR, "shares", "request", "--purpose", "territory-planning").out
    assert f" of {PARTNER} with a lease of http" in said
    assert state_of(both, VENDOR) == ("open", len(SHARED))
    assert state_of(both, PARTNER) == ("open", 0)
    both.run(VENDOR, "audit", "sync", "--partner", PARTNER)  # Says that the share was opened.
    told = both.run(PARTNER, "sync").out
    assert f"{len(SHARED)} of {len(SHARED)} records were read" in told
    assert "took in   letter" in told and "more was read" not in told
    assert state_of(both, PARTNER) == ("open", len(SHARED))
    assert "every open share has its half" in both.run(PARTNER, "doctor", code=None).out
    share = both.read_json(PARTNER, "shares", "list")[0]["share"]
    ended = both.run(PARTNER, "shares", "revoke", share, "--attestation", both.mail("attestation")).out
    assert f"{len(SHARED)} of {len(SHARED)} records read before" in ended
    both.run(VENDOR, "sync")
    assert state_of(both, VENDOR)[0] == "revoked, erased"
    assert state_of(both, PARTNER) == ("revoked, half destroyed", len(SHARED))
    assert both.read_json(VENDOR, "inspect", both.mail("attestation"))["format"] == "overlap-statement/1"
    both.run(VENDOR, "shares", "request", both.place(VENDOR, "shares", "received", share),
             "--purpose", "territory-planning", code=3)  # fmt: skip
    both.require_good_logs()


def test_a_request_waits_until_the_room_is_there_and_dies_with_the_share(
    both: LiveParties, joined: tuple[LiveParties, RealRoom], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = joined[1]
    monkeypatch.setattr(client, "PAUSES", ())
    lend(both)
    both.run(PARTNER, "sync")
    item = both.run(VENDOR, "sync", "--dry-run").out
    assert "share of" in item
    both.run(VENDOR, "sync")
    share = both.read_json(PARTNER, "shares", "list")[0]["share"]
    room.kill()
    assert "cannot be reached" in both.run(PARTNER, "shares", "revoke", share, code=4).err
    assert state_of(both, PARTNER) == ("open", 0)
    room.start()
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")
    both.run(PARTNER, "shares", "revoke", share)
    both.run(VENDOR, "sync")
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "revoked, erased"


def test_an_upload_cut_off_by_a_killed_room_goes_on_where_it_was(
    both: LiveParties, joined: tuple[LiveParties, RealRoom], monkeypatch: pytest.MonkeyPatch
) -> None:
    room = joined[1]
    agree(both)
    monkeypatch.setattr(piecewise, "CHUNK", 4096)
    monkeypatch.setattr(client, "PAUSES", ())
    upload, sent = piecewise.RoomCarrier._upload, []

    def counted(self: Any, place: str, piece: bytes, offset: int, size: int) -> int:
        if len(sent) == 2:
            room.kill()
        sent.append(offset)
        return upload(self, place, piece, offset, size)

    monkeypatch.setattr(piecewise.RoomCarrier, "_upload", counted)
    assert "cannot be reached" in both.run(VENDOR, "match", "start", code=4).err
    assert sent == [0, 4096, 8192]
    room.start()
    assert "sent      frame" in both.run(VENDOR, "sync").out
    assert sent[3] == 8192  # The piece that the room died of is sent again, those before it are not.
    for party in (PARTNER, VENDOR, PARTNER):
        both.run(party, "sync")
    assert shared(both, VENDOR) == shared(both, PARTNER) == [str(len(SHARED))]


@pytest.mark.parametrize("at", [2, 10, 16, 20, 22, 24])
def test_a_killed_sync_is_finished_by_the_next_one(both: LiveParties, at: int) -> None:
    agree(both)
    both.run(VENDOR, "match", "start")
    with faulty_disk(both.root, at, "dead") as fault, contextlib.suppress(Killed):
        both.run(PARTNER, "sync", code=None)
    assert fault.happened
    for party in (PARTNER, VENDOR, PARTNER, VENDOR, PARTNER):
        both.run(party, "sync", code=None)
    assert shared(both, VENDOR) == shared(both, PARTNER) == [str(len(SHARED))]
    both.require_good_logs()
