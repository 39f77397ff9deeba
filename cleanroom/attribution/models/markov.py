"""Exact removal effects of a Markov chain: what is no longer won when a partner leads to lost.

With M = diag(visits) - moves (counts) and X its inverse, h = X won is the chance to win from each state, and
journeys keep their flow: visits = began M^-1 diag(visits). So of `won` conversions, those that go through the
states B of a partner are 1' (X_BB)^-1 h_B, which for order 1 is h_j / X_jj: the closed form
RE_j = (sF)_j (Fr)_j / (F_jj sFr) with F = X diag(visits), s = began / n, r = won / visits. No seed, no
simulation, no subtraction of nearly equal numbers. The value of conversions is the same with `value` for
`won`: each conversion counts with the mean value of those that ended in its last state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.models.chain import Chain
from cleanroom.attribution.models.journeys import Floats
from cleanroom.attribution.models.solving import DENSE_STATES, Sparse, inverse, matrix_of, product

#: Partners whose chains are iterated together, so that 20,000 states stay within some 100 MB.
_TOGETHER: Final = 16


@dataclass(frozen=True)
class Removed:
    """The chain without one partner: conversions and value that are no longer won, out of all.

    `chance` is the chance to win from each state when the states of the partner lead to lost, `reach` the
    share of visits to each state that come before the partner; both are 0 in states of the partner.
    """

    partner: int
    conversions: float
    value: float
    chance: Floats
    reach: Floats


def removals(chain: Chain) -> Iterator[Removed]:
    """Every partner in turn. Nothing is won through one that nobody met."""
    yield from (_dense(chain) if chain.states <= DENSE_STATES else _sparse(chain))


def credit_from(effects: Floats, total: float) -> Floats:
    """`total` in proportion to the removal effects; all zero when there is none."""
    whole = effects.sum()
    return effects * (total / whole) if whole > 0 else np.zeros_like(effects)


def _dense(chain: Chain) -> Iterator[Removed]:
    full = inverse(matrix_of(chain))
    chance, worth = product(full, chain.won), product(full, chain.value)
    for partner in range(chain.partners):
        block = chain.holding(partner)
        if not chain.visits[block].any():
            yield Removed(partner, 0.0, 0.0, chance, np.ones(chain.states))
            continue
        inner = inverse(full[np.ix_(block, block)])
        entered = inner.sum(axis=0)
        without = chance - product(full[:, block], product(inner, chance[block]))
        reach = 1 - product(full[block].T, entered)
        without[block] = reach[block] = 0.0
        won, value = float(entered @ chance[block]), float(entered @ worth[block])
        yield Removed(partner, won, value, without, reach)


def _sparse(chain: Chain) -> Iterator[Removed]:
    system = Sparse(chain)
    won, value = chain.won.sum(), chain.value.sum()
    for begin in range(0, chain.partners, _TOGETHER):
        some = range(begin, min(begin + _TOGETHER, chain.partners))
        out = np.zeros((chain.states, len(some)))
        for column, partner in enumerate(some):
            out[chain.holding(partner), column] = 1
        chance = system.solve(np.repeat(chain.won[:, None], len(some), axis=1), out)
        reach = system.solve(np.repeat(chain.began[:, None], len(some), axis=1), out, transposed=True)
        for column, partner in enumerate(some):
            kept = float((reach[:, column] * chain.won).sum())
            worth = float((reach[:, column] * chain.value).sum())
            yield Removed(partner, won - kept, value - worth, chance[:, column], reach[:, column])
