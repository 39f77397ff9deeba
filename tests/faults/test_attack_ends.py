"""Trying to keep what has ended, or to end what has not. Expected values: promise 3 (FORMATS.md), by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacked_house import DAY, NOW, House, make_house

from cleanroom.session import partners, standing
from cleanroom.session.agreement import agreements
from cleanroom.session.match import matching
from cleanroom.session.share import granting, settling
from overlap.errors import Refused, Unverified


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = make_house(tmp_path)
    made.agree()
    return made


def _opened(house: House) -> None:
    house.run()
    house.grant()
    house.request()
    house.lease()
    house.open()


def _names(house: House, *parts: str) -> list[str]:
    return sorted(path.name for path in house.place.joinpath(*parts).iterdir())


def test_what_a_removed_partner_was_shown_ends_like_everything_else(house: House) -> None:
    _opened(house)
    partners.remove_partner(house.ours, "fabrikam")
    partners.remove_partner(house.theirs, "northwind")
    later = house.at(NOW + 31 * DAY)
    granting.expire_shares(later.ours)
    settling.settle_ended(later.theirs)
    assert _names(house, "ours", "vault") == ["key"]
    assert _names(house, "theirs", "releases") == []


def test_a_removed_partner_takes_part_in_nothing_and_stops_no_other_command(house: House) -> None:
    house.run()
    partners.remove_partner(house.ours, "fabrikam")
    assert [kept.state for kept in agreements.list_agreements(house.ours)] == ["in force"]
    assert standing.describe_folder(house.ours).facts["partners"][0]["verified"] is False
    with pytest.raises(Unverified):
        matching.start_match(house.ours, "", house.file("again"))
    with pytest.raises(Unverified):
        granting.grant_share(house.ours, "", house.file("share"))


def test_a_clock_set_back_begins_no_run_and_grants_nothing_after_the_end(house: House) -> None:
    house.run()
    start = matching.start_match(house.at(NOW + DAY).ours, "", house.file("early")).run
    late = house.at(NOW + 31 * DAY)
    late.ours.note("fabrikam", "export", files=1)
    late.theirs.note("northwind", "export", files=1)
    back = house.at(NOW + DAY)
    commands = (
        lambda: matching.start_match(back.ours, agreements.list_agreements(back.ours)[0].id, house.file("a")),
        lambda: matching.reply_match(back.theirs, house.file("early"), house.file("b")),
        lambda: granting.grant_share(back.ours, "", house.file("c")),
        lambda: agreements.check_agreement(back.ours, agreements.list_agreements(back.ours)[0].id),
    )
    for command in commands:
        with pytest.raises(Refused):
            command()
    assert start
    assert not any(house.file(name).exists() for name in "abc")
