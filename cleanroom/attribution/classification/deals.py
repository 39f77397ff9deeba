"""Deals as arrays: when each was created, when it stood open, when in a late stage, and by which version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.classification.findings import Finder
from cleanroom.attribution.classification.pipeline import Pipeline, row_numbers, texts
from cleanroom.attribution.classification.rules import plain_stage
from cleanroom.attribution.classification.times import NEVER, keyed, spans
from overlap.errors import BadInput

if TYPE_CHECKING:
    from cleanroom.attribution.classification.rules import RuleBook

#: Later than every second there is.
EVER: Final = 2**60


@dataclass(frozen=True)
class Segments:
    """Closed intervals of time of the deals, sorted by (deal, start); `reach` is the latest end so far."""

    keys: np.ndarray
    reach: np.ndarray
    deals: np.ndarray

    @staticmethod
    def make(deal: np.ndarray, start: np.ndarray, end: np.ndarray) -> Segments:
        """Of those that are not empty."""
        real = (start <= end) & (start != NEVER)
        deal, start, end = deal[real], start[real], end[real]
        keys = keyed(deal, start)
        # What starts together may stand in any order: `meet` looks at the last, whose reach is the furthest.
        order = np.argsort(keys)
        reach = np.maximum.accumulate(keyed(deal[order], end[order])) if len(order) else np.empty(0, np.int64)
        return Segments(keys[order], reach, deal[order])

    def meet(self, deal: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Whether an interval of the deal has a second in common with [start, end], one by one."""
        at = np.searchsorted(self.keys, keyed(deal, end), "right") - 1
        found = at >= 0
        found[found] &= self.deals[at[found]] == deal[found]
        found[found] &= self.reach[at[found]] >= keyed(deal[found], start[found])
        return found


@dataclass(frozen=True)
class Deals:
    """One entry a deal, sorted by id. Seconds are NEVER where not known; `version` is -1 where none judges.

    `created` and `ended` are spans (first second, last second); an open deal has not `ended`. `last` is the
    last second at which it can stand open. `blocked` is the last second at which an earlier deal of the
    account stood open, EVER while one does.
    """

    frame: Any
    ids: Any
    accounts: Any
    account: np.ndarray
    account_ids: Any
    won_or_lost: np.ndarray
    created: tuple[np.ndarray, np.ndarray]
    ended: tuple[np.ndarray, np.ndarray]
    last: np.ndarray
    version: np.ndarray
    history: np.ndarray
    entries: tuple[np.ndarray, np.ndarray]
    open: Segments
    late: Segments
    blocked: np.ndarray

    def __len__(self) -> int:
        return len(self.account)


def read_deals(pipeline: Pipeline, finder: Finder) -> Deals:
    """The deals of a pipeline; BadInput when an opportunity has no id or one that occurs twice."""
    frame = pipeline.opportunities
    unsorted = texts(frame, "id")
    order = np.asarray(pc.sort_indices(unsorted))
    ids = unsorted.take(pa.array(order))
    if len(ids) and (ids[0].as_py() == "" or pc.count_distinct(ids).as_py() != len(ids)):
        raise BadInput(
            "an opportunity has no id, or an id occurs more than once", "import the opportunities once, by id"
        )
    frame = frame.iloc[order]
    rows, accounts = row_numbers(frame), texts(frame, "account_id")
    encoded = accounts.dictionary_encode()
    account = np.asarray(encoded.indices).astype(np.int64)
    blank = np.asarray(pc.equal(accounts, ""), dtype=bool)
    status = texts(frame, "status")
    done = ~np.asarray(pc.equal(status, "open"), dtype=bool)
    created = _created(pipeline, frame, finder, ids, rows)
    version = _versions(pipeline.book, created[0])
    entries = _entries(pipeline, ids, created, finder)
    ended = _ended(pipeline, frame, finder, (ids, rows), done, created, entries)
    last = np.where(done, ended[1], pipeline.now)
    open_, late, history = _segments(pipeline.book, entries, created, last, version)
    return Deals(
        frame=frame,
        ids=ids,
        accounts=accounts,
        account=np.where(blank, -1, account),
        account_ids=encoded.dictionary,
        won_or_lost=done,
        created=created,
        ended=ended,
        last=last,
        version=version,
        history=history,
        entries=(keyed(entries.deal, entries.end)[entries.by_end], entries.start[entries.by_end]),
        open=open_,
        late=late,
        blocked=_blocked(np.where(blank, -1, account), created, np.where(done, ended[1], EVER)),
    )


