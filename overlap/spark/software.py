"""Whether executors run this program with these lists: another version matches less, and says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from overlap.errors import Refused
from overlap.identity import data_digest, normaliser_digest
from overlap.spark.jobs import Batches, mapped
from overlap.spark.session import judging_spark

#: Tasks for each task slot of the cluster that are asked: chance deals them out, so some may ask twice.
_ASKED: int = 2


def require_same_software(session: Any) -> None:
    """Return when the executors asked have this program and its data; else Refused, or OverlapError."""
    tasks = _ASKED * int(session.sparkContext.defaultParallelism)
    with judging_spark():
        answers = mapped(session.range(0, tasks, 1, tasks), _tell, "software string").distinct().collect()
    if {str(row["software"]) for row in answers} != {_software()}:
        raise Refused(
            "executors have another version of account-overlap, or of its lists",
            "install the same version on every executor",
        )


def _software() -> str:
    return " ".join((version("account-overlap"), normaliser_digest(), data_digest()))


def _tell(batches: Batches) -> Batches:
    for _ in batches:
        yield from _answer()


def _answer() -> Iterator[pa.RecordBatch]:
    yield pa.record_batch({"software": pa.array([_software()], pa.string())})
