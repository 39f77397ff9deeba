"""Counts of right and wrong pairs, and what they say: precision, recall, F1, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from overlap.records import TIERS

#: Standard deviations of a normal distribution that hold 95 % of it.
Z_95: Final = 1.959963984540054

#: The tiers that are released without a review.
RELEASED: Final = tuple(tier for tier in TIERS if tier != "candidate")

Pair = tuple[str, str]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of distinct pairs: found, found and true, true.

    Precision and recall are in [0, 1], and 1 where nothing was to be counted; their intervals are Wilson's
    at 95 %.
    """

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def precision_interval(self) -> Interval:
        return wilson(self.right, self.found)

    @property
    def recall_interval(self) -> Interval:
        return wilson(self.right, self.true)


@dataclass(frozen=True)
class Score:
    """Every tier by itself (its recall is its share of all true pairs), the released ones together, all."""

    tiers: Mapping[str, Figures]
    released: Figures
    total: Figures


def score(result: Iterable[tuple[str, str, str]], true: Collection[Pair]) -> Score:
    """`result` is rows of left id, right id and tier; a pair that is in several tiers counts in its best.

    Pairs are counted one by one: an account with three true partners is three pairs, each found or missed.
    """
    best: dict[Pair, str] = {}
    for left, right, tier in result:
        known = best.get((left, right))
        if known is None or TIERS.index(tier) < TIERS.index(known):
            best[left, right] = tier
    tiers = {tier: count_pairs([pair for pair in best if best[pair] == tier], true) for tier in TIERS}
    released = [pair for pair in best if best[pair] in RELEASED]
    return Score(tiers, count_pairs(released, true), count_pairs(best, true))


def count_pairs(pairs: Collection[Pair], true: Collection[Pair]) -> Figures:
    """How many of distinct `pairs` are among the `true` ones; both are sets or mappings of pairs."""
    return Figures(len(pairs), sum(pair in true for pair in pairs), len(true))


def wilson(right: int, tried: int) -> Interval:
    """The 95 % score interval of a share (Wilson 1927), (0, 1) where nothing was tried.

    Unlike the normal approximation it stays inside [0, 1] and is not empty at a share of 0 or 1.
    """
    if not tried:
        return 0.0, 1.0
    share, square = right / tried, Z_95 * Z_95
    middle = share + square / (2 * tried)
    spread = Z_95 * sqrt(share * (1 - share) / tried + square / (4 * tried * tried))
    scale = 1 + square / tried
    # Rounding would otherwise put a bound at a share of 0 or 1 beside the share.
    low = 0.0 if right == 0 else (middle - spread) / scale
    return low, 1.0 if right == tried else (middle + spread) / scale
