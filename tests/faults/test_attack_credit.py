"""A partner that learns the overlap first and then commits its claims. Expected values: promise 6."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import NOW, PURPOSES, SHARED, House, make_house, rows

from cleanroom.attribution import judge
from cleanroom.session.accounts.imports import import_export
from cleanroom.session.agreement import agreements
from cleanroom.session.attribution import claiming, evidence
from cleanroom.session.match import matching, runs
from cleanroom.session.post import receiving
from overlap.errors import BadInput


def _grades(house: House) -> set[str]:
    """The grades of fabrikam's claims as northwind judges them."""
    return {holding.grade for holding in judge(evidence.gather_evidence(house.theirs))}


def _commit(house: House) -> None:
    claiming.commit_claims(house.ours, house.theirs.name, house.file("commitment"))
    receiving.receive_file(house.theirs, house.file("commitment"))


def _prove(house: House) -> None:
    claiming.prove_claims(house.ours, "", house.file("proofs"))
    receiving.receive_file(house.theirs, house.file("proofs"))


def test_a_starter_that_stopped_after_the_reply_commits_too_late(tmp_path: Path) -> None:
    """`ours` starts, learns from the reply, sends no finish, commits, and begins a second run."""
    house = make_house(tmp_path)
    house.agree()
    matching.start_match(house.ours, "", house.file("start"))
    matching.reply_match(house.theirs, house.file("start"), house.file("reply"))
    later = house.at(NOW + 3600)
    # What it learned is in its list now: its dates are invented.
    _commit(later)
    last = house.at(NOW + 7200)
    last.run()
    _prove(last)
    assert _grades(last) == {"after-disclosure"}


def test_an_honest_starter_that_committed_first_competes(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree()
    _commit(house)
    later = house.at(NOW + 3600)
    matching.start_match(later.ours, "", house.file("start"))
    matching.reply_match(later.theirs, house.file("start"), house.file("reply"))
    later.run()
    _prove(later)
    assert _grades(later) == {"logged"}


def _import_under_other_ids(house: House) -> None:
    """The one who judges has moved its CRM: the same companies under other ids."""
    accounts = rows(*range(12 - SHARED, 24 - SHARED))
    accounts["Account ID"] = accounts["Account ID"].str.replace("A", "B-")
    place = house.file("moved.csv")
    accounts.to_csv(place, index=False)
    import_export(house.theirs.folder, place, house.theirs.now)


@pytest.mark.parametrize("purposes", [PURPOSES, '["territory-planning"]'])
def test_an_account_that_was_told_under_another_id_is_told(tmp_path: Path, purposes: str) -> None:
    """What the partner learned before it committed stays learned, whatever our CRM calls it since."""
    house = make_house(tmp_path)
    house.agree(purposes=purposes)
    house.run()
    _commit(house.at(NOW + 3600))
    _import_under_other_ids(house)
    last = house.at(NOW + 7200)
    newest = ""
    if purposes != PURPOSES:
        last.agree()
        signed = [one for one in agreements.list_agreements(last.ours) if one.state == "in force"]
        newest = next(one.id for one in signed if "attribution" in _purposes(last, one.id))
    last.run("again", newest)
    _prove(last)
    held = judge(evidence.gather_evidence(last.theirs))
    assert {one.grade for one in held if one.account.startswith("B-")} == {"after-disclosure"}


def test_an_account_put_into_a_run_that_stopped_is_told_under_another_id_too(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree()
    matching.start_match(house.ours, "", house.file("start"))
    matching.reply_match(house.theirs, house.file("start"), house.file("reply"))
    _commit(house.at(NOW + 3600))
    _import_under_other_ids(house)
    last = house.at(NOW + 7200)
    last.run()
    _prove(last)
    assert _grades(last) == {"after-disclosure"}


def test_an_account_that_came_later_is_not_told_by_what_others_were(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    house.agree()
    house.run()
    later = house.at(NOW + 3600)
    place = house.file("more.csv")
    for party, numbers in ((later.ours, [*range(12), 30, 31]), (later.theirs, [*range(6, 18), 30, 31])):
        rows(*numbers).to_csv(place, index=False)
        import_export(party.folder, place, later.ours.now)
    _commit(later)
    last = house.at(NOW + 7200)
    last.run("again")
    _prove(last)
    found = {one.account: one.grade for one in judge(evidence.gather_evidence(last.theirs))}
    assert {found.pop("A30"), found.pop("A31")} == {"logged"}
    assert set(found.values()) == {"after-disclosure"}


def _disclosed_then_committed(place: Path) -> tuple[House, str]:
    """A match that told, then a commitment, then a match with proofs; and the name of the first one."""
    house = make_house(place)
    house.agree()
    first = house.run()
    _commit(house.at(NOW + 3600))
    last = house.at(NOW + 7200)
    last.run("again")
    _prove(last)
    assert _grades(last) == {"after-disclosure"}
    return last, first


def test_the_log_says_when_a_match_told_whatever_its_record_says(tmp_path: Path) -> None:
    house, first = _disclosed_then_committed(tmp_path)
    record = runs.read_run(house.theirs, first)
    runs.keep_run(house.theirs, replace(record, begun=NOW + 5400))
    assert _grades(house) == {"after-disclosure"}


def test_a_match_that_told_is_missed_when_its_folder_is_removed(tmp_path: Path) -> None:
    house, first = _disclosed_then_committed(tmp_path)
    shutil.rmtree(house.theirs.folder.path("runs", first))
    with pytest.raises(BadInput, match=r"a finished run .* is not here"):
        _grades(house)


FOR_PLANNING = '["territory-planning"]'


def test_a_match_that_is_not_for_attribution_credits_nobody(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    _commit(house)
    house = house.at(NOW + 3600)
    house.agree(purposes=FOR_PLANNING)
    house.run()
    assert evidence.gather_evidence(house.theirs) == []
    assert evidence.unused_partners(house.theirs) == ["northwind"]


def test_what_such_a_match_told_is_too_late_to_commit(tmp_path: Path) -> None:
    """The partner learns under one agreement, commits, and matches again under one for attribution."""
    house = make_house(tmp_path)
    house.agree(purposes=FOR_PLANNING)
    house.run()
    _commit(house.at(NOW + 3600))
    last = house.at(NOW + 7200)
    last.agree()
    signed = [one for one in agreements.list_agreements(last.ours) if one.state == "in force"]
    newest = next(one.id for one in signed if "attribution" in _purposes(last, one.id))
    last.run("again", newest)
    _prove(last)
    assert _grades(last) == {"after-disclosure"}


def _purposes(house: House, name: str) -> tuple[str, ...]:
    return agreements.find_agreement(house.ours, name).agreement.terms.purposes
