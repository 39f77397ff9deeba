"""What waits in the outbox for a partner whose card changes: it is sealed to a card that is out of use."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, Walk

pytestmark = pytest.mark.usefixtures("quick_passphrase")


@pytest.fixture
def both(walk: Walk, tmp_path: Path) -> TwoParties:
    """A revocation and a commitment of the partner's wait for the vendor, whose folder is away."""
    made = walk.at("opened", tmp_path / "both")
    folder = made.root / "shared"
    folder.mkdir()
    made.run(PARTNER, "partner", "via", VENDOR, f"folder:{folder}")
    folder.rmdir()
    share = made.read_json(PARTNER, "shares", "list")[0]["share"]
    made.run(PARTNER, "shares", "revoke", share, code=4)
    made.run(PARTNER, "claims", "commit", "--partner", VENDOR, code=4)
    assert outbox(made)
    return made


def outbox(both: TwoParties) -> list[str]:
    return sorted(path.name for path in both.place(PARTNER, "outbox").iterdir())


@pytest.mark.parametrize("change", ["rotate", "revoke"])
def test_it_is_removed_and_said(both: TwoParties, change: str) -> None:
    recovery, out = both.place(VENDOR, "recovery.key"), both.mail("change")
    yes = ("--yes",) if change == "revoke" else ()
    both.run(VENDOR, "keys", change, "--recovery", recovery, "--out", out, *yes)
    said = both.run(PARTNER, "partner", change, out).out
    assert "removed      2 from the outbox" in said
    assert outbox(both) == []
    (both.root / "shared").mkdir()
    assert both.run(PARTNER, "sync").out == ""


def test_what_waits_for_others_stays(both: TwoParties) -> None:
    address = both.place(PARTNER, "outbox", "00000001.address")
    address.write_bytes(address.read_bytes().replace(VENDOR.encode(), b"another-one"))
    both.run(VENDOR, "keys", "rotate", "--recovery", both.place(VENDOR, "recovery.key"), "--out",
             both.mail("change"))  # fmt: skip
    assert "removed      1 from" in both.run(PARTNER, "partner", "rotate", both.mail("change")).out
    assert outbox(both) == ["00000001", "00000001.address"]
