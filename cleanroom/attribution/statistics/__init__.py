"""Statistics of partners that refuse to answer when the data cannot.

    rows -> gather_deals -> Deals -> lift, rates, forecast, …

Nothing here has a seed, a clock or a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.statistics.action_rates import ActionRates, Cell, rates_by_action
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
    from cleanroom.attribution.statistics.indicators import (
        LEAD_DAYS,
        LEADS,
        Act,
        Indicators,
        indicators_of,
    )
    from cleanroom.attribution.statistics.intervals import Share, newcombe, share_of, wilson
    from cleanroom.attribution.statistics.outreach import SEED_BYTES, Draw, Effect, draw, result
    from cleanroom.attribution.statistics.partner_rates import Rate, Rates, rates
    from cleanroom.attribution.statistics.reviewing import (
        LANES,
        Laned,
        Quarter,
        influenced_by_quarter,
        next_steps,
    )
    from cleanroom.attribution.statistics.shrinking import (
        FEWEST_DEALS,
        MISSES,
        Compared,
        Counted,
        Drawn,
        concentration,
        count_outside,
        draw_in,
    )
    from cleanroom.attribution.statistics.standing import (
        ACTION_COLUMNS,
        NEEDED_COLUMNS,
        Place,
        Standing,
        Thresholds,
        portfolio,
    )
    from cleanroom.attribution.statistics.survival import Median, median_time
    from cleanroom.attribution.statistics.tiers import Placed, TierChange, tier_changes
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
    "FEWEST_DEALS",
    "LANES",
    "LEADS",
    "LEAD_DAYS",
    "LEFT_OUT",
    "MISSES",
    "NEEDED_COLUMNS",
    "SEED_BYTES",
    "SET_BEFORE",
    "STAGE_COLUMNS",
    "Act",
    "ActionRates",
    "Cell",
    "Compared",
    "Counted",
    "Deals",
    "Difference",
    "Draw",
    "Drawn",
    "Effect",
    "Forecast",
    "Indicators",
    "Laned",
    "Lift",
    "Median",
    "Place",
    "Placed",
    "Quarter",
    "Rate",
    "Rates",
    "Share",
    "Standing",
    "Stratum",
    "Tested",
    "Thresholds",
    "TierChange",
    "concentration",
    "count_outside",
    "days_of",
    "draw",
    "draw_in",
    "forecast",
    "gather_deals",
    "indicators_of",
    "influenced_by_quarter",
    "lift",
    "median_time",
    "newcombe",
    "next_steps",
    "portfolio",
    "rates",
    "rates_by_action",
    "result",
    "share_of",
    "tier_changes",
    "wilson",
]

_HOMES = {
    "ACTION_COLUMNS": "standing",
    "ACTIVE": "forecasting",
    "AMOUNT_COLUMN": "deals",
    "Act": "indicators",
    "ActionRates": "action_rates",
    "BIASES": "trials",
    "Cell": "action_rates",
    "Compared": "shrinking",
    "Counted": "shrinking",
    "DEAL_COLUMNS": "deals",
    "Deals": "deals",
    "Difference": "trials",
    "Draw": "outreach",
    "Drawn": "shrinking",
    "Effect": "outreach",
    "FEWEST_DEALS": "shrinking",
    "Forecast": "forecasting",
    "Indicators": "indicators",
    "LANES": "reviewing",
    "LEADS": "indicators",
    "LEAD_DAYS": "indicators",
    "LEFT_OUT": "deals",
    "Laned": "reviewing",
    "Lift": "trials",
    "MISSES": "shrinking",
    "Median": "survival",
    "NEEDED_COLUMNS": "standing",
    "Place": "standing",
    "Placed": "tiers",
    "Quarter": "reviewing",
    "Rate": "partner_rates",
    "Rates": "partner_rates",
    "SEED_BYTES": "outreach",
    "SET_BEFORE": "trials",
    "STAGE_COLUMNS": "deals",
    "Share": "intervals",
    "Standing": "standing",
    "Stratum": "trials",
    "Tested": "forecasting",
    "Thresholds": "standing",
    "TierChange": "tiers",
    "concentration": "shrinking",
    "count_outside": "shrinking",
    "days_of": "deals",
    "draw": "outreach",
    "draw_in": "shrinking",
    "forecast": "forecasting",
    "gather_deals": "deals",
    "indicators_of": "indicators",
    "influenced_by_quarter": "reviewing",
    "lift": "trials",
    "median_time": "survival",
    "newcombe": "intervals",
    "next_steps": "reviewing",
    "portfolio": "standing",
    "rates": "partner_rates",
    "rates_by_action": "action_rates",
    "result": "outreach",
    "share_of": "intervals",
    "tier_changes": "tiers",
    "wilson": "intervals",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
