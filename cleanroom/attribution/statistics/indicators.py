"""What a partner's introductions become, how large its deals are, and how long they take.

Each number knows what has not ended yet. An introduction is followed for LEAD_DAYS: younger ones are left
out of the share that became a deal, whatever has become of them, for those that did are known sooner. Of the
deals that began so, open ones are counted beside the share that was won. Cycles are Kaplan and Meier's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from cleanroom.attribution.statistics.deals import Deals
from cleanroom.attribution.statistics.intervals import Share, share_of
from cleanroom.attribution.statistics.survival import Median, median_time

#: Types of action that introduce a lead.
LEADS: Final = ("introduction", "registered-lead")

#: Days in which an introduction becomes a deal, or is counted as one that did not.
LEAD_DAYS: Final = 90

#: A share or a median of fewer is not told.
FEWEST: Final = 5


class Act(NamedTuple):
    """An action: its day since 1970, its type and the deal that it is about, "" where it is not known."""

    partner: str
    day: float
    type: str = ""
    deal: str = ""


@dataclass(frozen=True)
class Indicators:
    """One partner's conversion of leads, deal size and cycle.

    `introductions` are all; `became` those of them followed for LEAD_DAYS that a deal was created from in
    that time, `won` the closed deals of introductions that were won, `open` those still open. `existing` were
    made into a deal that was there already, and are none of these. `size` is the median amount of
    `won_deals`, None below FEWEST; `cycle` in days from creation to close, won or lost, None below FEWEST
    closed deals.
    """

    introductions: int
    became: Share
    won: Share
    open: int
    existing: int
    won_deals: int
    size: float | None
    cycle: Median | None


def indicators_of(
    deals: Deals, actions: Iterable[Act], leads: Sequence[str] = LEADS
) -> Mapping[str, Indicators]:
    """The indicators of every partner with a deal or an action, by name. Actions after the end of the data
    are left to the next report.
    """
    place = {deal: at for at, deal in enumerate(deals.ids)}
    introduced: dict[str, list[tuple[float, int]]] = {}
    for act in actions:
        if act.day <= deals.end:
            mine = introduced.setdefault(act.partner, [])
            if act.type in leads:
                mine.append((act.day, place.get(act.deal, -1)))
    own: dict[str, list[int]] = {}
    for at, partner in enumerate(deals.partner.tolist()):
        if partner:
            own.setdefault(str(partner), []).append(at)
    names = sorted({*introduced, *own})
    return {name: _of(deals, introduced.get(name, []), own.get(name, [])) for name in names}


def _of(deals: Deals, introduced: list[tuple[float, int]], own: list[int]) -> Indicators:
    became = followed = existing = 0
    begun: set[int] = set()
    for day, at in introduced:
        wait = float(deals.created[at]) - day if at >= 0 else np.inf
        if wait < 0:
            existing += 1
            continue
        if at >= 0:
            begun.add(at)
        if deals.end - day >= LEAD_DAYS:
            followed += 1
            became += wait <= LEAD_DAYS
    outcomes = [int(deals.outcome[at]) for at in begun]
    won = [at for at in own if deals.outcome[at] == 1]
    mine = np.array(own, np.int64)
    cycle = median_time(
        np.minimum(deals.closed[mine], deals.end) - deals.created[mine], deals.outcome[mine] >= 0
    )
    return Indicators(
        len(introduced),
        share_of(became, followed, FEWEST),
        share_of(outcomes.count(1), outcomes.count(1) + outcomes.count(0), FEWEST),
        outcomes.count(-1),
        existing,
        len(won),
        float(np.median(deals.amount[won])) if len(won) >= FEWEST else None,
        cycle if cycle.ended >= FEWEST else None,
    )
