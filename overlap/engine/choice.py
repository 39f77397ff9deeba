"""Which engine works for a run: the processors of this machine, or a Spark cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from overlap.engine.engine import Engine, Progress
from overlap.errors import UsageError
from overlap.group import AUTO, choose_backend

ENGINES: Final = ("local", "spark")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """`engine` is one of ENGINES, `master` the URL of a Spark cluster and empty for any other engine.

    `backend` is the library that multiplies here (`overlap.group.BACKENDS`); a cluster takes the default one.
    """

    engine: str = "local"
    master: str = ""
    backend: str = AUTO


#: The processors of this machine.
LOCAL: Final = EngineChoice()


def choose_engine(engine: str, master: str = "", backend: str = AUTO) -> EngineChoice:
    """A choice that can be opened here.

    Raises UsageError for an unknown engine, a master that is missing or not asked for, for Spark without the
    package pyspark, and for a backend that cannot be used here.
    """
    if engine not in ENGINES:
        raise UsageError("an unknown engine", "use one of " + ", ".join(ENGINES))
    if (engine == "spark") != bool(master):
        raise UsageError(
            "the engine 'spark' and the URL of a cluster go together",
            "give both --engine spark and --master URL, for example --master 'local-cluster[2,1,1024]'",
        )
    if engine == "spark":
        from overlap.spark import import_pyspark

        import_pyspark()
    if engine == "spark" and backend != AUTO:
        raise UsageError(
            "a backend is chosen for this machine only", "leave --backend out with --engine spark"
        )
    return EngineChoice(engine, master, backend if engine == "spark" else choose_backend(backend))


def open_engine(
    choice: EngineChoice = LOCAL, progress: Progress | None = None, processes: int | None = None
) -> Engine:
    """The engine chosen, to be closed or used as a context manager; `processes` as in `Engine`.

    All give the same bytes and the same errors. For Spark a session is started: raises as
    `overlap.spark.open_session` does.
    """
    if choice.engine == "local":
        return Engine(processes, progress, choice.backend)
    from overlap.spark import SparkEngine, close_session, open_session

    session = open_session(choice.master)
    try:
        return SparkEngine(session, progress, owned=True)
    except BaseException:
        close_session(session)
        raise
