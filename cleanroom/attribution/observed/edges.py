"""Edge cases: deals on which the rules decide narrowly, or not as one would expect. Findings, not errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from cleanroom.attribution.actions.menu import REQUIREMENTS
from cleanroom.attribution.classification.deals import EVER
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import next_change
from cleanroom.attribution.classification.statuses import EARNING, RULES, STATUSES
from cleanroom.attribution.classification.times import DAY, day_number
from cleanroom.attribution.observed.touches import Touches

#: So many actions on a deal, and nobody is credited.
OFTEN: Final = 3

EDGES: Final = MappingProxyType(
    {
        "touched-uncredited": f"{OFTEN} usable actions or more, and no partner is credited or disputed",
        "last-day": "credited by its only action, on the last day of the window",
        "one-field": "disputed for one missing field alone",
        "equal-points": "several partners are credited, and the first ones have equal points",
    }
)

#: Bits of `lacks` that are one field of an action.
_FIELDS: Final = (1 << len(REQUIREMENTS)) - 1


@dataclass(frozen=True)
class Edge:
    """One deal with the code of EDGES, the partner it is about ("" for several), and a fact in words."""

    code: str
    opportunity: str
    partner: str
    says: str


def edge_cases(judged: Judged, touches: Touches, statuses: pd.DataFrame) -> dict[str, list[Edge]]:
    """Every edge case by code, each list in the order of the deals; a code without any is there, too."""
    found: dict[str, list[Edge]] = {code: [] for code in EDGES}
    for edges in (_uncredited, _points):
        for edge in edges(judged, touches, statuses):
            found[edge.code].append(edge)
    for edge in _by_pair(judged, touches):
        found[edge.code].append(edge)
    return found


def _uncredited(judged: Judged, touches: Touches, statuses: pd.DataFrame) -> Iterator[Edge]:
    count = np.bincount(touches.deal[~touches.after], minlength=len(judged.deals))
    named = statuses[statuses["status"].isin([*EARNING, "Disputed"])]
    credited = set(named["opportunity"])
    ids = judged.deals.ids.to_pylist()
    for at in np.flatnonzero(count >= OFTEN).tolist():
        if ids[at] not in credited:
            yield Edge("touched-uncredited", ids[at], "", f"{count[at]:,} actions")


def _points(judged: Judged, touches: Touches, statuses: pd.DataFrame) -> Iterator[Edge]:
    earning = statuses[statuses["status"].isin(EARNING) & (statuses["points"] > 0)]
    by_deal: dict[str, list[int]] = {}
    for deal, points in zip(earning["opportunity"], earning["points"], strict=True):
        by_deal.setdefault(deal, []).append(int(points))
    for deal, of in by_deal.items():
        top = max(of)
        if of.count(top) > 1:
            yield Edge("equal-points", deal, "", f"{of.count(top):,} partners with {top:,} points each")


def _by_pair(judged: Judged, touches: Touches) -> Iterator[Edge]:
    """Pairs whose one action decides on its last day, or lacks one field."""
    pairs, meetings, deals, menu = judged.pairs, judged.meetings, judged.deals, judged.menu
    decided = np.flatnonzero(judged.deciding >= 0)
    at = judged.deciding[decided]
    ids, rules = deals.ids.to_pylist(), list(RULES)
    status = np.array([one in EARNING for one in STATUSES])[judged.status[decided]]
    # A source is decided by the day of creation, all else by the next change.
    source = np.array([one.startswith("sourced") for one in rules])[judged.rule[decided]]
    deal = pairs.deal[decided]
    change = next_change(deals, deal, meetings.start[at], EVER)
    met = np.where(source, day_number(deals.created[0][deal]), change)
    last = status & (met == day_number(meetings.until[at])) & (pairs.touched[decided] == 1)
    last &= met * DAY <= judged.pipeline.now
    lacks = meetings.lacks[at]
    bare = judged.rule[decided] == rules.index("disputed:evidence")
    single = bare & (lacks & ~_FIELDS == 0) & (lacks != 0) & (lacks & (lacks - 1) == 0)
    acts = judged.acts
    for place in np.flatnonzero(last | single).tolist():
        act = int(meetings.act[at[place]])
        what = f"{menu.names[acts.type[act]]} {acts.ids[act].as_py()}"
        partner = judged.partners[pairs.partner[decided[place]]]
        if last[place]:
            yield Edge("last-day", ids[deal[place]], partner, what)
        else:
            field = REQUIREMENTS[int(lacks[place]).bit_length() - 1]
            yield Edge("one-field", ids[deal[place]], partner, f"{what} lacks its {field.replace('_', ' ')}")
