"""What waits in a queue, taken in batches: the work of many that one flush of the disk can carry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


def batches(queue: SimpleQueue[T | None], limit: int) -> Iterator[list[T]]:
    """Whatever waits, at most `limit` at once and at least one; None in the queue is the end of it."""
    going = True
    while going:
        batch = [queue.get()]
        with suppress(Empty):
            while len(batch) < limit:
                batch.append(queue.get_nowait())
        going = None not in batch
        if waiting := [one for one in batch if one is not None]:
            yield waiting
