"""Win rates partner by partner, drawn towards what their deals would have done with any partner.

A partner's closed deals are compared with the rate of their strata (segment, and stage at attachment) over
all partners. How far partners differ at all is estimated from all of them (beta-binomial, largest marginal
likelihood); each partner's rate is drawn towards its expected one as far as that says. With fifty partners
two or three look special by chance, so the number tested stands beside the answer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.statistics.beta import log_likelihood, quantile
from cleanroom.attribution.statistics.deals import Deals
from cleanroom.attribution.statistics.intervals import wilson
from cleanroom.attribution.statistics.trials import spell_at

#: How many deals the expected rate weighs as: from partners that differ wildly to partners all alike.
CONCENTRATIONS: Final = tuple(float(each) for each in np.exp(np.linspace(np.log(1), np.log(10_000), 121)))

#: A claim needs so many closed deals.
FEWEST_DEALS: Final = 5

#: Both ends of the posterior interval.
ENDS: Final = (0.025, 0.975)


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
        partner: (sum(one for one, _ in some), len(some), sum(level[each] for _, each in some) / len(some))
        for partner, some in own.items()
    }
    concentration = _concentration(list(counts.values()))
    found = [_rate(partner, *counts[partner], concentration) for partner in counts]
    tested = sum(each.of >= FEWEST_DEALS for each in found)
    outside = sum(each.of >= FEWEST_DEALS and not each.low <= each.expected <= each.high for each in found)
    ordered = tuple(sorted(found, key=lambda each: (-each.of, each.partner)))
    return Rates(ordered, tested, outside, 0.05 * tested, concentration)


def _concentration(counts: list[tuple[int, int, float]]) -> float:
    """The one of CONCENTRATIONS under which the counts of all partners are likeliest."""

    def fit(weight: float) -> float:
        return sum(
            log_likelihood(won, of, weight * mean, weight * (1 - mean)) for won, of, mean in sorted(counts)
        )

    return max(CONCENTRATIONS, key=fit)


def _rate(partner: str, won: int, of: int, mean: float, weight: float) -> Rate:
    one, other = won + weight * mean, of - won + weight * (1 - mean)
    low, high = (quantile(end, one, other) for end in ENDS)
    raw_low, raw_high = wilson(won, of)
    says = _claim(of, mean, low, high)
    return Rate(partner, won, of, won / of, raw_low, raw_high, mean, one / (one + other), low, high, says)


def _claim(of: int, mean: float, low: float, high: float) -> str:
    if of < FEWEST_DEALS:
        return f"not enough data: {of} of {FEWEST_DEALS} deals"
    if low >= 2 * mean:
        return "at least doubles the win rate of its strata"
    if low > mean:
        return "above its strata"
    return "below its strata" if high < mean else "no difference shown"
