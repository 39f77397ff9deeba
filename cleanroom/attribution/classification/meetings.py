"""Which action meets which deal, and what it is worth there: the middle of the engine, all in arrays.

An action that names an opportunity meets that deal. One that names only its account can source the deals
created in its window, and is presence on all others of the account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np

from cleanroom.attribution.actions.menu import REQUIREMENTS, WINDOW_LIMIT
from cleanroom.attribution.classification.acts import ADVANCE, LATE, ORIGIN, UNKNOWN, Acts, Menu, counted_from
from cleanroom.attribution.classification.deals import Deals
from cleanroom.attribution.classification.rules import RuleBook
from cleanroom.attribution.classification.times import NEVER, day_number, keyed

B = TypeVar("B")
M = TypeVar("M")

#: What a meeting proves, and what it claims; a claim is what a proof would be with all evidence there.
SOURCE, CLOSE, MOVE = 1, 2, 4
SOURCE_CLAIM, CLOSE_CLAIM, MOVE_CLAIM = 8, 16, 32
CLAIMS: Final = SOURCE_CLAIM | CLOSE_CLAIM | MOVE_CLAIM

#: Why a claim is no proof, beyond the bits of REQUIREMENTS that are missing.
LATE_LOGGED: Final = 1 << len(REQUIREMENTS)
CONTRADICTED: Final = 2 << len(REQUIREMENTS)

#: Meetings judged at a time: their arrays stay below 50 MB.
BATCH: Final = 2**17
#: Batches worked on at a time: the arrays of a batch keep no interpreter busy.
THREADS: Final = 2


def side_by_side(work: Callable[[B], M], batches: Sequence[B]) -> list[M]:
    """The work of each batch, in order; of several, THREADS at a time."""
    if len(batches) < 2:
        return [work(one) for one in batches]
    with ThreadPoolExecutor(THREADS, "overlap-batch") as threads:
        return list(threads.map(work, batches))


@dataclass(frozen=True)
class Scalars:
    """The settings of each version, to be taken by the version of each deal."""

    lock_days: np.ndarray
    net_new: np.ndarray
    late_days: np.ndarray
    re_dates: np.ndarray

    @staticmethod
    def of(book: RuleBook) -> Scalars:
        """In the order of the versions."""
        return Scalars(
            np.array([one.lock_days for one in book.versions], np.int64),
            np.array([one.net_new for one in book.versions], bool),
            np.array([one.late_days for one in book.versions], np.int64),
            np.array([one.late_logging == "arrival" for one in book.versions], bool),
        )


@dataclass(frozen=True)
class Meetings:
    """Actions that meet deals. `start`, `end` say from when the action counts, `until` the last included day
    (first second) of its window, `worth` has bits of SOURCE to MOVE_CLAIM, `lacks` says why no proof."""

    act: np.ndarray
    deal: np.ndarray
    start: np.ndarray
    end: np.ndarray
    until: np.ndarray
    worth: np.ndarray
    lacks: np.ndarray
    points: np.ndarray
    known: np.ndarray
    after_close: np.ndarray
    late: np.ndarray
    no_history: np.ndarray

    def only(self, chosen: np.ndarray) -> Meetings:
        """These of them, or in this order."""
        return Meetings(*(getattr(self, one.name)[chosen] for one in fields(self)))


def meet(
    acts: Acts,
    deals: Deals,
    menu: Menu,
    scalars: Scalars,
    now: int,
    sourcing: np.ndarray | None,
    act: np.ndarray,
    deal: np.ndarray,
) -> Meetings:
    """Judge the usable actions `act` on the deals `deal`, one by one.

    `sourcing` says for (partner of the action, deal) whether it may source at all; None when all may.
    """
    version = deals.version[deal]
    judged = version >= 0
    kind = np.where(judged, menu.kind[version, acts.type[act]], UNKNOWN)
    days, requires = menu.days[version, acts.type[act]], menu.requires[version, acts.type[act]]
    start, end, late = counted_from(acts, act, scalars.late_days[version], scalars.re_dates[version])
    day = day_number(start)
    lacks = requires & ~acts.shows[act]
    lacks = np.where(late & ~scalars.re_dates[version], lacks | LATE_LOGGED, lacks)
    direct = acts.deal[act] == deal
    created = deals.created[0][deal]
    source = (kind == ORIGIN) & (created != NEVER) & (start <= deals.created[1][deal])
    source &= day_number(created) <= day + days
    logged = acts.logged[0][act]
    source &= (logged == NEVER) | (day_number(logged) <= day_number(created) + scalars.lock_days[version])
    source &= ~scalars.net_new[version] | (deals.blocked[deal] < start)
    if sourcing is not None:
        source &= sourcing
    standing = direct & deals.open.meet(deal, start, end)
    in_time = standing & (next_change(deals, deal, start, now) <= day + days)
    in_late = in_time & (kind == LATE) & deals.late.meet(deal, start, end)
    history = deals.history[deal]
    not_late = in_time & (kind == LATE) & history & ~in_late
    move = in_time & ((kind == ADVANCE) | (kind == ORIGIN) | ((kind == LATE) & ~history))
    claim = source * SOURCE_CLAIM | (in_late | not_late) * CLOSE_CLAIM | move * MOVE_CLAIM
    lacks = np.where(not_late, lacks | CONTRADICTED, lacks)
    proven = np.where(lacks == 0, claim >> 3, 0)
    over = direct & deals.won_or_lost[deal] & (deals.last[deal] != NEVER) & (start > deals.last[deal])
    return Meetings(
        act=act,
        deal=deal,
        start=start,
        end=end,
        until=(day + days) * 86_400,
        # A million pairs meet millions of times: what is small is kept small.
        worth=(claim | proven).astype(np.int16),
        lacks=lacks.astype(np.int16),
        points=np.where(proven > 0, menu.points[version, acts.type[act]], 0).astype(np.int32),
        known=kind != UNKNOWN,
        after_close=over,
        late=late,
        no_history=move & (kind == LATE),
    )


def next_change(deals: Deals, deal: np.ndarray, start: np.ndarray, now: int) -> np.ndarray:
    """The day of the next change of stage, of the close, or of today, whichever comes first."""
    keys, entered = deals.entries
    at = np.searchsorted(keys, keyed(deal, start), "left")
    found = at < len(keys)
    found[found] &= keys[at[found]] < keyed(deal[found] + 1, np.full(int(found.sum()), NEVER))
    last = day_number(np.where(deals.won_or_lost[deal], deals.last[deal], now))
    change = last.copy()
    change[found] = day_number(entered[at[found]])
    return np.asarray(np.minimum(change, last))


def direct_meetings(acts: Acts) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Usable actions and the deals that they name, a batch at a time."""
    at = np.flatnonzero(acts.usable & (acts.deal >= 0))
    # What is looked up in order is looked up faster.
    at = at[np.argsort(acts.deal[at], kind="stable")]
    for first in range(0, len(at), BATCH):
        chosen = at[first : first + BATCH]
        yield chosen, acts.deal[chosen]


