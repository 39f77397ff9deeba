"""A verified partner with a modified tool, at the door of a match. Expected values: PROTOCOL.md, by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import House, forge_start, frame_file, make_house

from cleanroom.session.match import finishing, matching
from cleanroom.session.match.runs import all_runs
from overlap import canonical
from overlap.errors import ContractMismatch, MalformedFile, Refused, UsageError, WrongRun
from overlap.protocol import read_frame


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    return made


def test_the_agreed_responder_cannot_start_a_run_and_learn_first(house: House) -> None:
    """The agreement names who starts; the starter learns first and may stop."""
    house.run()
    contract = all_runs(house.ours)[0].terms
    house.file("reversed").write_bytes(forge_start(contract, house.theirs, house.ours))
    with pytest.raises(WrongRun):
        matching.reply_match(house.ours, house.file("reversed"), house.file("answer"))
    assert not house.file("answer").exists()
    assert len(all_runs(house.ours)) == 1


def _reply_to(house: House, **changed: object) -> None:
    contract = all_runs(house.ours)[0].terms
    text = canonical.encode(json.loads(contract.to_bytes()) | changed)
    house.file("odd").write_bytes(forge_start(contract, house.ours, house.theirs, text))
    matching.reply_match(house.theirs, house.file("odd"), house.file("answer"))


@pytest.mark.parametrize("changed", [{"kinds": [1]}, {"kinds": [[]]}, {"suite": {}}, {"agreement": []}])
def test_a_contract_with_a_field_of_another_type_is_malformed(
    house: House, changed: dict[str, object]
) -> None:
    house.run()
    with pytest.raises(MalformedFile):
        _reply_to(house, **changed)


def test_a_contract_writes_no_control_characters_to_the_terminal(house: House) -> None:
    house.run()
    with pytest.raises(ContractMismatch) as caught:
        _reply_to(house, suite="\x1b[2J\u202e")
    assert caught.value.what.isprintable()


def test_a_second_start_with_other_elements_under_one_run_id_ends_the_run(house: House) -> None:
    """Two questions to one scalar would tell more than one run may: PROTOCOL.md, each run has one start."""
    house.run()
    contract = all_runs(house.ours)[0].terms
    run = bytes(range(16))
    for name in ("first", "second"):
        house.file(name).write_bytes(forge_start(contract, house.ours, house.theirs, run=run))
    matching.reply_match(house.theirs, house.file("first"), house.file("answer"))
    state = house.theirs.folder.path("runs", run.hex(), "state.0")
    assert state.is_file()
    answer = house.file("answer").read_bytes()
    for name in ("second", "first"):  # afterwards not even the first one is answered again
        with pytest.raises((WrongRun, Refused)):
            matching.reply_match(house.theirs, house.file(name), house.file("other"))
    assert not house.file("other").exists()
    assert house.file("answer").read_bytes() == answer
    assert not state.exists()
    assert next(one for one in all_runs(house.theirs) if one.run == run.hex()).state == "aborted"


@pytest.mark.parametrize("number", [0, 2, 2**40])
def test_a_contract_with_another_number_of_buckets_is_refused(house: House, number: int) -> None:
    """Fewer would crowd a bucket, more would ask for more than the bounds allow."""
    house.run()
    with pytest.raises(ContractMismatch) as caught:
        _reply_to(house, buckets=number)
    assert caught.value.field == "buckets"
    assert len(all_runs(house.theirs)) == 1


def test_a_start_signed_as_a_step_of_another_protocol_is_refused(house: House) -> None:
    """`offer` is a step of vector-OLE: a run by DH has none."""
    house.run()
    data = house.file("run.reply").read_bytes()
    with house.file("run.reply").open("rb") as file:
        header, body = read_frame(file, house.ours.keys, house.theirs.keys.card, len(data))
        rest = body.read_rest()
    step = matching.start_match(house.ours, "", house.file("second"))
    odd = replace(header, run=step.run, step="offer")
    house.file("odd").write_bytes(frame_file(odd, rest, house.theirs.keys, house.ours.keys.card))
    for command in (matching.reply_match, finishing.finish_match):
        with pytest.raises((WrongRun, UsageError)):
            command(house.ours, house.file("odd"), house.file("answer"))
    assert not house.file("answer").exists()
