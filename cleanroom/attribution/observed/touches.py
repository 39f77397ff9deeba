"""Touches: usable actions on the deals they bear on, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.classification.acts import UNKNOWN, counted_from
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.meetings import SOURCE_CLAIM, Scalars
from cleanroom.attribution.classification.times import NEVER, day_number

#: What may stand in a step of a path in place of the sign that parts steps.
_SIGN = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


@dataclass(frozen=True)
class Touches:
    """One a (deal, action), sorted by deal, time and the action's id; `deal`, `partner`, `act` are places in
    what was judged.

    `start`, `end` are the seconds from which the rules count the action (a late one from its arrival),
    `until` the last included day (its first second) of its window; `after`: the deal was closed before.
    """

    deal: np.ndarray
    partner: np.ndarray
    act: np.ndarray
    start: np.ndarray
    end: np.ndarray
    until: np.ndarray
    after: np.ndarray

    def __len__(self) -> int:
        return len(self.deal)


def on_deals(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """The places of usable actions that name a deal, of types that the deal's rules know, and the version of
    the rules that judges each."""
    acts, deals = judged.acts, judged.deals
    at = np.flatnonzero(acts.usable & (acts.deal >= 0))
    version = deals.version[acts.deal[at]]
    known = (version >= 0) & (judged.menu.kind[version, acts.type[at]] != UNKNOWN)
    return at[known], version[known]


def gather_touches(judged: Judged) -> Touches:
    """Usable actions that name a deal, of types that the deal's rules know, evidence or not; and actions on
    an account that claim to have sourced one of its deals. Other actions on an account touch no deal."""
    acts, deals, menu = judged.acts, judged.deals, judged.menu
    at, version = on_deals(judged)
    scalars = Scalars.of(judged.pipeline.book)
    start, end, _ = counted_from(acts, at, scalars.late_days[version], scalars.re_dates[version])
    until = (day_number(start) + menu.days[version, acts.type[at]]) * 86_400
    met = judged.meetings
    other = np.flatnonzero((acts.deal[met.act] < 0) & (met.worth & SOURCE_CLAIM > 0))
    act = np.concatenate([at, met.act[other]])
    deal = np.concatenate([acts.deal[at], met.deal[other]])
    start, end = np.concatenate([start, met.start[other]]), np.concatenate([end, met.end[other]])
    until = np.concatenate([until, met.until[other]])
    order = np.lexsort((_ranks(acts.ids)[act], end, start, deal))
    act, deal, start = act[order], deal[order], start[order]
    after = deals.won_or_lost[deal] & (deals.last[deal] != NEVER) & (start > deals.last[deal])
    return Touches(deal, acts.partner[act], act, start, end[order], until[order], after)


def step_names(partners: Sequence[str], reserved: Sequence[str] = ()) -> list[str]:
    """Each partner's name as it stands in the files: on one line, without the sign that parts the steps of a
    path; two partners never share one, and none has a reserved one."""
    taken = set(reserved)
    names = []
    for partner in partners:
        plain = "".join(one if one.isprintable() else " " for one in partner).replace(">", _SIGN)
        name = base = " ".join(plain.split()) or "?"
        number = 2
        while name in taken or (name != partner and name in partners):
            name, number = f"{base} ({number})", number + 1
        taken.add(name)
        names.append(name)
    return names


def _ranks(ids: pa.Array) -> np.ndarray:
    """The place of each id among all, in the order of their texts."""
    rank = np.empty(len(ids), np.int64)
    rank[np.asarray(pc.sort_indices(ids))] = np.arange(len(ids))
    return rank
