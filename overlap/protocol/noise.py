"""Noise for counts: the discrete Laplace distribution, drawn exactly from random bytes, without a float.

C. Canonne, G. Kamath, T. Steinke, The Discrete Gaussian for Differential Privacy (2020), section 5: algorithm
1 draws a coin of bias exp(-x), algorithm 2 the noise. The distribution is the two-sided geometric one of A.
Ghosh, T. Roughgarden, M. Sundararajan, Universally utility-maximizing privacy mechanisms (2009).

Added to a count that one account changes by at most 1, noise of scale 1 / epsilon makes the count
epsilon-differentially private. The number of draws depends on the noise and not on the count.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

Below = Callable[[int], int]


def discrete_laplace(numerator: int, denominator: int, random: RandomBytes) -> int:
    """A whole number z with probability proportional to exp(-|z| * numerator / denominator).

    Both are at least 1; else ValueError. The quotient is epsilon divided by the sensitivity.
    """
    if numerator < 1 or denominator < 1:
        raise ValueError("epsilon is above 0")
    below = _uniform(random)
    while True:
        rest = below(denominator)
        if not _coin_exp(rest, denominator, below):
            continue
        whole = 0
        while _coin_exp(1, 1, below):
            whole += 1
        size, negative = (rest + denominator * whole) // numerator, below(2)
        # Zero has one sign, else it would be drawn twice as often as it should.
        if size or not negative:
            return -size if negative else size


def _coin_exp(numerator: int, denominator: int, below: Below) -> bool:
    """True with probability exp(-numerator / denominator), the quotient being from 0 to 1."""
    turn = 1
    while below(denominator * turn) < numerator:
        turn += 1
    return turn % 2 == 1


def _uniform(random: RandomBytes) -> Below:
    """Whole numbers uniform from 0 to below a limit, by drawing again whatever is above it."""

    def below(limit: int) -> int:
        bits = (limit - 1).bit_length()
        while True:
            drawn = int.from_bytes(random(-(-bits // 8)), "big") >> (-bits % 8)
            if drawn < limit:
                return drawn

    return below
