"""Rates of many, each drawn towards what is expected of it, and how many of them look special by chance.

How far rates differ at all is estimated from all of them (beta-binomial, largest marginal likelihood); each
is drawn towards its expected one as far as that says. A claim is made from FEWEST_DEALS on. The number that
was tested stands beside every answer: one interval in twenty misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from cleanroom.attribution.statistics.beta import log_likelihood, quantile

#: How many deals the expected rate weighs as: from those that differ wildly to all alike.
CONCENTRATIONS: Final = tuple(float(each) for each in np.exp(np.linspace(np.log(1), np.log(10_000), 121)))

#: A claim needs so many.
FEWEST_DEALS: Final = 5

#: The share of intervals that miss what they are of, both ends together.
MISSES: Final = 0.05


class Counted(NamedTuple):
    """`won` of `of`, and the rate that is expected of them."""

    won: int
    of: int
    expected: float


class Drawn(NamedTuple):
    """A rate drawn towards the expected one, with the ends of its posterior interval."""

    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """How many have FEWEST_DEALS, how many of their 95 % intervals leave the expected rate out, and how many
    would if all were alike.
    """

    tested: int
    outside: int
    by_chance: float


def concentration(counts: Sequence[Counted]) -> float:
    """The one of CONCENTRATIONS under which all counts are likeliest."""

    def fit(weight: float) -> float:
        return sum(
            log_likelihood(one.won, one.of, weight * one.expected, weight * (1 - one.expected))
            for one in sorted(counts)
        )

    return max(CONCENTRATIONS, key=fit)


def draw_in(one: Counted, weight: float) -> Drawn:
    """The rate when the expected one weighs so many; both ends miss alike."""
    won, lost = one.won + weight * one.expected, one.of - one.won + weight * (1 - one.expected)
    low, high = (quantile(end, won, lost) for end in (MISSES / 2, 1 - MISSES / 2))
    return Drawn(won / (won + lost), low, high)


def count_outside(rows: Sequence[tuple[Counted, Drawn]]) -> Compared:
    """The multiple comparison of these rates."""
    enough = [(one, drawn) for one, drawn in rows if one.of >= FEWEST_DEALS]
    outside = sum(not drawn.low <= one.expected <= drawn.high for one, drawn in enough)
    return Compared(len(enough), outside, MISSES * len(enough))
