"""The Markov chain of journeys: its states are the last k partners that were met, its ends won and lost.

A journey of n steps goes through its n - k + 1 windows of k steps; a journey of fewer than k steps through
one state, the whole of it. Counts are kept instead of probabilities, so that they are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cleanroom.attribution.models.journeys import Floats, Ints, Journeys
from overlap.errors import Refused

PARTNERS_LIMIT: Final = 2_000
STATES_LIMIT: Final = 20_000

#: Up to here moves are counted in a full table of states by states.
_TABLE: Final = 2_000


@dataclass(frozen=True)
class Chain:
    """`members` are the partners of every state (-1 for none), `visits` how often journeys were in it.

    `moves` are pairs of states that follow each other, with `counts`; `began`, `won`, `value` and `lost` say
    how often journeys began in a state and ended there, and what they were worth. `path` and `begins` are the
    states of each distinct journey, laid out as in `Journeys`; `moved` is the place in `moves` of each of
    their steps but the last of a journey, which has -1.
    """

    order: int
    partners: int
    members: Ints
    visits: Floats
    moves: tuple[Ints, Ints]
    counts: Floats
    began: Floats
    won: Floats
    value: Floats
    lost: Floats
    path: Ints
    begins: Ints
    moved: Ints

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.members)

    def holding(self, partner: int) -> Ints:
        """The states that contain the partner."""
        return np.flatnonzero((self.members == partner).any(axis=1))


def chain_of(journeys: Journeys, order: int) -> Chain:
    """The chain of this order, 1 to 3. Raises Refused above PARTNERS_LIMIT or STATES_LIMIT."""
    partners = len(journeys.partners)
    if partners > PARTNERS_LIMIT:
        raise Refused(
            f"{partners:,} partners are more than markov:{order} takes ({PARTNERS_LIMIT:,})",
            "group the small ones, or choose a formula without a chain",
        )
    members, path, begins = _states(journeys, order)
    states, totals = len(members), journeys.conversions + journeys.nulls
    if states > STATES_LIMIT:
        raise Refused(
            f"markov:{order} would have {states:,} states, at most {STATES_LIMIT:,} are solved exactly",
            "choose a lower order, or group partners",
        )
    lengths = np.diff(begins)
    last = begins[1:] - 1
    inner = np.ones(len(path), bool)
    inner[last] = False
    at = np.flatnonzero(inner)
    moves, counts, places = _count_moves(path[at], path[at + 1], np.repeat(totals, lengths)[at], states)
    moved = np.full(len(path), -1)
    moved[at] = places
    ends = path[last]
    return Chain(
        order,
        partners,
        members,
        np.bincount(path, np.repeat(totals, lengths), states),
        moves,
        counts,
        np.bincount(path[begins[:-1]], totals, states),
        np.bincount(ends, journeys.conversions, states),
        np.bincount(ends, journeys.values, states),
        np.bincount(ends, journeys.nulls, states),
        path,
        begins,
        moved,
    )


def _states(journeys: Journeys, order: int) -> tuple[Ints, Ints, Ints]:
    """The members of every state, sorted; the states of the journeys; where each journey begins in them."""
    partners, steps, starts = len(journeys.partners), journeys.steps, journeys.starts
    if order == 1:
        return np.arange(partners)[:, None], steps, starts
    windows = np.maximum(journeys.lengths - order + 1, 1)
    begins = np.concatenate(([0], np.cumsum(windows)))
    within = np.arange(begins[-1]) - np.repeat(begins[:-1], windows)
    first, end = np.repeat(starts[:-1], windows) + within, np.repeat(starts[1:], windows)
    padded = np.concatenate((steps, np.zeros(order, steps.dtype)))
    code = np.zeros(len(first), np.int64)
    for place in range(order):
        code = code * (partners + 1) + np.where(first + place < end, padded[first + place] + 1, 0)
    distinct, path = np.unique(code, return_inverse=True)
    digits = [
        distinct // (partners + 1) ** (order - 1 - place) % (partners + 1) - 1 for place in range(order)
    ]
    return np.stack(digits, axis=1), path, begins


def _count_moves(
    before: Ints, after: Ints, totals: Floats, states: int
) -> tuple[tuple[Ints, Ints], Floats, Any]:
    """The distinct moves in order, how often each was made, and which one each step is."""
    keys = before * states + after
    if states <= _TABLE:
        seen = np.zeros(states * states, bool)
        seen[keys] = True
        distinct = np.flatnonzero(seen)
        place = np.cumsum(seen) - 1
        places = place[keys]
    else:
        distinct, places = np.unique(keys, return_inverse=True)
    counts = np.bincount(places, totals, len(distinct))
    return (distinct // max(states, 1), distinct % max(states, 1)), counts, places
