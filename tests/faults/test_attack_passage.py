"""A run of five messages between two folders: frames that a modified tool or the way spoils, and stops.

Every test takes a run to a certain step, does something wrong there, and looks at what is left of the run.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import SHARED, House, forge_start, make_house
from attacked_run import (
    LIMIT,
    MESSAGES,
    agree_on,
    assert_burnt,
    copy_of,
    finish_from,
    flip_last,
    forged,
    opened,
    record_of,
    take,
    taker,
    walk,
)
from faulty_disk import STRIDE, Killed, faulty_disk

from cleanroom.session.match import finishing, matching
from cleanroom.session.match.runs import all_runs
from overlap.errors import BadPeerFile, MalformedFile, OverlapError, Refused, WrongRun
from overlap.protocol import Body, protocol_of, read_frame
from overlap.protocol.frame import HEAD_SIZE


@pytest.fixture(scope="module", autouse=True)
def vole_agreed() -> Iterator[None]:
    """Agreements of this module ask for vector-OLE, whatever the bounds."""
    with pytest.MonkeyPatch.context() as patch:
        agree_on(patch, "vole-rr22/1")
        yield


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, vole_agreed: None) -> Path:
    """Two folders with an agreement."""
    place = tmp_path_factory.mktemp("house")
    make_house(place).agree()
    return place


@pytest.fixture
def house(begun: Path, tmp_path: Path) -> House:
    """A copy of them."""
    return copy_of(begun, tmp_path / "copy")


def test_the_whole_run(house: House) -> None:
    walk(house, "start")
    assert protocol_of(record_of(house.ours).terms).messages == MESSAGES
    finish_from(house, "start")


@pytest.mark.parametrize("message", MESSAGES)
def test_a_file_damaged_on_its_way_is_refused_and_the_true_one_still_works(
    house: House, message: str
) -> None:
    walk(house, message)
    data = house.file(message).read_bytes()
    before = (record_of(taker(house, message)).state, len(data)) if message != "start" else None
    places = {0, 20, HEAD_SIZE - 1, HEAD_SIZE, (HEAD_SIZE + len(data)) // 2, len(data) - 1}
    for place in sorted(places):
        if place < len(data):
            house.file("forged").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            with pytest.raises(BadPeerFile):
                take(house, message, "forged")
    for damaged in (b"", data[:HEAD_SIZE], data[:-1], data + b"\0", data + data):
        if damaged != data:
            house.file("forged").write_bytes(damaged)
            with pytest.raises(OverlapError):
                take(house, message, "forged")
    if before:
        assert before[0] == record_of(taker(house, message)).state
    finish_from(house, message)


@pytest.mark.parametrize("message", MESSAGES)
def test_files_in_the_wrong_place_are_refused_and_change_nothing(house: House, message: str) -> None:
    """All files made so far, given to both commands of both sides before the right one."""
    walk(house, message)
    made = MESSAGES[: MESSAGES.index(message) + 1]
    for party in (house.ours, house.theirs):
        for name in made:
            due = name == message and party is taker(house, message)
            if not due:
                for command in (matching.reply_match, finishing.finish_match):
                    try:
                        command(party, house.file(name), house.file("elsewhere"))
                    except OverlapError:
                        continue
                    # What was answered before is answered again, byte for byte.
                    after = MESSAGES[MESSAGES.index(name) + 1]
                    assert house.file("elsewhere").read_bytes() == house.file(after).read_bytes()
    finish_from(house, message)


@pytest.mark.parametrize("message", MESSAGES[1:])
def test_a_frame_signed_as_another_step_is_refused(house: House, message: str) -> None:
    """The partner's own tool would never write these headers."""
    walk(house, message)
    at = MESSAGES.index(message)
    for step in MESSAGES[1:]:
        for sequence in (at, MESSAGES.index(step), 7):
            if (step, sequence) == (message, at):
                continue
            forged(house, message, lambda body: body, step=step, sequence=sequence)
            if step in MESSAGES[:at] and MESSAGES.index(step) % 2 == at % 2:
                continue  # Another one of a message taken before ends the run: below.
            for command in (matching.reply_match, finishing.finish_match):
                with pytest.raises(OverlapError):
                    command(taker(house, message), house.file("forged"), house.file("elsewhere"))
    finish_from(house, message)


@pytest.mark.parametrize("field", ["contract", "previous", "run"])
@pytest.mark.parametrize("message", MESSAGES[1:])
def test_a_frame_for_another_run_contract_or_question_is_refused(
    house: House, message: str, field: str
) -> None:
    walk(house, message)
    header, _ = opened(house, message)
    other = ("0" if getattr(header, field)[0] != "0" else "1") + getattr(header, field)[1:]
    forged(house, message, lambda body: body, **{field: other})
    with pytest.raises(WrongRun):
        take(house, message, "forged")
    assert not house.file("elsewhere").exists()
    finish_from(house, message)


@pytest.mark.parametrize("change", ["shorter", "longer", "empty"])
@pytest.mark.parametrize("message", MESSAGES)
def test_a_signed_body_of_another_length_ends_the_run(house: House, message: str, change: str) -> None:
    walk(house, message)
    spoil: Callable[[bytes], bytes] = {
        "shorter": lambda body: body[:-1],
        "longer": lambda body: body + b"\0",
        "empty": lambda body: b"",
    }[change]
    forged(house, message, spoil)
    with pytest.raises(MalformedFile):
        take(house, message, "forged")
    party = taker(house, message)
    if message == "start" and change != "longer":
        assert all_runs(party) == []  # The contract was cut: nothing was begun.
        return
    assert record_of(party).state == "aborted"
    assert_burnt(party)
    with pytest.raises(Refused):
        take(house, message)


