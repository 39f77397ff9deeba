"""A killed command and an insider who edits files of the folder without the passphrase.

Expected values: promises 4, 6 and 7 and FORMATS.md, by hand.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from attacked_house import DAY, NOW, House, keys_of, make_house

from cleanroom.session import partners, standing
from cleanroom.session.attribution import claiming, evidence
from cleanroom.session.audit import auditing
from cleanroom.session.match import matching
from cleanroom.session.match.runs import all_runs
from cleanroom.session.party import Party
from cleanroom.session.post import receiving
from overlap.errors import BadInput, OverlapError


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    return made


def test_a_command_killed_before_its_run_was_recorded_stops_no_later_one(house: House) -> None:
    place = house.place / "ours" / "runs" / ("ab" * 16)
    place.mkdir(parents=True)
    (place / "accounts.parquet").write_bytes(b"")
    (place / "run.new").write_bytes(b"")
    assert matching.list_runs(house.ours) == []
    assert house.run() in [record.run for record in all_runs(house.ours)]


def test_a_command_killed_while_it_took_a_commitment_in_stops_no_later_one(house: House) -> None:
    claiming.commit_claims(house.theirs, "northwind", house.file("commitment"))
    receiving.receive_file(house.ours, house.file("commitment"))
    (house.place / "ours" / "claims" / "received" / "fabrikam" / "2.new").write_bytes(b"")
    assert house.run()


def test_a_run_killed_after_it_was_charged_leaves_no_scalar_behind(house: House) -> None:
    run = matching.start_match(house.ours, "", house.file("killed")).run
    record = house.place / "ours" / "runs" / run / "run"
    record.write_bytes(record.read_bytes().replace(b'"started"', b'"charged"'))
    house.run("next")
    assert not (house.place / "ours" / "runs" / run / "state.0").exists()


def test_an_ended_run_keeps_no_identifiers(house: House) -> None:
    run = house.run()
    left = matching.start_match(house.ours, "", house.file("left")).run
    matching.start_match(house.ours, "", house.file("next"))
    for name in (run, left):
        assert not (house.place / "ours" / "runs" / name / "identifiers.parquet").exists()
    assert not (house.place / "theirs" / "runs" / run / "identifiers.parquet").exists()


def test_a_card_is_not_verified_by_a_file_that_anybody_can_write(house: House) -> None:
    mallory = keys_of("mallory").card
    folder = house.place / "ours" / "partners"
    (folder / "mallory.card").write_bytes(mallory.to_bytes())
    (folder / "mallory.verified").write_text(mallory.fingerprint + "\n")
    assert not house.ours.is_verified("mallory")
    partners.verify_partner(house.ours, "mallory", mallory.fingerprint)
    assert house.ours.is_verified("mallory")
    assert not Party(house.ours.folder, keys_of("fabrikam"), NOW).is_verified("mallory")


def test_the_log_tells_nobody_how_many_accounts_or_matches_there_are(house: House) -> None:
    house.run()
    counts = {
        name: value for entry in house.ours.log("fabrikam").entries() for name, value in entry.counts.items()
    }
    assert (counts["identifiers"], counts["shared"]) == (100, 10)  # 90 and 6, in buckets
    assert auditing.verify_logs(house.ours)[0].findings == []


def test_a_receipt_time_that_the_log_does_not_confirm_is_refused(house: House) -> None:
    house = house.at(NOW + DAY)
    claiming.commit_claims(house.theirs, "northwind", house.file("commitment"))
    receiving.receive_file(house.ours, house.file("commitment"))
    place = house.place / "ours" / "claims" / "received" / "fabrikam" / "1"
    line, text = place.read_bytes().split(b"\n", 1)
    earlier = json.loads(text) | {"received_at": NOW}
    house.run()
    assert evidence.gather_evidence(house.ours)[0].committed_at == NOW + DAY
    place.write_bytes(
        line + b"\n" + json.dumps(earlier, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    )
    with pytest.raises(BadInput):
        evidence.gather_evidence(house.ours)


def test_nothing_here_ends_in_anything_but_a_clear_error(house: House) -> None:
    (house.place / "ours" / "runs" / house.run() / "run").write_bytes(b"overlap-record/1\n[]\n")
    with pytest.raises(OverlapError):
        standing.describe_folder(house.ours)
