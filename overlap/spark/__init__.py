"""Beyond one machine: identity, blinding and intersection on an Apache Spark cluster that is there already.

    open_session         a session of ours: encrypted network and disk, no web page; `require_sealed` judges
                         somebody else's session by the same rule
    SparkEngine          the verbs of `overlap.engine.Engine`, for lists that fit into this process
    identify_parquet     accounts in Parquet ─→ the distinct identifiers of a run in Parquet
    SparkStarter, SparkResponder
                         level `overlaps` over identifiers in Parquet: the bodies of `overlap.protocol.dh`,
                         byte for byte, read and written in pieces; what is learned is Parquet again

Secrets travel as broadcast variables and never inside a plan, a task or a setting. What the cluster sees is
written in PROTOCOL.md. Names are loaded on first use: importing the package imports neither Spark nor pandas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.spark.engine import SparkEngine
    from overlap.spark.identity import identify_parquet
    from overlap.spark.roles import SparkResponder, SparkStarter
    from overlap.spark.session import open_session, require_sealed

__all__ = [
    "SparkEngine",
    "SparkResponder",
    "SparkStarter",
    "identify_parquet",
    "open_session",
    "require_sealed",
]

_HOMES = {
    "SparkEngine": "engine",
    "SparkResponder": "roles",
    "SparkStarter": "roles",
    "identify_parquet": "identity",
    "open_session": "session",
    "require_sealed": "session",
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
