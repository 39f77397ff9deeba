"""The exact Shapley value of the rate game: what share of the journeys inside a set of partners is won.

v(S) = conversions / journeys among the journeys whose partners all lie in S, and 0 where there is none; v
of no partner is 0. Credits are phi times all journeys, so that they add up to the conversions. A partner
that sits in journeys which are mostly lost gets a NEGATIVE credit: a diagnostic, never a reason to pay.
(The game that counts conversions instead is `equal-split`, exactly.)
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np

from cleanroom.attribution.models.journeys import Floats, Ints, Journeys
from overlap.errors import Refused

#: 2^24 sets are 128 MB a table, and a few seconds.
SHAPLEY_LIMIT: Final = 24


@dataclass(frozen=True)
class Rated:
    """Credits in conversions, their standard errors (of the infinitesimal jackknife), credits in value."""

    conversions: Floats
    errors: Floats
    value: Floats


def rate_game(journeys: Journeys) -> Rated:
    """Shapley values of up to SHAPLEY_LIMIT partners, O(n 2^n). Raises Refused for more."""
    require_few(journeys)
    size = len(journeys.partners)
    masks = np.bitwise_or.reduceat(1 << journeys.steps, journeys.starts[:-1])
    sets, which = np.unique(masks, return_inverse=True)
    won = np.bincount(which, journeys.conversions)
    value = np.bincount(which, journeys.values)
    lost = np.bincount(which, journeys.nulls)
    inside = _subset_sums(sets, won + lost, size)
    rate = _ratio(_subset_sums(sets, won, size), inside)
    joining, staying = _weights(size)
    scale = float(journeys.total)
    credits = scale * _values(rate, joining, staying, size)
    worth = scale * _values(_ratio(_subset_sums(sets, value, size), inside), joining, staying, size)
    errors = _errors(sets, won, lost, rate, inside, credits / max(scale, 1.0), size)
    return Rated(credits, errors, worth)


def require_few(journeys: Journeys) -> None:
    """Return when there are at most SHAPLEY_LIMIT partners; raises Refused otherwise."""
    if (size := len(journeys.partners)) > SHAPLEY_LIMIT:
        raise Refused(
            f"shapley:rate looks at every set of partners, and {size:,} are more than {SHAPLEY_LIMIT}",
            "group the small partners, or use equal-split, which takes any number",
        )


def _subset_sums(sets: Ints, amounts: Floats, size: int) -> Floats:
    """For every set of partners the sum over the sets inside it."""
    table = np.zeros(1 << size)
    table[sets] = amounts
    for at in range(size):
        halves = table.reshape(-1, 2, 1 << at)
        halves[:, 1] += halves[:, 0]
    return table


def _superset_sums(table: Floats, size: int) -> Floats:
    for at in range(size):
        halves = table.reshape(-1, 2, 1 << at)
        halves[:, 0] += halves[:, 1]
    return table


def _weights(size: int) -> tuple[Floats, Floats]:
    """By set: what v counts for a partner inside it, and, taken away, for one outside it."""
    whole = factorial(size)
    inside = [0.0] + [factorial(n - 1) * factorial(size - n) / whole for n in range(1, size + 1)]
    outside = [factorial(n) * factorial(size - n - 1) / whole for n in range(size)] + [0.0]
    members = np.bitwise_count(np.arange(1 << size, dtype=np.uint32))
    return np.array(inside)[members], np.array(outside)[members]


def _values(game: Floats, joining: Floats, staying: Floats, size: int) -> Floats:
    gained, forgone = joining * game, staying * game
    return np.array(
        [
            gained.reshape(-1, 2, 1 << at)[:, 1].sum() - forgone.reshape(-1, 2, 1 << at)[:, 0].sum()
            for at in range(size)
        ]
    )


def _errors(
    sets: Ints, won: Floats, lost: Floats, rate: Floats, inside: Floats, phi: Floats, size: int
) -> Floats:
    """Standard errors of the credits: what one journey more would change, squared and added up.

    A journey of the set A moves v(S) of every S that holds A by (y - v(S)) / journeys(S); the weights of
    those sets are sums over supersets, of A alone and of A with the partner.
    """
    joining, staying = _weights(size)
    per, rated = _ratio(np.ones_like(inside), inside), _ratio(rate, inside)
    alone = [_superset_sums(staying * each, size)[sets][:, None] for each in (per, rated)]
    joined = sets[:, None] | (1 << np.arange(size))
    both = [_superset_sums((joining + staying) * each, size)[joined] for each in (per, rated)]
    total = won.sum() + lost.sum()
    squares, means = np.zeros(size), np.zeros(size)
    for outcome, counts in ((1.0, won), (0.0, lost)):
        moved = (outcome * both[0] - both[1]) - (outcome * alone[0] - alone[1])
        influence = phi + total * moved
        squares += counts @ influence**2
        means += counts @ influence
    return np.asarray(np.sqrt(np.maximum(squares - means**2 / max(total, 1.0), 0.0)))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.divide(above, below, out=np.zeros_like(above), where=below > 0))
