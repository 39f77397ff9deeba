"""The engine of the protocols on Spark: lists from this process, worked on by executors, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from overlap.engine import Engine, Progress
from overlap.group import (
    ELEMENT_BYTES,
    SCALAR_BYTES,
    Fault,
    check_distinct,
    find_fault,
    hash_to_group,
    invalid_element,
    try_multiply,
)
from overlap.spark.jobs import ITEMS_A_PIECE, Batches, mapped, sealed
from overlap.spark.session import close_session, judging_spark, quiet, require_sealed
from overlap.spark.software import require_same_software

#: Elements from which executors are used, else this process works alone: a job takes about half a second, in
#: which this process multiplies as many.
THRESHOLD: Final = 16_384

_ANSWER: Final = "number long, body binary, place long, reason string"


class SparkEngine(Engine):
    """`overlap.engine.Engine` over the executors of a Spark session: same verbs, same bytes, same errors.

    The lists go through this process, so they have to fit into it; `SparkStarter` and `SparkResponder` are
    for those that do not. `threshold` elements or more go to the executors. Closing stops the session when
    `owned`. Raises Refused for a session that leaves network or disk unencrypted.
    """

    def __init__(
        self,
        session: Any,
        progress: Progress | None = None,
        *,
        threshold: int = THRESHOLD,
        owned: bool = False,
    ) -> None:
        super().__init__(1, progress)
        require_sealed(session)
        require_same_software(session)
        self._session, self._spark_progress = session, progress
        self._threshold, self._owned = threshold, owned

    @property
    def session(self) -> Any:
        """The Spark session."""
        return self._session

    def hash_to_group(self, messages: Sequence[bytes], label: str = "hash", *, keep: bool = True) -> bytes:
        """As in `Engine`; only a list that is short enough to be hashed here is kept."""
        if len(messages) < self._threshold:
            return super().hash_to_group(messages, label, keep=keep)
        groups = [messages[at : at + ITEMS_A_PIECE] for at in range(0, len(messages), ITEMS_A_PIECE)]
        bodies = pa.array([list(group) for group in groups], pa.list_(pa.binary()))
        return self._ask(bodies, Hash(), len(messages), label)

    def multiply(self, scalar: bytes, points: bytes, label: str = "multiply") -> bytes:
        """As `overlap.group.multiply`: X25519 of each point, in order; InvalidElement for a neutral one."""
        total = len(points) // ELEMENT_BYTES
        if total < self._threshold or len(scalar) != SCALAR_BYTES or len(points) % ELEMENT_BYTES:
            return super().multiply(scalar, points, label)
        with sealed(self._session, scalar) as secret:
            return self._ask(_pieces(points), MultiplyPiece(secret), total, label)

    def check_points(self, points: bytes, label: str = "check") -> None:
        """As `overlap.group.check_points`: InvalidElement for the first element that must not be there."""
        total = -(-len(points) // ELEMENT_BYTES)
        if total < self._threshold:
            super().check_points(points, label)
            return
        self._ask(_pieces(points), CheckPiece(), total, label)
        check_distinct(points)

    def close(self) -> None:
        """Stop the session when it is ours. Unlike workers, it does not start again."""
        super().close()
        if self._owned:
            self._owned = False
            close_session(self._session)

    def _ask(self, bodies: pa.Array, function: Any, total: int, label: str) -> bytes:
        """The answers of executors to all bodies, in their order; InvalidElement for the first fault."""
        numbers = pa.array(range(len(bodies)), pa.int64())
        with judging_spark(), quiet():
            rows = self._session.createDataFrame(pa.table({"number": numbers, "body": bodies}))
            # One body a task would let the slowest executor decide; these are half a second to a second.
            answers = mapped(rows.repartition(max(1, len(bodies) // 4)), function, _ANSWER).toArrow()
        found = sorted(answers.to_pylist(), key=lambda row: int(row["number"]))
        faulty = next((row for row in found if row["reason"] is not None), None)
        if faulty is not None:
            at = int(faulty["number"]) * ITEMS_A_PIECE + int(faulty["place"])
            raise invalid_element(Fault(at, str(faulty["reason"])), total)
        if self._spark_progress:
            self._spark_progress(label, total, total)
        return b"".join(row["body"] for row in found)


@dataclass(frozen=True)
class Hash:
    """Messages to elements."""

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            for number, messages in _rows(batch):
                yield _answer(number, hash_to_group(messages))


@dataclass(frozen=True)
class MultiplyPiece:
    """Elements to their products with the secret scalar."""

    secret: Any

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            for number, piece in _rows(batch):
                yield _answer(number, try_multiply(self.secret.value, piece))


@dataclass(frozen=True)
class CheckPiece:
    """Elements to nothing, or to the first fault."""

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            for number, piece in _rows(batch):
                yield _answer(number, find_fault(piece) or b"")


def _rows(batch: pa.RecordBatch) -> Any:
    return zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)


def _answer(number: int, result: bytes | Fault) -> pa.RecordBatch:
    """One row; a refusal is a value here too, so that no error of an executor ever says anything."""
    fault = result if isinstance(result, Fault) else None
    return pa.record_batch(
        {
            "number": pa.array([number], pa.int64()),
            "body": pa.array([None if isinstance(result, Fault) else result], pa.binary()),
            "place": pa.array([fault.position if fault else None], pa.int64()),
            "reason": pa.array([fault.reason if fault else None], pa.string()),
        }
    )


def _pieces(points: bytes) -> pa.Array:
    size = ITEMS_A_PIECE * ELEMENT_BYTES
    return pa.array([points[at : at + size] for at in range(0, len(points), size)], pa.binary())
