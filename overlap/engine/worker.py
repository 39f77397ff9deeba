"""The program of a worker process: tasks on standard input, answers on standard output, until the input ends.

It draws nothing at random, keeps nothing between tasks, and learns a scalar only from a task: never from its
arguments or environment, where other processes of the machine could read it.
"""

from __future__ import annotations

import os
import signal
import sys

from overlap.engine.tasks import perform, read_frame, write_frame


def main() -> None:
    """Answer tasks until the input ends, which it also does when the parent dies."""
    # The parent decides what an interrupt means; it closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (task := read_frame(sys.stdin.buffer)) is not None:
        answer = perform(task)
        try:
            write_frame(sys.stdout.buffer, answer)
        except OSError:
            # The parent died. Leave without flushing what nobody reads.
            os._exit(0)


if __name__ == "__main__":
    main()
