"""A folder that comes back from a backup, in which the vault is not: open runs are over, the rest goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, Walk


@pytest.mark.parametrize(
    ("step", "party", "frame"), [("replied", VENDOR, "reply"), ("learned", PARTNER, "finish")]
)
def test_a_run_does_not_go_on_in_a_folder_restored_without_its_vault(
    walk: Walk, tmp_path: Path, step: str, party: str, frame: str
) -> None:
    both = walk.at(step, tmp_path / "both")
    shutil.rmtree(both.place(party, "vault"))
    answer = both.run(party, "match", "finish", both.mail(frame), "--out", both.mail("late"), code=3)
    assert "vault" in answer.err
    assert not both.mail("late").exists()


def test_the_key_half_of_a_run_goes_with_the_run(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("replied", tmp_path / "both")
    run = both.read_json(VENDOR, "match", "list")[0]["run"]
    assert both.place(VENDOR, "vault", f"{run}.secret").is_file()
    both.run(VENDOR, "match", "finish", both.mail("reply"), "--out", both.mail("finish"))
    assert not both.place(VENDOR, "vault", f"{run}.secret").exists()
