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
    `shared` is the URL of a folder that all machines of a cluster share, or empty.
    """

    engine: str = "local"
    master: str = ""
    backend: str = AUTO
    shared: str = ""

    @property
    def places_lists(self) -> bool:
        """Whether executors can work on lists, and not on elements only: there is a folder they all see."""
        return self.engine == "spark" and bool(self.shared or self.is_here)

    @property
    def is_here(self) -> bool:
        """Whether all executors of the cluster are processes of this machine."""
        return self.master.startswith("local")


#: The processors of this machine.
LOCAL: Final = EngineChoice()


def choose_engine(engine: str, master: str = "", backend: str = AUTO, shared: str = "") -> EngineChoice:
    """A choice that can be opened here.

    Raises UsageError for an unknown engine, a master or a shared folder that is missing or not asked for, for
    Spark without the package pyspark, and for a backend that cannot be used here.
    """
    if engine not in ENGINES:
        raise UsageError("an unknown engine", "use one of " + ", ".join(ENGINES))
    if (engine == "spark") != bool(master):
        raise UsageError(
            "the engine 'spark' and the URL of a cluster go together",
            "give both --engine spark and --master URL, for example --master 'local-cluster[2,1,1024]'",
        )
    if shared and (engine != "spark" or ":" not in shared):
        raise UsageError(
            "a folder that executors share is a URL, and for a cluster",
            "give --shared with --engine spark, for example --shared hdfs:///user/me/overlap",
        )
    if engine == "spark":
        from overlap.spark import import_pyspark

        import_pyspark()
    if engine == "spark" and backend != AUTO:
        raise UsageError(
            "a backend is chosen for this machine only", "leave --backend out with --engine spark"
        )
    used = backend if engine == "spark" else choose_backend(backend)
    return EngineChoice(engine, master, used, shared.rstrip("/"))


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
