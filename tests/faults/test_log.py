"""A log that is killed or refused at any moment of an append: nothing lost, nothing half-written."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from cleanroom import log as log_room
from cleanroom import merkle
from cleanroom.log import Log, log_origin
from cleanroom.log import file as log_file
from overlap.errors import BadInput
from overlap.keys import PartyKeys

RANDOM = Random(6).randbytes
OWNER = PartyKeys.generate("northwind", RANDOM)
ORIGIN = log_origin(OWNER.card, PartyKeys.generate("contoso", RANDOM).card)
NAMES = ("log", "log.salts", "log.head", "log.tree")


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
    log = Log(tmp_path / "log", ORIGIN, OWNER)  # It has no salts in stock.
    write_at, write_for_now = log_file._write_at, log_file.write_for_now

    def full_at(path: Path, offset: int, data: bytes) -> None:
        write_at(path, offset, data[:10] if path.name == failing else data)
        if path.name == failing:
            raise OSError(28, "No space left on device")

    def full_head(path: Path, data: bytes) -> None:
        if path.name == failing:
            raise OSError(28, "No space left on device")
        write_for_now(path, data)

    monkeypatch.setattr(log_file, "_write_at", full_at)
    monkeypatch.setattr(log_file, "write_for_now", full_head)
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


def test_a_head_that_a_power_cut_left_empty_is_made_again_from_the_log(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    for number in range(5):
        log.append("run", {"n": number}, 1_000 + number, RANDOM)
    for left in (b"", bytes(512)):
        (tmp_path / "log.head").write_bytes(left)
        assert Log(tmp_path / "log", ORIGIN, OWNER).head() == log.head()
        assert (tmp_path / "log.head").stat().st_size > 100


def test_one_flush_makes_an_entry_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {}, 1_000, RANDOM)
    flushed: list[int] = []
    monkeypatch.setattr(log_file.os, "fsync", flushed.append)
    log.append("run", {}, 1_001, RANDOM)
    assert len(flushed) == 1


def test_salts_drawn_for_an_opened_log_are_not_used_by_the_next(tmp_path: Path) -> None:
    Log(tmp_path / "log", ORIGIN, OWNER).append("run", {}, 1_000, RANDOM)
    ahead = (tmp_path / "log.salts").read_bytes()[len(b"overlap-log-salts/1\n") + 32 :][:32]
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {}, 1_001, RANDOM)
    assert len(ahead) == 32 and log.salt(1) != ahead


def require_proofs(log: Log) -> None:
    leaves = log.leaves(0)
    for number in range(len(leaves)):
        assert log.inclusion_proof(number) == merkle.inclusion_proof(leaves, number)
        assert log.consistency_proof(number + 1) == merkle.consistency_proof(leaves, number + 1)
        assert log.frontier_at(number).root() == merkle.root(leaves[:number])


def test_the_index_of_the_tree_is_made_again_when_it_is_missing_or_wrong(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    for number in range(11):
        log.append("run", {"n": number}, 1_000 + number, RANDOM)
    good = (tmp_path / "log.tree").read_bytes()
    require_proofs(log)
    assert len(good) == len(b"overlap-log-tree/1\n") + 32 * (2 * 11 - 3)
    for position in range(0, len(good), 5):
        broken = good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :]
        for left in (broken, good[:position]):
            (tmp_path / "log.tree").write_bytes(left)
            require_proofs(Log(tmp_path / "log", ORIGIN, OWNER))
    (tmp_path / "log.tree").unlink()
    again = Log(tmp_path / "log", ORIGIN, OWNER)
    again.append("run", {}, 2_000, RANDOM)
    require_proofs(again)
    assert (tmp_path / "log.tree").read_bytes()[: len(good)] == good


def test_an_index_behind_the_log_is_brought_up_when_the_log_is_opened(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {}, 1_000, RANDOM)
    before = snapshot(tmp_path)
    log.append("grant", {}, 1_001, RANDOM)
    after = snapshot(tmp_path)
    restore(tmp_path, before | {"log": after["log"], "log.salts": after["log.salts"]})
    Log(tmp_path / "log", ORIGIN, OWNER)
    assert (tmp_path / "log.tree").read_bytes() == after["log.tree"]


def test_an_index_that_cannot_be_written_stops_no_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    log.append("run", {}, 1_000, RANDOM)
    (tmp_path / "log.tree").unlink()
    assert log.append("run", {}, 1_001, RANDOM).sequence == 1
    require_proofs(log)
