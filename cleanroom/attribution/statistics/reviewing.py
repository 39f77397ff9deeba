"""For a review of the portfolio: partner-influenced revenue by quarter, and what to do with each partner.

Rules with their numbers beside them, as in `standing`. A list says where attention goes, not who is paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from cleanroom.attribution.statistics.deals import Deals
from cleanroom.attribution.statistics.forecasting import ACTIVE
from cleanroom.attribution.statistics.standing import WINDOW, Standing

#: The lists, in the order in which they are read out. Every partner is in one.
LANES: Final = ("joint account plan", "enablement", "nurture")

_BEGIN: Final = date(1970, 1, 1)


@dataclass(frozen=True)
class Quarter:
    """Deals won in a quarter (UTC) and their amount; of these the ones with an active status.

    `whole` is False for the quarter in which the data end.
    """

    quarter: str
    won: float
    deals: int
    influenced: float
    influenced_deals: int
    whole: bool


@dataclass(frozen=True)
class Laned:
    """A partner, its list of LANES, and the numbers that put it there."""

    partner: str
    lane: str
    because: str


def influenced_by_quarter(deals: Deals, statuses: Mapping[str, str]) -> tuple[Quarter, ...]:
    """Every quarter from the first win to the end of the data, empty ones too; `statuses` by deal id.

    *Influenced* is any status of ACTIVE: presence alone is none.
    """
    wins = [
        (_quarter(float(deals.closed[at])), float(deals.amount[at]), statuses.get(deal, "") in ACTIVE)
        for at, deal in enumerate(deals.ids)
        if deals.outcome[at] == 1
    ]
    if not wins:
        return ()
    last = _quarter(deals.end)
    quarters = range(min(quarter for quarter, _, _ in wins), last + 1)
    found = []
    for quarter in quarters:
        # Smallest first, so that the order of the deals is no matter.
        here = sorted((amount, active) for one, amount, active in wins if one == quarter)
        with_action = [amount for amount, active in here if active]
        found.append(
            Quarter(
                f"{quarter // 4}-Q{quarter % 4 + 1}",
                sum(amount for amount, _ in here),
                len(here),
                sum(with_action),
                len(with_action),
                quarter < last,
            )
        )
    return tuple(found)


def next_steps(standings: Iterable[Standing]) -> tuple[Laned, ...]:
    """Every partner with the list that it belongs on, by list and then in the order given.

    A joint account plan is for those that are active, have won with an action and have pipeline with one;
    nurture is for those at risk with no such pipeline; enablement is for all between.
    """
    found = [_lane(each) for each in standings]
    return tuple(sorted(found, key=lambda each: LANES.index(each.lane)))


def _lane(one: Standing) -> Laned:
    money = f"pipeline {one.open_pipeline:,.0f} and won {one.won:,.0f} in {WINDOW} days with its action"
    if one.at_risk and one.open_pipeline <= 0:
        return Laned(one.partner, LANES[2], f"{money}; {one.risk_because}")
    if one.open_pipeline > 0 and one.won > 0 and not one.at_risk:
        return Laned(one.partner, LANES[0], f"{money}; {one.risk_because}")
    if one.at_risk:
        lacks = f"its pipeline may go cold: {one.risk_because}"
    elif one.open_pipeline > 0:
        lacks = "nothing won with its action yet"
    elif one.attached_pipeline > 0:
        lacks = f"attached to {one.attached_pipeline:,.0f} of pipeline without an action that counts"
    else:
        lacks = "active, and no open deal"
    return Laned(one.partner, LANES[1], f"{money}; {lacks}")


def _quarter(day: float) -> int:
    """Quarters since the year 0 of a day since 1970."""
    when = _BEGIN + timedelta(days=int(day // 1))
    return when.year * 4 + (when.month - 1) // 3
