"""Whatever entered and left on either side, a run over a prepared list gives the plain intersection."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from prepared_parties import House
from protocol_parties import identifiers

from overlap.protocol.prepared import Limits

SETS = st.lists(st.integers(0, 40), max_size=25, unique=True)
#: What happens: the holder's list becomes this, or the other matches with this; and whether both restart.
EVENTS = st.lists(st.tuples(st.sampled_from(["update", "match"]), SETS, st.booleans()), max_size=7)


def check_history(first: list[int], events: list[tuple[str, list[int], bool]], few: int) -> None:
    limits = Limits(changes=50, updates=7, queries=few, runs=8, evaluations=8 * 25)
    house = House(identifiers(first), 25, 25, limits, f"{first}")
    theirs = first
    for what, numbers, restart in [*events, ("match", first[::2], False)]:
        if restart:
            house.restart()
        if what == "update":
            house.update(identifiers(numbers))
            theirs = numbers
            continue
        ours, peers = house.match(identifiers(numbers))
        common = set(numbers) & set(theirs)
        assert [numbers[at] for at in ours.positions] == [number for number in numbers if number in common]
        assert [theirs[at] for at in peers.positions] == [number for number in theirs if number in common]
        by_ours = {numbers[at]: token for at, token in zip(ours.positions, ours.tokens, strict=True)}
        assert by_ours == {theirs[at]: token for at, token in zip(peers.positions, peers.tokens, strict=True)}
        assert (ours.submitted, ours.peer_bound) == (len(numbers), 25)
        assert (peers.submitted, peers.peer_bound) == (len(theirs), 25)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(first=SETS, events=EVENTS, few=st.integers(0, 25))
@example(first=[], events=[], few=0)
@example(first=[], events=[("match", [1], True), ("update", [1], False), ("match", [1], True)], few=0)
@example(first=[1], events=[("match", [1], False), ("update", [], True), ("match", [1], False)], few=3)
@example(first=[1], events=[("update", [], True), ("update", [1], True), ("match", [1, 2], False)], few=3)
@example(first=[1], events=[("match", [1], False), ("match", [], False), ("match", [1], True)], few=3)
def test_every_run_gives_the_intersection(
    first: list[int], events: list[tuple[str, list[int], bool]], few: int
) -> None:
    check_history(first, events, few)


def test_a_short_history_gives_the_intersection() -> None:
    events = [
        ("match", [1, 2, 3, 9], False),
        ("update", [2, 3, 4], True),
        ("match", [3, 1, 4], True),
        ("update", [4, 1], False),
        ("match", [1, 2, 3, 4], False),
    ]
    check_history([1, 2, 3], events, 2)
