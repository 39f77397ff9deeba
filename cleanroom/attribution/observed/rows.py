"""Rows of the files that the statistics take: deals, stages, statuses, actions. All days, in UTC."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from cleanroom.attribution.classification.deals import EVER
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import next_change
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.statuses import EARNING
from cleanroom.attribution.classification.times import DAY, NEVER, day_text, spans
from cleanroom.attribution.observed.journeys import first_touches
from cleanroom.attribution.observed.selection import Selection
from cleanroom.attribution.observed.touches import Touches

#: Who leads on a deal without a single source: the best of these; of equals who touched it first.
LEADING: Final = ("Sourced", "Assisted Close", "Influenced", "Disputed", "Attached", "Unattributed")

_NOTHING: Final = ("Unattributed", "{}")


@dataclass(frozen=True)
class DealRows:
    """Rows of DEAL_COLUMNS; `places` of these deals in what was judged, `leaders` (a place among the
    partners, -1 for none) of each, and what was left out by code.

    `shared` deals have touches of several partners: whoever leads, they are attached from the first one's.
    """

    rows: list[tuple[str, ...]]
    places: list[int]
    leaders: list[int]
    shared: int
    left_out: dict[str, int]


def deal_rows(
    judged: Judged,
    chosen: Selection,
    touches: Touches,
    statuses: pd.DataFrame,
    headlines: pd.DataFrame,
    names: Sequence[str],
    segments: Mapping[str, str],
) -> DealRows:
    """One row a usable deal; `segments` by deal id.

    The partner is the one in the source lane, else the one with the best status (LEADING), among those that
    touched the deal before its close: a match alone attaches nobody, for it has no day on the deal.
    `attached` is the day of the first touch of any partner, so that no deal counts as one without a partner
    after that; at the earliest the day of creation.
    """
    deals = judged.deals
    ids = deals.ids.to_pylist()
    closed, created = day_text(deals.ended[0]).to_pylist(), day_text(deals.created[0]).to_pylist()
    status, first = texts(deals.frame, "status").to_pylist(), first_touches(touches, len(deals))
    # The day of the first touch; of a deal without one it is not looked at.
    came = day_text(touches.start[first] if len(touches) else np.full(len(deals), NEVER)).to_pylist()
    met = _partners_by_deal(touches)
    sources = dict(zip(headlines["opportunity"], headlines["source"], strict=True))
    by_pair = status_by_pair(statuses)
    left_out = Counter(chosen.left_out)
    rows: list[tuple[str, ...]] = []
    places, leaders, shared = [], [], 0
    for at in np.flatnonzero(chosen.kept).tolist():
        amount = chosen.amounts[at]
        done = bool(deals.won_or_lost[at])
        if amount is None or (done and not closed[at]):
            left_out["no-amount" if amount is None else "no-close"] += 1
            continue
        leader = _leader(judged.partners, met.get(at, []), sources.get(ids[at], ""), ids[at], by_pair)
        attached = ""
        if leader >= 0:
            attached = max(came[at], created[at])
        rows.append(
            (
                *(ids[at], segments.get(ids[at], ""), format(amount, "f")),
                *(created[at], names[leader] if leader >= 0 else "", attached),
                *(closed[at] if done else "", status[at] if done else ""),
            )
        )
        places.append(at)
        leaders.append(leader)
        shared += len(met.get(at, ())) > 1
    return DealRows(rows, places, leaders, shared, dict(left_out))


def stage_rows(judged: Judged, deals: DealRows) -> tuple[list[tuple[str, str, str]], dict[str, int]]:
    """Rows of STAGE_COLUMNS for these deals, one a deal and day, and what was left out."""
    frame = judged.pipeline.stages
    left_out: Counter[str] = Counter()
    life = {row[0]: (row[3], row[6]) for row in deals.rows}
    entries: dict[tuple[str, str], tuple[int, int, str]] = {}
    starts, ends = spans(texts(frame, "entered"))
    names = (texts(frame, name).to_pylist() for name in ("opportunity_id", "stage"))
    columns = (*names, starts.tolist(), ends.tolist(), day_text(starts).to_pylist())
    for deal, stage, start, end, day in zip(*columns, strict=True):
        created, closed = life.get(deal, ("", ""))
        if not created or not day or not stage.strip() or day < created or start > judged.pipeline.now:
            left_out["stage-outside"] += 1
        elif closed and day > closed:
            left_out["after-close"] += 1
        else:
            left_out["same-day"] += (deal, day) in entries
            entries[deal, day] = max(entries.get((deal, day), (NEVER, NEVER, "")), (start, end, stage))
    rows = [(deal, stage, day) for (deal, day), (_, _, stage) in sorted(entries.items())]
    return rows, {code: count for code, count in left_out.items() if count}


def status_rows(judged: Judged, deals: DealRows, statuses: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Rows `deal_id,status,since` for these deals: the status of the partner that leads.

    `since` is the day from which nothing that came later could take an earning status away: for a source the
    deal's creation, else the change of stage or the close that the action led to; the action's own day while
    its window still runs.
    """
    by_pair = status_by_pair(statuses)
    found = [
        by_pair.get((row[0], judged.partners[leader]), _NOTHING) if leader >= 0 else _NOTHING
        for row, leader in zip(deals.rows, deals.leaders, strict=True)
    ]
    acted = [
        json.loads(facts).get("date", "") if status in EARNING and status != "Sourced" else ""
        for status, facts in found
    ]
    acted_at, _ = spans(pa.array(acted, pa.large_string()))
    settled = _settled(judged, np.array(deals.places, np.int64), acted_at)
    since = [
        row[3] if status == "Sourced" else day
        for row, (status, _), day in zip(deals.rows, found, settled, strict=True)
    ]
    return [(row[0], status, day) for row, (status, _), day in zip(deals.rows, found, since, strict=True)]


