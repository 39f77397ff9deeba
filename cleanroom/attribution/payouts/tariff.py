"""What a rule owes for a volume: flat, marginal bands, a cliff, a fixed amount, or a step of points.

Bands are half-open: from `low` on, up to the next one's. *Marginal*: each part of the volume at the rate of
its band. *Cliff*: the whole volume at the rate of the band that it has reached. Results are exact: numerators
over one denominator for the whole tariff.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from cleanroom.attribution.payouts.money import Exact
from cleanroom.attribution.payouts.plan import Band, Rule

__all__ = ["Tariff", "tariff_of"]


class Tariff:
    """`due(volume) / denominator` is owed for a volume of minor units, events or points (>= 0)."""

    def __init__(self, rule: Rule, bands: Sequence[Band], rate: Fraction) -> None:
        self.once = bool(rule.once_per)
        self.amount = rule.amount
        self.steps = rule.type == "mdf"
        self.cliff = rule.tiers == "cliff"
        self.denominator = (
            1 if self.steps or rule.amount else lcm(rate.denominator, *(b.rate.denominator for b in bands))
        )
        self.flat = int(rate * self.denominator)
        self.lows = [band.low for band in bands]
        self.rates = [int(band.rate * self.denominator) for band in bands]
        self.amounts = [band.amount for band in bands]
        self.sums: list[Exact] = [0]
        for at in range(1, len(bands)):
            self.sums.append(self.sums[-1] + (self.lows[at] - self.lows[at - 1]) * self.rates[at - 1])

    def due(self, volume: Exact) -> Exact:
        """The numerator of what is owed."""
        if self.amount:
            return self.amount * (min(volume, 1) if self.once else volume)
        if not self.lows:
            return volume * self.flat
        band = bisect_right(self.lows, volume) - 1
        if self.steps:
            return self.amounts[band]
        if self.cliff:
            return volume * self.rates[band]
        return self.sums[band] + (volume - self.lows[band]) * self.rates[band]


def tariff_of(rule: Rule, partner: str, *, accruing: bool = False) -> Tariff:
    """The tariff of a rule for one partner; while a rebate accrues, its provisional rate."""
    if accruing and rule.accrue is not None:
        return Tariff(rule, (), rule.accrue)
    return Tariff(rule, rule.own_bands.get(partner, rule.bands), rule.rate)
