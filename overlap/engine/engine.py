"""The engine: group operations on many elements, in order, in bounded memory, on every processor."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Self

from overlap.engine.tasks import check_task, hash_here, hash_task, multiply_task, perform, read_answer
from overlap.engine.threads import Threads
from overlap.engine.workers import Workers
from overlap.group import (
    AUTO,
    ELEMENT_BYTES,
    MULTIBUFFER,
    SCALAR_BYTES,
    Fault,
    check_distinct,
    choose_backend,
    invalid_element,
)

if TYPE_CHECKING:
    pass

#: Called after each chunk with a label, how many elements are done, and how many there are.
Progress = Callable[[str, int, int], None]

#: Elements a task, so that each takes some 20 to 100 ms: long beside the pipe (under 1 ms), short beside a
#: person's patience with a progress bar or with Ctrl-C.
MULTIPLY_CHUNK: Final = 1_000
LIGHT_CHUNK: Final = 4_096

#: Elements from which workers are used, else this process works alone. Starting a worker takes about 0.16 s;
#: two of them are quicker than this process alone from twice that on, which is as many elements as this.
MULTIPLY_THRESHOLD: Final = 6_000
LIGHT_THRESHOLD: Final = 40_000
#: The same where the backend hashes and checks in lanes, in half of the time.
LANES_THRESHOLD: Final = 100_000

#: Elements from which threads multiply, where the backend is one for them: two chunks.
THREAD_THRESHOLD: Final = 2_000

#: What an engine keeps of what it hashed: one list for each side of a simulation, and 4 million elements.
KEPT_LISTS: Final = 2
KEPT_BYTES: Final = 4_000_000 * ELEMENT_BYTES

_Helpers = Workers | Threads | None


class Engine:
    """Group operations on all processors: over worker processes, and over threads where a library allows it.

    `processes` is at least 1, by default one for each usable processor; with 1 this process works alone.
    `backend` is one of `overlap.group.BACKENDS` and says which library multiplies; UsageError when it cannot
    be used here. All operations give the same bytes and the same errors whatever these are. Use as a context
    manager, or `close`.
    """

    def __init__(
        self, processes: int | None = None, progress: Progress | None = None, backend: str = AUTO
    ) -> None:
        count = usable_processors() if processes is None else processes
        if count < 1:
            raise ValueError("an engine has at least one process")
        #: The name of the library that multiplies, "cryptography" or "multibuffer".
        self.backend = choose_backend(backend)
        #: Processes that may be at work at once, this one included.
        self.processes = count if sys.executable else 1
        self._workers = Workers(count, "overlap.engine.worker") if self.processes > 1 else None
        self._staff: dict[str, list[Workers]] = {}
        self._threads = Threads(count, perform) if count > 1 else None
        self._progress = progress
        self._hashed: dict[bytes, bytes] = {}

    def hash_to_group(self, messages: Sequence[bytes], label: str = "hash", *, keep: bool = True) -> bytes:
        """As `overlap.group.hash_to_group`: 32 bytes for each message, in order.

        With `keep` the elements of the last lists stay in memory until `close`, so that another run over the
        same list does not hash again. They are worth as much as the plaintext and never leave the memory.
        """
        total = len(messages)
        name = _digest(messages) if keep else b""
        if (known := self._hashed.pop(name, None)) is not None:
            self._hashed[name] = known
            if self._progress and total:
                self._progress(label, total, total)
            return known
        chunks = (messages[start : start + LIGHT_CHUNK] for start in range(0, total, LIGHT_CHUNK))
        if helpers := self._light_helpers(total):
            tasks = (hash_task(chunk, self.backend) for chunk in chunks)
            elements = self._run(tasks, total, LIGHT_CHUNK, helpers, label)
        else:
            elements = self._collect((hash_here(chunk, self.backend) for chunk in chunks), total, label)
        if keep:
            self._keep(name, elements)
        return elements

    def multiply(self, scalar: bytes, points: bytes, label: str = "multiply") -> bytes:
        """As `overlap.group.multiply`: X25519 of each point, in order; InvalidElement for a neutral one."""
        if len(scalar) != SCALAR_BYTES or len(points) % ELEMENT_BYTES:
            raise ValueError("a scalar has 32 bytes, and points have 32 bytes each")
        total = len(points) // ELEMENT_BYTES
        tasks = (multiply_task(scalar, chunk, self.backend) for chunk in _chunks(points, MULTIPLY_CHUNK))
        if self.backend == MULTIBUFFER:
            helpers: _Helpers = self._threads if total >= THREAD_THRESHOLD else None
        else:
            helpers = self._helpers(total, MULTIPLY_THRESHOLD)
        return self._run(tasks, total, MULTIPLY_CHUNK, helpers, label)

    def check_points(self, points: bytes, label: str = "check") -> None:
        """As `overlap.group.check_points`: InvalidElement for the first element that must not be there."""
        total = -(-len(points) // ELEMENT_BYTES)
        tasks = (check_task(chunk, self.backend) for chunk in _chunks(points, LIGHT_CHUNK))
        self._run(tasks, total, LIGHT_CHUNK, self._light_helpers(total), label)
        check_distinct(points)

    def watch(self, items: Iterable[bytes], total: int, label: str) -> Iterator[bytes]:
        """`items` as they come, of which there are `total`, with progress reported as for the operations."""
        for done, item in enumerate(items, start=1):
            yield item
            if self._progress and (done % MULTIPLY_CHUNK == 0 or done == total):
                self._progress(label, done, total)

    def tell(self, label: str, done: int, total: int) -> None:
        """Report progress of work that is made of other operations."""
        if self._progress:
            self._progress(label, done, total)

    def staff(self, program: str) -> list[Workers]:
        """Processes beside this one that serve the tasks of `program`, a module; `close` ends them.

        They are started when they are asked something, and each keeps what it is told until then.
        """
        beside = self.processes - 1
        return self._staff.setdefault(program, [Workers(1, program) for _ in range(beside)])

    def close(self) -> None:
        """End the worker processes and forget what was hashed. The engine can be used again."""
        self._hashed.clear()
        for staff in self._staff.values():
            for worker in staff:
                worker.close()
        if self._workers:
            self._workers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self, name: bytes, elements: bytes) -> None:
        self._hashed[name] = elements
        # A dictionary remembers the order in which its entries came, so the first is the oldest.
        while len(self._hashed) > KEPT_LISTS or sum(map(len, self._hashed.values())) > KEPT_BYTES:
            del self._hashed[next(iter(self._hashed))]

    def _helpers(self, total: int, threshold: int) -> _Helpers:
        return self._workers if total >= threshold else None

    def _light_helpers(self, total: int) -> _Helpers:
        return self._helpers(total, LANES_THRESHOLD if self.backend == MULTIBUFFER else LIGHT_THRESHOLD)

    def _collect(self, answers: Iterable[bytes], total: int, label: str) -> bytes:
        """What came of light work done here, piece by piece, in order."""
        results: list[bytes] = []
        for answer in answers:
            results.append(answer)
            if self._progress:
                self._progress(label, min(len(results) * LIGHT_CHUNK, total), total)
        return b"".join(results)

    def _run(self, tasks: Iterable[bytes], total: int, chunk: int, helpers: _Helpers, label: str) -> bytes:
        results: dict[int, bytes] = {}
        faults: dict[int, Fault] = {}
        done = 0
        with contextlib.closing(_answers(_until(faults, tasks), -(-total // chunk), helpers)) as answers:
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


def usable_processors() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _answers(tasks: Iterable[bytes], expected: int, helpers: _Helpers) -> Generator[tuple[int, bytes]]:
    if helpers:
        yield from helpers.answers(tasks, expected)
    else:
        yield from enumerate(map(perform, tasks))


def _digest(messages: Sequence[bytes]) -> bytes:
    """A name for this list of messages, in this order."""
    lengths = array("Q", map(len, messages))
    return hashlib.sha256(b"".join([len(lengths).to_bytes(8, "big"), lengths.tobytes(), *messages])).digest()


def _chunks(points: bytes, elements: int) -> Iterator[bytes]:
    size = elements * ELEMENT_BYTES
    return (points[start : start + size] for start in range(0, len(points), size))


def _until(faults: Mapping[int, Fault], tasks: Iterable[bytes]) -> Iterator[bytes]:
    """The tasks, up to the moment when a fault is known: what follows it is not worth doing."""
    for task in tasks:
        if faults:
            return
        yield task
