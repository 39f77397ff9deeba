"""What became of deals after each type of action of each partner, beside deals that stood where they stood.

A deal with the action is expected to be won as often as the other closed deals of its segment and band of
amounts that were in the same stage, longer than it was when the action was taken: an action late in a stage
is compared with deals that lasted so long. Each rate is drawn towards its expected one (`shrinking`); cells
with few deals say so and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cleanroom.attribution.statistics.deals import Column, Deals
from cleanroom.attribution.statistics.indicators import Act
from cleanroom.attribution.statistics.shrinking import (
    FEWEST_DEALS,
    Counted,
    concentration,
    count_outside,
    draw_in,
)
from cleanroom.attribution.statistics.trials import spell_at

#: From one band of amounts to the next they double.
BAND: Final = 2.0

#: An action needs so many other deals to be laid beside.
FEWEST_LIKE: Final = 5


@dataclass(frozen=True)
class Cell:
    """One type of action of one partner (`partner` is "" for all): `won` of `of` closed deals with it, what
    deals in their place would give, and the drawn rate with its 95 % interval. `says` is the only claim.
    """

    type: str
    partner: str
    won: int
    of: int
    expected: float
    rate: float
    low: float
    high: float
    says: str


@dataclass(frozen=True)
class ActionRates:
    """All cells, by type and then the most deals first; types over all partners; the multiple comparison of
    the cells. `left_out` are actions by code, `open` deals with an action that are not closed yet.
    """

    cells: tuple[Cell, ...]
    types: tuple[Cell, ...]
    tested: int
    outside: int
    by_chance: float
    open: int
    left_out: dict[str, int]


def rates_by_action(deals: Deals, actions: Iterable[Act]) -> ActionRates:
    """Rates of every type and partner; of several actions of one type by one partner on a deal the first."""
    left_out: Counter[str] = Counter()
    first = _first_actions(deals, actions, left_out)
    keys = sorted(first)
    who = np.array([deal for _, _, deal in keys], np.int64)
    moments = np.array([first[key] for key in keys], np.float64)
    spells = spell_at(deals, who, moments)
    strata = _Strata(deals)
    by_cell: dict[tuple[str, str], list[tuple[int, float]]] = {}
    still = 0
    for (type_, partner, deal), spell, moment in zip(keys, spells.tolist(), moments.tolist(), strict=True):
        if spell < 0:
            left_out["no-stage"] += 1
        elif deals.outcome[deal] < 0:
            still += 1
        elif (expected := strata.expected(deal, spell, moment)) is None:
            left_out["none-alike"] += 1
        else:
            by_cell.setdefault((type_, partner), []).append((int(deals.outcome[deal]), expected))
    by_type: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for (type_, _), some in sorted(by_cell.items()):
        by_type.setdefault((type_, ""), []).extend(some)
    cells, compared = _cells(by_cell)
    types, _ = _cells(by_type)
    return ActionRates(cells, types, *compared, still, dict(sorted(left_out.items())))


def _first_actions(
    deals: Deals, actions: Iterable[Act], left_out: Counter[str]
) -> dict[tuple[str, str, int], float]:
    """The day of the first action of each type, partner and deal, taken while the deal was open."""
    place = {deal: at for at, deal in enumerate(deals.ids)}
    first: dict[tuple[str, str, int], float] = {}
    for act in actions:
        deal = place.get(act.deal, -1)
        if not act.type or deal < 0:
            left_out["no-type" if not act.type else "no-deal"] += 1
        elif not deals.created[deal] <= act.day < deals.closed[deal] or act.day > deals.end:
            left_out["not-open"] += 1
        else:
            key = (act.type, act.partner, deal)
            first[key] = min(first.get(key, act.day), act.day)
    return first


class _Strata:
    """Closed deals by segment, band of amounts and stage, with how long they were in it."""

    def __init__(self, deals: Deals) -> None:
        self._deals = deals
        self._band = np.floor(np.log(deals.amount) / np.log(BAND)).astype(np.int64).tolist()
        places: dict[tuple[Any, ...], list[int]] = {}
        for at, (deal, stage) in enumerate(zip(deals.spell_deal.tolist(), deals.spell_stage, strict=True)):
            if deals.outcome[deal] >= 0:
                places.setdefault((deals.segment[deal], self._band[deal], stage), []).append(at)
        self._sorted = {key: self._ordered(np.array(some, np.int64)) for key, some in places.items()}

    def _ordered(self, spells: Column) -> tuple[Column, Column, Column]:
        """Deals and times in the stage, the shortest first, and how many were won from each place on."""
        deals = self._deals
        took = deals.spell_left[spells] - deals.spell_entered[spells]
        spells = spells[np.argsort(took, kind="stable")]
        owner = deals.spell_deal[spells]
        won = np.cumsum((deals.outcome[owner] == 1)[::-1])[::-1]
        return owner, np.sort(took), np.append(won, 0)

    def expected(self, deal: int, spell: int, moment: float) -> float | None:
        """The share won of the others that were in the stage for longer; None for fewer than FEWEST_LIKE."""
        deals = self._deals
        owner, took, won = self._sorted[deals.segment[deal], self._band[deal], deals.spell_stage[spell]]
        begin = int(np.searchsorted(took, moment - deals.spell_entered[spell], side="right"))
        own = int((owner[begin:] == deal).sum())
        others = len(took) - begin - own
        if others < FEWEST_LIKE:
            return None
        # Half a win and half a loss more keep an expected share from being certain.
        return float((won[begin] - own * int(deals.outcome[deal] == 1) + 0.5) / (others + 1))


def _cells(
    found: dict[tuple[str, str], list[tuple[int, float]]],
) -> tuple[tuple[Cell, ...], tuple[int, int, float]]:
    counts = {
        key: Counted(sum(won for won, _ in some), len(some), sum(one for _, one in some) / len(some))
        for key, some in found.items()
    }
    if not counts:
        return (), (0, 0, 0.0)
    weight = concentration(list(counts.values()))
    drawn = {key: draw_in(one, weight) for key, one in counts.items()}
    cells = [
        Cell(*key, one.won, one.of, one.expected, *drawn[key], _claim(one, drawn[key].low, drawn[key].high))
        for key, one in counts.items()
    ]
    seen = count_outside([(counts[key], drawn[key]) for key in counts])
    ordered = tuple(sorted(cells, key=lambda each: (each.type, -each.of, each.partner)))
    return ordered, (seen.tested, seen.outside, seen.by_chance)


def _claim(one: Counted, low: float, high: float) -> str:
    if one.of < FEWEST_DEALS:
        return f"too thin: {one.of} of {FEWEST_DEALS} deals"
    if low > one.expected:
        return "won more often than deals in their place"
    return "won less often than deals in their place" if high < one.expected else "no difference shown"