def _created(
    pipeline: Pipeline, frame: Any, finder: Finder, ids: Any, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    start, end = spans(texts(frame, "created"))
    faults = {
        "no-created": start == NEVER,
        "created-in-future": start > pipeline.now,
        "created-before-company": (end < pipeline.book.newest.company_since) & (start != NEVER),
    }
    for code, wrong in faults.items():
        finder.add("opportunity", code, ids, rows, wrong)
        start, end = np.where(wrong, NEVER, start), np.where(wrong, NEVER, end)
    return start, end


def _versions(book: RuleBook, created: np.ndarray) -> np.ndarray:
    """The version that judges each deal. Without a day of creation the newest tells what the words mean."""
    starts = np.array([one.effective for one in book.versions], np.int64)
    found = np.searchsorted(starts, created, "right") - 1
    return np.where(created == NEVER, len(starts) - 1, found)


@dataclass(frozen=True)
class _Entries:
    """The usable rows of the stage history, sorted by deal, start, end and stage; `by_end` sorts by end."""

    deal: np.ndarray
    start: np.ndarray
    end: np.ndarray
    stage: np.ndarray
    names: list[str]
    by_end: np.ndarray


def _entries(
    pipeline: Pipeline, ids: Any, created: tuple[np.ndarray, np.ndarray], finder: Finder
) -> _Entries:
    frame = pipeline.stages
    empty = np.empty(0, np.int64)
    if frame is None or not len(frame):
        return _Entries(empty, empty, empty, empty, [], empty)
    of, rows = texts(frame, "opportunity_id"), row_numbers(frame)
    deal = np.asarray(pc.fill_null(pc.index_in(of, value_set=ids), -1)).astype(np.int64)
    start, end = spans(texts(frame, "entered"))
    faults = {
        "stage-of-unknown-deal": deal < 0,
        "stage-no-day": start == NEVER,
        "stage-in-future": start > pipeline.now,
    }
    good = np.ones(len(frame), bool)
    for code, wrong in faults.items():
        finder.add("stage", code, of, rows, wrong & good)
        good &= ~wrong
    early = good & (end < created[0][np.maximum(deal, 0)])
    finder.add("stage", "stage-before-created", of, rows, early)
    encoded = texts(frame, "stage").dictionary_encode()
    plain = [plain_stage(text) for text in encoded.dictionary.to_pylist()]
    names = sorted(set(plain))
    codes = np.array([names.index(text) for text in plain], np.int64)[np.asarray(encoded.indices)]
    deal, start, end, codes = deal[good], start[good], end[good], codes[good]
    order = np.lexsort((codes, end, start, deal))
    deal, start, end, codes = deal[order], start[order], end[order], codes[order]
    return _Entries(deal, start, end, codes, names, np.lexsort((end, deal)))


def _ended(
    pipeline: Pipeline,
    frame: Any,
    finder: Finder,
    named: tuple[Any, np.ndarray],
    done: np.ndarray,
    created: tuple[np.ndarray, np.ndarray],
    entries: _Entries,
) -> tuple[np.ndarray, np.ndarray]:
    """When won and lost deals closed; where the file does not say, at their last change of stage."""
    start, end = spans(texts(frame, "closed"))
    faults = {
        "no-closed": done & (start == NEVER),
        "closed-in-future": done & (start > pipeline.now),
        "closed-before-created": done & (start != NEVER) & (end < created[0]),
    }
    for code, wrong in faults.items():
        finder.add("opportunity", code, *named, wrong)
        start, end = np.where(wrong, NEVER, start), np.where(wrong, NEVER, end)
    last_start, last_end = np.full((2, len(done)), NEVER, np.int64)
    # Sorted by deal and start: of several entries of a deal the last one is written last.
    later = entries.end >= created[0][entries.deal]
    last_start[entries.deal[later]], last_end[entries.deal[later]] = entries.start[later], entries.end[later]
    lacking = done & (start == NEVER)
    start, end = np.where(lacking, last_start, start), np.where(lacking, last_end, end)
    return np.where(done, start, NEVER), np.where(done, end, NEVER)


def _segments(
    book: RuleBook,
    entries: _Entries,
    created: tuple[np.ndarray, np.ndarray],
    last: np.ndarray,
    version: np.ndarray,
) -> tuple[Segments, Segments, np.ndarray]:
    """When each deal stood open, when in a late stage, and whether it has a history at all."""
    count = len(version)
    deal, stages = entries.deal, len(entries.names)
    late_in = np.array([[n in one.late_stages for n in entries.names] for one in book.versions], bool)
    shut_in = np.array([[n in one.closed_stages for n in entries.names] for one in book.versions], bool)
    history = np.zeros(count, bool)
    history[deal] = True
    # An entry lasts until the next one of its deal begins, that day or second included.
    until = np.append(entries.end[1:], NEVER)
    newest = np.append(deal[1:] != deal[:-1], True) if len(deal) else np.empty(0, bool)
    until = np.where(newest, last[deal], np.minimum(until, last[deal]))
    since = np.maximum(entries.start, created[0][deal])
    judged = version[deal]
    none = np.zeros(len(deal), bool)
    late = late_in[judged, entries.stage] & (judged >= 0) if stages else none
    shut = shut_in[judged, entries.stage] & (judged >= 0) if stages else none
    known = (created[0] != NEVER)[deal] & (last != NEVER)[deal]
    # Before its first entry, and without a history, a deal stands open from its creation on.
    first_end = last.copy()
    oldest = np.append(True, deal[1:] != deal[:-1]) if len(deal) else np.empty(0, bool)
    first_end[deal[oldest]] = np.minimum(entries.end[oldest], last[deal[oldest]])
    before = (created[0] != NEVER) & (last != NEVER)
    everyone = np.arange(count)[before]
    parts = (
        np.concatenate([deal[known & ~shut], everyone]),
        np.concatenate([since[known & ~shut], created[0][before]]),
        np.concatenate([until[known & ~shut], first_end[before]]),
    )
    chosen = known & late
    return Segments.make(*parts), Segments.make(deal[chosen], since[chosen], until[chosen]), history


def _blocked(account: np.ndarray, created: tuple[np.ndarray, np.ndarray], until: np.ndarray) -> np.ndarray:
    """The last second at which a deal of the same account, created before, stood open; NEVER for none."""
    blocked = np.full(len(account), NEVER, np.int64)
    known = (account >= 0) & (created[0] != NEVER)
    at = np.flatnonzero(known)
    order = at[np.lexsort((created[1][at], account[at]))]
    keys = keyed(account[order], created[1][order])
    group = account[order]
    reach = until[order].copy()
    # The running maximum within each account, by doubling steps: as many as the logarithm of its deals.
    step = 1
    while step < len(order) and (group[step:] == group[:-step]).any():
        same = group[step:] == group[:-step]
        shifted = np.where(same, reach[:-step], NEVER)
        reach[step:] = np.maximum(reach[step:], shifted)
        step *= 2
    before = np.searchsorted(keys, keyed(account[at], created[0][at]), "left") - 1
    found = before >= 0
    found[found] &= group[before[found]] == account[at][found]
    blocked[at[found]] = reach[before[found]]
    return blocked
