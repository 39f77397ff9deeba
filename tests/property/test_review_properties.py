"""Whatever two sides decide, in whatever order: after their letters they suppress the same pairs."""

from __future__ import annotations

import contextlib
from hashlib import shake_256

from hypothesis import given, settings
from hypothesis import strategies as st
from reviewed_side import Side, exchange

from cleanroom.receipts import REVIEW, read_statement
from cleanroom.review import VERDICTS, Memory, Position, read_announced, settle
from overlap.errors import Refused
from overlap.keys import PartyKeys

KEYS = tuple(
    PartyKeys.generate(name, lambda size, name=name: shake_256(f"{name}{size}".encode()).digest(size))
    for name in ("northwind", "contoso")
)
NAMES = [("domain", "a.com"), ("domain", "b.com"), ("name_country", "a|DE"), ("name", "a b")]
ORDER = {name: at for at, name in enumerate(NAMES)}


@st.composite
def lists(draw: st.DrawFn, prefix: str) -> Side:
    """A list whose accounts carry one identifier at least, and together all of them."""
    sets = draw(st.lists(st.sets(st.sampled_from(NAMES), min_size=1), min_size=1, max_size=4))
    sets.append(set(NAMES) - set().union(*sets))
    accounts = {
        f"{prefix}{at}": sorted(names, key=ORDER.__getitem__) for at, names in enumerate(sets) if names
    }
    tiers = {account: draw(st.sampled_from(["exact", "candidate"])) for account in accounts}
    return Side(accounts, tiers)


#: A side (0, 1), what it says, and about which of its accounts; 2 for an exchange of letters.
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(VERDICTS), st.integers(0, 4)), max_size=8
)  # fmt: skip
POSITIONS = st.builds(Position, st.sampled_from(["", *VERDICTS]), st.integers(0, 3), st.integers(0, 3))


def play(sides: tuple[Side, Side], steps: list[tuple[int, str, int]]) -> None:
    for who, word, at in steps:
        if who == 2:
            exchange(*sides, KEYS)
            continue
        side = sides[who]
        with contextlib.suppress(Refused):
            side.decide(word, list(side.accounts)[at % len(side.accounts)])


@settings(max_examples=25, deadline=None)
@given(lists("A"), lists("P"), STEPS)
def test_after_their_letters_both_sides_suppress_and_accept_the_same_pairs(
    ours: Side, theirs: Side, steps: list[tuple[int, str, int]]
) -> None:
    play((ours, theirs), steps)
    exchange(ours, theirs, KEYS)
    assert ours.state.suppressed == theirs.state.suppressed
    assert ours.state.ours == theirs.state.theirs
    for side in (ours, theirs):
        assert not set(side.state.links["token"]) & side.state.suppressed
    later = ours.next_run(), theirs.next_run()
    assert later[0].state.suppressed == later[1].state.suppressed
    assert list(later[0].review.values()) == list(ours.review.values())


@settings(max_examples=25, deadline=None)
@given(lists("A"), lists("P"), STEPS)
def test_no_candidate_is_released_that_not_both_sides_accepted(
    ours: Side, theirs: Side, steps: list[tuple[int, str, int]]
) -> None:
    play((ours, theirs), steps)
    state = ours.state
    tiers = list(ours.tiers.get(account, "candidate") for account in ours.accounts)
    for at in state.released["account"]:
        links = state.links.loc[state.links["account"] == at, "token"]
        assert len(links)
        if tiers[at] == "candidate":
            assert {state.settled(token) for token in links} == {"accepted"}


@settings(max_examples=20, deadline=None)
@given(lists("A"), st.lists(st.tuples(st.sampled_from(["accept", "reject", "dispute"]), st.integers(0, 4)),
                            max_size=4, unique_by=lambda step: step[1]))  # fmt: skip
def test_the_order_of_decisions_about_different_accounts_does_not_matter(
    side: Side, steps: list[tuple[str, int]]
) -> None:
    forward, backward = (Side(side.accounts, side.tiers) for _ in range(2))
    named = list(side.accounts)
    chosen = {named[at % len(named)]: word for word, at in steps}
    # A dispute of one duplicate closes the others to an acceptance, so it is taken last in both orders.
    calm = [(name, word) for name, word in chosen.items() if word != "dispute"]
    loud = [(name, word) for name, word in chosen.items() if word == "dispute"]
    for one, order in ((forward, [*calm, *loud]), (backward, [*calm[::-1], *loud[::-1]])):
        for name, word in order:
            one.decide(word, name)
    assert forward.memory == backward.memory
    assert forward.review == backward.review


@settings(deadline=None)
@given(POSITIONS, POSITIONS)
def test_positions_settle_alike_from_both_sides_and_a_rejection_wins(one: Position, other: Position) -> None:
    answer = settle(one, other)
    assert answer == settle(other, one)
    verdicts = {one.verdict, other.verdict}
    if "dispute" in verdicts:
        assert answer == "disputed"
    elif "reject" in verdicts:
        assert answer in ("rejected", "disputed")
    if answer == "accepted":
        assert verdicts == {"accept"}


@settings(max_examples=20, deadline=None)
@given(lists("A"), lists("P"), STEPS)
def test_letters_and_the_memory_are_read_back_as_they_were_written(
    ours: Side, theirs: Side, steps: list[tuple[int, str, int]]
) -> None:
    play((ours, theirs), steps)
    assert Memory.from_bytes(ours.memory.to_bytes()) == ours.memory
    expected = ours.state.ours
    statement = read_statement(ours.letter(KEYS[0]), [KEYS[0].card], REVIEW)
    announced = read_announced(statement)
    assert (announced.positions, announced.sequence) == (expected, ours.memory.sent)
