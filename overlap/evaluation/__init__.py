"""Evaluation: how right a match is, where the truth is known.

    two lists + known pairs ─halves?─ simulate_in_full ─score─→ Evaluation ─differences─→ rows to read by hand

Both lists lie on one machine here, so this is for lists that are one's own to hold. Names are loaded on first
use, so that importing the package does not import pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.evaluation.differing import DIFFERENCE_COLUMNS, differences
    from overlap.evaluation.figures import RELEASED, Figures, Score, count_pairs, score, wilson
    from overlap.evaluation.halving import HALVES, Half, halves
    from overlap.evaluation.run import Evaluation, evaluate

__all__ = [
    "DIFFERENCE_COLUMNS",
    "HALVES",
    "RELEASED",
    "Evaluation",
    "Figures",
    "Half",
    "Score",
    "count_pairs",
    "differences",
    "evaluate",
    "halves",
    "score",
    "wilson",
]

_HOMES = {
    "DIFFERENCE_COLUMNS": "differing",
    "HALVES": "halving",
    "RELEASED": "figures",
    "Evaluation": "run",
    "Figures": "figures",
    "Half": "halving",
    "Score": "figures",
    "count_pairs": "figures",
    "differences": "differing",
    "evaluate": "run",
    "halves": "halving",
    "score": "figures",
    "wilson": "figures",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
