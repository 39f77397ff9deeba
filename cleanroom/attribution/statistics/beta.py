"""The beta distribution: its cumulative chances, its quantiles, and the likelihood of counts under it."""

from __future__ import annotations

from math import exp, lgamma, log
from typing import Final

_ROUNDS: Final = 500
_TINY: Final = 1e-300


def log_beta(one: float, other: float) -> float:
    """The logarithm of the beta function."""
    return lgamma(one) + lgamma(other) - lgamma(one + other)


def chance_below(at: float, one: float, other: float) -> float:
    """The chance that a Beta(one, other) variable is at most `at`: the regularised incomplete beta function.

    By its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22), evaluated by Lentz's
    method.
    """
    if at <= 0 or at >= 1:
        return float(at >= 1)
    if at > (one + 1) / (one + other + 2):
        return 1 - chance_below(1 - at, other, one)
    front = exp(one * log(at) + other * log(1 - at) - log_beta(one, other)) / one
    value, above, below = 1.0, 1.0, 0.0
    for step in range(_ROUNDS):
        half = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = half * (other - half) * at / ((one + step - 1) * (one + step))
        else:
            term = -(one + half) * (one + other + half) * at / ((one + step - 1) * (one + step))
        below = 1 / _away(1 + term * below)
        above = _away(1 + term / above)
        value *= above * below
        if abs(above * below - 1) < 1e-15:
            break
    return front * (value - 1)


def quantile(chance: float, one: float, other: float) -> float:
    """Where a Beta(one, other) variable lies below with that chance, by halving, to the last bit but few."""
    low, high = 0.0, 1.0
    for _ in range(70):
        middle = (low + high) / 2
        if chance_below(middle, one, other) < chance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def log_likelihood(won: int, of: int, one: float, other: float) -> float:
    """The logarithm of the chance of `won` of `of` when the rate is drawn from Beta(one, other), up to a
    constant that does not depend on it.
    """
    return log_beta(won + one, of - won + other) - log_beta(one, other)


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
