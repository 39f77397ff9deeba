"""What a trial looks at after its moment: a win, the days a deal is open, or how its amount grows.

Every outcome is seen up to a horizon. Deals are followed to the last day of the data and no further; what was
seen is weighed by the share that could be followed so long (inverse probability of censoring, Robins and
Rotnitzky 1992). How long a deal could be followed is known for closed deals, too, so the shares are counted,
not estimated.

*Days* are the restricted mean: of the days from the moment to the close, won or lost, at most the horizon
(Royston and Parmar 2013, "Restricted mean survival time"). Won deals alone would be other deals on both
sides: a partner that saves slow deals would seem to slow them down. *Amount* is the logarithm of the amount
at the close or the horizon over that at the moment, for won, lost and open deals alike.
"""

from __future__ import annotations

from math import expm1, sqrt
from typing import Final

import numpy as np

from cleanroom.attribution.statistics.deals import Column, Deals, amount_at
from cleanroom.attribution.statistics.intervals import WIDTH

#: What lift can be of.
MEASURES: Final = ("win", "days", "amount")


def seen_after(
    deals: Deals, measure: str, deal: Column, moment: Column, share: Column, horizon: float
) -> tuple[Column, Column]:
    """The outcome of each deal within the horizon after its moment, and its weight beside the share it has.

    A win carries the censoring in the outcome, with weight 1, as rates are small numbers; days and amounts
    carry it in the weight, which is 0 for a deal that was not followed long enough.
    """
    after, follow = deals.closed[deal] - moment, deals.end - moment
    until = np.minimum(after, horizon)
    seen = until <= follow
    chance = 1 / np.where(seen, _reached(follow, share, np.where(seen, until, 0.0)), np.inf)
    if measure == "win":
        return chance * ((deals.outcome[deal] == 1) & (after <= horizon)), np.ones(len(deal))
    if measure == "days":
        return until, chance
    end = moment + np.minimum(until, follow)
    return amount_at(deals, deal, end) - amount_at(deals, deal, moment), chance


def _reached(follow: Column, share: Column, until: Column) -> Column:
    """The share that could be followed to each of `until`."""
    order = np.argsort(follow, kind="stable")
    behind = np.concatenate((np.cumsum(share[order][::-1])[::-1], [0.0]))
    return np.asarray(behind[np.searchsorted(follow[order], until, side="left")] / share.sum())


def raw_difference(deals: Deals, measure: str) -> tuple[float, float, float, int, int] | None:
    """With a partner less without, of closed deals: days from creation to close, or the ratio less 1 of the
    geometric means of the amounts of won deals. Difference, low, high (95 %, Welch), and the deals of both.

    None where a side has fewer than two.
    """
    used = deals.outcome == 1 if measure == "amount" else deals.outcome >= 0
    value = np.log(deals.amount) if measure == "amount" else deals.closed - deals.created
    has = deals.partner.astype(bool)
    sides = value[used & has], value[used & ~has]
    if min(map(len, sides)) < 2:
        return None
    middle = float(sides[0].mean() - sides[1].mean())
    half = WIDTH * sqrt(sum(float(side.var(ddof=1)) / len(side) for side in sides))
    low, same, high = (in_unit(measure, each) for each in (middle - half, middle, middle + half))
    return same, low, high, len(sides[0]), len(sides[1])


def in_unit(measure: str, difference: float) -> float:
    """A difference as it is told: of logarithms as a ratio less 1, all others as they are."""
    return expm1(difference) if measure == "amount" else difference


def amounts_silent(deals: Deals, attachments: Column, most: float) -> dict[str, str]:
    """Why nothing can be said of amounts: none known from before the partner came, or none ever changes."""
    unknown = np.isnan(amount_at(deals, attachments, deals.attached[attachments]))
    if not len(deals.amount_deal) or (len(attachments) and unknown.mean() > most):
        return {
            "no-amount-history": f"the stages name no amount from before the partner came for "
            f"{int(unknown.sum()):,} of {len(attachments):,} attachments; the amount in the deals may have "
            "been set before or after, so only the raw ratio is told"
        }
    same = deals.amount_deal[1:] == deals.amount_deal[:-1]
    if not (same & (np.diff(deals.amount_log) != 0)).any():
        return {"amounts-never-change": "no deal's amount ever changes: these seem to be today's amounts"}
    return {}