def account_meetings(acts: Acts, deals: Deals, menu: Menu) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Usable actions on an account that may source, and its deals created in their widest window."""
    origins = (menu.kind == ORIGIN).any(axis=0)
    at = np.flatnonzero(acts.usable & (acts.account >= 0) & origins[acts.type])
    known = np.flatnonzero((deals.account >= 0) & (deals.created[0] != NEVER))
    order = known[np.lexsort((deals.created[1][known], deals.account[known]))]
    keys = keyed(deals.account[order], deals.created[1][order])
    latest = np.maximum(acts.happened[1][at], acts.logged[1][at]) + (WINDOW_LIMIT + 1) * 86_400
    low = np.searchsorted(keys, keyed(acts.account[at], acts.happened[0][at]), "left")
    high = np.searchsorted(keys, keyed(acts.account[at], latest), "right")
    for first, last in _batches(high - low):
        count = (high - low)[first:last]
        act = np.repeat(at[first:last], count)
        offset = np.arange(len(act)) - np.repeat(np.cumsum(count) - count, count)
        yield act, order[np.repeat(low[first:last], count) + offset]


def _batches(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Neighbouring ranges whose sizes add up to at most BATCH, one item at least."""
    total = np.cumsum(sizes)
    first = 0
    while first < len(sizes):
        limit = (total[first - 1] if first else 0) + BATCH
        last = max(first + 1, int(np.searchsorted(total, limit, "right")))
        yield first, last
        first = last
