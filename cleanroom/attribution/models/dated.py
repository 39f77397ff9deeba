"""Formulas for journeys whose steps have dates: time decay, W and full path.

Decided where published definitions leave it open, each tested:

- a touch after the close, before `since`, or without a time earns nothing and is counted in `Dated.left_out`;
- touches at one instant weigh the same; a milestone that falls on several of them is shared equally;
- a milestone belongs to the latest touch at or before it; one before every touch has no touch;
- a touch that is two milestones has both weights; missing milestones and a missing middle leave their
  weight to the parts that are there, in proportion; repeated touches of one partner add up;
- the middle is every touch that is no milestone, in equal parts;
- nobody has credit when no touch is left.

Weights: Marketo Measure, "Marketo Measure attribution models" (W 30/30/30/10, full path 4 x 22.5/10); Adobe
Analytics, "Attribution models and lookback windows" (2^(-t / half-life), normalised).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from overlap.errors import UsageError

DAY: Final = 86_400

#: Milestones of the formulas; the first touch is the earliest, the others are instants of the deal.
W_WEIGHTS: Final = MappingProxyType({"first-touch": 30, "lead-created": 30, "opportunity-created": 30})
FULL_PATH_WEIGHTS: Final = MappingProxyType({name: Fraction(45, 2) for name in (*W_WEIGHTS, "closed-won")})
MIDDLE_WEIGHT: Final = 10


@dataclass(frozen=True)
class Touch:
    """A step of a journey; `at` in unix seconds, UTC, or None where nobody knows."""

    partner: str
    at: int | None


@dataclass(frozen=True)
class Dated:
    """Shares of one conversion by partner, adding up to 1 or empty; touches that earned nothing by reason."""

    shares: Mapping[str, float]
    left_out: Mapping[str, int]


def time_decay(
    touches: Sequence[Touch], closed: int, *, half_life_days: float, since: int | None = None
) -> Dated:
    """A touch t days before the close weighs 2^(-t / half_life_days); days are not rounded.

    Advertising uses 7 days; a deal of months wants a longer half-life, so it is always stated. Raises
    UsageError unless it is positive.
    """
    if not half_life_days > 0:
        raise UsageError("the half-life is not positive", "give the days after which a touch weighs half")
    usable, left_out = _usable(touches, closed, since)
    if not usable:
        return Dated({}, left_out)
    # Measured from the latest touch: a long journey does not underflow to no weight at all.
    latest = max(at for _, at in usable)
    weighed: dict[str, list[float]] = {}
    for partner, at in usable:
        weighed.setdefault(partner, []).append(2.0 ** ((at - latest) / DAY / half_life_days))
    sums = {partner: _sum(weights) for partner, weights in sorted(weighed.items())}
    whole = _sum(list(sums.values()))
    return Dated({partner: weight / whole for partner, weight in sums.items()}, left_out)


def w_shaped(
    touches: Sequence[Touch], closed: int, milestones: Mapping[str, int], *, since: int | None = None
) -> Dated:
    """30 each to first touch, lead creation and opportunity creation, 10 shared by the rest.

    `milestones` are the instants of `lead-created` and `opportunity-created`; what is not known is left out.
    """
    return _milestoned(touches, closed, milestones, W_WEIGHTS, since)


def full_path(
    touches: Sequence[Touch], closed: int, milestones: Mapping[str, int], *, since: int | None = None
) -> Dated:
    """22.5 each to the three of `w_shaped` and to the latest touch before `closed-won`, 10 to the rest."""
    return _milestoned(touches, closed, {"closed-won": closed, **milestones}, FULL_PATH_WEIGHTS, since)


def _milestoned(
    touches: Sequence[Touch],
    closed: int,
    milestones: Mapping[str, int],
    weights: Mapping[str, Fraction | int],
    since: int | None,
) -> Dated:
    if unknown := sorted(set(milestones) - set(weights)):
        raise UsageError("no such milestone", f"there are {', '.join(weights)}; not {len(unknown)} given")
    usable, left_out = _usable(touches, closed, since)
    credits: Counter[int] = Counter()
    for name, weight in weights.items():
        met = _met(usable, name, milestones)
        for place in met:
            credits[place] += Fraction(weight) / len(met)  # type: ignore[assignment]
    middle = [place for place in range(len(usable)) if place not in credits]
    for place in middle:
        credits[place] += Fraction(MIDDLE_WEIGHT, len(middle))  # type: ignore[assignment]
    whole = sum(credits.values())
    shares: dict[str, Fraction] = {}
    for place, weight in credits.items():
        partner = usable[place][0]
        shares[partner] = shares.get(partner, Fraction(0)) + Fraction(weight) / whole
    return Dated({partner: float(shares[partner]) for partner in sorted(shares)}, left_out)


def _met(usable: Sequence[tuple[str, int]], name: str, milestones: Mapping[str, int]) -> list[int]:
    """The places of the touches that are this milestone: several where they share an instant."""
    if name == "first-touch":
        instants = [at for _, at in usable]
        wanted = min(instants, default=None)
    elif name in milestones:
        wanted = max((at for _, at in usable if at <= milestones[name]), default=None)
    else:
        wanted = None
    return [place for place, (_, at) in enumerate(usable) if at == wanted]


def _usable(
    touches: Sequence[Touch], closed: int, since: int | None
) -> tuple[list[tuple[str, int]], Mapping[str, int]]:
    left_out: Counter[str] = Counter()
    usable = []
    for touch in touches:
        if touch.at is None:
            left_out["no-time"] += 1
        elif touch.at > closed:
            left_out["after-close"] += 1
        elif since is not None and touch.at < since:
            left_out["before-window"] += 1
        else:
            usable.append((touch.partner, touch.at))
    return sorted(usable, key=lambda each: (each[1], each[0])), dict(left_out)


def _sum(weights: list[float]) -> float:
    """Smallest first, so that the order of the touches is no matter."""
    return sum(sorted(weights))
