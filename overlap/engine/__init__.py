"""Where batches run: on all processors for many elements, in this process for few."""

from __future__ import annotations

from overlap.engine.choice import ENGINES, LOCAL, EngineChoice, choose_engine, open_engine
from overlap.engine.engine import Engine, Progress, usable_processors
from overlap.engine.serving import serve
from overlap.engine.workers import Workers
from overlap.group import AUTO, BACKENDS

__all__ = [
    "AUTO",
    "BACKENDS",
    "ENGINES",
    "LOCAL",
    "Engine",
    "EngineChoice",
    "Progress",
    "Workers",
    "choose_engine",
    "open_engine",
    "serve",
    "usable_processors",
]
