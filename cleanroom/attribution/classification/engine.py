"""Statuses of all (opportunity, partner): meetings become claims, claims a status, rivals are decided.

Nothing here looks at a clock or a file, and the order of rows does not matter: the same pipeline gives the
same bytes. docs/attribution.md is the specification; tests/support has a second evaluator written from it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from cleanroom.attribution.classification.acts import Acts, Menu, partner_numbers, read_acts
from cleanroom.attribution.classification.amounts import check_amounts
from cleanroom.attribution.classification.deals import Deals, read_deals
from cleanroom.attribution.classification.findings import Finder
from cleanroom.attribution.classification.holdings import Holdings, may_source, read_holdings
from cleanroom.attribution.classification.meetings import (
    CLAIMS,
    CLOSE,
    CLOSE_CLAIM,
    CONTRADICTED,
    LATE_LOGGED,
    MOVE,
    MOVE_CLAIM,
    SOURCE,
    SOURCE_CLAIM,
    Meetings,
    Scalars,
    account_meetings,
    direct_meetings,
    meet,
    side_by_side,
)
from cleanroom.attribution.classification.pairs import Pairs, gather_pairs
from cleanroom.attribution.classification.pipeline import Pipeline, row_numbers
from cleanroom.attribution.classification.statuses import RULES, STATUSES
from cleanroom.attribution.classification.times import NEVER

if TYPE_CHECKING:
    import pandas as pd

_RULE: Final = {name: number for number, name in enumerate(RULES)}
#: The status that a rule gives: the word before its colon.
_WORDS: Final = {one.lower().replace(" ", "-"): number for number, one in enumerate(STATUSES)}
STATUS_OF_RULE: Final = np.array([_WORDS[name.split(":")[0]] for name in RULES], np.int64)

#: Proofs and claims of one meeting, best first.
_LADDER: Final = ((SOURCE, SOURCE_CLAIM), (CLOSE, CLOSE_CLAIM), (MOVE, MOVE_CLAIM))


@dataclass(frozen=True)
class Judged:
    """Every pair with its rule. `deciding` is the meeting behind it (-1 for none), `share_of` how many split
    the source; `source` and `influence` are the lanes."""

    pipeline: Pipeline
    deals: Deals
    acts: Acts
    menu: Menu
    holdings: Holdings
    partners: list[str]
    pairs: Pairs
    meetings: Meetings
    rule: np.ndarray
    deciding: np.ndarray
    source: np.ndarray
    influence: np.ndarray
    share_of: np.ndarray
    points: np.ndarray
    finder: Finder

    @property
    def status(self) -> np.ndarray:
        """The number of the status of each pair."""
        return np.asarray(STATUS_OF_RULE[self.rule])

    @cached_property
    def findings(self) -> pd.DataFrame:
        """FINDING_COLUMNS: what is wrong with rows of the pipeline."""
        return self.finder.table()


def judge_pipeline(pipeline: Pipeline) -> Judged:
    """Judge every (opportunity, partner). Raises BadInput for an opportunity id that occurs twice."""
    finder = Finder()
    partners, numbers = partner_numbers(pipeline)
    menu = Menu.of(pipeline.book)
    deals = read_deals(pipeline, finder)
    check_amounts(deals, finder)
    with ThreadPoolExecutor(1, "overlap-holdings") as thread:
        reading = thread.submit(read_holdings, pipeline, numbers, deals, finder)
        acts = read_acts(pipeline, menu, numbers, deals, finder)
        holdings = reading.result()
    meetings = _meetings(pipeline, acts, deals, menu, holdings, finder)
    pairs = gather_pairs(pipeline, acts, deals, menu, holdings, numbers, meetings)
    pairs, meetings = pairs.with_meetings(meetings, acts, deals)
    best = _best(pairs, meetings)
    source = best[0][0] >= 0
    race = _race(deals, holdings, pairs, source)
    lost = np.zeros(len(pairs), bool)
    lost[race.loses] = True
    rule, deciding = _rules(deals, pairs, meetings.lacks, best, lost)
    splitting = np.array([one.tie == "split" for one in pipeline.book.versions], bool)
    splits = splitting[deals.version[pairs.deal[race.ties]]]
    rule[race.wins] = _RULE["sourced:held-first"]
    rule[race.ties] = np.where(splits, _RULE["sourced:split"], _RULE["disputed:rivals"])
    share_of = np.ones(len(pairs), np.int32)
    share_of[race.ties] = np.where(splits, race.leaders, 1)
    source[lost] = source[race.ties[~splits]] = False
    rule[pairs.disputed & (rule != _RULE["unattributed:before-rules"])] = _RULE["disputed:open"]
    influence = (best[1][0] >= 0) | (best[2][0] >= 0)
    points = np.zeros(len(pairs), np.int32)
    np.add.at(points, pairs.of_meeting, meetings.points)
    return Judged(
        pipeline, deals, acts, menu, holdings, partners, pairs, meetings,
        rule, deciding, source, influence, share_of, points, finder,
    )  # fmt: skip


def _meetings(
    pipeline: Pipeline, acts: Acts, deals: Deals, menu: Menu, holdings: Holdings, finder: Finder
) -> Meetings:
    """All meetings that claim something; what else they tell goes to the finder."""
    scalars = Scalars.of(pipeline.book)
    required = np.array([one.holding == "required" for one in pipeline.book.versions], bool)

    def meet_batch(batch: tuple[np.ndarray, np.ndarray]) -> tuple[Meetings, dict[str, np.ndarray]]:
        act, deal = batch
        sourcing = None
        if required.any():
            sourcing = may_source(holdings, deals, required, acts.partner[act], deal)
        found = meet(acts, deals, menu, scalars, pipeline.now, sourcing, act, deal)
        told = {
            "after-close": act[found.after_close],
            "late-logged": act[found.late],
            "no-history": act[found.no_history],
            "unknown-type": act[~found.known & (acts.deal[act] == deal) & (deals.version[deal] >= 0)],
        }
        return found.only((found.worth & CLAIMS) > 0), told

    told: dict[str, np.ndarray] = {}
    kept: list[Meetings] = []
    for found, acted in side_by_side(
        meet_batch, (*direct_meetings(acts), *account_meetings(acts, deals, menu))
    ):
        kept.append(found)
        for code, act in acted.items():
            told.setdefault(code, np.zeros(len(acts), bool))[act] = True
    for code, holds in told.items():
        finder.add("action", code, acts.ids, acts.rows, holds)
    finder.add("opportunity", "before-rules", deals.ids, row_numbers(deals.frame), deals.version < 0)
    if not kept:
        nothing = np.empty(0, np.int64)
        return Meetings(*(nothing.astype(bool) if f.name in _FLAGS else nothing for f in fields(Meetings)))
    return Meetings(*(np.concatenate([getattr(one, f.name) for one in kept]) for f in fields(Meetings)))


_FLAGS: Final = ("known", "after_close", "late", "no_history")


def _best(pairs: Pairs, meetings: Meetings) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each rung of the ladder the earliest meeting that proves it, and that claims it; -1 for none."""
    return [
        (pairs.first(meetings.worth & proof > 0), pairs.first(meetings.worth & claim > 0))
        for proof, claim in _LADDER
    ]


