"""A rotation and the letter of a forgotten account travel by carrier, like everything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from counted_house import join_house
from live_parties import LiveParties
from room_house import URL, RoomHouse
from two_parties import PARTNER, VENDOR, TwoParties, Walk, meet

pytestmark = pytest.mark.usefixtures("quick_passphrase")


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    made = walk.at("opened", tmp_path / "both")
    (made.root / "shared").mkdir()
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        made.run(ours, "partner", "via", theirs, f"folder:{made.root / 'shared'}")
    return made


def in_folder(both: TwoParties) -> list[str]:
    return sorted(path.name.split(".")[2] for path in (both.root / "shared").iterdir())


def test_a_rotation_is_sent_to_every_partner_and_taken_in_without_a_file(both: TwoParties) -> None:
    fingerprint = both.read_json(PARTNER, "card")["fingerprint"]
    said = both.run(PARTNER, "keys", "rotate", "--recovery", both.place(PARTNER, "recovery.key")).out
    assert f"sent      rotation to {VENDOR} by folder:" in said and "send it" not in said
    assert in_folder(both) == ["rotation"]
    waits = json.loads(both.run(VENDOR, "sync", "--json").out)
    assert [(one["did"], one["kind"]) for one in waits] == [("decide", "rotation")]
    assert "partner rotate --via" in waits[0]["what"]
    taken = both.run(VENDOR, "partner", "rotate")
    assert "taking    rotation of a party whose card is not here" in taken.out
    (listed,) = both.read_json(VENDOR, "partner", "list")
    assert listed["verified"] and listed["fingerprint"] != fingerprint
    assert in_folder(both) == []
    # Once more, for a partner that lost it; taken in twice it changes nothing.
    both.run(PARTNER, "keys", "statement")
    both.run(VENDOR, "partner", "rotate")
    assert both.read_json(VENDOR, "partner", "list") == [listed]
    both.require_good_logs()


def test_without_a_carrier_a_rotation_is_asked_for_before_anything_changes(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("opened", tmp_path / "both")
    before = both.read_json(PARTNER, "card")
    recovery = both.place(PARTNER, "recovery.key")
    assert "no place to write to" in both.run(PARTNER, "keys", "rotate", "--recovery", recovery, code=2).err
    assert both.read_json(PARTNER, "card") == before
    both.run(PARTNER, "keys", "rotate", "--recovery", recovery, "--out", both.mail("rotation"))
    both.run(VENDOR, "partner", "rotate", both.mail("rotation"))


def test_a_rotation_of_somebody_else_is_set_aside(both: TwoParties) -> None:
    both.run(PARTNER, "keys", "rotate", "--recovery", both.place(PARTNER, "recovery.key"))
    (file,) = (both.root / "shared").iterdir()
    parts = file.name.split(".")
    file.rename(file.with_name(".".join([parts[0], "0" * 64, *parts[2:]])))
    assert "no rotation waits" in both.run(VENDOR, "partner", "rotate", code=3).err
    assert both.read_json(VENDOR, "partner", "list")[0]["verified"]


def test_the_letter_of_a_forgotten_account_is_sent_and_taken_in(both: TwoParties) -> None:
    account = "9000"
    said = both.run(PARTNER, "forget", account, "--yes").out
    assert f"sent      letter to {VENDOR} by folder:" in said and "  send  " not in said
    actions = json.loads(both.run(VENDOR, "sync", "--json").out)
    assert [(one["did"], one["kind"]) for one in actions] == [("took in", "letter")]
    assert "dropped here: 1 record of 1 share" in actions[0]["what"]
    # To a folder of one's own nothing is sent.
    said = both.run(PARTNER, "forget", account, "--yes", "--out", both.root / "own").out
    assert "  send  " in said and in_folder(both) == []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room")
    yield made
    made.close()


def test_through_a_room_a_rotation_leaves_when_the_new_card_has_joined(
    tmp_path: Path, house: RoomHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = LiveParties(tmp_path / "both")
    meet(both)
    join_house(both, house, monkeypatch)
    for ours, theirs in ((VENDOR, PARTNER), (PARTNER, VENDOR)):
        both.run(ours, "partner", "via", theirs, URL)
    recovery = both.place(PARTNER, "recovery.key")
    assert "room join" in both.run(PARTNER, "keys", "rotate", "--recovery", recovery, code=3).err
    both.run(PARTNER, "room", "join", URL, "--fingerprint", house.keys.card.fingerprint)
    assert f"sent      rotation to {VENDOR}" in both.run(PARTNER, "sync").out
    both.run(VENDOR, "partner", "rotate")
    assert both.read_json(VENDOR, "partner", "list")[0]["verified"]
