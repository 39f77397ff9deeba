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

#: Identifiers to be made (accounts times kinds) from which workers are used. Two of them need a third of a
#: second until they work, and as much of each processor; this many take this process alone 1.5 s.
THRESHOLD: Final = 400_000


class Batch:
    """Normalises the columns for `identifiers` at most, with the same outcomes in however many processes.

    `processes` is by default one for each usable processor.
    """

    def __init__(self, identifiers: int, processes: int | None, progress: Progress | None) -> None:
        count = usable_processors() if processes is None else processes
        pays = identifiers >= THRESHOLD and count > 1 and sys.executable
        self._workers = Workers(count, "overlap.identity.worker") if pays else None
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
        if self._workers and len(steps) > 1:
            tasks = (write_task(column, step) for step in steps)
            for position, answer in self._workers.answers(tasks, len(steps)):
                yield position, read_answer(answer)
        else:
            yield from enumerate(normalise_cells(column, step) for step in steps)
