"""Own secrets at rest open for their owner, purpose and name only, and say what they are in a first line."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from cleanroom.session.audit.inspecting import inspect_file
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party
from cleanroom.session.stored import STORED_LINE, keep_stored, read_stored
from overlap.errors import BadInput, MalformedFile
from overlap.keys import PartyKeys

SECRET = b"what nobody else may read"


@pytest.fixture
def party(tmp_path: Path) -> Party:
    return Party(Folder(tmp_path), PartyKeys.generate("northwind", secrets.token_bytes), 1_790_000_000)


def test_what_was_kept_is_read_back(party: Party) -> None:
    keep_stored(party, b"run state", "ab12", SECRET, "runs", "ab12", "state")
    assert read_stored(party, b"run state", "ab12", "runs", "ab12", "state") == SECRET
    data = party.folder.path("runs", "ab12", "state").read_bytes()
    assert data.startswith(STORED_LINE)
    assert SECRET not in data


def test_a_file_does_not_open_in_another_place_for_another_purpose_or_party(party: Party) -> None:
    keep_stored(party, b"run state", "ab12", SECRET, "state")
    with pytest.raises(BadInput, match="the state of the run"):
        read_stored(party, b"run state", "cd34", "state")
    with pytest.raises(BadInput, match="the opened share"):
        read_stored(party, b"releases", "ab12", "state")
    other = Party(party.folder, PartyKeys.generate("northwind", secrets.token_bytes), party.now)
    with pytest.raises(BadInput):
        read_stored(other, b"run state", "ab12", "state")


def test_every_changed_or_missing_byte_is_refused(party: Party) -> None:
    keep_stored(party, b"run state", "ab12", SECRET, "state")
    place = party.folder.path("state")
    data = place.read_bytes()
    for at in range(len(data)):
        place.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(BadInput):
            read_stored(party, b"run state", "ab12", "state")
        place.write_bytes(data[:at])
        with pytest.raises(BadInput):
            read_stored(party, b"run state", "ab12", "state")


@pytest.mark.parametrize(
    "data",
    [
        b"overlap-lease/1\n",
        b"overlap-log-head/1\n{}\n",
        b"overlap-statement/1\n" + json.dumps({"payload": "e30="}).encode() + b"\n",
        b'{"format":"overlap-export/1"}\n',
        b"overlap-record/1",
        b"overlap-party/1",
        b"overlap-shares/1\n{}\n",
    ],
)
def test_a_damaged_file_is_said_to_be_damaged(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises((MalformedFile, BadInput)):
        inspect_file(tmp_path / "file")


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"format":7}', b'format = "other/1"', b"\xff\xfe", b"[" * 5000]
)
def test_a_foreign_file_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BadInput, match="not a file of this tool"):
        inspect_file(tmp_path / "file")
