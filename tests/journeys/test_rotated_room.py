"""A party that changes its keys meets its partner in the room again, and the shares of before have ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_parties import LiveParties
from real_room import RealRoom, real_room
from two_parties import PARTNER, SHARED, VENDOR, change_policy, meet

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
        lend(both)
        yield both, room


def lend(both: LiveParties) -> None:
    policy = change_policy(both, run_budget="300")
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("[terms]\n", '[terms]\nlease_holder = "room"\n'), encoding="utf-8")
    propose = ("agreement", "propose", "--partner", PARTNER, "--room", "room", "--size-bound", "256")
    both.run(VENDOR, *propose, "--policy", policy)
    both.run(PARTNER, "agreement", "accept", "--yes")
    both.run(VENDOR, "sync")
    both.run(VENDOR, "match", "start")
    for party in (PARTNER, VENDOR, PARTNER):
        both.run(party, "sync")
    both.run(PARTNER, "shares", "grant")
    both.run(VENDOR, "shares", "request", "--purpose", "territory-planning")


def rotate(both: LiveParties) -> None:
    recovery = both.place(PARTNER, "recovery.key")
    both.run(PARTNER, "keys", "rotate", "--recovery", recovery, "--out", both.mail("rotation"))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))


def states(both: LiveParties) -> list[str]:
    return [one["state"] for one in both.read_json(PARTNER, "shares", "list")]


def test_what_the_room_holds_ends_there_and_the_next_card_lends_again(
    lent: tuple[LiveParties, RealRoom],
) -> None:
    both, room = lent
    rotate(both)
    assert states(both) == ["revoked, half destroyed"]
    assert both.read_json(VENDOR, "shares", "list") == []
    # The room is confirmed still, and has to be told the new card.
    room.command("invite", both.read_json(PARTNER, "card")["digest"])
    both.run(PARTNER, "room", "join", room.url, "--fingerprint", room.fingerprint)
    lend(both)
    assert both.read_json(VENDOR, "shares", "list")[0]["read"] == len(SHARED)
    both.run(PARTNER, "sync")
    assert sorted(states(both)) == ["open", "revoked, half destroyed"]
    both.require_good_logs()
    for party in (VENDOR, PARTNER):
        other = PARTNER if party == VENDOR else VENDOR
        both.run(party, "audit", "bundle", "--partner", other, "--out", both.mail("bundle"))


def test_a_room_that_does_not_answer_holds_up_no_rotation(lent: tuple[LiveParties, RealRoom]) -> None:
    both, room = lent
    room.kill()
    rotate(both)
    assert states(both) == ["open"]
    for party in (VENDOR, PARTNER):
        both.run(party, "status")
        assert {one["state"] for one in both.read_json(party, "agreement", "list")} == {"ended"}
    both.require_good_logs()
