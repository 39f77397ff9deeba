"""A log that is killed or refused at any moment of an append: nothing lost, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from cleanroom import log as log_room
from cleanroom.log import Log, log_origin
from cleanroom.log import file as log_file
from overlap.errors import BadInput
from overlap.keys import PartyKeys

RANDOM = Random(6).randbytes
OWNER = PartyKeys.generate("northwind", RANDOM)
ORIGIN = log_origin(OWNER.card, PartyKeys.generate("contoso", RANDOM).card)
NAMES = ("log", "log.salts", "log.head")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in NAMES}


def restore(folder: Path, files: dict[str, bytes]) -> None:
    for name in NAMES:
        (folder / name).write_bytes(files[name])


def test_an_entry_torn_at_any_byte_is_cut_and_a_whole_one_is_kept(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {"matched": 5}, 1_000, RANDOM)
    before = snapshot(tmp_path)
    log.append("grant", {"share": b"x"}, 1_001, RANDOM)
    after = snapshot(tmp_path)
    start, end = len(before["log"]), len(after["log"])
    for written in (*range(start, end, 7), end - 1, end):
        restore(tmp_path, before | {"log": after["log"][:written], "log.salts": after["log.salts"]})
        opened = Log(tmp_path / "log", ORIGIN, OWNER)
        assert opened.head().size == (2 if written == end else 1)
        assert opened.verify() == []
        assert opened.append("lease", {}, 1_002, RANDOM).sequence == opened.head().size - 1
        assert opened.verify() == []


def test_a_whole_but_altered_entry_after_the_head_is_not_taken_over(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    before = snapshot(tmp_path)
    log.append("grant", {"records": 3}, 1_001, RANDOM)
    after = snapshot(tmp_path)
    altered = after["log"].replace(b'"records":3', b'"records":4')
    restore(tmp_path, before | {"log": altered, "log.salts": after["log.salts"]})
    with pytest.raises(BadInput, match="line 3"):
        Log(tmp_path / "log", ORIGIN, OWNER)


@pytest.mark.parametrize("failing", ["log.salts", "log", "log.head"])
def test_a_full_disk_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {}, 1_000, RANDOM)
    write_at, write_owner_only = log_file._write_at, log_file.write_owner_only

    def full_at(path: Path, offset: int, data: bytes) -> None:
        write_at(path, offset, data[:10] if path.name == failing else data)
        if path.name == failing:
            raise OSError(28, "No space left on device")

    def full_head(path: Path, data: bytes) -> None:
        if path.name == failing:
            raise OSError(28, "No space left on device")
        write_owner_only(path, data)

    monkeypatch.setattr(log_file, "_write_at", full_at)
    monkeypatch.setattr(log_file, "write_owner_only", full_head)
    with pytest.raises(OSError, match="space"):
        log.append("grant", {}, 1_001, RANDOM)
    monkeypatch.undo()
    assert log.append("grant", {}, 1_002, RANDOM).sequence == 1
    assert Log(tmp_path / "log", ORIGIN, OWNER).verify() == []


def test_a_creation_killed_before_its_head_was_written_starts_again(tmp_path: Path) -> None:
    first = f"overlap-log/1\n{ORIGIN}\n".encode()
    for written in (0, 5, len(first)):
        (tmp_path / "log").write_bytes(first[:written])
        (tmp_path / "log.head").unlink(missing_ok=True)
        assert Log(tmp_path / "log", ORIGIN, OWNER).head().size == 0
    assert log_room.Log is Log
