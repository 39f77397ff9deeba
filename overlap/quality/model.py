"""The expected match rate: of the accounts that a partner also holds, how many will be found.

An account of ours has some facts (`assumptions.py`). Of a pair of one company each of our facts agrees with
the chance that the partner has it filled times the chance that it then is the same, independently of the
others; a *hard* pair agrees in numbers at most. The pair is found when all facts of one kind agree, and
released when the agreeing facts are enough for that. Both are monotone: another fact of ours never lowers
them, nor does a better assumption.

The interval has two sources. Each assumption has a range, and either end of it moves the rate while the
others stay in the middle; and a partner shares a part of the list only, which may be luckier or less lucky
than the whole (Wilson's interval, 95 %). They are independent, so an end of the interval is as far from the
middle as the root of the sum of the squares of all moves towards it. The worst of everything at once is less
likely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Any, Final

import numpy as np

from overlap.quality.assumptions import (
    BY_FACT,
    HARD,
    NUMBERS,
    SHARED,
    facts_of,
    facts_used,
    is_released,
)

#: The two-sided 95 % quantile of the normal distribution.
Z: Final = 1.959964

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Interval:
    """Shares between 0 and 1: the middle assumptions, and the ends of the interval around them."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of the accounts that a partner also holds: `found` in any tier, `released` without a review.

    `shared` is the number of shared accounts for which the intervals are drawn.
    """

    found: Interval
    released: Interval
    shared: int


class Model:
    """The chances of accounts by their *state*: a bit for each of `facts`, and `explained` above them.

    The bit `explained` says that the own name explains the website, which is then enough for a release.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.facts = facts_used(kinds)
        self.explained = 1 << len(self.facts)
        self._worlds = _worlds(len(self.facts))
        self._found = self._holds([facts_of(kind) for kind in kinds if facts_of(kind)])
        agreeing = [frozenset(fact for fact, bit in zip(self.facts, world, strict=True) if bit)
                    for world in self._worlds.tolist()]  # fmt: skip
        self._released = self._found & np.array([is_released(facts) for facts in agreeing], dtype=bool)
        self._domain = self._found & np.array(["domain" in facts for facts in agreeing], dtype=bool)
        self._able = np.array([fact in NUMBERS for fact in self.facts], dtype=np.float64)
        self._agrees, self._hard = _scenarios(self.facts)

    def bit(self, fact: str) -> int:
        """The bit of a fact, 0 when no kind uses it."""
        return 1 << self.facts.index(fact) if fact in self.facts else 0

    def chances(self, states: Integers) -> Floats:
        """The chances of each state under the middle assumptions, as (states, 2): found and released."""
        distinct, places = np.unique(states, return_inverse=True)
        known = [self._chance(state, slice(0, 1))[:, 0] for state in distinct.tolist()]
        return np.array(known, dtype=np.float64).reshape(-1, 2)[places]

    def rates(self, states: Integers) -> Floats:
        """The mean chances of at least one state in every scenario, as (2, scenarios).

        Scenario 0 is the middle; then come, for every assumption, its low end and its high end alone.
        """
        distinct, counts = np.unique(states, return_counts=True)
        total = np.zeros((2, len(self._hard)))
        for state, count in zip(distinct.tolist(), counts.tolist(), strict=True):
            total += count * self._chance(state, slice(None))
        rates: Floats = total / len(states)
        return rates

    def _chance(self, state: int, scenarios: slice) -> Floats:
        """(2, scenarios): found and released."""
        released = self._released | self._domain if state & self.explained else self._released
        # A fact that the account does not have agrees in no world.
        worlds = np.flatnonzero(np.arange(len(self._worlds)) & ~state == 0)
        agrees, hard = self._agrees[scenarios], self._hard[scenarios, None]
        weights = hard * self._weights(state, worlds, agrees * self._able)
        weights += (1 - hard) * self._weights(state, worlds, agrees)
        sums = [weights[:, met[worlds]].sum(axis=1) for met in (self._found, released)]
        clipped: Floats = np.clip(np.array(sums), 0.0, 1.0)
        return clipped

    def _weights(self, state: int, worlds: Integers, agrees: Floats) -> Floats:
        """(scenarios, worlds): the chance of each world, which facts of the state agree and which do not."""
        weights = np.ones((len(agrees), len(worlds)))
        for place in range(len(self.facts)):
            if state >> place & 1:
                chance = agrees[:, place, None]
                weights *= np.where(self._worlds[worlds, place], chance, 1 - chance)
        return weights

    def _holds(self, needs: Sequence[tuple[str, ...]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """For each world whether all facts of one of `needs` agree in it."""
        met = np.zeros(len(self._worlds), dtype=bool)
        for facts in needs:
            met |= self._worlds[:, [self.facts.index(fact) for fact in facts]].all(axis=1)
        return met


def estimate(model: Model, states: Integers) -> Estimate | None:
    """The estimate for a list of accounts by their states; None for an empty list."""
    if not len(states):
        return None
    shared = max(1, round(SHARED * len(states)))
    found, released = (_interval(rates, shared) for rates in model.rates(states))
    return Estimate(found, released, shared)


def wilson(share: float, size: int) -> tuple[float, float]:
    """The score interval (95 %) of a share seen in `size` draws. E. B. Wilson, JASA 22 (1927), 209-212."""
    square = Z * Z / size
    centre = (share + square / 2) / (1 + square)
    reach = Z * sqrt(max(share * (1 - share), 0.0) / size + square / (4 * size)) / (1 + square)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def _interval(rates: Floats, shared: int) -> Interval:
    """The interval from the rates of all scenarios (the middle first) and from chance."""
    middle = float(rates[0])
    lowest, highest = wilson(middle, shared)
    down = hypot(middle - lowest, *np.maximum(middle - rates[1:], 0.0).tolist())
    up = hypot(highest - middle, *np.maximum(rates[1:] - middle, 0.0).tolist())
    return Interval(max(middle - down, 0.0), middle, min(middle + up, 1.0))


def _scenarios(facts: Sequence[str]) -> tuple[Floats, Floats]:
    """For every scenario the chance of each fact to agree (scenarios, facts), and the share of hard pairs."""
    assumed = [BY_FACT[fact] for fact in facts]
    middle = [one.filled.middle * one.agrees.middle for one in assumed]
    agrees, hard = [middle], [HARD.middle]
    for place, one in enumerate(assumed):
        for chance in (
            one.filled.low * one.agrees.middle,
            one.filled.high * one.agrees.middle,
            one.filled.middle * one.agrees.low,
            one.filled.middle * one.agrees.high,
        ):
            agrees.append([*middle[:place], chance, *middle[place + 1 :]])
            hard.append(HARD.middle)
    for share in (HARD.low, HARD.high):
        agrees.append(middle)
        hard.append(share)
    return np.array(agrees, dtype=np.float64).reshape(len(hard), len(facts)), np.array(hard)


def _worlds(facts: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Every way in which the facts agree or not, one a row."""
    numbers = np.arange(1 << facts)
    return (numbers[:, None] >> np.arange(facts) & 1).astype(bool)
