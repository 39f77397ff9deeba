"""How long something takes where not everything has ended: Kaplan and Meier's curve and its median."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

import numpy as np

from cleanroom.attribution.statistics.deals import Column
from cleanroom.attribution.statistics.intervals import WIDTH

#: A half, and what a product of fractions may be off by.
_HALF: Final = 0.5 + 1e-12


@dataclass(frozen=True)
class Median:
    """The time by which half has ended, with its 95 % interval; None where the curve does not come so far.

    `ended` and `running` are counts; what still runs is censored at the time it has taken so far.
    """

    middle: float | None
    low: float | None
    high: float | None
    ended: int
    running: int


def median_time(took: Column, ended: Column) -> Median:
    """The median of Kaplan and Meier (1958); the interval is that of Brookmeyer and Crowley (1982), from
    log(-log) intervals of the curve with Greenwood's variance. `took` are times, `ended` flags.
    """
    order = np.argsort(took, kind="stable")
    times, done = took[order], ended[order].astype(bool)
    middle = low = high = None
    left, variance = 1.0, 0.0
    for time in np.unique(times[done]).tolist():
        at_risk = int((times >= time).sum())
        here = int((done & (times == time)).sum())
        left *= 1 - here / at_risk
        if left <= 0:
            least = most = 0.0
        else:
            variance += here / (at_risk * (at_risk - here))
            spread = exp(WIDTH * sqrt(variance) / -log(left))
            least, most = left**spread, left ** (1 / spread)
        low = time if low is None and least <= _HALF else low
        middle = time if middle is None and left <= _HALF else middle
        high = time if high is None and most <= _HALF else high
    return Median(middle, low, high, int(done.sum()), int((~done).sum()))
