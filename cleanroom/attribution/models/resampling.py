"""Bootstrap intervals without a seed: the same journeys give the same resamples, everywhere and for ever.

The stream is SHAKE-128 over the digest of the sorted journeys, read as 32-bit words. Up to GROUPS journeys
are drawn one by one (Efron's bootstrap); more are first dealt into GROUPS groups at random, and the groups
are drawn: the sums have the same spread, at a cost that no longer grows. Each resample is scaled to as many
journeys as there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from cleanroom.attribution.models.chain import Chain, chain_of
from cleanroom.attribution.models.heuristics import HEURISTICS, shares
from cleanroom.attribution.models.journeys import Floats, Ints, Journeys
from cleanroom.attribution.models.solving import inverse
from cleanroom.attribution.stream import words

RESAMPLES: Final = 1_000
GROUPS: Final = 8_192

#: Both ends of a 95 % interval.
ENDS: Final = (0.025, 0.975)

#: Resamples that are worked on together.
_TOGETHER: Final = 250

Intervals = dict[str, tuple[Floats, Floats]]


def bootstrap(journeys: Journeys, formulas: Sequence[str], resamples: int = RESAMPLES) -> Intervals:
    """The 95 % interval of every partner's conversions, by percentiles, for HEURISTICS and `markov:1`."""
    chain = chain_of(journeys, 1) if "markov:1" in formulas else None
    linear = [formula for formula in formulas if formula in HEURISTICS]
    partners = len(journeys.partners)
    group, journey, won = _deal(journeys)
    groups = int(group.max(initial=-1)) + 1
    sums = _exact(
        _group_credits(journeys, linear, group[won], journey[won], groups), journeys.conversions.sum()
    )
    tables = [sums, *([] if chain is None else _group_moves(chain, group, journey, won, groups))]
    edges = np.cumsum([table.shape[1] for table in tables])[:-1]
    stacked = np.concatenate([*tables, np.bincount(group, minlength=groups)[:, None]], axis=1)
    drawn: dict[str, list[Floats]] = {formula: [] for formula in formulas}
    for weights in _weights(journeys.digest, groups, resamples):
        found = weights @ stacked
        found, scale = found[:, :-1], journeys.total / found[:, -1:]
        credits, *moves = np.split(found, edges, axis=1)
        for at, formula in enumerate(linear):
            drawn[formula].append(credits[:, at * partners : (at + 1) * partners] * scale)
        if chain is not None:
            drawn["markov:1"].append(_chain_credits(chain, *moves) * scale)
    return {
        formula: (low, high)
        for formula, parts in drawn.items()
        for low, high in [np.quantile(np.concatenate(parts), ENDS, axis=0)]
    }


def _deal(journeys: Journeys) -> tuple[Ints, Ints, Ints]:
    """Of each single journey its group, its distinct journey, and whether it was won."""
    size = len(journeys.conversions)
    counts = np.concatenate((journeys.conversions, journeys.nulls)).astype(np.int64)
    cell = np.repeat(np.arange(2 * size), counts)
    total = len(cell)
    group = np.arange(total) if total <= GROUPS else words(journeys.digest, "deal", total, GROUPS)
    return group, cell % max(size, 1), cell < size


def _weights(digest: bytes, groups: int, resamples: int) -> Iterator[Floats]:
    """How often each group is drawn: (up to _TOGETHER, groups) at a time."""
    for begin in range(0, resamples, _TOGETHER):
        rows = min(_TOGETHER, resamples - begin)
        drawn = words(digest, f"draw {begin}", rows * groups, groups)
        place = np.repeat(np.arange(rows) * groups, groups) + drawn
        yield np.bincount(place, minlength=rows * groups).reshape(rows, groups).astype(np.float64)


def _group_credits(
    journeys: Journeys, formulas: Sequence[str], group: Ints, journey: Ints, groups: int
) -> Floats:
    """What each group's conversions give to each partner, one formula beside the other."""
    pairs, partners = journeys.pairs, len(journeys.partners)
    held = np.bincount(pairs.journey, minlength=len(journeys.conversions))
    first = np.concatenate(([0], np.cumsum(held)))[:-1]
    lengths = held[journey]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    pair = np.repeat(first[journey], lengths) + within
    place = np.repeat(group, lengths) * partners + pairs.partner[pair]
    tables = [
        np.bincount(place, shares(formula, journeys)[pair], groups * partners).reshape(groups, partners)
        for formula in formulas
    ]
    return np.concatenate(tables, axis=1) if tables else np.zeros((groups, 0))


def _group_moves(chain: Chain, group: Ints, journey: Ints, won: Ints, groups: int) -> list[Floats]:
    """Visits, moves and conversions of each group in the chain."""
    lengths = np.diff(chain.begins)[journey]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    step = np.repeat(chain.begins[:-1][journey], lengths) + within
    owner = np.repeat(group, lengths)
    moved = chain.moved[step]
    inner = moved >= 0
    ends = chain.path[chain.begins[1:] - 1][journey]
    return [
        _table(owner, chain.path[step], groups, chain.states),
        _table(owner[inner], moved[inner], groups, len(chain.counts)),
        _table(group[won], ends[won], groups, chain.states),
    ]


def _table(rows: Ints, columns: Ints, height: int, width: int) -> Floats:
    return np.bincount(rows * width + columns, minlength=height * width).reshape(height, width).astype(float)


def _exact(sums: Floats, total: float) -> Floats:
    """Sums rounded to a binary place at which adding them is exact in any order, by any number of threads."""
    place = 2.0 ** (48 - max(int(total), 1).bit_length())
    return np.round(sums * place) / place


def _chain_credits(chain: Chain, visits: Floats, moves: Floats, won: Floats) -> Floats:
    """Credits of `markov:1` for each resample (a row)."""
    rows, states = visits.shape
    matrices = np.zeros((rows, states, states))
    matrices[:, chain.moves[0], chain.moves[1]] = -moves
    diagonal = np.arange(states)
    matrices[:, diagonal, diagonal] += np.where(visits > 0, visits, 1.0)
    full = inverse(matrices)
    chance = np.einsum("bij,bj->bi", full, won, optimize=False)
    effects = np.where(visits > 0, chance / full[:, diagonal, diagonal], 0.0)
    whole = effects.sum(axis=1, keepdims=True)
    share = np.divide(effects, whole, out=np.zeros_like(effects), where=whole > 0)
    return np.asarray(share * won.sum(axis=1, keepdims=True))