def _rules(
    deals: Deals, pairs: Pairs, lacks: np.ndarray, best: list[tuple[np.ndarray, np.ndarray]], lost: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The rule of each pair by its own evidence, and the meeting behind it; where the source is `lost` to a
    rival, by the rest of its evidence."""
    # A pair's rule is one of few: a million of them stand in as many bytes.
    rule = np.full(len(pairs), _RULE["unattributed"], np.int8)
    rule[pairs.touched > 0] = _RULE["unattributed:no-usable-action"]
    rule[pairs.held] = _RULE["attached:overlap"]
    rule[pairs.last != NEVER] = _RULE["attached:action"]
    rule[lost] = _RULE["attached:held-later"]
    undated = (deals.created[0] == NEVER)[pairs.deal] & (pairs.held | (pairs.last != NEVER))
    rule[undated] = _RULE["attached:no-created"]
    deciding = np.full(len(pairs), -1, np.int32)
    rank = np.zeros(len(pairs), np.int8)
    ladder: list[tuple[int, str, np.ndarray, np.ndarray]] = [
        (1, "influenced", *best[2]),
        (2, "assisted-close", *best[1]),
        (3, "sourced", np.where(lost, -1, best[0][0]), np.where(lost, -1, best[0][1])),
    ]
    for height, name, proof, _ in ladder:
        at = np.flatnonzero(proof >= 0)
        rule[at], rank[at], deciding[at] = _RULE[name], height, proof[at]
    for height, _, _, claim in ladder:
        at = np.flatnonzero((claim >= 0) & (rank < height))
        rule[at], deciding[at] = _why(lacks[claim[at]]), claim[at]
    unruled = deals.version[pairs.deal] < 0
    rule[unruled], deciding[unruled] = _RULE["unattributed:before-rules"], -1
    return rule, deciding


def _why(lack: np.ndarray) -> np.ndarray:
    """The rule of claims that are no proof: evidence that is missing comes before what contradicts it."""
    why = np.where(lack & CONTRADICTED > 0, _RULE["disputed:contradiction"], _RULE["disputed:late-logging"])
    return np.where(lack & (LATE_LOGGED - 1) > 0, _RULE["disputed:evidence"], why)


@dataclass(frozen=True)
class _Race:
    """Who leads among several partners that sourced one deal: pairs that win, tie, and lose to an earlier
    holding; `leaders` is how many tie, one for each pair that ties."""

    wins: np.ndarray
    ties: np.ndarray
    leaders: np.ndarray
    loses: np.ndarray


def _race(deals: Deals, holdings: Holdings, pairs: Pairs, source: np.ndarray) -> _Race:
    """Decide by proven time; a partner without any is behind all that have one."""
    at = np.flatnonzero(source)
    count = np.bincount(pairs.deal[at], minlength=len(deals))
    at = at[count[pairs.deal[at]] > 1]
    deal = pairs.deal[at]
    latest = np.iinfo(np.int64).max
    proven = holdings.proven_at(deals.account[deal], pairs.partner[at])
    time = np.where(proven == NEVER, latest, proven)
    first = np.full(len(deals), latest)
    np.minimum.at(first, deal, time)
    leads = time == first[deal]
    leaders = np.bincount(deal[leads], minlength=len(deals))[deal]
    ties = leads & (leaders > 1)
    return _Race(at[leads & (leaders == 1)], at[ties], leaders[ties], at[~leads])
