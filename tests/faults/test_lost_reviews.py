"""The memory of reviews is lost or an old copy: nothing is shown that somebody may have rejected."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """The vendor has asked for a lease of a share of the partner's."""
    return walk.at("requested", tmp_path / "both")


def lease(both: TwoParties, code: int) -> str:
    words = ("shares", "lease", both.mail("request"), "--out", both.mail("lease"))
    return both.run(PARTNER, *words, code=code).err


def test_a_share_whose_accounts_nobody_knows_gives_no_lease(both: TwoParties) -> None:
    kept = both.place(PARTNER, "reviews", VENDOR)
    memory = kept.read_bytes()
    kept.unlink()
    assert "which accounts it shows is not known" in lease(both, 3)
    assert not both.mail("lease").exists()
    kept.write_bytes(memory)
    lease(both, 0)


def test_an_old_copy_that_does_not_know_the_share_gives_no_lease(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("matched", tmp_path / "both")
    both.run(PARTNER, "review", "dispute", "9000")
    kept = both.place(PARTNER, "reviews", VENDOR)
    old = kept.read_bytes()
    both.run(PARTNER, "shares", "grant", "--out", both.mail("share"))
    ask = ("--purpose", "territory-planning", "--out", both.mail("request"))
    both.run(VENDOR, "shares", "request", both.mail("share"), *ask)
    kept.write_bytes(old)
    assert "an old copy" in lease(both, 3)
    # Whatever is decided next, the share is named as one to be granted anew.
    assert "revoke it and grant a new one" in both.run(PARTNER, "review", "dispute", "9001").out


def test_nothing_is_granted_from_a_run_whose_decisions_are_lost(both: TwoParties) -> None:
    both.place(PARTNER, "reviews", VENDOR).unlink()
    again = ("shares", "grant", "--out", both.mail("again"))
    assert "decided in reviews" in both.run(PARTNER, *again, code=3).err
    both.run(PARTNER, "review", "export", "--out", both.mail("review"))
    both.run(PARTNER, *again)
