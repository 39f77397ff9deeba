"""Every partner at a glance: pipeline, revenue, tier, segment, signal of churn, where it counts.

Rules with stated thresholds, no scores that nobody can follow. Two words are kept apart: a deal is
*ecosystem-attached* with the status Sourced, Influenced or Assisted Close; *Attached* is presence only and
earns no tier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cleanroom.attribution.statistics.deals import Deals
from cleanroom.attribution.statistics.forecasting import ACTIVE
from cleanroom.attribution.statistics.intervals import wilson

ACTION_COLUMNS: Final = ("partner", "date", "type", "deal_id")

#: So many of ACTION_COLUMNS must be there; the others tell what an introduction became.
NEEDED_COLUMNS: Final = 2

#: Days that are compared: the last so many, and as many before.
WINDOW: Final = 182


@dataclass(frozen=True)
class Thresholds:
    """Amounts won (over WINDOW days) for each tier, from the highest; silence in days; growth of a riser.

    A partner is silent after the longer of `silence` days and `patience` times its usual gap between actions.
    """

    tiers: tuple[tuple[str, float], ...] = (("gold", 250_000.0), ("silver", 50_000.0), ("member", 0.0))
    silence: float = 60.0
    patience: float = 3.0
    growth: float = 1.5
    #: How many closed deals a place needs before its rate is told.
    fewest: int = 5


@dataclass(frozen=True)
class Place:
    """What a partner did in a segment (vertical) or region: closed deals with its action, won, rate."""

    name: str
    of: int
    won: int
    rate: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Standing:
    """One partner. Amounts are those of deals with an active status, `attached_*` of all it is on.

    `segment` is one of `top performer`, `rising star`, `struggling`, `steady`, `new`; each `..._because` says
    which numbers decided.
    """

    partner: str
    open_pipeline: float
    won: float
    won_before: float
    attached_pipeline: float
    attached_won: float
    tier: str
    tier_because: str
    segment: str
    segment_because: str
    at_risk: bool
    risk_because: str
    verticals: tuple[Place, ...]
    regions: tuple[Place, ...]


@dataclass
class _Sums:
    open: float = 0.0
    won: float = 0.0
    won_before: float = 0.0
    attached_open: float = 0.0
    attached_won: float = 0.0
    first: float = float("inf")
    verticals: Counter[tuple[str, int]] = field(default_factory=Counter)
    regions: Counter[tuple[str, int]] = field(default_factory=Counter)
    actions: list[float] = field(default_factory=list)


def portfolio(
    deals: Deals,
    statuses: Mapping[str, str],
    actions: Iterable[tuple[str, float]],
    regions: Mapping[str, str],
    thresholds: Thresholds | None = None,
) -> tuple[Standing, ...]:
    """Every partner with a deal or an action, the most won first.

    `statuses` and `regions` are by deal id, `actions` partners and days since 1970. Days count back from the
    last day of the deals. Actions after it are left to the next report.
    """
    rules = thresholds or Thresholds()
    sums = _sum_up(deals, statuses, actions, regions)
    level = sorted(each.won for each in sums.values())
    median = level[len(level) // 2] if level else 0.0
    found = [_standing(partner, sums[partner], deals.end, median, rules) for partner in sorted(sums)]
    return tuple(sorted(found, key=lambda each: (-each.won, each.partner)))


def _sum_up(
    deals: Deals,
    statuses: Mapping[str, str],
    actions: Iterable[tuple[str, float]],
    regions: Mapping[str, str],
) -> dict[str, _Sums]:
    sums: dict[str, _Sums] = {}
    for at, deal in enumerate(deals.ids):
        partner = str(deals.partner[at])
        if not partner:
            continue
        one, amount = sums.setdefault(partner, _Sums()), float(deals.amount[at])
        outcome, age = int(deals.outcome[at]), deals.end - float(deals.closed[at])
        active = statuses.get(deal, "") in ACTIVE
        one.first = min(one.first, float(deals.created[at]))
        if outcome < 0:
            one.attached_open += amount
            one.open += amount * active
        elif outcome == 1 and age <= 2 * WINDOW:
            recent = age <= WINDOW
            one.attached_won += amount * recent
            one.won += amount * (active and recent)
            one.won_before += amount * (active and not recent)
        if active and outcome >= 0:
            one.verticals[str(deals.segment[at]), outcome] += 1
            one.regions[regions.get(deal, ""), outcome] += 1
    for partner, day in actions:
        if day <= deals.end:
            one = sums.setdefault(partner, _Sums())
            one.actions.append(day)
            one.first = min(one.first, day)
    return sums


def tier_of(won: float, tiers: Sequence[tuple[str, float]]) -> tuple[str, float]:
    """The tier of somebody who has won so much and where it begins; "" where it is in none."""
    return next(((name, least) for name, least in tiers if won >= least or least <= 0), ("", 0.0))


def _standing(partner: str, sums: _Sums, end: float, median: float, rules: Thresholds) -> Standing:
    tier, least = tier_of(sums.won, rules.tiers)
    tier_because = f"won {sums.won:,.0f} in {WINDOW} days, {tier} begins at {least:,.0f}"
    segment, segment_because = _segment(sums, end, median, rules)
    at_risk, risk_because = _risk(sums.actions, end, rules)
    verticals, regions = _places(sums.verticals, rules), _places(sums.regions, rules)
    return Standing(
        partner,
        sums.open,
        sums.won,
        sums.won_before,
        sums.attached_open,
        sums.attached_won,
        tier,
        tier_because,
        segment,
        segment_because,
        at_risk,
        risk_because,
        verticals,
        regions,
    )


def _segment(sums: _Sums, end: float, median: float, rules: Thresholds) -> tuple[str, str]:
    now = f"won {sums.won:,.0f} in the last {WINDOW} days, {sums.won_before:,.0f} in those before"
    if end - sums.first < WINDOW:
        return "new", f"first seen {end - sums.first:.0f} days ago"
    if sums.won > 0 and sums.won >= rules.growth * sums.won_before and sums.won < rules.tiers[0][1]:
        return "rising star", now
    if sums.won > 0 and sums.won >= 2 * median:
        return "top performer", f"{now}; the median partner won {median:,.0f}"
    if sums.won == 0 or sums.won * rules.growth <= sums.won_before:
        return "struggling", now
    return "steady", now


def _risk(actions: list[float], end: float, rules: Thresholds) -> tuple[bool, str]:
    """Silence longer than usual, or half as many actions as before."""
    days = sorted(actions)
    if not days:
        return True, "no action is logged"
    silent = end - days[-1]
    usual = (days[-1] - days[0]) / (len(days) - 1) if len(days) > 1 else 0.0
    limit = max(rules.silence, rules.patience * usual)
    recent = sum(day > end - WINDOW for day in days)
    before = sum(end - 2 * WINDOW < day <= end - WINDOW for day in days)
    says = f"last action {silent:.0f} days ago, usual gap {usual:.0f}"
    if silent > limit:
        return True, f"{says}: longer than {limit:.0f}"
    if before >= 4 and recent * 2 <= before:
        return True, f"{recent} actions in {WINDOW} days after {before}"
    return False, says


def _places(counts: Counter[tuple[str, int]], rules: Thresholds) -> tuple[Place, ...]:
    names = sorted({name for name, _ in counts})
    places = []
    for name in names:
        won, of = counts[name, 1], counts[name, 0] + counts[name, 1]
        low, high = wilson(won, of)
        places.append(Place(name, of, won, won / of if of >= rules.fewest else None, low, high))
    return tuple(sorted(places, key=lambda each: (-each.won, each.name)))
