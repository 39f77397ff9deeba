"""The demo in a small world, through the real command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from two_parties import BEGIN, PASSPHRASE, TwoParties


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 8])
def test_the_demo_ends_with_every_part_of_its_summary(
    tmp_path: Path, quick_passphrase: None, seed: int
) -> None:
    both = TwoParties(tmp_path, BEGIN)
    place = tmp_path / "demo"
    shown = both.run(".", "demo", "--dir", place, "--accounts", "60", "--seed", str(seed)).out
    for heading in (
        "== the overlap, as brightpath sees it",
        "== top of the territory file",
        "== credit: who sourced, moved and helped to close",
        "== what harborline can see of brightpath, and until when",
        "== how right it was: the generator knows the truth",
        "== where it lies",
    ):
        assert heading in shown
    assert "brightpath \\ harborline" in shown and "brightpath \\ oakbridge" in shown
    precision, recall = map(float, re.findall(r"precision ([01]\.\d+), recall ([01]\.\d+)", shown)[0])
    assert precision > 0.5 and recall > 0.5
    transcript = (place / "transcript.txt").read_text(encoding="utf-8")
    assert "the share has ended" in transcript and "ended, half destroyed" in transcript
    assert PASSPHRASE not in transcript
    assert list((place / "exports" / "salesforce").glob("*.csv"))
