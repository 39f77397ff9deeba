"""Where batches run: on all processors for many elements, in this process for few."""

from __future__ import annotations

from overlap.engine.engine import Engine, Progress, usable_processors

__all__ = ["Engine", "Progress", "usable_processors"]
