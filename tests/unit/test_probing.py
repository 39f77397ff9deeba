"""Small differences between lists and shares, jumps of sizes, and what is kept of a list."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_parties import make_contract

from cleanroom.log import Log, log_origin
from cleanroom.session.folder import Folder
from cleanroom.session.match.probing import (
    Submission,
    jumps_in,
    remember_submission,
    require_changes,
    require_shown_many,
    submission_of,
)
from cleanroom.session.match.runs import RunRecord
from cleanroom.session.party import Party
from cleanroom.session.review.reviews import remember_granted
from overlap.errors import BadInput, Refused
from overlap.keys import PartyKeys
from overlap.match import distinct

KEYS = PartyKeys.generate("northwind", secrets.token_bytes)
PEER = PartyKeys.generate("contoso", secrets.token_bytes)


@pytest.fixture
def party(tmp_path: Path) -> Party:
    made = Party(Folder(tmp_path), KEYS, 1_790_000_000)
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / "contoso.card").write_bytes(PEER.card.to_bytes())
    return made


def submission(party: Party, accounts: dict[str, list[str]]) -> Submission:
    ids = list(accounts)
    rows = [(ids.index(name), "domain", value) for name, values in accounts.items() for value in values]
    frame = pd.DataFrame(rows, columns=["account", "kind", "value"]).astype({"account": "int64"})
    return submission_of(party, ids, distinct(frame))


ACCOUNTS = {f"{at}": [f"{at}.com", f"also{at}.com"] for at in range(30)}


@settings(max_examples=200, deadline=None)
@given(
    before=st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 4), min_size=1, max_size=3), max_size=8),
    after=st.dictionaries(st.integers(0, 9), st.sets(st.integers(0, 4), min_size=1, max_size=3), max_size=8),
)
def test_changes_are_accounts_added_removed_or_with_other_identifiers(
    before: dict[int, set[int]], after: dict[int, set[int]]
) -> None:
    party = Party(Folder(Path("nowhere")), KEYS, 0)
    one, other = (
        submission(
            party, {str(key): sorted(f"{value}.com" for value in values) for key, values in each.items()}
        )
        for each in (before, after)
    )
    changed = sum(before.get(key) != after.get(key) for key in {*before, *after})
    assert one.changes(other) == other.changes(one) == changed
    assert (one.name == other.name) == (changed == 0)
    read = Submission.from_bytes(one.to_bytes())
    assert read.changes(one) == 0 and read.name == one.name


def test_the_digest_of_a_list_does_not_depend_on_its_order(party: Party) -> None:
    turned = {name: list(reversed(values)) for name, values in reversed(ACCOUNTS.items())}
    assert submission(party, turned).name == submission(party, ACCOUNTS).name


def test_another_party_finds_other_digests_for_the_same_list(party: Party) -> None:
    other = Party(party.folder, PEER, party.now)
    mine, theirs = submission(party, ACCOUNTS), submission(other, ACCOUNTS)
    assert len(np.intersect1d(mine.ids, theirs.ids)) == 0
    assert len(np.intersect1d(mine.contents, theirs.contents)) == 0


def test_a_few_changes_are_refused_against_every_list_before_and_logged(party: Party) -> None:
    remember_submission(party, "contoso", submission(party, ACCOUNTS))
    grown = ACCOUNTS | {f"new{at}": [f"new{at}.com"] for at in range(9)}
    require_changes(party, "contoso", 5, submission(party, grown))
    remember_submission(party, "contoso", submission(party, grown))
    require_changes(party, "contoso", 5, submission(party, ACCOUNTS))
    for few in (
        {name: values for name, values in ACCOUNTS.items() if name != "3"},
        ACCOUNTS | {"3": ["3.com"]},
        ACCOUNTS | {"new": ["new.com"]},
        # Near the second list, far from the first.
        {name: values for name, values in grown.items() if name != "new1"},
    ):
        with pytest.raises(Refused, match=r"clause terms\.minimum_count: 1 of our accounts changed"):
            require_changes(party, "contoso", 5, submission(party, few))
        require_changes(party, "contoso", 1, submission(party, few))
        require_changes(party, "contoso", 0, submission(party, few))
        require_changes(party, "other", 5, submission(party, few))
    noted = [entry for entry in log_of(party).entries() if "refused_differencing" in entry.counts]
    assert len(noted) == 4
    with pytest.raises(Refused):
        require_changes(party, "contoso", 5, submission(party, few), note=False)
    assert len(list(log_of(party).entries())) == 4


def log_of(party: Party) -> Log:
    place = party.folder.path("logs", "contoso.log")
    return Log(place, log_origin(KEYS.card, PEER.card), KEYS)


def test_what_is_kept_of_a_list_is_locked_and_a_changed_file_stops_the_run(party: Party) -> None:
    remember_submission(party, "contoso", submission(party, ACCOUNTS))
    (place,) = party.folder.path("submissions", "contoso").iterdir()
    data = place.read_bytes()
    assert data.startswith(b"overlap-stored/1\n") and b".com" not in data
    remember_submission(party, "contoso", submission(party, ACCOUNTS))
    assert place.read_bytes() == data
    place.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadInput):
        require_changes(party, "contoso", 5, submission(party, {"1": ["1.com"]}))


def test_a_share_shows_no_few_accounts_for_the_first_time(party: Party) -> None:
    require_shown_many(party, "contoso", 3, ["a"])
    remember_granted(party, "contoso", "ab" * 16, ["a", "b", "c"])
    require_shown_many(party, "contoso", 3, ["a", "b", "c"])
    require_shown_many(party, "contoso", 3, ["a"])
    require_shown_many(party, "contoso", 3, ["a", "d", "e", "f"])
    with pytest.raises(Refused, match="show 2 accounts for the first time, fewer than 3"):
        require_shown_many(party, "contoso", 3, ["a", "b", "d", "e"])
    assert [entry.kind for entry in log_of(party).entries()] == ["grant"]
    remember_granted(party, "contoso", "cd" * 16, ["d", "e", "f"])
    require_shown_many(party, "contoso", 3, ["a", "b", "d", "e"])


def record(run: int, bound: int, shared: int, **changes: object) -> RunRecord:
    contract = make_contract(100, bound).to_bytes().decode()
    name, level = f"{run:032x}", "overlaps"
    made = RunRecord(
        name, "contoso", "", contract, "starter", level, "finished", run, run, 9, 9, shared, -1, ""
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_jump_is_told_against_all_runs_before_with_that_partner() -> None:
    calm = [record(1, 100, 40), record(2, 100, 0, state="unfinished"), record(3, 100, 119)]
    assert [jumps_in(one, calm) for one in calm] == [[], [], []]
    assert jumps_in(record(4, 101, 41), calm) == [
        "contoso declares up to 101 identifiers; before it was 100 at most"
    ]
    (told,) = jumps_in(record(4, 100, 357), calm)
    assert told == "357 accounts are shared; before it was 119 at most"
    # Another partner, another level and later runs say nothing about it.
    others = [record(1, 9, 1, partner="fabrikam"), record(1, 100, 1, level="counts"), record(9, 9, 1)]
    assert jumps_in(record(4, 100, 357), others) == []
    assert jumps_in(record(4, 100, -1), calm) == []
