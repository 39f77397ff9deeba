"""Quality: what an export is worth for matching, before anything is shared.

    accounts, identifiers ─ find_facts ─→ who has what ─ model ─→ the expected match rate
                          ─ carriers ─→ doubles, conflicts ─ repairs ─→ what to repair first
    all of it ─ assess ─→ Quality

Everything is worked out on the own list alone, with stated assumptions about a partner's. Names are loaded on
first use, so that importing the package does not import pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.quality.assessment import assess
    from overlap.quality.assumptions import ASSUMPTIONS, HARD, HARD_SOURCE, SHARED, Assumption, facts_used
    from overlap.quality.doubles import row_labels
    from overlap.quality.model import Estimate, Interval
    from overlap.quality.quality import Quality, Repair

__all__ = [
    "ASSUMPTIONS",
    "HARD",
    "HARD_SOURCE",
    "SHARED",
    "Assumption",
    "Estimate",
    "Interval",
    "Quality",
    "Repair",
    "assess",
    "facts_used",
    "row_labels",
]

_HOMES = {
    "ASSUMPTIONS": "assumptions",
    "HARD": "assumptions",
    "HARD_SOURCE": "assumptions",
    "SHARED": "assumptions",
    "Assumption": "assumptions",
    "Estimate": "model",
    "Interval": "model",
    "Quality": "quality",
    "Repair": "quality",
    "assess": "assessment",
    "facts_used": "assumptions",
    "row_labels": "doubles",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
