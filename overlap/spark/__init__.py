"""Beyond one machine: identity, blinding and intersection on an Apache Spark cluster that is there already.

    open_session         a session of ours: encrypted network and disk, no web page; `close_session` ends it,
                         `require_sealed` judges somebody else's session by the same rule
    SparkEngine          the verbs of `overlap.engine.Engine`, for lists that fit into this process
    identify_parquet     accounts in Parquet ─→ the distinct identifiers of a run in Parquet
    SparkPassage         level `overlaps` over identifiers in Parquet: the messages of
                         `overlap.protocol.Passage`, byte for byte, read and written in pieces; what is
                         learned is Parquet again, and `trace_parquet` leads from it back to accounts
    Workplace            both, for tables and lists of this process: what `--engine spark` uses

Secrets travel as broadcast variables and never inside a plan, a task or a setting. What the cluster sees is
written in PROTOCOL.md. Names are loaded on first use: importing the package imports neither Spark nor pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.spark.engine import SparkEngine
    from overlap.spark.identity import Listed, identify_parquet, trace_parquet
    from overlap.spark.passage import SparkPassage
    from overlap.spark.session import close_session, import_pyspark, open_session, require_sealed
    from overlap.spark.workplace import Workplace, open_workplace

__all__ = [
    "Listed",
    "SparkEngine",
    "SparkPassage",
    "Workplace",
    "close_session",
    "identify_parquet",
    "import_pyspark",
    "open_session",
    "open_workplace",
    "require_sealed",
    "trace_parquet",
]

_HOMES = {
    "Listed": "identity",
    "SparkEngine": "engine",
    "SparkPassage": "passage",
    "Workplace": "workplace",
    "close_session": "session",
    "identify_parquet": "identity",
    "import_pyspark": "session",
    "open_session": "session",
    "open_workplace": "workplace",
    "require_sealed": "session",
    "trace_parquet": "identity",
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
