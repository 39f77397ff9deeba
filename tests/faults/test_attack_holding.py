"""Winning by holding, where the rules require it: the vendor's own proof, by commands and folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from two_parties import PARTNER, VENDOR, TwoParties, agree, change_policy, match, meet

from cleanroom.session.attribution.held import Held, read_held
from cleanroom.session.folder import Folder
from cleanroom.session.party import Party

pytestmark = pytest.mark.usefixtures("quick_passphrase")
DAY = 86_400


def own_is_countersigned(both: TwoParties) -> None:
    """The vendor commits its accounts, and the partner signs that it saw it."""
    both.run(VENDOR, "claims", "commit")
    both.run(VENDOR, "claims", "log", "--out", both.mail("log"))
    both.run(PARTNER, "claims", "witness", both.mail("log"), "--out", both.mail("countersigned"))
    both.run(VENDOR, "claims", "cosigned", both.mail("countersigned"))


def import_again(both: TwoParties, old: str, new: str) -> None:
    source = both.root / "crm" / "accounts.csv"
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")
    both.run(VENDOR, "import", source, "--population", "customers")


def held(both: TwoParties) -> Held:
    party = Party(Folder(both.place(VENDOR)), both.keys_of(VENDOR), both.now)
    return read_held(party, with_own=True)


@pytest.fixture
def both(tmp_path: Path) -> TwoParties:
    made = TwoParties(tmp_path / "both")
    meet(made)
    own_is_countersigned(made)
    made.now += 20 * DAY
    made.run(PARTNER, "claims", "commit", "--partner", VENDOR, "--out", made.mail("commitment"))
    made.run(VENDOR, "receive", made.mail("commitment"))
    return made


@pytest.mark.parametrize("again", [False, True])
def test_our_own_holding_outlives_a_move_of_our_crm(both: TwoParties, again: bool) -> None:
    """Ids of accounts change after our commitment, and before or after the next one."""
    import_again(both, "001V", "ACC-")
    if again:
        own_is_countersigned(both)
    agree(both, change_policy(both, run_budget="300", purposes='["territory-planning", "attribution"]'))
    match(both)
    found = held(both)
    assert {one.account for one in found.own[PARTNER]} == {one.account for one in found.holdings}
    assert len(found.holdings) == 12
    theirs = {one.account: one.committed_at for one in found.holdings}
    for one in found.own[PARTNER]:
        assert one.committed_at is not None and one.committed_at < (theirs[one.account] or 0)
