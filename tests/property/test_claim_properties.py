"""Facts about claims that hold for every input; cases are generated, nothing is stored."""

from __future__ import annotations

from fractions import Fraction
from math import comb

from claim_world import BEGIN, MONTH, PARTNER, WITNESSES, Claimant, account, domain, token, verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.attribution import (
    FAILURES,
    GRADES,
    WINNING,
    Evidence,
    Failed,
    Verified,
    judge,
    lower_bound,
)
from overlap.records import TIERS

ACCOUNTS = ("A1", "A2")
seconds = st.none() | st.integers(100, 104)


@st.composite
def evidences(draw):
    token = f"{draw(st.integers(0, 5)):032x}"
    since = draw(st.sampled_from(["", "2019-01-01", "1970-01-01"]))
    good = Verified(token, b"o" * 32, 1, b"r" * 32, 0, 64, "domain", "customers", since, b"")
    bad = st.sampled_from(sorted(FAILURES)).map(lambda code: Failed(token, code))
    return Evidence(
        partner=draw(st.sampled_from(["contoso", "fabrikam", "northwind"])),
        account=draw(st.sampled_from(ACCOUNTS)),
        token=token,
        tier=draw(st.sampled_from(TIERS)),
        committed_at=draw(seconds),
        disclosed_at=draw(seconds),
        stated_at=draw(seconds),
        outcome=draw(st.none() | st.just(good) | bad),
    )


numbers = st.integers(0, 11)


@settings(max_examples=40, deadline=None)
@given(st.lists(numbers, max_size=12, unique=True), st.lists(numbers, max_size=6, unique=True), st.booleans())
def test_exactly_the_committed_keys_are_proven(held, asked, pay):
    claimant = Claimant(PARTNER)
    claimant.commit([account(number) for number in held], [(one, BEGIN) for one in WITNESSES[:2]])
    found = verdict(claimant.bundle(asked, pay=pay), now=BEGIN)
    assert found.code == ""
    assert set(found.outcomes) == {token(number) for number in asked if number in held}
    assert all(isinstance(one, Verified) for one in found.outcomes.values())
    strangers = {"normaliser 1": dict.fromkeys(map(token, range(12)), frozenset({domain(99).text}))}
    others = verdict(claimant.bundle(asked, pay=pay), now=BEGIN, keys=strangers).outcomes
    assert all(isinstance(one, Failed) for one in others.values())


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(numbers, unique=True), min_size=1, max_size=5), numbers)
def test_a_claim_begins_after_the_last_epoch_that_is_without_it(lists, asked):
    claimant = Claimant(PARTNER)
    for place, rows in enumerate(lists):
        when = BEGIN + place * MONTH
        claimant.commit([account(number) for number in rows], [(one, when) for one in WITNESSES[:2]])
    found = verdict(claimant.bundle([asked]), now=BEGIN + len(lists) * MONTH)
    without = [place for place, rows in enumerate(lists) if asked not in rows]
    first = max(without, default=-1) + 1
    if first == len(lists):
        assert not found.outcomes
    else:
        outcome = found.outcomes[token(asked)]
        assert isinstance(outcome, Verified)
        assert (outcome.epoch, outcome.committed_at) == (first + 1, BEGIN + first * MONTH)


@settings(max_examples=60, deadline=None)
@given(st.lists(evidences(), max_size=8))
def test_every_holding_has_a_grade_and_the_best_never_follows_a_disclosure(items):
    for holding in judge(items):
        assert holding.grade in GRADES
        if holding.grade in WINNING:
            mine = [one for one in items if (one.partner, one.account) == (holding.partner, holding.account)]
            assert all(holding.committed_at < one.disclosed_at for one in mine)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 100), st.data())
def test_a_bound_is_the_share_at_which_so_many_good_draws_are_just_unlikely(draws, data):
    good = data.draw(st.integers(1, draws))
    bound = lower_bound(good, draws)
    assert 0 < bound <= good / draws
    assert lower_bound(good - 1, draws) < bound
    chance = sum(
        comb(draws, hits) * Fraction(bound) ** hits * (1 - Fraction(bound)) ** (draws - hits)
        for hits in range(good, draws + 1)
    )
    assert abs(float(chance) - 0.05) < 1e-6
