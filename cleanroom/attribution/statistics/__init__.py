"""Statistics of partners that refuse to answer when the data cannot.

    rows -> gather_deals -> Deals -> lift, rates, forecast, …

Nothing here has a seed, a clock or a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.statistics.deals import (
        AMOUNT_COLUMN,
        DEAL_COLUMNS,
        LEFT_OUT,
        STAGE_COLUMNS,
        Deals,
        days_of,
        gather_deals,
    )
    from cleanroom.attribution.statistics.forecasting import ACTIVE, Forecast, Tested, forecast
    from cleanroom.attribution.statistics.intervals import newcombe, wilson
    from cleanroom.attribution.statistics.outreach import SEED_BYTES, Draw, Effect, draw, result
    from cleanroom.attribution.statistics.partner_rates import Rate, Rates, rates
    from cleanroom.attribution.statistics.reviewing import (
        LANES,
        Laned,
        Quarter,
        influenced_by_quarter,
        next_steps,
    )
    from cleanroom.attribution.statistics.standing import (
        ACTION_COLUMNS,
        Place,
        Standing,
        Thresholds,
        portfolio,
    )
    from cleanroom.attribution.statistics.trials import (
        BIASES,
        SET_BEFORE,
        Difference,
        Lift,
        Stratum,
        lift,
    )

__all__ = [
    "ACTION_COLUMNS",
    "ACTIVE",
    "AMOUNT_COLUMN",
    "BIASES",
    "DEAL_COLUMNS",
    "LANES",
    "LEFT_OUT",
    "SEED_BYTES",
    "SET_BEFORE",
    "STAGE_COLUMNS",
    "Deals",
    "Difference",
    "Draw",
    "Effect",
    "Forecast",
    "Laned",
    "Lift",
    "Place",
    "Quarter",
    "Rate",
    "Rates",
    "Standing",
    "Stratum",
    "Tested",
    "Thresholds",
    "days_of",
    "draw",
    "forecast",
    "gather_deals",
    "influenced_by_quarter",
    "lift",
    "newcombe",
    "next_steps",
    "portfolio",
    "rates",
    "result",
    "wilson",
]

_HOMES = {
    "ACTION_COLUMNS": "standing",
    "ACTIVE": "forecasting",
    "AMOUNT_COLUMN": "deals",
    "BIASES": "trials",
    "DEAL_COLUMNS": "deals",
    "Deals": "deals",
    "Difference": "trials",
    "Draw": "outreach",
    "Effect": "outreach",
    "Forecast": "forecasting",
    "LANES": "reviewing",
    "LEFT_OUT": "deals",
    "Laned": "reviewing",
    "Lift": "trials",
    "Place": "standing",
    "Quarter": "reviewing",
    "Rate": "partner_rates",
    "Rates": "partner_rates",
    "SEED_BYTES": "outreach",
    "SET_BEFORE": "trials",
    "STAGE_COLUMNS": "deals",
    "Standing": "standing",
    "Stratum": "trials",
    "Tested": "forecasting",
    "Thresholds": "standing",
    "days_of": "deals",
    "draw": "outreach",
    "forecast": "forecasting",
    "gather_deals": "deals",
    "influenced_by_quarter": "reviewing",
    "lift": "trials",
    "newcombe": "intervals",
    "next_steps": "reviewing",
    "portfolio": "standing",
    "rates": "partner_rates",
    "result": "outreach",
    "wilson": "intervals",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
