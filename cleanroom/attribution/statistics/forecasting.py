"""What open deals will bring within a horizon, with bands that past quarters have tested.

The chance of a deal is that of earlier deals of its stage, segment and age in the stage, drawn towards the
stage's and the overall one. The sum has the spread of its deals and a common factor, taken from how far past
forecasts were off together. A partner counts only through a status that needed an action (`Sourced`,
`Influenced`, `Assisted Close`), and only when forecasts of the past were better with it than without; being
attached never raises a forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np

from cleanroom.attribution.statistics.deals import Column, Deals

#: Statuses that a partner term may use. `Attached`, `Disputed` and `Unattributed` never are.
ACTIVE: Final = ("Sourced", "Influenced", "Assisted Close")

#: Days of a quarter, at whose ends forecasts are made and tested.
QUARTER: Final = 91
HORIZON: Final = 91

#: How many earlier deals a broader rate weighs as.
PRIOR: Final = 20.0

#: Age bands in a stage, in days.
AGES: Final = (14.0, 45.0)

#: Standard errors on both sides for a band of 80 %; forecasts that a back-test needs; the spread before that.
BAND: Final = 1.2815515655446004
FEWEST_TESTS: Final = 3
UNTESTED: Final = 0.3


@dataclass(frozen=True)
class Tested:
    """A forecast of the past: its day, the middle and its band, what came, and the Brier scores without and
    with the partner term (lower is better).
    """

    day: float
    low: float
    middle: float
    high: float
    came: float
    deals: int
    brier: float
    brier_partner: float


@dataclass(frozen=True)
class Forecast:
    """The amount that open deals bring within HORIZON days. `partner_term` says whether it was used, and why.

    `factor` is the relative spread that forecasts had together; `coverage` the share of tested bands that
    held what came.
    """

    low: float
    middle: float
    high: float
    deals: int
    attached_without_action: int
    partner_term: bool
    reason: str
    factor: float
    coverage: float | None
    tests: tuple[Tested, ...]


@dataclass(frozen=True)
class _Snapshot:
    """Open deals of a day, what their chance depends on, and whether they were won within the horizon."""

    deal: Column
    keys: list[tuple[str, str, int]]
    active: Column
    won: Column


def forecast(deals: Deals, statuses: Mapping[str, str], since: Mapping[str, float] | None = None) -> Forecast:
    """The forecast at the last day of the data.

    `statuses` by deal id, from the rules; `since` when each was earned, in days since 1970. Without that
    day a status counts from the attachment on, which lets past forecasts know it too early.
    """
    earned = since or {}
    known = [earned.get(deal, day) for deal, day in zip(deals.ids, deals.attached.tolist(), strict=True)]
    active = np.where([statuses.get(deal, "") in ACTIVE for deal in deals.ids], known, np.inf)
    days = np.arange(deals.end - HORIZON, float(deals.created.min(initial=deals.end)) + HORIZON, -QUARTER)[
        ::-1
    ]
    shots = {float(day): _snapshot(deals, float(day), active) for day in days}
    raw = []
    for day, shot in shots.items():
        past = [shots[each] for each in shots if each + HORIZON <= day]
        if past and len(shot.deal):
            raw.append((day, shot, _chances(past, shot, False), _chances(past, shot, True)))
    brier = [(_brier(shot, plain), _brier(shot, with_)) for _, shot, plain, with_ in raw]
    better = [with_ < plain for plain, with_ in brier]
    some = bool(np.isfinite(active).any())
    enough = len(raw) >= FEWEST_TESTS and some
    used = enough and sum(with_ - plain for plain, with_ in brier) < 0 and sum(better) * 2 > len(better)
    factors = [_factor(deals, shot, with_ if used else plain) for _, shot, plain, with_ in raw]
    tests = []
    for at, (day, shot, plain, with_) in enumerate(raw):
        chances = with_ if used else plain
        others = [each for place, each in enumerate(factors) if place != at]
        low, middle, high = _band(deals, shot, chances, _spread(others))
        came = float(deals.amount[shot.deal] @ shot.won)
        tests.append(Tested(day, low, middle, high, came, len(shot.deal), *brier[at]))
    now = _snapshot(deals, deals.end, active)
    spread = _spread(factors)
    low, middle, high = _band(deals, now, _chances(list(shots.values()), now, used), spread)
    coverage = float(np.mean([each.low <= each.came <= each.high for each in tests])) if tests else None
    idle = int((np.isfinite(deals.attached[now.deal]) & ~now.active).sum())
    reason = _reason(enough, used, len(raw), some)
    return Forecast(low, middle, high, len(now.deal), idle, used, reason, spread, coverage, tuple(tests))


def _snapshot(deals: Deals, day: float, active: Column) -> _Snapshot:
    """Deals open on that day; `active` has the day from which a partner's status holds."""
    inside = (deals.spell_entered <= day) & (deals.spell_left > day)
    deal = deals.spell_deal[inside]
    age = day - deals.spell_entered[inside]
    bands = np.searchsorted(AGES, age, side="right")
    keys = [
        (str(stage), str(deals.segment[at]), int(band))
        for stage, at, band in zip(deals.spell_stage[inside], deal.tolist(), bands.tolist(), strict=True)
    ]
    won = (deals.outcome[deal] == 1) & (deals.closed[deal] <= day + HORIZON)
    return _Snapshot(deal, keys, active[deal] <= day, won.astype(float))


