"""How evenly actions are logged: by owner and by partner, deal by deal, and how many differ only by chance.

Rules are applied to all alike; what is logged, when and with what, is not. A deal counts once for everybody
who logged on it, for its actions were hardly logged apart from one another. Of fifty alike two or three look
special at 95 %, so who is said to differ does so with Wilson's interval for the number tested (Bonferroni).
Beside it each share is drawn towards that of all, as far as all differ at all: the better guess of what the
next deals will show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from cleanroom.attribution.classification.acts import counted_from
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import Scalars
from cleanroom.attribution.classification.pipeline import encoded
from cleanroom.attribution.classification.times import NEVER
from cleanroom.attribution.observed.touches import on_deals
from cleanroom.attribution.statistics import (
    FEWEST_DEALS,
    MISSES,
    Counted,
    concentration,
    draw_in,
    wilson,
)

#: What is counted of the deals that somebody logged actions on.
MEASURES: Final = MappingProxyType(
    {
        "in-time": "deals on which every action was logged within the days that the rules give",
        "evidence": "deals on which every action has all the evidence that its type demands",
        "re-dated": "deals on which an action counts from its arrival, because it was logged late",
        "disputed": "deals on which the partner's status is Disputed",
    }
)

#: For each measure whether it can be known of each action, and whether it holds.
_Flags = Mapping[str, tuple[np.ndarray, np.ndarray]]


class One(NamedTuple):
    """`deals` of `of` deals of an owner or partner: the share with Wilson's interval, and drawn towards all.

    `says` is the only claim that the number tested allows.
    """

    name: str
    deals: int
    of: int
    share: float
    share_low: float
    share_high: float
    drawn: float
    low: float
    high: float
    says: str


@dataclass(frozen=True)
class Evenness:
    """One measure by owner or by partner, the most deals first; `overall` is the share over all of them."""

    measure: str
    overall: float
    tested: int
    outside: int
    by_chance: float
    rows: tuple[One, ...]


@dataclass(frozen=True)
class Logged:
    """Who logged how: both views, and actions that are in none, by code."""

    owners: tuple[Evenness, ...]
    partners: tuple[Evenness, ...]
    left_out: dict[str, int]


def logged_by(judged: Judged, statuses: pd.DataFrame) -> Logged:
    """Both views over usable actions that name a deal, of types that the deal's rules know."""
    acts, (at, version) = judged.acts, on_deals(judged)
    left_out = {
        "unusable": int((~acts.usable).sum()),
        "no-deal": int((acts.usable & (acts.deal < 0)).sum()),
        "before-rules": int((acts.usable & (acts.deal >= 0)).sum()) - len(at),
    }
    deal, partner = acts.deal[at], acts.partner[at]
    flags = _flags(judged, statuses, at, version)
    column = encoded(judged.pipeline.actions, "owner")
    names, numbers = _numbered([text.strip() for text in column.dictionary.to_pylist()])
    owner = numbers[np.asarray(column.indices)[at]] if len(at) else np.empty(0, np.int64)
    return Logged(
        _view(names, owner, deal, flags),
        _view(judged.partners, partner, deal, flags),
        {code: count for code, count in left_out.items() if count},
    )


def _numbered(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The distinct names, sorted, and the place of each text among them."""
    names = sorted(set(texts))
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place[text] for text in texts], np.int64)


def _flags(judged: Judged, statuses: pd.DataFrame, at: np.ndarray, version: np.ndarray) -> _Flags:
    """For each measure whether it can be known of each action, and whether it holds."""
    acts, deals, menu = judged.acts, judged.deals, judged.menu
    rules = Scalars.of(judged.pipeline.book)
    re_dates = rules.re_dates[version]
    _, _, late = counted_from(acts, at, rules.late_days[version], re_dates)
    told = acts.logged[0][at] != NEVER
    needs = menu.requires[version, acts.type[at]]
    chosen = statuses[statuses["status"] == "Disputed"]
    open_ = set(zip(chosen["opportunity"], chosen["partner"], strict=True))
    ids = deals.ids.to_pylist()
    pairs = zip(acts.deal[at].tolist(), acts.partner[at].tolist(), strict=True)
    disputed = np.array([(ids[deal], judged.partners[one]) in open_ for deal, one in pairs], bool)
    always = np.ones(len(at), bool)
    return {
        "in-time": (told, ~late),
        "evidence": (always, needs & ~acts.shows[at] == 0),
        "re-dated": (told, late & re_dates),
        "disputed": (always, disputed),
    }


def _view(
    names: Sequence[str],
    group: np.ndarray,
    deal: np.ndarray,
    flags: _Flags,
) -> tuple[Evenness, ...]:
    """Every measure by group; a deal is one for each group on it."""
    units, unit = np.unique(np.stack([group, deal]), axis=1, return_inverse=True)
    unit = unit.reshape(-1)
    size = units.shape[1]
    found = []
    for measure, (known, holds) in flags.items():
        if measure in ("in-time", "evidence"):
            # All actions of the deal, and each of them known.
            of = np.bincount(unit, ~known, size) == 0
            count = of & (np.bincount(unit, ~holds, size) == 0)
        else:
            of = np.bincount(unit, known, size) > 0
            count = of & (np.bincount(unit, known & holds, size) > 0)
        sums = [np.bincount(units[0][one], minlength=len(names)).tolist() for one in (count, of)]
        found.append(_compared(measure, names, *sums))
    return tuple(found)


def _compared(measure: str, names: Sequence[str], counts: list[int], sizes: list[int]) -> Evenness:
    whole = sum(sizes)
    overall = sum(counts) / whole if whole else 0.0
    # Half a deal of either kind keeps an expected share from being certain.
    expected = (sum(counts) + 0.5) / (whole + 1)
    each = {
        name: Counted(count, of, expected) for name, count, of in zip(names, counts, sizes, strict=True) if of
    }
    weight = concentration(list(each.values())) if each else 1.0
    tested = sum(one.of >= FEWEST_DEALS for one in each.values())
    strict = NormalDist().inv_cdf(1 - MISSES / 2 / max(tested, 1))
    rows, outside = [], 0
    for name, one in each.items():
        share = (one.won / one.of, *wilson(one.won, one.of))
        says = "not enough deals"
        if one.of >= FEWEST_DEALS:
            low, high = wilson(one.won, one.of, strict)
            says = "more often" if low > overall else "less often" if high < overall else ""
            outside += not share[1] <= overall <= share[2]
        rows.append(One(name, one.won, one.of, *share, *draw_in(one, weight), says))
    rows.sort(key=lambda one: (-one.of, one.name))
    return Evenness(measure, overall, tested, outside, MISSES * tested, tuple(rows))