def action_rows(
    judged: Judged, touches: Touches, names: Sequence[str]
) -> tuple[list[tuple[str, str, str, str]], dict[str, int]]:
    """Rows of ACTION_COLUMNS of every usable action, on the day it happened; the others are counted.

    The deal is the one that the action names, else the first created of those that it may have sourced.
    """
    acts, ids = judged.acts, judged.deals.ids.to_pylist()
    order = np.lexsort((touches.deal, judged.deals.created[0][touches.deal]))[::-1]
    sourced = np.full(len(acts), -1, np.int64)
    sourced[touches.act[order]] = touches.deal[order]
    deal = np.where(acts.deal < 0, sourced, acts.deal)
    days = day_text(acts.happened[0][acts.usable]).to_pylist()
    columns = (one[acts.usable].tolist() for one in (acts.partner, acts.type, deal))
    rows = sorted(
        (names[partner], day, judged.menu.names[type_], ids[at] if at >= 0 else "")
        for partner, type_, at, day in zip(*columns, days, strict=True)
    )
    unusable = len(acts) - len(rows)
    return rows, {"unusable": unusable} if unusable else {}


def status_by_pair(statuses: pd.DataFrame) -> dict[tuple[str, str], tuple[str, str]]:
    """Status and facts of each (opportunity, partner)."""
    columns = (statuses[name].tolist() for name in ("opportunity", "partner", "status", "facts"))
    return {(deal, partner): (status, facts) for deal, partner, status, facts in zip(*columns, strict=True)}


def _partners_by_deal(touches: Touches) -> dict[int, list[int]]:
    """The partners that touched each deal before its close, each once, the first first."""
    found: dict[int, list[int]] = {}
    usable = ~touches.after
    for deal, partner in zip(touches.deal[usable].tolist(), touches.partner[usable].tolist(), strict=True):
        met = found.setdefault(deal, [])
        if partner not in met:
            met.append(partner)
    return found


def _leader(
    partners: Sequence[str],
    met: Sequence[int],
    source: str,
    deal: str,
    by_pair: Mapping[tuple[str, str], tuple[str, str]],
) -> int:
    ranks = [
        (
            partners[one] != source,
            LEADING.index(by_pair.get((deal, partners[one]), _NOTHING)[0]),
            order,
            one,
        )
        for order, one in enumerate(met)
    ]
    return min(ranks)[-1] if ranks else -1


def _settled(judged: Judged, deal: np.ndarray, start: np.ndarray) -> list[str]:
    """The day of the change that each action (its first second) led to, else its own; "" for NEVER."""
    known = start != NEVER
    change = next_change(judged.deals, deal, np.where(known, start, 0), EVER) * DAY
    settled = np.where(change > judged.pipeline.now, start, np.maximum(change, start))
    settled = np.maximum(settled, judged.deals.created[0][deal])
    return [str(day) for day in day_text(np.where(known, settled, NEVER)).to_pylist()]
