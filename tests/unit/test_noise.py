"""Discrete Laplace noise: its distribution, from fixed seeds, and that it takes nothing but random bytes."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from protocol_parties import stream

from overlap.protocol.noise import discrete_laplace

DRAWS = 20_000


def probability(size: int, epsilon: float) -> float:
    """P(|Z| = size) for the two-sided geometric distribution with alpha = exp(-epsilon)."""
    alpha = math.exp(-epsilon)
    one = (1 - alpha) / (1 + alpha) * alpha**size
    return one if size == 0 else 2 * one


@pytest.mark.parametrize("epsilon", [(1, 1), (1, 2), (3, 2), (2, 7), (5, 1)], ids=str)
def test_the_noise_has_the_distribution_that_is_stated(epsilon: tuple[int, int]) -> None:
    random = stream(f"noise {epsilon}")
    drawn = [discrete_laplace(*epsilon, random) for _ in range(DRAWS)]
    rate = epsilon[0] / epsilon[1]
    sizes, squares, used, size = Counter(map(abs, drawn)), 0.0, 0, 0
    while DRAWS * probability(size, rate) >= 10:
        expected = DRAWS * probability(size, rate)
        squares += (sizes[size] - expected) ** 2 / expected
        used += sizes[size]
        size += 1
    rest = DRAWS - DRAWS * sum(probability(one, rate) for one in range(size))
    squares += (DRAWS - used - rest) ** 2 / max(rest, 1)
    # Chi-square with `size` degrees of freedom, four standard deviations above its mean.
    assert squares < size + 4 * math.sqrt(2 * size)
    positive, negative = (sum(sign * number > 0 for number in drawn) for sign in (1, -1))
    assert abs(positive - negative) < 4 * math.sqrt(positive + negative)


def test_the_same_bytes_give_the_same_noise() -> None:
    first, second = (
        [discrete_laplace(1, 3, random) for _ in range(50)] for random in (stream("a"), stream("a"))
    )
    assert first == second and len(set(first)) > 5


@pytest.mark.parametrize("epsilon", [(0, 1), (1, 0), (-1, 2)])
def test_an_epsilon_that_is_not_above_zero_is_refused(epsilon: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        discrete_laplace(*epsilon, stream("x"))
