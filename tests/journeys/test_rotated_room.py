"""A rotation where a room carries files and holds halves: it ends what it can, and waits for no room."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_parties import LiveParties, lend
from real_room import RealRoom, real_room
from two_parties import PARTNER, SHARED, VENDOR, meet

from cleanroom.room import client

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("quick_passphrase")]


@pytest.fixture
def lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LiveParties, RealRoom]]:
    """The room holds the half of a share of the partner's, and the vendor has read it."""
    monkeypatch.setattr(client, "PAUSES", ())
    both = LiveParties(tmp_path / "both")
    meet(both)
    digests = [both.read_json(party, "card")["digest"] for party in (VENDOR, PARTNER)]
    with real_room(tmp_path / "room", *digests) as room:
        both.join(room.url, room.fingerprint)
        lend_and_ask(both)
        yield both, room


def lend_and_ask(both: LiveParties) -> None:
    lend(both)
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")


def rotate(both: LiveParties) -> None:
    recovery = both.place(PARTNER, "recovery.key")
    both.run(PARTNER, "keys", "rotate", "--recovery", recovery, "--out", both.mail("rotation"))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))


def states(both: LiveParties) -> list[str]:
    return [one["state"] for one in both.read_json(PARTNER, "shares", "list")]


def test_what_the_room_holds_ends_there_and_the_bundle_has_its_card(
    lent: tuple[LiveParties, RealRoom],
) -> None:
    both, room = lent
    rotate(both)
    assert states(both) == ["revoked, half destroyed"]
    assert both.read_json(VENDOR, "shares", "list") == []
    # The room is confirmed still, and the rotation that it was told of invites the new card.
    both.run(PARTNER, "room", "join", room.url, "--fingerprint", room.fingerprint)
    lend_and_ask(both)
    assert both.read_json(VENDOR, "shares", "list")[0]["read"] == len(SHARED)
    both.run(PARTNER, "sync")
    assert sorted(states(both)) == ["open", "revoked, half destroyed"]
    both.require_good_logs()
    for party in (VENDOR, PARTNER):
        other = PARTNER if party == VENDOR else VENDOR
        both.run(party, "audit", "bundle", "--partner", other, "--out", both.mail("bundle"))
        told = both.run("auditor", "audit", "verify", both.mail("bundle")).out
        assert f"fingerprint of room (room): {room.fingerprint}" in told


def test_a_room_that_does_not_answer_holds_up_no_rotation(lent: tuple[LiveParties, RealRoom]) -> None:
    both, room = lent
    room.kill()
    rotate(both)
    assert states(both) == ["open"]
    for party in (VENDOR, PARTNER):
        both.run(party, "status")
        assert {one["state"] for one in both.read_json(party, "agreement", "list")} == {"ended"}
    both.require_good_logs()
