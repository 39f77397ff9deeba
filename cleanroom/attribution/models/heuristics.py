"""Credit by position: what each distinct partner of a journey gets of one conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.models.journeys import Floats, Journeys


@dataclass(frozen=True)
class Position:
    """Parts of the first, all middle and the last step together; `two` is what they get when there are two.

    One step gets all. Repeated steps of one partner are steps; they add up.
    """

    first: float
    middle: float
    last: float
    two: tuple[float, float]


POSITIONS: Final[Mapping[str, Position]] = {
    "first": Position(1, 0, 0, (1, 0)),
    "last": Position(0, 0, 1, (0, 1)),
    "u:40-20-40": Position(0.4, 0.2, 0.4, (0.5, 0.5)),
    "u:50-50": Position(0.5, 0, 0.5, (0.5, 0.5)),
    "j:20-20-60": Position(0.2, 0.2, 0.6, (0.25, 0.75)),
    "j:20-20-60:30-70": Position(0.2, 0.2, 0.6, (0.3, 0.7)),
    "inverse-j:60-20-20": Position(0.6, 0.2, 0.2, (0.75, 0.25)),
    "inverse-j:60-20-20:70-30": Position(0.6, 0.2, 0.2, (0.7, 0.3)),
}

HEURISTICS: Final = (*POSITIONS, "linear", "participation", "equal-split")


def shares(formula: str, journeys: Journeys) -> Floats:
    """What each of `journeys.pairs` gets of one conversion of its journey; one of HEURISTICS."""
    pairs, lengths = journeys.pairs, journeys.lengths
    if formula == "participation":
        return np.ones(len(pairs.journey))
    if formula == "equal-split":
        distinct = np.bincount(pairs.journey, minlength=len(lengths))
        return np.asarray((1 / np.maximum(distinct, 1))[pairs.journey])
    if formula == "linear":
        steps = np.repeat(1 / lengths, lengths)
    else:
        steps = _by_position(POSITIONS[formula], journeys)
    return np.bincount(pairs.of_step, steps, len(pairs.journey))


def _by_position(position: Position, journeys: Journeys) -> Floats:
    lengths, begin, end = journeys.lengths, journeys.starts[:-1], journeys.starts[1:] - 1
    steps = np.repeat(position.middle / np.maximum(lengths - 2, 1), lengths)
    two = lengths == 2
    steps[begin] = np.where(two, position.two[0], position.first)
    steps[end] = np.where(two, position.two[1], position.last)
    steps[begin[lengths == 1]] = 1.0
    return steps
