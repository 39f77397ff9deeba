"""A run between the two folders of `attacked_house`, message by message, and frames that modified tools sign.

Every helper takes the run of the house's only record: the messages lie in files of their names.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from attacked_house import NOW, SHARED, House, frame_file, keys_of

from cleanroom.session.agreement import agreements
from cleanroom.session.folder import Folder
from cleanroom.session.match import finishing, matching
from cleanroom.session.match.runs import RunRecord, all_runs, forget_ended
from cleanroom.session.party import Party
from overlap.protocol import Header, read_frame

#: The messages of the protocol by vector-OLE.
MESSAGES = ("start", "offer", "request", "reply", "finish")
#: Above every frame of these tests.
LIMIT = 2**24


def agree_on(patch: pytest.MonkeyPatch, protocol: str) -> None:
    """Agreements ask for this protocol from here on, whatever the bounds."""
    real = agreements.own_software

    def software(*terms: Any) -> Any:
        return replace(real(*terms), protocol=protocol)

    for module in (agreements, matching):
        patch.setattr(module, "own_software", software)


def copy_of(place: Path, to: Path) -> House:
    shutil.copytree(place, to)
    names = {"ours": "northwind", "theirs": "fabrikam"}
    sides = (Party(Folder(to / side), keys_of(name), NOW) for side, name in names.items())
    return House(to, *sides)


def taker(house: House, message: str) -> Party:
    return house.theirs if MESSAGES.index(message) % 2 == 0 else house.ours


def giver(house: House, message: str) -> Party:
    return house.ours if MESSAGES.index(message) % 2 == 0 else house.theirs


def take(house: House, message: str, source: str = "") -> Any:
    """The command with which a side takes `message`, from the file of that name or another."""
    at = MESSAGES.index(message)
    place, party = house.file(source or message), taker(house, message)
    forget_ended(party)  # As every command does first.
    if message == "finish":
        return finishing.finish_match(party, place, None)
    if message == "reply":
        return finishing.finish_match(party, place, house.file("finish"))
    return matching.reply_match(party, place, house.file(MESSAGES[at + 1]))


def walk(house: House, until: str = "") -> None:
    """Everything before `until` is taken has happened; the whole run without it."""
    matching.start_match(house.ours, "", house.file("start"))
    for message in MESSAGES[: MESSAGES.index(until) if until else None]:
        take(house, message)


def finish_from(house: House, message: str) -> None:
    """The rest of the run, and the overlap on both sides."""
    for later in MESSAGES[MESSAGES.index(message) :]:
        take(house, later)
    for party in (house.ours, house.theirs):
        record = record_of(party)
        assert (record.state, record.shared) == ("finished", SHARED)
        assert_burnt(party)


def record_of(party: Party) -> RunRecord:
    (record,) = all_runs(party)
    return record


def assert_burnt(party: Party) -> None:
    """No secret of the run is left: no state, no key of it, no list, no frame but the last."""
    record = record_of(party)
    left = party.folder.names("runs", record.run)
    assert not [name for name in left if name.startswith("state.") or name in MESSAGES[:-1]]
    assert "identifiers.parquet" not in left
    assert party.folder.names("runs", record.run, "lists") == []
    assert record.run not in party.vault().names()
    assert [place.name for place in party.folder.path("runs", record.run).rglob("*.new")] == []


def opened(house: House, message: str) -> tuple[Header, bytes]:
    """Header and body of a frame as its recipient sees them."""
    sender, recipient = giver(house, message), taker(house, message)
    with house.file(message).open("rb") as file:
        header, body = read_frame(file, recipient.keys, sender.keys.card, LIMIT)
        return header, body.read_rest()


def forged(house: House, message: str, change: Callable[[bytes], bytes], **fields: Any) -> None:
    """Put a frame at `forged` that its sender signed: the one of `message` with another body or header."""
    header, body = opened(house, message)
    sender, recipient = giver(house, message), taker(house, message)
    data = frame_file(replace(header, **fields), change(body), sender.keys, recipient.keys.card)
    house.file("forged").write_bytes(data)


def flip_last(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])
