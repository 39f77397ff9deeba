"""The log of one pair of parties. Expected values follow from the format in cleanroom/FORMATS.md."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from cleanroom import merkle
from cleanroom.log import Entry, Log, bucket, commitment, log_origin, read_checkpoint, reading, verify_log
from overlap.errors import BadInput, ForgedFile, MalformedFile, Refused, UsageError
from overlap.keys import PartyKeys

RANDOM = Random(5).randbytes
OWNER = PartyKeys.generate("northwind", RANDOM)
PEER = PartyKeys.generate("contoso", RANDOM)
ORIGIN = log_origin(OWNER.card, PEER.card)


def log_with(path: Path, entries: int) -> Log:
    log = Log(path, ORIGIN, OWNER)
    for number in range(entries):
        log.append("run", {"matched": bucket(number), "run": bytes([number])}, 1_000 + number, RANDOM)
    return log


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_log_opened_again_continues_where_it_ended(tmp_path: Path) -> None:
    head = log_with(tmp_path / "log", 3).head()
    again = Log(tmp_path / "log", ORIGIN, OWNER)
    assert again.head() == head
    again.append("export", {}, 2_000, RANDOM)
    assert [entry.sequence for entry in again.entries()] == [0, 1, 2, 3]
    assert [entry.kind for entry in again.entries()] == ["run", "run", "run", "export"]
    assert again.verify() == []


def test_a_log_without_entries_verifies(tmp_path: Path) -> None:
    assert log_with(tmp_path / "log", 0).verify() == []
    assert Log(tmp_path / "log", ORIGIN, OWNER).head().root == merkle.EMPTY_ROOT


def test_time_never_goes_back_and_the_difference_is_noted(tmp_path: Path) -> None:
    log = log_with(tmp_path / "log", 1)
    late = log.append("run", {}, 400, RANDOM)
    assert (late.time, late.clock_behind) == (1_000, 600)
    assert log.append("run", {}, 1_001, RANDOM).clock_behind == 0
    assert log.last_time == 1_001


def test_bytes_are_written_only_as_salted_digests(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    first = log.append("grant", {"records": 12, "share": b"acme.example"}, 5, RANDOM)
    second = log.append("grant", {"records": 12, "share": b"acme.example"}, 5, RANDOM)
    assert first.counts == {"records": 12}
    assert first.digests["share"] == commitment(log.salt(0), "share", b"acme.example").hex()
    assert first.digests["share"] != second.digests["share"]
    written = (tmp_path / "log").read_bytes()
    assert b"acme" not in written
    assert hashlib.sha256(b"acme.example").hexdigest().encode() not in written
    assert log.salt(0) not in written and log.salt(0).hex().encode() not in written


@pytest.mark.skipif(os.name == "nt", reason="Windows files have no mode")
def test_salts_and_head_are_owner_only(tmp_path: Path) -> None:
    log_with(tmp_path / "log", 1)
    assert (tmp_path / "log.salts").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "log.head").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("kind", "facts"),
    [("party", {}), ("run", {"Acme Ltd": 1}), ("run", {"n": -1}), ("run", {"n": True}), ("run", {"n": 1.5})],
)
def test_events_outside_the_closed_list_or_with_odd_facts_are_refused(
    tmp_path: Path, kind: str, facts: dict[str, int]
) -> None:
    log = Log(tmp_path / "log", ORIGIN, OWNER)
    with pytest.raises(UsageError):
        log.append(kind, facts, 5, RANDOM)
    assert list(log.entries()) == []


def test_proofs_hold_against_the_checkpoints(tmp_path: Path) -> None:
    log = log_with(tmp_path / "log", 5)
    old = log.head()
    log.append("expiry", {}, 3_000, RANDOM)
    leaf = merkle.leaf_hash(lines_of(tmp_path / "log")[2 + 2 * 3][:-1])
    new = log.head()
    assert merkle.verify_inclusion(leaf, 3, 6, log.inclusion_proof(3), new.root)
    assert merkle.verify_consistency(5, 6, old.root, new.root, log.consistency_proof(5))


def test_a_checkpoint_note_is_read_back_under_the_owners_card(tmp_path: Path) -> None:
    head = log_with(tmp_path / "log", 2).head()
    note = head.to_note(OWNER.card)
    assert note.splitlines()[:2] == [ORIGIN, "2"]
    assert read_checkpoint(note, ORIGIN, OWNER.card) == head


def test_every_changed_character_of_a_checkpoint_note_is_refused(tmp_path: Path) -> None:
    note = log_with(tmp_path / "log", 2).head().to_note(OWNER.card)
    for position in range(len(note)):
        broken = note[:position] + chr(ord(note[position]) ^ 1) + note[position + 1 :]
        with pytest.raises((ForgedFile, MalformedFile)):
            read_checkpoint(broken, ORIGIN, OWNER.card)
    with pytest.raises(ForgedFile):
        read_checkpoint(note, ORIGIN, PEER.card)
    with pytest.raises(ForgedFile):
        read_checkpoint(note, log_origin(PEER.card, OWNER.card), PEER.card)


def test_own_checkpoints_handed_back_show_a_restored_or_forked_log(tmp_path: Path) -> None:
    log = log_with(tmp_path / "log", 3)
    backup = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    seen = log.append("grant", {}, 2_000, RANDOM) and log.head()
    log.require_contains(seen)
    for name, data in backup.items():
        (tmp_path / name).write_bytes(data)
    restored = Log(tmp_path / "log", ORIGIN, OWNER)
    with pytest.raises(Refused, match="older"):
        restored.require_contains(seen)
    restored.append("lease", {}, 2_000, RANDOM)
    with pytest.raises(Refused, match="not the one"):
        restored.require_contains(seen)
    findings = restored.verify([seen])
    assert [(finding.line, finding.sequence) for finding in findings] == [(10, 3)]
    with pytest.raises(ForgedFile):
        restored.require_contains(replace(seen, size=2))
    with pytest.raises(ForgedFile):
        restored.require_contains(replace(seen, origin=log_origin(PEER.card, OWNER.card)))


def test_two_processes_cannot_both_append(tmp_path: Path) -> None:
    log = log_with(tmp_path / "log", 1)
    Log(tmp_path / "log", ORIGIN, OWNER).append("run", {}, 5_000, RANDOM)
    with pytest.raises(Refused):
        log.append("run", {}, 5_000, RANDOM)
    assert Log(tmp_path / "log", ORIGIN, OWNER).verify() == []


@pytest.mark.slow
def test_every_single_changed_bit_is_found_at_its_line(tmp_path: Path) -> None:
    head = log_with(tmp_path / "log", 3).head()
    data = (tmp_path / "log").read_bytes()
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1 << (position % 8)
        findings = verify_log(_split(bytes(broken)), ORIGIN, OWNER.card, [head])
        line = data[:position].count(b"\n") + 1
        assert line in [finding.line for finding in findings], position
        assert findings[0].line >= line - 1


def _split(data: bytes) -> list[bytes]:
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


Change = Callable[[list[bytes]], list[bytes]]


@pytest.mark.parametrize(
    ("name", "change", "line", "sequence"),
    [
        ("an entry and its checkpoint removed", lambda x: x[:4] + x[6:], 5, 1),
        ("an entry's line removed", lambda x: x[:4] + x[5:], 5, 1),
        ("a checkpoint's line removed", lambda x: x[:5] + x[6:], 6, 1),
        ("an entry and its checkpoint repeated", lambda x: x[:6] + x[4:], 7, 1),
        ("two entries swapped", lambda x: x[:4] + x[6:8] + x[4:6] + x[8:], 5, 1),
        ("a strange line inserted", lambda x: [*x[:5], b"{}\n", *x[5:]], 6, None),
        ("the last entry removed", lambda x: x[:-2], 11, 4),
        ("the last line cut short", lambda x: [*x[:-1], x[-1][:-1]], 12, None),
        ("an entry of another log put in", lambda x: [*x[:4], OTHER[4], OTHER[5], *x[6:]], 6, 1),
        ("everything removed", lambda _: [], 1, None),
    ],
)
def test_verify_says_where(
    tmp_path: Path, name: str, change: Change, line: int, sequence: int | None
) -> None:
    head = log_with(tmp_path / "log", 5).head()
    findings = verify_log(change(lines_of(tmp_path / "log")), ORIGIN, OWNER.card, [head])
    assert findings, name
    assert (findings[0].line, findings[0].sequence) == (line, sequence), findings


def _other_log() -> list[bytes]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        log = Log(path, log_origin(PEER.card, OWNER.card), PEER)
        for number in range(5):
            log.append("lease", {}, 1_000 + number, RANDOM)
        return lines_of(path)


OTHER = _other_log()


def test_an_entry_changed_in_the_middle_is_the_only_finding(tmp_path: Path) -> None:
    head = log_with(tmp_path / "log", 6).head()
    lines = lines_of(tmp_path / "log")
    lines[6] = lines[6].replace(b'"matched":2', b'"matched":5')
    findings = verify_log(lines, ORIGIN, OWNER.card, [head])
    assert [(finding.line, finding.sequence) for finding in findings] == [(7, 2)]


def test_a_removed_tail_is_noticed_when_the_log_is_opened(tmp_path: Path) -> None:
    log_with(tmp_path / "log", 4)
    (tmp_path / "log").write_bytes(b"".join(lines_of(tmp_path / "log")[:-2]))
    with pytest.raises(BadInput, match="removed"):
        Log(tmp_path / "log", ORIGIN, OWNER)


def test_a_missing_head_or_salt_file_is_noticed(tmp_path: Path) -> None:
    log_with(tmp_path / "log", 2)
    (tmp_path / "log.head").rename(tmp_path / "kept")
    with pytest.raises(BadInput, match="head"):
        Log(tmp_path / "log", ORIGIN, OWNER)
    (tmp_path / "kept").rename(tmp_path / "log.head")
    (tmp_path / "log.salts").write_bytes(b"overlap-log-salts/1\n")
    with pytest.raises(BadInput, match="salts"):
        Log(tmp_path / "log", ORIGIN, OWNER)


def test_every_single_changed_bit_of_the_head_is_refused(tmp_path: Path) -> None:
    log_with(tmp_path / "log", 2)
    data = (tmp_path / "log.head").read_bytes()
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1 << (position % 8)
        (tmp_path / "log.head").write_bytes(bytes(broken))
        with pytest.raises(BadInput):
            Log(tmp_path / "log", ORIGIN, OWNER)


@pytest.mark.parametrize(("count", "edge"), [(0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (340, 500)])
def test_buckets_end_at_one_two_and_five(count: int, edge: int) -> None:
    assert bucket(count) == edge


def test_a_long_log_is_checked_by_several_processes_with_the_same_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = log_with(tmp_path / "log", 40).head()
    lines = lines_of(tmp_path / "log")
    lines[12] = lines[12].replace(b'"time":1005', b'"time":1006')
    lines[61] = lines[61].replace(b'"signature":"', b'"signature":"0')[:-1]
    here = verify_log(lines, ORIGIN, OWNER.card, [head])
    monkeypatch.setattr(reading, "PIECE", 16)
    monkeypatch.setattr(reading, "LONG", 32)
    monkeypatch.setattr(reading.os, "cpu_count", lambda: 2)
    assert verify_log(lines, ORIGIN, OWNER.card, [head]) == here
    assert {finding.line for finding in here} >= {13, 62}


def test_without_the_signatures_inside_the_tree_is_still_checked(tmp_path: Path) -> None:
    head = log_with(tmp_path / "log", 6).head()
    lines = lines_of(tmp_path / "log")
    assert verify_log(lines, ORIGIN, OWNER.card, [head], every_signature=False) == []
    lines[6] = lines[6].replace(b'"matched":2', b'"matched":5')
    findings = verify_log(lines, ORIGIN, OWNER.card, [head], every_signature=False)
    assert [finding.line for finding in findings] == [7]


def test_the_quick_reading_of_a_line_takes_nothing_that_the_other_refuses(tmp_path: Path) -> None:
    log = log_with(tmp_path / "log", 2)
    log.append("grant", {}, 4_000, RANDOM)
    log.append("lease", {"b": 3, "a": 10**17, "share": b"x", "terms": b"y"}, 4_000, RANDOM)
    lines = [line + b"\n" for line in log.entry_lines()]
    assert all(reading.quick_entry(line) is not None for line in lines)
    changed = [
        line[:place] + other + line[place + 1 :]
        for line in lines
        for place in range(len(line))
        for other in (b"", b"0", b",", b"a", bytes([line[place] ^ 1]), line[place : place + 1] * 2)
    ]
    swapped = lines[3].replace(b'"a":100000000000000000,"b":3', b'"b":3,"a":100000000000000000')
    twice = lines[3].replace(b'"b":3', b'"b":3,"b":3')
    many = lines[2].replace(b'"counts":{}', b'"counts":{%s}' % b",".join(b'"n%02d":1' % n for n in range(33)))
    for line in (*changed, swapped, twice, many, lines[3].replace(b"100000000000000000", b"1" * 30)):
        quick = reading.quick_entry(line)
        if quick is not None:
            entry = Entry.from_bytes(line[:-1])
            leaf = merkle.leaf_hash(line[:-1])
            assert quick == reading.EntryLine(leaf, entry.sequence, entry.time)
    assert reading.quick_entry(swapped) is reading.quick_entry(twice) is reading.quick_entry(many) is None
