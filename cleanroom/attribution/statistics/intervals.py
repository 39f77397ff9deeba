"""Rates, differences of rates, and their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

#: Standard errors on both sides of an estimate for 95 %.
WIDTH: Final = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """`count` of `of`; the share with Wilson's 95 % interval, None where there are too few to tell."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def share_of(count: int, of: int, fewest: int) -> Share:
    """The share with its interval, from `fewest` on."""
    if of < fewest:
        return Share(count, of, None, None, None)
    low, high = wilson(count, of)
    return Share(count, of, count / of, low, high)


def wilson(won: int, of: int, width: float = WIDTH) -> tuple[float, float]:
    """Wilson's score interval of a rate (1927); 0 to 1 for none of none."""
    if not of:
        return 0.0, 1.0
    rate, square = won / of, width * width
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = width / (1 + square / of) * sqrt(rate * (1 - rate) / of + square / (4 * of * of))
    low = 0.0 if won == 0 else max(middle - half, 0.0)
    high = 1.0 if won == of else min(middle + half, 1.0)
    return low, high


def newcombe(won: int, of: int, other_won: int, other_of: int) -> tuple[float, float, float]:
    """The difference of two rates with Newcombe's hybrid score interval (1998, method 10).

    -1 to 1 when one side is empty.
    """
    if not of or not other_of:
        return 0.0, -1.0, 1.0
    one, other = won / of, other_won / other_of
    low, high = wilson(won, of)
    other_low, other_high = wilson(other_won, other_of)
    difference = one - other
    down = sqrt((one - low) ** 2 + (other_high - other) ** 2)
    up = sqrt((high - one) ** 2 + (other - other_low) ** 2)
    return difference, difference - down, difference + up
