"""Threads, for work that a library does without holding the interpreter."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor


class Threads:
    """Up to `count` threads of this process that perform tasks; nothing outlives a call."""

    def __init__(self, count: int, perform: Callable[[bytes], bytes]) -> None:
        self._count = count
        self._perform = perform

    def answers(self, tasks: Iterable[bytes], expected: int) -> Generator[tuple[int, bytes]]:
        """(position of the task, answer), in order.

        `expected` is how many tasks there are at most; few more than can be worked on are taken at a time.
        An error of `perform` is raised here. When the caller stops listening, what has begun is finished.
        """
        waiting: deque[Future[bytes]] = deque()
        done = 0
        count = max(1, min(self._count, expected))
        with ThreadPoolExecutor(count, "overlap-group") as threads:
            try:
                for task in tasks:
                    waiting.append(threads.submit(self._perform, task))
                    if len(waiting) > 2 * count:
                        yield done, waiting.popleft().result()
                        done += 1
                while waiting:
                    yield done, waiting.popleft().result()
                    done += 1
            finally:
                threads.shutdown(wait=False, cancel_futures=True)
