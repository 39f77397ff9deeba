"""The expected match rate: of the accounts that a partner also holds, how many will be found.

An account of ours carries some identifiers, and each kind of them needs some facts to agree
(`assumptions.py`). In a pair of one company a fact agrees with the chance that the partner has it filled
times the chance that it then is the same, independently of the others but for its ladder: the degrees of a
name are one draw, those of a website another. A *hard* pair agrees in numbers at most. The pair is found
when all facts of one carried kind agree, and released when that kind's tier is no candidate. Both are
monotone: another identifier never lowers them.

The interval has two sources. Each assumption has a range, and either end of it moves the rate while the
others stay in the middle; and a partner shares a part of the list only, which may be luckier or less lucky
than the whole (Wilson's interval, 95 %). They are independent, so an end of the interval is as far from the
middle as the root of the sum of the squares of all moves towards it. The worst of everything at once is less
likely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from math import hypot, sqrt
from typing import Any, Final

import numpy as np

from overlap.quality.assumptions import (
    BY_FACT,
    HARD,
    LADDERS,
    NEEDS,
    NOWHERE,
    NUMBERS,
    SHARED,
    evidence_of,
    is_released,
    kind_of,
)

#: The two-sided 95 % quantile of the normal distribution.
Z: Final = 1.959964

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Masks = np.ndarray[Any, np.dtype[np.bool_]]

#: Facts drawn together: the ladders, and the country, which a partner may also not have at all.
_DRAWS: Final = (*LADDERS, ("country",), ("city",), ("postcode",), ("phone",))
#: Facts that are a kind each and part of no other.
_ALONE: Final = tuple(fact for fact in BY_FACT if not any(fact in draw for draw in _DRAWS))
_ABLE: Final = np.array([fact in NUMBERS for fact in _ALONE], dtype=np.float64)


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
    """The chances of accounts by their *state*: a bit for each of `evidence`, keys of assumptions.NEEDS."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.evidence = evidence_of(kinds)
        self._released = [is_released(kind_of(one)) for one in self.evidence]
        scenarios = list(_scenarios())
        self._hard: Floats = np.array([hard for _, hard in scenarios])
        left = 1 - self._hard[:, None]
        self._alone = np.array([_products(ranges, _ALONE) for ranges, _ in scenarios])
        drawn = [_draws(ranges, 1 - hard) for ranges, hard in scenarios]
        #: (scenarios, worlds): what a pair that is not hard may agree in, and how likely.
        self._weights: Floats = np.array([_joint(draws) for draws in drawn])
        self._weights *= left
        self._holds = {one: _holds(NEEDS[one]) for one in self.evidence}

    def bit(self, evidence: str) -> int:
        """The bit of a key of NEEDS, 0 when its kind is not used."""
        return 1 << self.evidence.index(evidence) if evidence in self.evidence else 0

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
        carried = [at for at in range(len(self.evidence)) if state >> at & 1]
        released = [at for at in carried if self._released[at]]
        met = [self._met(some, scenarios) for some in (carried, released)]
        clipped: Floats = np.clip(np.array(met), 0.0, 1.0)
        return clipped

    def _met(self, carried: Sequence[int], scenarios: slice) -> Floats:
        """For every scenario the chance that one of the carried evidence matches."""
        weights, hard = self._weights[scenarios], self._hard[scenarios]
        worlds = np.zeros(weights.shape[1], dtype=bool)
        alone = np.zeros(len(_ALONE))
        for at in carried:
            evidence = self.evidence[at]
            if evidence in _ALONE:
                alone[_ALONE.index(evidence)] = 1.0
            else:
                worlds |= self._holds[evidence]
        chances = self._alone[scenarios]
        missed = np.prod(1 - chances * alone, axis=1)
        missed_hard = np.prod(1 - chances * alone * _ABLE, axis=1)
        found: Floats = 1 - hard * missed_hard - (1 - hard - weights @ worlds) * missed
        return found


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


#: (filled, agrees) of every fact.
_Shares = dict[str, tuple[float, float]]


def _scenarios() -> Iterator[tuple[_Shares, float]]:
    """The chances of all facts and the share of hard pairs: the middle, then each end of each assumption."""
    middle = {fact: (one.filled.middle, one.agrees.middle) for fact, one in BY_FACT.items()}
    yield middle, HARD.middle
    for together in (*_DRAWS, *((fact,) for fact in _ALONE)):
        some = [BY_FACT[fact] for fact in together]
        for end in ("low", "high"):
            yield (
                middle | {one.fact: (getattr(one.filled, end), one.agrees.middle) for one in some},
                HARD.middle,
            )
            yield (
                middle | {one.fact: (one.filled.middle, getattr(one.agrees, end)) for one in some},
                HARD.middle,
            )
    yield middle, HARD.low
    yield middle, HARD.high


def _products(shares: _Shares, facts: Sequence[str]) -> list[float]:
    return [shares[fact][0] * shares[fact][1] for fact in facts]


def _draws(shares: _Shares, easy: float) -> list[list[float]]:
    """For every draw the chances of its outcomes in a pair that is not hard: nothing agrees, then each fact.

    The outcome of a ladder is the closest degree that agrees. The country has one more: the partner has none.
    Names and websites agree in no hard pair, so that all their agreement falls to the other ones.
    """
    drawn = []
    for draw in _DRAWS:
        agreeing = _products(shares, draw)
        if draw in LADDERS:
            agreeing = [
                min(share / easy, shares[fact][0]) for share, fact in zip(agreeing, draw, strict=True)
            ]
        reached = list(accumulate(agreeing, max))
        steps = [after - before for before, after in zip([0.0, *reached], reached, strict=False)]
        absent = [1 - shares["country"][0]] if draw == ("country",) else []
        drawn.append([1 - reached[-1] - sum(absent), *steps, *absent])
    return drawn


def _joint(draws: Sequence[Sequence[float]]) -> Floats:
    """The chance of each world: one outcome of every draw, the last draw changing first."""
    joint: Floats = np.ones(1)
    for draw in draws:
        joint = np.outer(joint, np.array(draw)).ravel()
    return joint


#: The outcomes of every draw: nothing, a fact, or a country that the partner does not have.
_OUTCOMES: Final = [("", *draw, *([NOWHERE] if draw == ("country",) else [])) for draw in _DRAWS]


def _holds(needs: Sequence[str]) -> Masks:
    """For each world whether all facts needed agree in it."""
    return np.array([all(map(_agreeing(world).__contains__, needs)) for world in product(*_OUTCOMES)])


def _agreeing(world: Sequence[str]) -> frozenset[str]:
    """The facts that agree in a world: of a ladder the drawn degree and all that are less close."""
    agreeing = set(world)
    for ladder in LADDERS:
        for at, fact in enumerate(ladder):
            if fact in world:
                agreeing.update(ladder[at:])
    return frozenset(agreeing)
