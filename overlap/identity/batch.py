"""Normalising many cells of a column: in this process for few, on all processors for many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Self

from overlap.engine import Workers, usable_processors
from overlap.identity.worker import Halves, normalise_cells, read_answer, write_task

#: Called with a column, cells done and cells in all.
Progress = Callable[[str, int, int], None]

#: Cells a task, and between two calls of the progress function: a tenth of a second or so.
STEP: Final = 8_192

#: Cells of one column from which workers are started. Two of them need a third of a second until they work,
#: in which this process alone normalises 30,000 names; from twice that on they are quicker.
THRESHOLD: Final = 60_000


class Batch:
    """Normalises columns, with the same outcomes whatever the number of processes (by default all)."""

    def __init__(self, processes: int | None, progress: Progress | None) -> None:
        count = usable_processors() if processes is None else processes
        self._workers = Workers(count, "overlap.identity.worker") if count > 1 and sys.executable else None
        self._progress = progress

    def normalise(self, column: str, cells: Sequence[Any]) -> Halves:
        """The values and the reasons of all cells, in order; `column` names a normaliser, too."""
        parts: dict[int, Halves] = {}
        done = 0
        for position, halves in self._answers(column, cells):
            parts[position] = halves
            done += len(halves[0])
            if self._progress:
                self._progress(column, done, len(cells))
        ordered = [parts[position] for position in range(len(parts))]
        return (
            [value for values, _ in ordered for value in values],
            [reason for _, reasons in ordered for reason in reasons],
        )

    def close(self) -> None:
        """End the worker processes."""
        if self._workers:
            self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self, column: str, cells: Sequence[Any]) -> Iterator[tuple[int, Halves]]:
        steps = [cells[start : start + STEP] for start in range(0, len(cells), STEP)]
        if self._workers and len(cells) >= THRESHOLD:
            tasks = (write_task(column, step) for step in steps)
            for position, answer in self._workers.answers(tasks, len(steps)):
                yield position, read_answer(answer)
        else:
            yield from enumerate(normalise_cells(column, step) for step in steps)
