"""Both parties show each other their logs: cosigned when they go on, refused when they were cut or forked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from shown_logs import other, send
from two_parties import PARTNER, VENDOR, TwoParties, Walk

LOG_FILES = (".log", ".log.head", ".log.salts", ".log.tree")


def keep_log(both: TwoParties, party: str, place: Path) -> None:
    place.mkdir()
    for suffix in LOG_FILES:
        shutil.copy(both.place(party, "logs", f"{other(party)}{suffix}"), place / suffix)


def put_back(both: TwoParties, party: str, place: Path) -> None:
    for suffix in LOG_FILES:
        shutil.copy(place / suffix, both.place(party, "logs", f"{other(party)}{suffix}"))


def add_entry(both: TwoParties, party: str) -> None:
    """One more entry: of a letter that makes no sense here, or of a commitment."""
    name = f"commitment-{both.now}"
    both.run(party, "claims", "commit", "--partner", other(party), "--out", both.mail(name))


def receipts(both: TwoParties, party: str) -> dict[str, int]:
    """Kept receipts by digest, with the number of signatures."""
    folder = both.place(party, "receipts", other(party))
    return {path.name: path.read_bytes().count(b'"keyid"') for path in folder.iterdir()}


def cosigned_by(both: TwoParties, party: str) -> bytes:
    """What the party has cosigned of the other's log, as it stands in its record."""
    return both.place(party, "logs", f"{other(party)}.peer").read_bytes().split(b'"seen"')[0]


def test_each_cosigns_the_other_and_both_keep_the_same_receipts(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    said = send(both, VENDOR)
    assert "goes on from what we knew" in said and "next: 'overlap audit sync' brings our signatures" in said
    said = send(both, PARTNER)
    assert "countersigned" in said and "next" not in said
    # The vendor's signature of the partner's log is on its way back with the vendor's next letter.
    assert both.place(VENDOR, "logs", f"{PARTNER}.cosigned").is_file()
    assert "next" not in send(both, VENDOR)  # Nothing waits, though each letter made the log longer.
    assert both.place(PARTNER, "logs", f"{VENDOR}.cosigned").is_file()
    assert receipts(both, VENDOR) == receipts(both, PARTNER)
    assert sorted(receipts(both, VENDOR).values()) == [2, 2]  # the run and the release
    for name in receipts(both, VENDOR):
        places = (both.place(party, "receipts", other(party), name) for party in (VENDOR, PARTNER))
        assert len({place.read_bytes() for place in places}) == 1
    both.require_good_logs()


def test_a_letter_taken_twice_and_a_letter_lost_change_nothing(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    send(both, VENDOR)
    both.run(PARTNER, "receive", both.mail("sync"))
    both.run(PARTNER, "audit", "sync", "--partner", VENDOR, "--out", both.mail("lost"))
    assert set(receipts(both, VENDOR).values()) == {1}
    send(both, VENDOR)
    send(both, PARTNER)
    assert set(receipts(both, VENDOR).values()) == {2}
    assert receipts(both, VENDOR) == receipts(both, PARTNER)


def test_a_revocation_is_countersigned_and_believed_when_its_letter_was_lost(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("opened", tmp_path / "both")
    share = both.read_json(PARTNER, "shares", "list")[0]["share"]
    both.run(PARTNER, "shares", "revoke", share, "--out", both.mail("revocation"))
    send(both, PARTNER)
    assert both.read_json(VENDOR, "shares", "list")[0]["state"] == "revoked, erased"
    send(both, VENDOR)
    send(both, PARTNER)
    assert sorted(receipts(both, PARTNER).values()) == [2, 2, 2, 2]  # run, release, revocation, destruction
    assert receipts(both, PARTNER) == receipts(both, VENDOR)


def test_a_log_put_back_is_refused_by_its_own_folder_and_by_the_partner(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    send(both, VENDOR)
    keep_log(both, VENDOR, tmp_path / "old")
    send(both, PARTNER)
    send(both, VENDOR)
    send(both, PARTNER)
    put_back(both, VENDOR, tmp_path / "old")
    refused = both.run(VENDOR, "audit", "sync", "--partner", PARTNER, "--out", both.mail("again"), code=3)
    assert "older" in refused.err
    # Without the record of what was cosigned it can be shown, and the partner finds it too short.
    both.place(VENDOR, "logs", f"{PARTNER}.cosigned").unlink()
    both.run(VENDOR, "audit", "sync", "--partner", PARTNER, "--out", both.mail("again"))
    answer = both.run(PARTNER, "receive", both.mail("again"), code=3)
    assert "we cosigned" in answer.err and "shortened" in answer.err


def test_a_forked_log_is_noticed_by_its_proof(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    keep_log(both, VENDOR, tmp_path / "old")
    add_entry(both, VENDOR)
    send(both, VENDOR)
    put_back(both, VENDOR, tmp_path / "old")
    for _ in range(6):  # another history, longer than the one that was cosigned
        add_entry(both, VENDOR)
    both.place(VENDOR, "logs", f"{PARTNER}.cosigned").unlink(missing_ok=True)
    both.run(VENDOR, "audit", "sync", "--partner", PARTNER, "--out", both.mail("fork"))
    before = cosigned_by(both, PARTNER)
    answer = both.run(PARTNER, "receive", both.mail("fork"), code=5)
    assert "not the one that it showed" in answer.err
    assert "refused" in both.run(PARTNER, "audit", "list").out
    assert cosigned_by(both, PARTNER) == before


def test_a_checkpoint_that_only_came_with_a_frame_binds_too(walk: Walk, tmp_path: Path) -> None:
    """The history between two cosigned checkpoints was shown in a frame; another one is a fork."""
    both = walk.at("agreed", tmp_path / "both")
    keep_log(both, VENDOR, tmp_path / "old")
    both.run(VENDOR, "match", "start", "--out", both.mail("start"))
    both.run(PARTNER, "match", "reply", both.mail("start"), "--out", both.mail("reply"))
    put_back(both, VENDOR, tmp_path / "old")
    for _ in range(4):
        add_entry(both, VENDOR)
    both.run(VENDOR, "audit", "sync", "--partner", PARTNER, "--out", both.mail("fork"))
    answer = both.run(PARTNER, "receive", both.mail("fork"), code=5)
    assert "not the one" in answer.err


@pytest.mark.parametrize("party", [VENDOR, PARTNER])
def test_a_letter_of_any_kind_brings_the_cosignature(walk: Walk, tmp_path: Path, party: str) -> None:
    both = walk.at("opened", tmp_path / "both")
    send(both, other(party))
    assert not both.place(other(party), "logs", f"{party}.cosigned").is_file()
    both.run(party, "claims", "commit", "--partner", other(party), "--out", both.mail("letter"))
    both.run(other(party), "receive", both.mail("letter"))
    assert both.place(other(party), "logs", f"{party}.cosigned").is_file()
