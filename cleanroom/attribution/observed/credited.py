"""What the rules credit, in the unit of the models: each won deal once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.statuses import EARNING
from cleanroom.attribution.observed.selection import Selection


@dataclass(frozen=True)
class Given:
    """Deals and value that the rules credit to a partner; `deals` may be a fraction where it is shared."""

    deals: Fraction
    value: Fraction


def rule_credit(judged: Judged, chosen: Selection, statuses: pd.DataFrame) -> dict[str, Given]:
    """Every won deal is one, in equal parts to the partners with an earning status on it.

    The rules themselves split nothing but a shared source; models split every conversion, so that only shares
    of whole deals can be laid beside each other. A partner without an earning status is not listed.
    """
    deals = judged.deals
    status = texts(deals.frame, "status").to_pylist()
    place = {deal: at for at, deal in enumerate(deals.ids.to_pylist()) if chosen.kept[at]}
    earning: dict[int, list[str]] = {}
    rows = statuses[statuses["status"].isin(EARNING) & (statuses["partner"] != "")]
    for deal, partner in zip(rows["opportunity"], rows["partner"], strict=True):
        at = place.get(deal, -1)
        if at >= 0 and status[at] == "won":
            earning.setdefault(at, []).append(partner)
    found: dict[str, Given] = {}
    for at, partners in earning.items():
        worth = Fraction(chosen.amounts[at] or 0) / len(partners)
        for partner in partners:
            one = found.get(partner, Given(Fraction(0), Fraction(0)))
            found[partner] = Given(one.deals + Fraction(1, len(partners)), one.value + worth)
    return dict(sorted(found.items()))
