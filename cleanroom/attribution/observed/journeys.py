"""Journeys: the partners that were met on the way to each closed deal, as rows of a path file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from typing import Final

import numpy as np

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.models.journeys import SEPARATOR
from cleanroom.attribution.observed.selection import Selection
from cleanroom.attribution.observed.touches import Touches

#: Sums of amounts are exact or fail.
EXACT: Final = Context(prec=400, traps=[Inexact])


@dataclass(frozen=True)
class Paths:
    """Rows of PATH_COLUMNS, equal paths merged and sorted; counts of deals behind them, and left out by
    code. `worthless` deals were won without a usable amount: they count, with a value of nothing."""

    rows: list[tuple[str, int, Decimal, int]]
    won: int
    lost: int
    worthless: int
    left_out: dict[str, int]


def journey_rows(judged: Judged, chosen: Selection, touches: Touches, names: Sequence[str]) -> Paths:
    """One journey a closed deal; its steps are the partners of its touches, one a touch, in their order."""
    deals = judged.deals
    usable = chosen.kept[touches.deal] & ~touches.after
    steps: dict[int, list[str]] = {}
    for deal, partner in zip(touches.deal[usable].tolist(), touches.partner[usable].tolist(), strict=True):
        steps.setdefault(deal, []).append(names[partner])
    status = texts(deals.frame, "status").to_pylist()
    won: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    value: dict[str, Decimal] = {}
    worthless = 0
    for deal, met in steps.items():
        if not deals.won_or_lost[deal]:
            continue
        path = SEPARATOR.join(met)
        amount = chosen.amounts[deal]
        value.setdefault(path, Decimal(0))
        if status[deal] != "won":
            lost[path] += 1
            continue
        won[path] += 1
        worthless += amount is None
        value[path] = EXACT.add(value[path], amount or Decimal(0))
    closed = chosen.kept & deals.won_or_lost
    journeys = sum(won.values()) + sum(lost.values())
    left_out = chosen.left_out | {
        "open": int((chosen.kept & ~deals.won_or_lost).sum()),
        "no-action": int(closed.sum()) - journeys,
        "after-close": int((chosen.kept[touches.deal] & touches.after).sum()),
    }
    return Paths(
        [(path, won[path], value[path], lost[path]) for path in sorted(value)],
        sum(won.values()),
        sum(lost.values()),
        worthless,
        {code: count for code, count in left_out.items() if count},
    )


def first_touches(touches: Touches, count: int) -> np.ndarray:
    """The place of the first touch of each of `count` deals before its close, -1 for none."""
    found = np.full(count, -1, np.int64)
    at = np.flatnonzero(~touches.after)[::-1]
    found[touches.deal[at]] = at
    return found
