"""What the rules credit, in the unit of the models: each won deal once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.statuses import EARNING
from cleanroom.attribution.earnings.naming import KINDS
from cleanroom.attribution.observed.beside_pay import Part
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
    found: dict[str, Given] = {}
    for earning, amount in _won(judged, chosen, statuses).values():
        part = Fraction(1, len(earning))
        for partner, _ in earning:
            one = found.get(partner, Given(Fraction(0), Fraction(0)))
            found[partner] = Given(one.deals + part, one.value + amount * part)
    return dict(sorted(found.items()))


def credited_parts(judged: Judged, chosen: Selection, statuses: pd.DataFrame) -> list[Part]:
    """The same, deal by deal, with the kind of payout that each status brings about."""
    return [
        Part(deal, partner, KINDS[status], amount / len(earning))
        for deal, (earning, amount) in _won(judged, chosen, statuses).items()
        for partner, status in earning
    ]


def _won(
    judged: Judged, chosen: Selection, statuses: pd.DataFrame
) -> dict[str, tuple[list[tuple[str, str]], Fraction]]:
    """Every won deal with the partners that earn on it and their statuses, and its amount."""
    deals = judged.deals
    status = texts(deals.frame, "status").to_pylist()
    place = {deal: at for at, deal in enumerate(deals.ids.to_pylist()) if chosen.kept[at]}
    found: dict[str, tuple[list[tuple[str, str]], Fraction]] = {}
    rows = statuses[statuses["status"].isin(EARNING) & (statuses["partner"] != "")]
    for deal, partner, earned in zip(rows["opportunity"], rows["partner"], rows["status"], strict=True):
        at = place.get(deal, -1)
        if at >= 0 and status[at] == "won":
            found.setdefault(deal, ([], Fraction(chosen.amounts[at] or 0)))[0].append((partner, earned))
    return found
