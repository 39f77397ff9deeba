"""Win rates partner by partner, drawn towards what their deals would have done with any partner.

A partner's closed deals are compared with the rate of their strata (segment, and stage at attachment) over
all partners. How far partners differ at all is estimated from all of them (beta-binomial, largest marginal
likelihood); each partner's rate is drawn towards its expected one as far as that says. With fifty partners
two or three look special by chance, so the number tested stands beside the answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from cleanroom.attribution.statistics.deals import Deals
from cleanroom.attribution.statistics.intervals import wilson
from cleanroom.attribution.statistics.shrinking import (
    FEWEST_DEALS,
    Counted,
    Drawn,
    concentration,
    count_outside,
    draw_in,
)
from cleanroom.attribution.statistics.trials import spell_at


@dataclass(frozen=True)
class Rate:
    """One partner: `won` of `of` closed deals, the raw rate with Wilson's interval, what its strata would
    have given, and the shrunken rate with its posterior interval.

    `says` is the only claim that the interval allows.
    """

    partner: str
    won: int
    of: int
    raw: float
    raw_low: float
    raw_high: float
    expected: float
    rate: float
    low: float
    high: float
    says: str


@dataclass(frozen=True)
class Rates:
    """All partners, the most deals first; how many were tested, stand out, and would by chance alone."""

    partners: tuple[Rate, ...]
    tested: int
    outside: int
    by_chance: float
    concentration: float


def rates(deals: Deals) -> Rates:
    """Rates of every partner with a closed deal that has a usable day of attachment."""
    who = np.flatnonzero(np.isfinite(deals.attached) & (deals.outcome >= 0))
    spells = spell_at(deals, who)
    strata = [
        (str(deals.segment[deal]), str(deals.spell_stage[spell]) if spell >= 0 else "")
        for deal, spell in zip(who.tolist(), spells.tolist(), strict=True)
    ]
    size, won = Counter(strata), Counter[tuple[str, str]]()
    own: dict[str, list[tuple[int, tuple[str, str]]]] = {}
    for deal, stratum in zip(who.tolist(), strata, strict=True):
        outcome = int(deals.outcome[deal])
        won[stratum] += outcome
        own.setdefault(str(deals.partner[deal]), []).append((outcome, stratum))
    # Half a win and half a loss more keep a stratum of one outcome from being certain.
    level = {stratum: (won[stratum] + 0.5) / (size[stratum] + 1) for stratum in size}
    counts = {
        partner: Counted(
            sum(one for one, _ in some), len(some), sum(level[each] for _, each in some) / len(some)
        )
        for partner, some in own.items()
    }
    weight = concentration(list(counts.values()))
    drawn = {partner: draw_in(one, weight) for partner, one in counts.items()}
    found = [_rate(partner, counts[partner], drawn[partner]) for partner in counts]
    seen = count_outside([(counts[partner], drawn[partner]) for partner in counts])
    ordered = tuple(sorted(found, key=lambda each: (-each.of, each.partner)))
    return Rates(ordered, seen.tested, seen.outside, seen.by_chance, weight)


def _rate(partner: str, one: Counted, drawn: Drawn) -> Rate:
    says = _claim(one.of, one.expected, drawn.low, drawn.high)
    raw = (one.won / one.of, *wilson(one.won, one.of))
    return Rate(partner, one.won, one.of, *raw, one.expected, *drawn, says)


def _claim(of: int, mean: float, low: float, high: float) -> str:
    if of < FEWEST_DEALS:
        return f"not enough data: {of} of {FEWEST_DEALS} deals"
    if low >= 2 * mean:
        return "at least doubles the win rate of its strata"
    if low > mean:
        return "above its strata"
    return "below its strata" if high < mean else "no difference shown"
