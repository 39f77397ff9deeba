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
    from cleanroom.attribution.statistics.forecasting import ACTIVE, Forecast, Tested, forecast
    from cleanroom.attribution.statistics.intervals import newcombe, wilson
    from cleanroom.attribution.statistics.partner_rates import Rate, Rates, rates
    from cleanroom.attribution.statistics.trials import BIASES, Difference, Lift, Stratum, lift

__all__ = [
    "ACTIVE",
    "BIASES",
    "DEAL_COLUMNS",
    "LEFT_OUT",
    "STAGE_COLUMNS",
    "Deals",
    "Difference",
    "Forecast",
    "Lift",
    "Rate",
    "Rates",
    "Stratum",
    "Tested",
    "forecast",
    "gather_deals",
    "lift",
    "newcombe",
    "rates",
    "wilson",
]

_HOMES = {
    "ACTIVE": "forecasting",
    "BIASES": "trials",
    "DEAL_COLUMNS": "deals",
    "Deals": "deals",
    "Difference": "trials",
    "Forecast": "forecasting",
    "LEFT_OUT": "deals",
    "Lift": "trials",
    "Rate": "partner_rates",
    "Rates": "partner_rates",
    "STAGE_COLUMNS": "deals",
    "Stratum": "trials",
    "Tested": "forecasting",
    "forecast": "forecasting",
    "gather_deals": "deals",
    "lift": "trials",
    "newcombe": "intervals",
    "rates": "partner_rates",
    "wilson": "intervals",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
