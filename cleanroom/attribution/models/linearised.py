"""Intervals in closed form, by the infinitesimal jackknife: what one journey more would change, squared.

This is the limit of the bootstrap for many journeys (Efron, 1982; Jaeckel, 1972). It is used where resampling
would take long: see `crediting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from cleanroom.attribution.models.chain import Chain
from cleanroom.attribution.models.heuristics import shares
from cleanroom.attribution.models.journeys import Floats, Journeys
from cleanroom.attribution.models.markov import Removed

#: Standard errors on both sides of an estimate for 95 %.
WIDTH: Final = 1.959963984540054


def heuristic_errors(formula: str, journeys: Journeys) -> Floats:
    """Standard errors of a formula's conversions, partner by partner; exact, because credits are sums."""
    pairs, each = journeys.pairs, shares(formula, journeys)
    won, size = journeys.conversions[pairs.journey], len(journeys.partners)
    sums = np.bincount(pairs.partner, won * each, size)
    squares = np.bincount(pairs.partner, won * each**2, size)
    return np.sqrt(np.maximum(squares - sums**2 / max(journeys.total, 1), 0.0))


def chain_errors(chain: Chain, removed: Sequence[Removed], journeys: Journeys) -> Floats:
    """Standard errors of the conversions that a chain credits, `removed` being all its removals.

    With partner j taken out, a journey adds to what is still won the chance at its first state, for every
    move a -> b the reach of a times (chance of b - chance of a), and at its end the reach of the last state
    times (won or not - its chance).
    """
    won, lost = journeys.conversions, journeys.nulls
    effects = np.array([each.conversions for each in removed])
    whole, conversions = effects.sum(), won.sum()
    if whole <= 0:
        return np.zeros(len(removed))
    total_won, total_lost = np.zeros(len(won)), np.zeros(len(won))
    for each in removed:
        in_won, in_lost = _influence(chain, each)
        total_won += in_won
        total_lost += in_lost
    errors = []
    for each in removed:
        share = each.conversions / whole
        in_won, in_lost = _influence(chain, each)
        of_won = share + conversions * (in_won - share * total_won) / whole
        of_lost = conversions * (in_lost - share * total_lost) / whole
        squares = (won * of_won**2).sum() + (lost * of_lost**2).sum()
        mean = (won * of_won).sum() + (lost * of_lost).sum()
        errors.append(np.sqrt(max(squares - mean**2 / journeys.total, 0.0)))
    return np.array(errors)


def _influence(chain: Chain, removed: Removed) -> tuple[Floats, Floats]:
    """What one journey more, won or lost, adds to the conversions that go through the partner."""
    before, after = chain.moves
    chance, reach = removed.chance, removed.reach
    change = np.append(reach[before] * (chance[after] - chance[before]), 0.0)
    begins, ends = chain.begins[:-1], chain.path[chain.begins[1:] - 1]
    kept = chance[chain.path[begins]] + np.add.reduceat(change[chain.moved], begins) - (reach * chance)[ends]
    return 1 - kept - reach[ends], -kept