@pytest.mark.parametrize("message", MESSAGES[:3])
def test_a_second_different_message_ends_the_run(house: House, message: str) -> None:
    """The same body sealed anew is another file already; a true one of the same step comes too late."""
    walk(house, MESSAGES[MESSAGES.index(message) + 1])
    answer = MESSAGES[MESSAGES.index(message) + 1]
    sent = house.file(answer).read_bytes()
    take(house, message)
    assert house.file(answer).read_bytes() == sent
    forged(house, message, flip_last if message != "start" else lambda body: body)
    with pytest.raises(WrongRun, match="aborted"):
        matching.reply_match(taker(house, message), house.file("forged"), house.file("elsewhere"))
    assert not house.file("elsewhere").exists()
    party = taker(house, message)
    assert record_of(party).state == "aborted"
    assert_burnt(party)
    with pytest.raises(Refused):
        take(house, message)


@pytest.mark.parametrize("message", ["reply", "finish"])
def test_a_finished_run_takes_no_other_frame(house: House, message: str) -> None:
    walk(house)
    kept = record_of(taker(house, message))
    forged(house, message, flip_last)
    with pytest.raises(WrongRun):
        take(house, message, "forged")
    assert record_of(taker(house, message)) == kept
    assert take(house, message).shared == SHARED


@pytest.mark.slow
@pytest.mark.parametrize("message", MESSAGES)
def test_a_command_killed_anywhere_is_repeated_and_the_run_goes_on(
    begun: Path, tmp_path: Path, message: str
) -> None:
    """At changes of a file in turn; what was sent before and after the death never differs."""
    base = copy_of(begun, tmp_path / "base")
    walk(base, message)
    for at in range(1, 200, STRIDE):
        house = copy_of(base.place, tmp_path / f"{at}")
        root = taker(house, message).folder.root
        try:
            with faulty_disk(house.place, at, "dead") as fault:
                take(house, message)
        except Killed:
            pass
        if not fault.happened:
            break
        assert root.is_dir()
        house = copy_of(house.place, tmp_path / f"{at}-again")
        finish_from(house, message)
        shutil.rmtree(tmp_path / f"{at}")
        shutil.rmtree(tmp_path / f"{at}-again")
    assert at > 5


def test_a_second_start_for_a_run_that_was_killed_before_its_answer_ends_it(
    begun: Path, tmp_path: Path
) -> None:
    """Even one that has the right size without a contract in it, which nothing then compares."""
    base = copy_of(begun, tmp_path / "base")
    walk(base, "start")
    for at in range(1, 100):
        house = copy_of(base.place, tmp_path / f"{at}")
        with pytest.raises(Killed), faulty_disk(house.place, at, "dead"):
            take(house, "start")
        records = all_runs(house.theirs)
        state = house.theirs.folder.path("runs", records[0].run, "state.0") if records else house.place / "no"
        if state.is_file() and records[0].state == "charged":
            break
    house = copy_of(house.place, tmp_path / "again")
    forged(house, "start", lambda body: b"", contract="0" * 64)
    with pytest.raises(WrongRun, match="aborted"):
        take(house, "start", "forged")
    assert record_of(house.theirs).state == "aborted"
    assert_burnt(house.theirs)


@pytest.mark.parametrize("message", ["offer", "request", "reply", "finish"])
def test_a_folder_from_a_backup_answers_no_more(house: House, message: str, tmp_path: Path) -> None:
    """Here the vault stayed beside the folder that was put back: what has left since is known from it."""
    walk(house, message)
    party = taker(house, message)
    backup = tmp_path / "backup"
    shutil.copytree(party.folder.root, backup, ignore=shutil.ignore_patterns("vault"))
    take(house, message)
    forged(house, message, flip_last)
    vault = party.folder.root / "vault"
    shutil.move(vault, tmp_path / "vault")
    shutil.rmtree(party.folder.root)
    shutil.copytree(backup, party.folder.root)
    shutil.move(tmp_path / "vault", vault)
    later = copy_of(house.place, tmp_path / "later")
    answer = MESSAGES[MESSAGES.index(message) + 1] if message != "finish" else "elsewhere"
    later.file(answer).unlink(missing_ok=True)
    for source in ("forged", message):
        with pytest.raises(Refused):
            take(later, message, source)
        assert not later.file(answer).exists()


def test_a_frame_of_another_protocol_is_refused(house: House) -> None:
    """A step that this run's protocol has not; and the DH protocol's start under this contract."""
    walk(house, "request")
    contract = record_of(house.ours).terms
    house.file("odd").write_bytes(
        forge_start(replace(contract, protocol="dh-2hash/1"), house.ours, house.theirs)
    )
    with pytest.raises(Refused, match="contract field protocol"):
        matching.reply_match(house.theirs, house.file("odd"), house.file("elsewhere"))
    finish_from(house, "request")


def test_a_body_is_no_longer_than_its_header_says_and_no_shorter(house: House) -> None:
    """The header's length decides what is read; a file of another size is refused before the body."""
    walk(house, "offer")
    data = house.file("offer").read_bytes()
    with house.file("offer").open("rb") as file:
        _, body = read_frame(file, house.ours.keys, house.theirs.keys.card, LIMIT)
        assert isinstance(body, Body)
        with pytest.raises(MalformedFile):
            body.read(body.left + 1)
    house.file("forged").write_bytes(data[: HEAD_SIZE + 16])
    with pytest.raises(MalformedFile, match="as long as"):
        take(house, "offer", "forged")
    finish_from(house, "offer")
