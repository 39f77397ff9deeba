"""Things are named by the beginning of their ids: by the whole id first, and never by one that fits two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from attacked_house import make_house

from cleanroom.session.beginning import only_one
from cleanroom.session.share import granting, holding
from overlap.errors import UsageError

IDS = ["12", "1234", "15", "9"]


@pytest.mark.parametrize(("beginning", "found"), [("9", "9"), ("123", "1234"), ("12", "12"), ("15", "15")])
def test_the_only_one_or_the_whole_id_is_found(beginning: str, found: str) -> None:
    assert only_one(IDS, beginning, str, "number", "see the list") == found


@pytest.mark.parametrize(("beginning", "what"), [("1", "more than one"), ("", "more than one"), ("7", "no")])
def test_nothing_or_several_are_refused_and_what_was_typed_is_not_repeated(beginning: str, what: str) -> None:
    with pytest.raises(UsageError, match=f"^{what} number has an id that begins so$"):
        only_one(IDS, beginning, str, "number", "see the list")


def test_a_share_of_another_partner_that_begins_so_too_stops_a_revocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path)
    house.agree()
    house.run()
    share = house.grant()
    state = holding.read_holder_state(house.ours, house.theirs.name)
    other = share[:6] + "0" * 26
    terms = replace(state.shares[share].terms, share=other)
    states = {
        house.theirs.name: state,
        "another": replace(state, shares={other: replace(state.shares[share], terms=terms)}),
    }
    monkeypatch.setattr(granting, "read_holder_state", lambda _, partner: states[partner])
    monkeypatch.setattr(type(house.ours), "partners", lambda _: list(states))
    with pytest.raises(UsageError, match="more than one share of ours"):
        granting.revoke_share(house.ours, share[:6], house.file("revocation"))
    assert not house.file("revocation").exists()
    assert granting.find_granted(house.ours, share) == (house.theirs.name, share)
