"""Memory of work on very much: what it leaves goes back, and the collector of cycles waits meanwhile."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["give_back", "keep_little", "uncollected"]


def keep_little() -> None:
    """Let pyarrow take its memory where `give_back` returns all of it; called before anything imports it.

    Its own allocator keeps what a step has freed, a fifth of the peak at a million actions. The environment
    may say otherwise.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def give_back() -> None:
    """Return to the system what freed tables have left."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector off in a block that makes very many small values of which none holds itself.

    It would walk all of them again and again and find nothing; that is half of the time of rating 100,000
    events. Afterwards it is as it was.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
