"""Shares whose halves a room holds: what the room signs of their ends, and what an outsider sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from lent_house import bundle_of, grant_lent, meet_to_lend, read_lent
from live_parties import LiveParties
from room_house import RoomHouse
from two_parties import PARTNER, VENDOR

pytestmark = pytest.mark.usefixtures("quick_passphrase")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room")
    yield made
    made.close()


@pytest.fixture
def both(tmp_path: Path, house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> LiveParties:
    made = LiveParties(tmp_path / "both")
    meet_to_lend(made, house, monkeypatch)
    return made


def test_the_bundle_has_what_the_room_signed_of_the_end(both: LiveParties, house: RoomHouse) -> None:
    share = grant_lent(both)
    read_lent(both)
    both.run(PARTNER, "shares", "revoke", share, "--out", both.mail("revocation"))
    bundle = bundle_of(both, PARTNER)
    report = json.loads(both.run("auditor", "audit", "verify", bundle, "--json").out)
    assert report["problems"] == []
    ends = {one["kind"]: one for one in report["receipts"] if one["signers"] == ["lobby"]}
    assert set(ends) == {"revocation", "destruction"}
    # Our log commits to both, so each stands at an entry.
    assert all(one["about"] == f"share {share}" and one["entry"] >= 0 for one in ends.values())
    assert report["fingerprints"]["lobby (room)"] == house.keys.card.fingerprint
    kept = both.place(PARTNER, "shares", "ended", share)
    lines = kept.read_bytes().splitlines(keepends=True)
    # What is cut short or was signed by nobody is no statement of the room.
    kept.write_bytes(b"".join(lines[:3]))
    assert "two statements" in both.run(PARTNER, "audit", "bundle", "--partner", VENDOR, "--out", bundle,
                                        code=4).err  # fmt: skip


def test_a_share_in_a_room_whose_accounts_nobody_knows_is_revoked_there(both: LiveParties) -> None:
    """The room would go on with it: it knows no account, and we know no more which the share shows."""
    share = grant_lent(both)
    both.place(PARTNER, "reviews", VENDOR).unlink()
    said = both.run(PARTNER, "sync").out
    assert f"share {share[:8]} is revoked: which accounts it shows is not known" in said
    (listed,) = both.read_json(PARTNER, "shares", "list")
    assert listed["state"] == "revoked, half destroyed"
    ask = ("--purpose", "territory-planning")
    assert "revoked" in both.run(VENDOR, "shares", "request", both.mail("share"), *ask, code=3).err
