"""The program of a worker process of the engine: group operations.

It draws nothing at random, keeps nothing between tasks, and learns a scalar only from a task: never from its
arguments or environment, where other processes of the machine could read it.
"""

from __future__ import annotations

from overlap.engine.serving import serve
from overlap.engine.tasks import perform

if __name__ == "__main__":
    serve(perform)
