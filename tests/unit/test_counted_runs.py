"""Level counts through a room, by the commands of both sides: one result, one charge, whatever is killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from counted_house import CUSTOMERS, agree_counted, join_house, meet_counted
from faulty_disk import Killed
from live_parties import LiveParties
from room_house import RoomHouse
from two_parties import PARTNER, VENDOR

from cleanroom.room import client
from cleanroom.session.room import room_counting
from overlap.errors import Unreachable
from overlap.protocol import room_counts
from overlap.protocol.room_counts import Room


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> LiveParties:
    both = LiveParties(tmp_path_factory.mktemp("counted") / "both")
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
    monkeypatch.setattr(room_counting, "WAITS", [0.05] * 20)
    return made


def start(both: LiveParties) -> None:
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))


def reply(both: LiveParties) -> str:
    return both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply")).out


def test_both_learn_the_numbers_of_each_cell_and_what_is_left(both: LiveParties, house: RoomHouse) -> None:
    agree_counted(both, "lobby")
    start(both)
    assert "is at lobby" in reply(both)
    assert "our list is at the room" in both.run(PARTNER, "status").out
    ours = both.run(VENDOR, "match", "finish", both.mail("reply")).out
    assert f"customers x customers  {CUSTOMERS}\n" in ours
    assert "customers x prospects  below the minimum of 5, withheld" in ours
    assert "epsilon   999 spent with contoso so far, 1998 left under this agreement" in ours
    theirs = both.read_json(PARTNER, "match", "finish")["counted"]
    assert theirs["cells"] == [
        {"ours": "customers", "theirs": "customers", "shared": CUSTOMERS},
        {"ours": "prospects", "theirs": "customers", "shared": -1},
    ]
    assert both.read_json(PARTNER, "matrix")[0]["cells"][0]["entities"] == CUSTOMERS
    for party in (VENDOR, PARTNER):
        (run,) = both.read_json(party, "match", "list")
        assert (run["state"], run["shared"]) == ("finished", "")
        assert not list(both.place(party, "runs", run["run"]).glob("state.*"))
    # The room keeps neither list, and the same frame again tells the same.
    assert not list((house.root / "counts").rglob("*-list"))
    assert both.run(VENDOR, "match", "finish", both.mail("reply")).out == ours
    both.require_good_logs()


def test_a_result_that_is_not_there_yet_is_asked_for_again(
    both: LiveParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree_counted(both, "lobby")
    start(both)
    reply(both)
    monkeypatch.setattr(room_counting, "WAITS", [])
    early = both.run(PARTNER, "match", "finish", code=3)
    assert "has not counted yet" in early.err and "in a moment" in early.err
    monkeypatch.setattr(room_counting, "WAITS", [0.05] * 20)
    both.run(VENDOR, "match", "finish", both.mail("reply"))
    assert f"customers x customers  {CUSTOMERS}\n" in both.run(PARTNER, "match", "finish").out


def test_a_room_that_is_away_keeps_no_frame_back(both: LiveParties, monkeypatch: pytest.MonkeyPatch) -> None:
    agree_counted(both, "lobby")
    start(both)
    with monkeypatch.context() as patch:
        patch.setattr(client, "PAUSES", ())
        patch.setattr(client, "exchange", away)
        assert "not sent yet" in reply(both)
        assert "still to be sent" in both.run(PARTNER, "status").out
        both.run(VENDOR, "match", "finish", both.mail("reply"), code=4)
    both.run(PARTNER, "match", "finish", code=3)
    assert f"customers x customers  {CUSTOMERS}\n" in both.run(VENDOR, "match", "finish").out
    both.run(PARTNER, "match", "finish")
    assert [run["state"] for run in both.read_json(PARTNER, "match", "list")] == ["finished"]


def away(*_: object) -> None:
    raise Unreachable("the room cannot be reached", "try later")


@pytest.mark.parametrize("at", range(1, 12))
def test_a_killed_command_goes_on_and_charges_once(
    both: LiveParties, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed before and after each request to the room, and between the steps at home."""
    agree_counted(both, "lobby", budget=1)
    start(both)
    left = [at]
    real = client.exchange

    def dies(*given: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        answer = real(*given)  # type: ignore[arg-type]
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return answer

    monkeypatch.setattr(client, "exchange", dies)
    words = {
        "reply": (PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply")),
        "ours": (VENDOR, "match", "finish", both.mail("reply")),
        "theirs": (PARTNER, "match", "finish"),
    }
    for name in ("reply", "ours", "theirs"):
        try:
            both.run(*words[name])
        except Killed:
            both.run(*words[name])
    for party in (VENDOR, PARTNER):
        (run,) = both.read_json(party, "match", "list")
        assert run["state"] == "finished"
    assert left[0] <= 0


def test_nothing_is_charged_without_the_room(both: LiveParties) -> None:
    agree_counted(both, "lobby")
    shutil.rmtree(both.place(VENDOR, "rooms"))
    both.run(VENDOR, "match", "start", "--out", both.mail("start"), code=3)
    assert not both.mail("start").exists()
    assert not both.place(VENDOR, "runs").exists() or not list(both.place(VENDOR, "runs").iterdir())


def test_a_dry_run_says_that_the_room_was_not_joined(both: LiveParties, house: RoomHouse) -> None:
    agree_counted(both, "lobby")
    start(both)
    for party, rehearse in (
        (VENDOR, ("match", "start", "--dry-run")),
        (PARTNER, ("match", "reply", both.mail("start"), "--dry-run")),
    ):
        assert "not joined" not in both.run(party, *rehearse).out
        shutil.rmtree(both.place(party, "rooms"))
        # The card alone is confirmed: enough to read the agreement, not to reach the room.
        both.mail("room.card").write_bytes(house.keys.card.to_bytes())
        confirmed = ("--fingerprint", house.keys.card.fingerprint)
        both.run(party, "partner", "add", both.mail("room.card"), *confirmed)
        assert "was not joined" in both.run(party, *rehearse, code=3).err


def test_more_of_a_population_than_agreed_is_refused_before_the_charge(both: LiveParties) -> None:
    agree_counted(both, "lobby", bounds="[6, 26]")
    start(both)
    refused = both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"), code=3)
    assert "our 8 identifiers of customers are more than the agreed bound of 6" in refused.err
    assert both.read_json(PARTNER, "match", "list") == []


def test_a_run_that_the_room_aborts_is_aborted_here(
    both: LiveParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree_counted(both, "lobby")
    start(both)
    reply(both)

    def fails(*_: object) -> None:
        raise Unreachable("a broken disk", "mend it")

    monkeypatch.setattr(Room, "take", fails)
    assert "aborted" in both.run(VENDOR, "match", "finish", both.mail("reply"), code=3).err
    assert [run["state"] for run in both.read_json(VENDOR, "match", "list")] == ["aborted"]


def test_a_result_about_another_list_is_not_believed(
    both: LiveParties, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree_counted(both, "lobby")
    start(both)
    reply(both)
    real = room_counts.write_result
    monkeypatch.setattr(
        room_counts, "write_result", lambda lists, numbers: real([bytes(32), bytes(32)], numbers)
    )
    refused = both.run(VENDOR, "match", "finish", both.mail("reply"), code=5)
    assert "counted another list" in refused.err
    assert [run["state"] for run in both.read_json(VENDOR, "match", "list")] == ["aborted"]
