"""What attaching a partner changes in the win rate, the days to close or the amount, by sequential trials.

Each attachment begins a trial. Its controls are the deals that stood where it stood: same segment, amount
within SIZE_BAND, same stage, as long in that stage, open and not attached at that moment (also deals that
were attached later, and deals before their own attachment). The outcome is what happens within a horizon
after that moment; `outcomes` says how it is seen so that deals which are still open bias neither side.
Partners go to the larger deals of every band, so a straight line over the logarithm of the amount brings the
controls to the amount of the attached deal; it is that of the moment where the history of stages names it.
The answer is the mean difference over attachments, against going on as usual; a control may have been
attached later.

Intervals: deals are drawn again, with everything they are treated deal or control in, so that a control
used many times counts as the one deal it is. The trials are those of Hernan and Robins (2016), "Using big
data to emulate a target trial when a randomized trial is not available".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cleanroom.attribution.statistics.deals import Column, Deals, amount_at
from cleanroom.attribution.statistics.intervals import newcombe
from cleanroom.attribution.statistics.outcomes import amounts_silent, in_unit, raw_difference, seen_after
from cleanroom.attribution.stream import words
from cleanroom.number import per_cent

#: Controls have between 1/SIZE_BAND and SIZE_BAND times the amount.
SIZE_BAND: Final = 1.5

#: A trial needs so many controls, and a comparison so many matched attachments, and so many of all of them.
FEWEST_CONTROLS: Final = 3
FEWEST_MATCHED: Final = 30
LEAST_MATCHED: Final = 0.5

#: Time bias: attachments without a usable day, without a stage, or on the day of the close, as shares of all.
MOST_UNDATED: Final = 0.05
MOST_UNSTAGED: Final = 0.2
MOST_AT_CLOSE: Final = 0.2

#: The horizon ends where fewer trials than this share of either side could be followed.
FOLLOWED: Final = 0.25
RESAMPLES: Final = 1_000
ENDS: Final = (0.025, 0.975)

BIASES: Final = (
    "immortal time: a deal must live until a partner is attached",
    "stage: partners are attached to deals that have come far",
    "size and segment: partners are attached to other deals than most",
    "shifted start: days since attachment are fewer than days since creation",
    "reverse cause: a partner may be invited because the deal is nearly won",
)

#: Of amounts, besides.
SET_BEFORE: Final = "set before: the amount may have been what it is before the partner came"


@dataclass(frozen=True)
class Difference:
    """A difference with its 95 % interval: of win rates (a fraction of 1), of days, or of amounts (their
    ratio less 1). `of` and `others` are deals.
    """

    difference: float
    low: float
    high: float
    of: int
    others: int


@dataclass(frozen=True)
class Stratum:
    """Attachments of one segment and stage, those that found controls, and how many controls on average."""

    segment: str
    stage: str
    attachments: int
    matched: int
    controls: float
    difference: float | None


@dataclass(frozen=True)
class Lift:
    """The raw difference, which compares what is not comparable (None with too few deals for one); the
    matched one, None when refused.
    """

    naive: Difference | None
    matched: Difference | None
    refused: Mapping[str, str]
    horizon_days: float
    strata: tuple[Stratum, ...]


@dataclass(frozen=True)
class _Trials:
    """Matched pairs: `treated[i]` and, for each `pair_trial` i, a control deal, its moment, and by how much
    the logarithm of its amount is larger.
    """

    treated: Column
    moment: Column
    stratum: Column
    pair_trial: Column
    pair_deal: Column
    pair_moment: Column
    pair_larger: Column


@dataclass(frozen=True)
class _Seen:
    """Outcomes of the treated deals and of the pairs, and what each weighs."""

    own: Column
    own_weight: Column
    others: Column
    others_weight: Column


def lift(deals: Deals, measure: str = "win") -> Lift:
    """The lift of attached partners in one of MEASURES, or why there is none to be had."""
    naive = _naive(deals, measure)
    attachments = np.flatnonzero(np.isfinite(deals.attached))
    refused = _time_bias(deals, attachments)
    if measure == "amount":
        refused |= amounts_silent(deals, attachments, MOST_UNSTAGED)
    spell = spell_at(deals, attachments)
    trials = _match(deals, attachments[spell >= 0], spell[spell >= 0], dated=measure == "amount")
    followed = _horizon(deals, trials)
    if len(attachments) and (unstaged := float((spell < 0).mean())) > MOST_UNSTAGED:
        refused["no-stage"] = f"{per_cent(unstaged)} of attachments have no stage at their time"
    matched = len(trials.treated)
    if matched < max(FEWEST_MATCHED, LEAST_MATCHED * len(attachments)):
        refused["thin-strata"] = (
            f"{matched:,} of {len(attachments):,} attachments have at least {FEWEST_CONTROLS} controls; "
            f"needed are {FEWEST_MATCHED} and half of all"
        )
    if not matched:
        return Lift(naive, None, refused, 0.0, _strata(deals, attachments, spell, trials, None, measure))
    seen = _outcomes(deals, trials, followed, measure)
    strata = _strata(deals, attachments, spell, trials, seen, measure)
    result = None if refused else _compare(deals, trials, seen, measure)
    return Lift(naive, result, refused, followed, strata)


def _naive(deals: Deals, measure: str) -> Difference | None:
    if measure != "win":
        found = raw_difference(deals, measure)
        return None if found is None else Difference(*found)
    closed = deals.outcome >= 0
    has = deals.partner.astype(bool)
    cells = [int(deals.outcome[closed & side].sum()) for side in (has, ~has)]
    sizes = [int((closed & side).sum()) for side in (has, ~has)]
    return Difference(*newcombe(cells[0], sizes[0], cells[1], sizes[1]), sizes[0], sizes[1])


def _time_bias(deals: Deals, attachments: Column) -> dict[str, str]:
    refused = {}
    partnered = int(deals.partner.astype(bool).sum())
    if not partnered:
        refused["no-attachments"] = "no deal names a partner"
    elif deals.undated > MOST_UNDATED * partnered:
        refused["time-bias-undated"] = (
            f"{deals.undated:,} of {partnered:,} deals with a partner have no day of attachment inside "
            "the deal: who could have been attached when is not known"
        )
    closed = np.isfinite(deals.closed[attachments])
    at_close = closed & (deals.closed[attachments] - deals.attached[attachments] < 1)
    if len(attachments) and at_close.mean() > MOST_AT_CLOSE:
        refused["time-bias-at-close"] = (
            f"{per_cent(at_close.mean())} of attachments are dated within a day of the close: "
            "the result was known"
        )
    outcomes = set(deals.outcome[deals.outcome >= 0].tolist())
    if outcomes != {0, 1}:
        refused["one-outcome"] = "the deals are not both won and lost ones"
    return refused


def spell_at(deals: Deals, attachments: Column, moments: Column | None = None) -> Column:
    """For each attachment (or other moment of a deal) the stay in a stage that it falls into, -1 for none."""
    when = deals.attached[attachments] if moments is None else moments
    order = np.lexsort((deals.spell_entered, deals.spell_deal))
    keys = list(zip(deals.spell_deal[order].tolist(), deals.spell_entered[order].tolist(), strict=True))
    found = np.full(len(attachments), -1)
    for place, (deal, moment) in enumerate(zip(attachments.tolist(), when.tolist(), strict=True)):
        at = bisect_right(keys, (deal, moment)) - 1
        if at >= 0 and keys[at][0] == deal and moment < deals.spell_left[order[at]]:
            found[place] = order[at]
    return found


def _match(deals: Deals, attachments: Column, spells: Column, *, dated: bool = False) -> _Trials:
    """The trials of these attachments; with `dated` only deals whose amount at the moment is known."""
    groups: dict[tuple[Any, Any], list[int]] = {}
    for at, (deal, stage) in enumerate(zip(deals.spell_deal.tolist(), deals.spell_stage, strict=True)):
        groups.setdefault((deals.segment[deal], stage), []).append(at)
    places = {key: np.array(value) for key, value in groups.items()}
    keys = sorted(groups)
    number = {key: at for at, key in enumerate(keys)}
    undated = np.full(len(deals.ids), np.nan) if dated else np.log(deals.amount)

    def log_at(deal: Column, moment: Column) -> Column:
        then = amount_at(deals, deal, moment)
        return np.where(np.isnan(then), undated[deal], then)

    logs = log_at(attachments, deals.attached[attachments])
    treated: list[int] = []
    strata: list[int] = []
    pairs: list[tuple[Column, ...]] = []
    for deal, spell, log in zip(attachments.tolist(), spells.tolist(), logs.tolist(), strict=True):
        key = (deals.segment[deal], deals.spell_stage[spell])
        some = places[key]
        owner = deals.spell_deal[some]
        moment = deals.spell_entered[some] + (deals.attached[deal] - deals.spell_entered[spell])
        larger = log_at(owner, moment) - log
        fits = (np.abs(larger) <= np.log(SIZE_BAND)) & (owner != deal)
        fits &= (deals.spell_left[some] > moment) & (deals.attached[owner] > moment) & (moment <= deals.end)
        if fits.sum() < FEWEST_CONTROLS:
            continue
        pairs.append((np.full(int(fits.sum()), len(treated)), owner[fits], moment[fits], larger[fits]))
        treated.append(deal)
        strata.append(number[key])
    who = np.array(treated, np.int64)
    columns = [np.concatenate(column) for column in zip(*pairs, strict=True)] if pairs else [np.zeros(0)] * 4
    return _Trials(
        who, deals.attached[who], np.array(strata, np.int64), columns[0].astype(np.int64),
        columns[1].astype(np.int64), columns[2], columns[3],
    )  # fmt: skip


def _horizon(deals: Deals, trials: _Trials) -> float:
    """Days after the moment of a trial up to which at least FOLLOWED of both sides could be followed."""
    if not len(trials.treated):
        return 0.0
    sides = (deals.end - trials.moment, deals.end - trials.pair_moment)
    return float(min(np.quantile(side, 1 - FOLLOWED, method="lower") for side in sides))


def _outcomes(deals: Deals, trials: _Trials, horizon: float, measure: str) -> _Seen:
    share = 1 / np.bincount(trials.pair_trial, minlength=len(trials.treated))[trials.pair_trial]
    ones = np.ones(len(trials.treated))
    own = seen_after(deals, measure, trials.treated, trials.moment, ones, horizon)
    return _Seen(*own, *seen_after(deals, measure, trials.pair_deal, trials.pair_moment, share, horizon))


def _compare(deals: Deals, trials: _Trials, seen: _Seen, measure: str) -> Difference:
    size, count = len(deals.ids), len(trials.treated)

    def mean(weight: Column) -> float:
        expected = _expected(trials, weight[trials.pair_deal] * seen.others_weight, seen.others)
        mine = weight[trials.treated] * seen.own_weight * np.isfinite(expected)
        return float((mine * (seen.own - np.nan_to_num(expected))).sum() / max(mine.sum(), 1e-9))

    drawn = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        weight = np.bincount(words(deals.digest, f"lift {at}", size, size), minlength=size).astype(float)
        drawn[at] = mean(weight)
    low, high = np.quantile(drawn, ENDS)
    controls = len(np.unique(trials.pair_deal))
    middle, low, high = (in_unit(measure, float(each)) for each in (mean(np.ones(size)), low, high))
    return Difference(middle, low, high, count, controls)


def _expected(trials: _Trials, weight: Column, others: Column) -> Column:
    """For each trial what its controls (pairs, with weights) did at its amount; NaN without a control.

    The intercept of a weighted straight line over the logarithm of the amount; the plain mean where the
    controls do not lie on both sides.
    """
    count, trial, larger = len(trials.treated), trials.pair_trial, trials.pair_larger
    whole = np.bincount(trial, weight, count)
    first, second = np.bincount(trial, weight * larger, count), np.bincount(trial, weight * larger**2, count)
    won = np.bincount(trial, weight * others, count)
    sloped = np.bincount(trial, weight * others * larger, count)
    below = np.bincount(trial, weight * (larger < 0), count)
    plain = np.divide(won, whole, out=np.full(count, np.nan), where=whole > 0)
    spread = whole * second - first**2
    # Few controls make a wild line; each side needs FEWEST_CONTROLS.
    lined = (np.minimum(below, whole - below) >= FEWEST_CONTROLS) & (spread > 0)
    return np.where(lined, (second * won - first * sloped) / np.where(lined, spread, 1), plain)


def _strata(
    deals: Deals, attachments: Column, spell: Column, trials: _Trials, seen: _Seen | None, measure: str
) -> tuple[Stratum, ...]:
    """What there is of every segment and stage that has an attachment."""
    staged = attachments[spell >= 0]
    stages = dict(zip(staged.tolist(), deals.spell_stage[spell[spell >= 0]], strict=True))
    keys: dict[tuple[str, str], list[int]] = {}
    for deal in staged.tolist():
        keys.setdefault((str(deals.segment[deal]), str(stages[deal])), []).append(deal)
    place = {deal: at for at, deal in enumerate(trials.treated.tolist())}
    held = np.bincount(trials.pair_trial, minlength=len(place)) if place else np.zeros(0)
    theirs = np.zeros(len(place))
    if seen is not None:
        theirs = _expected(trials, seen.others_weight, seen.others)
    rows = []
    for (segment, stage), some in sorted(keys.items()):
        at = [place[deal] for deal in some if deal in place]
        mean = None
        if seen is not None and at:
            told = np.isfinite(theirs[at])
            weight = (seen.own_weight[at] * told).sum()
            each = seen.own_weight[at] * (seen.own[at] - np.nan_to_num(theirs[at])) * told
            mean = in_unit(measure, float(each.sum() / weight)) if weight else None
        controls = float(held[at].mean()) if at else 0.0
        rows.append(Stratum(segment, stage, len(some), len(at), controls, mean))
    return tuple(rows)
