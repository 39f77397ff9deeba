"""The engine: group operations on many elements, in order, in bounded memory, on every processor."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Self

from overlap.engine.tasks import check_task, hash_task, multiply_task, perform, read_answer
from overlap.engine.workers import Workers
from overlap.group import (
    ELEMENT_BYTES,
    SCALAR_BYTES,
    Fault,
    check_distinct,
    draw_scalar,
    dummy_messages,
    invalid_element,
)

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: Called after each chunk with a label, how many elements are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Elements a task, so that each takes some 20 to 100 ms: long beside the pipe (under 1 ms), short beside a
#: person's patience with a progress bar or with Ctrl-C.
MULTIPLY_CHUNK: Final = 1_000
LIGHT_CHUNK: Final = 4_000

#: Elements from which workers are used, else this process works alone. Starting a worker takes about 0.16 s;
#: two of them are quicker than this process alone from twice that on, which is as many elements as this.
MULTIPLY_THRESHOLD: Final = 6_000
LIGHT_THRESHOLD: Final = 40_000


class Engine:
    """Group operations over worker processes.

    `processes` is at least 1, by default one for each usable processor; with 1 this process works alone. All
    operations give the same bytes and the same errors whatever it is. Use as a context manager, or `close`.
    """

    def __init__(self, processes: int | None = None, progress: Progress | None = None) -> None:
        count = usable_processors() if processes is None else processes
        if count < 1:
            raise ValueError("an engine has at least one process")
        self._workers = Workers(count, "overlap.engine.worker") if count > 1 and sys.executable else None
        self._progress = progress

    def hash_to_group(self, messages: Sequence[bytes], label: str = "hash") -> bytes:
        """As `overlap.group.hash_to_group`: 32 bytes for each message, in order."""
        total = len(messages)
        tasks = (hash_task(messages[start : start + LIGHT_CHUNK]) for start in range(0, total, LIGHT_CHUNK))
        return self._run(tasks, total, LIGHT_CHUNK, LIGHT_THRESHOLD, label)

    def multiply(self, scalar: bytes, points: bytes, label: str = "multiply") -> bytes:
        """As `overlap.group.multiply`: X25519 of each point, in order; InvalidElement for a neutral one."""
        if len(scalar) != SCALAR_BYTES or len(points) % ELEMENT_BYTES:
            raise ValueError("a scalar has 32 bytes, and points have 32 bytes each")
        tasks = (multiply_task(scalar, chunk) for chunk in _chunks(points, MULTIPLY_CHUNK))
        return self._run(tasks, len(points) // ELEMENT_BYTES, MULTIPLY_CHUNK, MULTIPLY_THRESHOLD, label)

    def check_points(self, points: bytes, label: str = "check") -> None:
        """As `overlap.group.check_points`: InvalidElement for the first element that must not be there."""
        tasks = map(check_task, _chunks(points, LIGHT_CHUNK))
        self._run(tasks, -(-len(points) // ELEMENT_BYTES), LIGHT_CHUNK, LIGHT_THRESHOLD, label)
        check_distinct(points)

    def draw_dummies(self, count: int, random: RandomBytes, label: str = "dummies") -> bytes:
        """As `overlap.group.draw_dummies`: `count` elements that nobody can tell from blinded ones."""
        hashed = self.hash_to_group(dummy_messages(count, random), label)
        return self.multiply(draw_scalar(random), hashed, label)

    def watch(self, items: Iterable[bytes], total: int, label: str) -> Iterator[bytes]:
        """`items` as they come, of which there are `total`, with progress reported as for the operations."""
        for done, item in enumerate(items, start=1):
            yield item
            if self._progress and (done % MULTIPLY_CHUNK == 0 or done == total):
                self._progress(label, done, total)

    def close(self) -> None:
        """End the worker processes. The engine can be used again; it starts new ones."""
        if self._workers:
            self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, tasks: Iterable[bytes], total: int, chunk: int, threshold: int, label: str) -> bytes:
        results: dict[int, bytes] = {}
        faults: dict[int, Fault] = {}
        done = 0
        with contextlib.closing(self._answers(_until(faults, tasks), total, chunk, threshold)) as answers:
            for position, answer in answers:
                result = read_answer(answer)
                if isinstance(result, Fault):
                    faults[position] = result
                    continue
                results[position] = result
                done += min(chunk, total - position * chunk)
                if self._progress:
                    self._progress(label, done, total)
        if faults:
            # Chunks are handed out in order and all that were handed out are answered, so this is the first.
            first = min(faults)
            raise invalid_element(Fault(first * chunk + faults[first].position, faults[first].reason), total)
        return b"".join(results[position] for position in range(len(results)))

    def _answers(
        self, tasks: Iterable[bytes], total: int, chunk: int, threshold: int
    ) -> Generator[tuple[int, bytes]]:
        if self._workers and total >= threshold:
            yield from self._workers.answers(tasks, -(-total // chunk))
        else:
            yield from enumerate(map(perform, tasks))


def usable_processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _chunks(points: bytes, elements: int) -> Iterator[bytes]:
    size = elements * ELEMENT_BYTES
    return (points[start : start + size] for start in range(0, len(points), size))


def _until(faults: Mapping[int, Fault], tasks: Iterable[bytes]) -> Iterator[bytes]:
    """The tasks, up to the moment when a fault is known: what follows it is not worth doing."""
    for task in tasks:
        if faults:
            return
        yield task
