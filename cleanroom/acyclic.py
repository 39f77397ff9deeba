"""Work that makes very many small values of which none holds itself: the collector of cycles waits meanwhile.

It would walk all of them again and again and find nothing; that is half of the time of rating 100,000 events.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector off in the block, and leave it afterwards as it was."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
