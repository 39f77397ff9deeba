"""Level counts through a room that runs as a process of its own, with `sync` wherever nothing is decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from counted_house import CUSTOMERS, counting_policy, meet_counted
from live_parties import LiveParties
from real_room import real_room
from two_parties import PARTNER, VENDOR

pytestmark = pytest.mark.slow


def test_both_sides_get_the_numbers_by_sync(tmp_path: Path) -> None:
    both = LiveParties(tmp_path / "both")
    meet_counted(both)
    digests = [both.read_json(party, "card")["digest"] for party in (VENDOR, PARTNER)]
    with real_room(tmp_path / "room", *digests) as room:
        both.join(room.url, room.fingerprint)
        policy = counting_policy(both, budget=2)
        both.run(VENDOR, "agreement", "propose", "--partner", PARTNER, "--policy", policy, "--room", "room")
        both.run(PARTNER, "agreement", "accept", "--yes")
        both.run(VENDOR, "sync")
        for spent, left, killed in (("999", "999", True), ("1998", "0", False)):
            both.run(VENDOR, "match", "start")
            both.run(PARTNER, "sync")
            # A room that is killed between the lists has kept the first one.
            if killed:
                room.kill()
                room.start()
            both.run(VENDOR, "sync")
            found = both.read_json(VENDOR, "match", "list")[-1]
            if found["state"] != "finished":
                both.run(VENDOR, "match", "finish")
            theirs = both.read_json(PARTNER, "match", "finish")["counted"]
            assert theirs["cells"][0] == {"ours": "customers", "theirs": "customers", "shared": CUSTOMERS}
            assert (theirs["room"], theirs["spent"], theirs["left"]) == ("room", spent, left)
        assert "run budget" in both.run(VENDOR, "match", "start", code=3).err
        for party in (VENDOR, PARTNER):
            assert json.loads(both.run(party, "sync", "--json").out) == []
            assert [run["state"] for run in both.read_json(party, "match", "list")] == ["finished"] * 2
        both.require_good_logs()
