"""The (deal, partner) pairs that occur: by an action of any kind, by a holding, or by a dispute."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.classification.acts import UNKNOWN, Acts, Menu
from cleanroom.attribution.classification.deals import Deals
from cleanroom.attribution.classification.holdings import Holdings
from cleanroom.attribution.classification.meetings import Meetings
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.times import NEVER, keyed


@dataclass(frozen=True)
class Pairs:
    """Sorted by deal and partner. `touched` counts the actions logged, `last` is the first second of the
    newest usable one (NEVER without), `held` and `disputed` say what else is known.

    `of_meeting` is the pair of each meeting once these are sorted, by pair and then by time.
    """

    deal: np.ndarray
    partner: np.ndarray
    touched: np.ndarray
    last: np.ndarray
    held: np.ndarray
    disputed: np.ndarray
    width: int
    of_meeting: np.ndarray

    def __len__(self) -> int:
        return len(self.deal)

    def place(self, deal: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """The pair of each; it is there."""
        keys = self.deal * self.width + self.partner
        return np.asarray(np.searchsorted(keys, deal * self.width + partner))

    def with_meetings(self, meetings: Meetings, acts: Acts, deals: Deals) -> tuple[Pairs, Meetings]:
        """The meetings sorted by pair, day and, on one day, by the id of the action."""
        pair = self.place(meetings.deal, acts.partner[meetings.act])
        keys = keyed(pair, meetings.start)
        order = np.argsort(keys)
        same = np.zeros(len(order), bool)
        same[1:] = keys[order[1:]] == keys[order[:-1]]
        tied = same.copy()
        tied[:-1] |= same[1:]
        if tied.any():
            at = order[tied]
            rank = np.empty(len(at), np.int64)
            rank[np.asarray(pc.sort_indices(acts.ids.take(pa.array(meetings.act[at]))))] = np.arange(len(at))
            group = np.cumsum(~same)[tied]
            order[tied] = at[np.lexsort((rank, meetings.end[at], group))]
        return replace(self, of_meeting=pair[order]), meetings.only(order)

    def first(self, chosen: np.ndarray) -> np.ndarray:
        """The first chosen meeting of each pair, -1 where there is none."""
        found = np.full(len(self), -1, np.int32)
        at = np.flatnonzero(chosen)[::-1]
        # Of several that are written to one place the last one stays, which is the first in order.
        found[self.of_meeting[at]] = at
        return found


def gather_pairs(
    pipeline: Pipeline,
    acts: Acts,
    deals: Deals,
    menu: Menu,
    holdings: Holdings,
    numbers: dict[str, int],
    meetings: Meetings,
) -> Pairs:
    """Every pair with a reason to be listed."""
    width = max(len(numbers), 1)
    keys, counts, newest = _on_deals(acts, deals, menu, width)
    by_account, touched_there, last_there = _on_accounts(acts, deals, menu, width)
    held = _held(holdings, deals, width)
    disputed = _disputed(pipeline, deals, numbers, width)
    everything = distinct(np.concatenate([keys, by_account, held, disputed]))
    touched = np.zeros(len(everything), np.int32)
    touched[np.searchsorted(everything, keys)] = counts
    touched[np.searchsorted(everything, by_account)] += touched_there
    last = np.full(len(everything), NEVER, np.int64)
    last[np.searchsorted(everything, keys)] = newest
    np.maximum.at(last, np.searchsorted(everything, by_account), last_there)
    return Pairs(
        deal=everything // width,
        partner=(everything % width).astype(np.int32),
        touched=touched,
        last=last,
        held=_among(everything, held),
        disputed=_among(everything, disputed),
        width=width,
        of_meeting=np.empty(0, np.int64),
    )


def distinct(keys: np.ndarray) -> np.ndarray:
    """The distinct keys, sorted."""
    ordered = np.sort(keys)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def _on_deals(acts: Acts, deals: Deals, menu: Menu, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs by actions that name a deal: distinct keys, sorted, how many actions, the newest usable one."""
    direct = np.flatnonzero((acts.deal >= 0) & (acts.partner >= 0))
    deal = acts.deal[direct]
    keys = deal * width + acts.partner[direct]
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])) if len(keys) else keys
    # A type that the deal's version does not know is no action under it.
    usable = acts.usable[direct] & (deals.version[deal] >= 0)
    usable &= menu.kind[deals.version[deal], acts.type[direct]] != UNKNOWN
    happened = np.where(usable, acts.happened[0][direct], NEVER)[order]
    newest = np.maximum.reduceat(happened, first) if len(first) else happened
    return keys[first], np.diff(np.append(first, len(keys))), newest


def _among(everything: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Which of all keys, sorted, are among these, which all are."""
    flags = np.zeros(len(everything), bool)
    flags[np.searchsorted(everything, keys)] = True
    return flags


def on_account_deals(deals: Deals, account: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each account (as in Deals) its deals: positions in `account`, and the deals beside them."""
    order = np.argsort(deals.account, kind="stable")
    ordered = deals.account[order]
    low, high = (np.searchsorted(ordered, account, side) for side in ("left", "right"))
    count = high - low
    position = np.repeat(np.arange(len(account)), count)
    offset = np.arange(len(position)) - np.repeat(np.cumsum(count) - count, count)
    return position, order[np.repeat(low, count) + offset]


def _on_accounts(
    acts: Acts, deals: Deals, menu: Menu, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs by actions that name an account only: distinct keys, how many actions, the newest usable one."""
    chosen = np.flatnonzero((acts.account >= 0) & (acts.partner >= 0))
    types = menu.kind.shape[1]
    group = (acts.account[chosen] * width + acts.partner[chosen]) * types + acts.type[chosen]
    groups, inverse, counts = np.unique(group, return_inverse=True, return_counts=True)
    newest = np.full(len(groups), NEVER, np.int64)
    usable = acts.usable[chosen]
    np.maximum.at(newest, inverse[usable], acts.happened[0][chosen[usable]])
    kind = groups % types
    position, deal = on_account_deals(deals, groups // types // width)
    known = (menu.kind[deals.version[deal], kind[position]] != UNKNOWN) & (deals.version[deal] >= 0)
    pair = deal * width + (groups // types % width)[position]
    keys, place = np.unique(pair, return_inverse=True)
    touched = np.zeros(len(keys), np.int64)
    np.add.at(touched, place, counts[position])
    last = np.full(len(keys), NEVER, np.int64)
    np.maximum.at(last, place[known], newest[position[known]])
    return keys, touched, last


def _held(holdings: Holdings, deals: Deals, width: int) -> np.ndarray:
    position, deal = on_account_deals(deals, holdings.keys // holdings.partners)
    return distinct(deal * width + (holdings.keys % holdings.partners)[position])


def _disputed(pipeline: Pipeline, deals: Deals, numbers: dict[str, int], width: int) -> np.ndarray:
    if not pipeline.disputes:
        return np.empty(0, np.int64)
    of = pa.array([one for one, _ in pipeline.disputes], pa.large_string())
    deal = np.asarray(pc.fill_null(pc.index_in(of, value_set=deals.ids), -1)).astype(np.int64)
    partner = np.array(
        [numbers.get(pipeline.book.partner(two), -1) for _, two in pipeline.disputes], np.int64
    )
    good = (deal >= 0) & (partner >= 0)
    return distinct(deal[good] * width + partner[good])
