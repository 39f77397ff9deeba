"""Worker processes: started as programs of their own, so that a user's script needs no `__main__` guard."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO, cast

import overlap
from overlap.engine.tasks import read_frame, write_frame
from overlap.errors import OverlapError

#: How long a killed worker may take to be gone, in seconds; the system needs milliseconds.
_EXIT_SECONDS = 10


class Workers:
    """Up to `count` processes that run `program`, a module that serves tasks.

    Each has at most one task at a time; they are started when there is work for them.
    """

    def __init__(self, count: int, program: str) -> None:
        self._count = count
        self._program = program
        self._processes: list[subprocess.Popen[bytes]] = []
        self._asking = threading.Lock()

    def answers(self, tasks: Iterable[bytes], expected: int) -> Generator[tuple[int, bytes]]:
        """(position of the task, answer) as answers arrive; a free worker gets the next task.

        `expected` is how many tasks there are at most. Raises OverlapError when a worker ends before its
        answer. Then, and when the caller stops listening or is interrupted, all workers are killed.
        """
        self._start(min(self._count, expected))
        queue = enumerate(tasks)
        with ThreadPoolExecutor(max(1, len(self._processes)), "overlap-worker") as threads:
            pending: dict[Future[bytes], tuple[subprocess.Popen[bytes], int]] = {}

            def hand_out(process: subprocess.Popen[bytes]) -> None:
                for position, task in queue:
                    pending[threads.submit(_ask, process, task)] = (process, position)
                    return

            try:
                for process in self._processes:
                    hand_out(process)
                while pending:
                    for future in wait(pending, return_when=FIRST_COMPLETED).done:
                        process, position = pending.pop(future)
                        answer = future.result()
                        hand_out(process)
                        yield position, answer
            except BaseException:
                # Threads that wait for an answer see the end of the stream, so the executor can be left.
                self.close()
                raise

    def ask(self, task: bytes) -> bytes:
        """The answer of the first worker, which is started when there is none. Raises as `answers` does.

        Threads may ask at once; one waits for the other, because a pipe does not say whose answer it brings.
        """
        with self._asking:
            self._start(1)
            try:
                return _ask(self._processes[0], task)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Kill all workers and wait until they are gone. Later work starts new ones."""
        processes, self._processes = self._processes, []
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(_EXIT_SECONDS)
            for stream in (process.stdin, process.stdout):
                _close_quietly(stream)

    def _start(self, count: int) -> None:
        while len(self._processes) < count:
            self._processes.append(_start_worker(self._program))


def _start_worker(program: str) -> subprocess.Popen[bytes]:
    # `-P` keeps the current folder off the import path: a file lying there must not be run as our code. The
    # path is the parent's own, so that a checkout, a wheel and a notebook all find the same packages.
    path = [entry for entry in sys.path if entry]
    home = str(Path(overlap.__file__).resolve().parent.parent)
    if home not in path:
        path.append(home)
    command = [sys.executable, "-P", "-m", program]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
    try:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # A group of its own keeps a terminal's Ctrl-C from the worker, also while it is still starting.
            process_group=None if sys.platform == "win32" else 0,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    except OSError as error:
        raise OverlapError(
            f"a worker process could not be started ({os.strerror(error.errno or 0)})",
            "run with one process, or free memory and process slots",
        ) from error


def _ask(process: subprocess.Popen[bytes], task: bytes) -> bytes:
    try:
        write_frame(cast(IO[bytes], process.stdin), task)
        answer = read_frame(cast(IO[bytes], process.stdout))
    except OSError:
        answer = None
    if answer is None:
        raise OverlapError(
            f"a worker process ended before its work was done (exit code {process.wait(_EXIT_SECONDS)})",
            "run the command again; if it repeats, free memory or use fewer processes",
        )
    return answer


def _close_quietly(stream: IO[bytes] | None) -> None:
    # What was not yet flushed to a killed process cannot be delivered any more.
    with contextlib.suppress(OSError):
        if stream:
            stream.close()
