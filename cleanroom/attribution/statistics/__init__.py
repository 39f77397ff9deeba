"""Statistics of partners that refuse to answer when the data cannot.

    rows -> gather_deals -> Deals -> lift, rates, forecast, …

Nothing here has a seed, a clock or a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.statistics.deals import (
        DEAL_COLUMNS,
        LEFT_OUT,
        STAGE_COLUMNS,
        Deals,
        gather_deals,
    )
    from cleanroom.attribution.statistics.intervals import newcombe, wilson
    from cleanroom.attribution.statistics.trials import BIASES, Difference, Lift, Stratum, lift

__all__ = [
    "BIASES",
    "DEAL_COLUMNS",
    "LEFT_OUT",
    "STAGE_COLUMNS",
    "Deals",
    "Difference",
    "Lift",
    "Stratum",
    "gather_deals",
    "lift",
    "newcombe",
    "wilson",
]

_HOMES = {
    "BIASES": "trials",
    "DEAL_COLUMNS": "deals",
    "Deals": "deals",
    "Difference": "trials",
    "LEFT_OUT": "deals",
    "Lift": "trials",
    "STAGE_COLUMNS": "deals",
    "Stratum": "trials",
    "gather_deals": "deals",
    "lift": "trials",
    "newcombe": "intervals",
    "wilson": "intervals",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
