"""Identifying many accounts: in this process for few, on all processors for many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pandas as pd

from overlap.engine import Workers, usable_processors
from overlap.identity.facts import COLUMNS
from overlap.identity.worker import Columns, Made, Wanted, identify_rows, read_answer, write_task

#: Called with what is done ("accounts"), how many are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Accounts a task, and between two calls of the progress function: half a second or so.
STEP = 8_192

#: Accounts from which workers are used. Two of them need a third of a second until they work, and as much of
#: each processor; this many take this process alone 1.5 s.
THRESHOLD = 40_000


def identified(
    accounts: pd.DataFrame, wanted: Wanted, processes: int | None, progress: Progress | None
) -> Iterator[tuple[int, Made]]:
    """(first account, its part) for parts of `accounts` in order, the same in however many processes."""
    count = usable_processors() if processes is None else processes
    starts = range(0, len(accounts), STEP)
    cells = [accounts[column] if (accounts[column] != "").any() else None for column in COLUMNS]
    done = 0
    for number, made in _parts(cells, len(accounts), wanted, count):
        done = min(done + STEP, len(accounts))
        if progress:
            progress("accounts", done, len(accounts))
        yield starts[number], made


def _parts(
    cells: list[pd.Series | None], accounts: int, wanted: Wanted, count: int
) -> Iterator[tuple[int, Made]]:
    starts = range(0, accounts, STEP)

    def columns(start: int) -> Columns:
        return [None if column is None else column.iloc[start : start + STEP].tolist() for column in cells]

    def rows(start: int) -> int:
        return min(STEP, accounts - start)

    if accounts < THRESHOLD or count < 2 or not sys.executable:
        for number, start in enumerate(starts):
            yield number, identify_rows(wanted, columns(start), rows(start))
        return
    workers = Workers(count, "overlap.identity.worker")
    try:
        tasks = (write_task(wanted, columns(start), rows(start)) for start in starts)
        for number, answer in workers.answers(tasks, len(starts)):
            yield number, read_answer(answer)
    finally:
        workers.close()
