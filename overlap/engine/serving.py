"""What every worker process does: tasks on standard input, answers on standard output, until it ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from overlap.engine.tasks import read_frame, write_frame


def serve(perform: Callable[[bytes], bytes]) -> None:
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
