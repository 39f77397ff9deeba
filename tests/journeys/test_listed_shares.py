"""Shares as a person sees them: a table that fits a screen, and a share that is no more says why."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked_house import DAY, House, make_house
from two_parties import PARTNER, SHARED, VENDOR, TwoParties, Walk

from cleanroom.cli.shares import _row
from cleanroom.moment import moment_of
from cleanroom.session.share import sharing

SHOW = ("--purpose", "territory-planning")


def share_of(both: TwoParties) -> str:
    return str(both.read_json(VENDOR, "shares", "list")[0]["share"])


def test_the_table_is_no_wider_than_120_and_the_beginning_of_an_id_is_enough(
    walk: Walk, tmp_path: Path
) -> None:
    both = walk.at("opened", tmp_path / "both")
    for party in (VENDOR, PARTNER):
        table = both.run(party, "shares", "list").out
        assert max(map(len, table.splitlines())) <= 120
        assert share_of(both)[:8] in table and share_of(both) not in table
    assert both.read_json(VENDOR, "shares", "list")[0]["last_use"]
    both.run(VENDOR, "shares", "show", share_of(both)[:8], *SHOW)
    both.run(PARTNER, "shares", "revoke", share_of(both)[:8], "--out", both.mail("revocation"))


def test_the_longest_row_fits_too(tmp_path: Path) -> None:
    house: House = make_house(tmp_path)
    house.agree()
    house.run()
    house.grant()
    (one,) = sharing.list_shares(house.ours)
    assert _row(one)[4] == "open, not countersigned"
    worst = sharing.ListedShare(**{
        **vars(one), "partner": "x" * 40, "records": 100_000, "read": 100_000, "leases_left": 10_000,
        "state": "revoked, half destroyed", "scope": "all", "direction": "from", "days_left": 3_650,
    })  # fmt: skip
    cells = [f"{cell:,}" if isinstance(cell, int) else cell for cell in _row(worst)]
    headed = [max(len(cell), len(head)) for cell, head in zip(cells, _heads(), strict=True)]
    assert sum(headed) + 2 * (len(headed) - 1) <= 120


def _heads() -> tuple[str, ...]:
    from cleanroom.cli.shares import _COLUMNS

    return _COLUMNS


@pytest.mark.parametrize("read", [True, False], ids=["read", "never read"])
def test_a_revoked_share_says_when_and_what_was_read(walk: Walk, tmp_path: Path, read: bool) -> None:
    both = walk.at("opened" if read else "requested", tmp_path / "both")
    share, when = share_of(both), moment_of(both.now + 60)
    both.now += 60
    both.run(PARTNER, "shares", "revoke", share, "--out", both.mail("revocation"))
    both.run(VENDOR, "receive", both.mail("revocation"))
    refused = both.run(VENDOR, "shares", "show", share[:8], *SHOW, code=3).err
    number = len(SHARED) if read else 0
    assert f"{PARTNER} revoked this share on {when}: {number} of {len(SHARED)} records were read" in refused


def test_an_ended_share_says_when_and_what_was_read(walk: Walk, tmp_path: Path) -> None:
    both = walk.at("opened", tmp_path / "both")
    share, until = share_of(both), both.read_json(VENDOR, "shares", "list")[0]["until"]
    both.now += 400 * DAY
    refused = both.run(VENDOR, "shares", "show", share, *SHOW, code=3).err
    assert f"ended on {until}: {len(SHARED)} of {len(SHARED)} records were read before" in refused
    both.run(VENDOR, "shares", "show", "ffffffff", *SHOW, code=2)
