"""Prepared lists in the folder: letters out of order, other versions, the wrong side, restored folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from prepared_house import agree_to_prepare, import_companies, prepare, shown, update
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk, match


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    both = walk.at("sent", tmp_path / "both")
    agree_to_prepare(both)
    prepare(both)
    return both


def kept(both: TwoParties, party: str) -> dict[str, bytes]:
    (place,) = both.place(party, "prepared").iterdir()
    return {path.name: path.read_bytes() for path in place.iterdir()}


def test_letters_are_taken_once_and_in_order(both: TwoParties) -> None:
    for name in ("first", "second"):
        update(both, name)
    before = kept(both, VENDOR)
    assert "update --again" in both.run(VENDOR, "receive", both.mail("second"), code=5).err
    assert "nothing changes" in both.run(VENDOR, "receive", both.mail("list")).out
    assert kept(both, VENDOR) == before
    both.run(VENDOR, "receive", both.mail("first"))
    assert "nothing changes" in both.run(VENDOR, "receive", both.mail("first")).out
    both.run(VENDOR, "receive", both.mail("second"))
    match(both)
    assert len(shown(both, VENDOR)) == len(SHARED)


def test_a_run_over_an_older_version_is_refused_and_a_lost_update_is_written_again(both: TwoParties) -> None:
    update(both)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    reply = ("match", "reply", both.mail("start"), "--out", both.mail("reply"))
    assert "another version" in both.run(PARTNER, *reply, code=3).err
    assert both.read_json(PARTNER, "match", "list") == []
    both.run(PARTNER, "match", "update", "--again", "1", "--out", both.mail("again"))
    assert both.mail("again").read_bytes() == both.mail("update").read_bytes()
    assert (
        "no version 2"
        in both.run(PARTNER, "match", "update", "--again", "2", "--out", both.mail("x"), code=2).err
    )
    both.run(VENDOR, "receive", both.mail("again"))
    assert both.read_json(VENDOR, "match", "list")[0]["state"] == "unfinished"
    match(both)
    assert len(shown(both, PARTNER)) == len(SHARED)


def test_a_second_preparation_is_the_first_letter_again(both: TwoParties) -> None:
    before = kept(both, PARTNER)
    both.run(PARTNER, "match", "prepare", "--out", both.mail("again"))
    assert both.mail("again").read_bytes() == both.mail("list").read_bytes()
    assert kept(both, PARTNER) == before


def test_agreed_limits_hold_and_a_refused_update_changes_nothing(both: TwoParties) -> None:
    import_companies(both, PARTNER, [f"Invented {at}" for at in range(30)])
    before = kept(both, PARTNER)
    refused = both.run(PARTNER, "match", "update", "--out", both.mail("x"), code=3)
    assert "more than the 40 agreed" in refused.err
    assert kept(both, PARTNER) == before and not both.mail("x").exists()
    import_companies(both, PARTNER, SHARED)
    for _ in range(3):
        update(both)
    assert "all 3 updates" in both.run(PARTNER, "match", "update", "--out", both.mail("x"), code=3).err


def test_the_elements_that_were_agreed_are_all_that_is_answered(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_to_prepare(both, evaluations=256)
    prepare(both)
    match(both)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    reply = ("match", "reply", both.mail("start"), "--out", both.mail("late"))
    assert "used up" in both.run(PARTNER, *reply, code=3).err
    assert not both.mail("late").exists()


def test_only_the_side_with_the_longer_list_prepares_and_only_where_it_was_agreed(
    both: TwoParties, walk: Walk, tmp_path: Path
) -> None:
    said = both.run(VENDOR, "match", "prepare", "--out", both.mail("x"), code=3).err
    assert "the list of contoso is prepared" in said
    plain = walk.at("agreed", tmp_path / "plain")
    assert (
        "no list is prepared" in plain.run(PARTNER, "match", "prepare", "--out", plain.mail("x"), code=3).err
    )


def test_a_run_needs_the_list_on_both_sides(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("sent", tmp_path / "both")
    agree_to_prepare(both)
    start = ("match", "start", "--out", both.mail("start"))
    assert "not here" in both.run(VENDOR, *start, code=3).err
    assert both.read_json(VENDOR, "match", "list") == []


def test_a_folder_restored_without_its_vault_answers_nothing_and_asks_anew(both: TwoParties) -> None:
    match(both)
    shutil.rmtree(both.place(VENDOR, "vault"))
    start = ("match", "start", "--out", both.mail("start"))
    assert "vault" in both.run(VENDOR, *start, code=3).err
    assert "not usable: the vault" in both.run(VENDOR, "status").after("prepared")
    both.run(VENDOR, "receive", both.mail("list"))
    match(both)
    assert len(shown(both, VENDOR)) == len(SHARED)
    both.run(VENDOR, *start)
    shutil.rmtree(both.place(PARTNER, "vault"))
    reply = ("match", "reply", both.mail("start"), "--out", both.mail("late"))
    assert "vault" in both.run(PARTNER, *reply, code=3).err
    assert "vault" in both.run(PARTNER, "match", "update", "--out", both.mail("x"), code=3).err
    assert "not usable: the vault" in both.run(PARTNER, "status").after("prepared")
    assert not both.mail("late").exists() and not both.mail("x").exists()


def test_an_older_state_that_was_put_back_beside_its_vault_answers_nothing(both: TwoParties) -> None:
    place, backup = both.place(PARTNER, "prepared"), both.root / "backup"
    shutil.copytree(place, backup)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    shutil.rmtree(place)
    out = ("--out", both.mail("x"))
    assert "was prepared before" in both.run(PARTNER, "match", "prepare", *out, code=3).err
    shutil.copytree(backup, place)
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    for words in (("prepare",), ("update",), ("reply", both.mail("start"))):
        assert "used since" in both.run(PARTNER, "match", *words, *out, code=3).err
    assert not both.mail("x").exists()


def test_every_frame_can_be_taken_twice_and_is_counted_once(both: TwoParties) -> None:
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    for name in ("reply", "again"):
        both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail(name))
    assert both.mail("reply").read_bytes() == both.mail("again").read_bytes()
    for name in ("finish", "again"):
        both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail(name))
    assert both.mail("finish").read_bytes() == both.mail("again").read_bytes()
    for _ in range(2):
        both.run(PARTNER, "match", "finish", both.mail("finish"))
    left = both.read_json(PARTNER, "match", "prepare", "--out", both.mail("list"))
    assert (left["runs_left"], left["elements_left"]) == (8, 2000 - 256)


def test_what_is_locked_says_nothing_of_the_accounts(both: TwoParties) -> None:
    match(both)
    for party in (VENDOR, PARTNER):
        texts = {name: data for name, data in kept(both, party).items() if not name.endswith(".parquet")}
        assert texts and not [name for name, data in texts.items() if b"zephyrine" in data.lower()]