def _chances(past: list[_Snapshot], shot: _Snapshot, partner: bool) -> Column:
    """The chance of each deal of `shot` by earlier ones: overall, then stage, then all keys, then partner."""
    counts: dict[tuple[object, ...], list[float]] = {}
    for each in past:
        for key, active, won in zip(each.keys, each.active.tolist(), each.won.tolist(), strict=True):
            for level in _levels(key, bool(active), partner):
                cell = counts.setdefault(level, [0.0, 0.0])
                cell[0] += won
                cell[1] += 1
    found = []
    for key, active in zip(shot.keys, shot.active.tolist(), strict=True):
        chance = 0.5
        for level in _levels(key, bool(active), partner):
            won, of = counts.get(level, (0.0, 0.0))
            chance = (won + PRIOR * chance) / (of + PRIOR)
        found.append(chance)
    return np.array(found)


def _levels(key: tuple[str, str, int], active: bool, partner: bool) -> list[tuple[object, ...]]:
    stage, _, age = key
    levels: list[tuple[object, ...]] = [(), (stage,), (stage, age), key]
    return [*levels, (*key, active)] if partner else levels


def _brier(shot: _Snapshot, chances: Column) -> float:
    return float(((chances - shot.won) ** 2).mean())


def _factor(deals: Deals, shot: _Snapshot, chances: Column) -> tuple[float, float]:
    """How far a forecast was off, relative, squared; and what its deals by themselves would make it."""
    amount = deals.amount[shot.deal]
    middle = float(amount @ chances)
    alone = float((amount**2) @ (chances * (1 - chances)))
    return ((float(amount @ shot.won) / middle - 1) ** 2, alone / middle**2) if middle else (0.0, 0.0)


def _spread(factors: list[tuple[float, float]]) -> float:
    """The common relative spread: what is left of past errors after the spread of single deals."""
    if len(factors) < FEWEST_TESTS:
        return UNTESTED
    return sqrt(max(sum(off - alone for off, alone in factors) / len(factors), 0.0))


def _band(deals: Deals, shot: _Snapshot, chances: Column, factor: float) -> tuple[float, float, float]:
    amount = deals.amount[shot.deal]
    middle = float(amount @ chances) if len(amount) else 0.0
    variance = float((amount**2) @ (chances * (1 - chances))) + (factor * middle) ** 2 if len(amount) else 0.0
    half = BAND * sqrt(variance)
    return max(middle - half, 0.0), middle, middle + half


def _reason(enough: bool, used: bool, tests: int, known: bool) -> str:
    if not known:
        return "no status says that a partner did something: no partner term"
    if not enough:
        return f"{tests} past forecasts are too few to test a partner term: not used"
    if used:
        return f"{tests} past forecasts were better with it"
    return f"{tests} past forecasts were no better with it: not used"
