"""Tables at rest: one Parquet file a table, each replaced whole; queries run in an in-memory DuckDB.

The files are the truth and the database is made anew for each query, so that there is nothing to rebuild,
nothing to migrate, and a killed command leaves the old table or the new one. Partners' released records are
kept locked under the party's storage key and never in a table file.

A room, which many talk to at once, keeps a database file instead: `Database`.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, local
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from cleanroom.batches import batches
from overlap.errors import BadInput, Refused

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Rows = list[tuple[Any, ...]]
#: Runs one statement with its parameters and gives all rows of its answer.
Execute = Callable[..., Rows]
Job = Callable[[Execute], T]

#: Jobs in one commit: as many as can wait while the disk is flushed once.
GROUP_LIMIT: Final = 64

#: A room's tables are small, and the memory of its machine is for others.
_ROOM_SETTINGS: Final[dict[str, Any]] = {
    "enable_external_access": "false",
    "memory_limit": "512MB",
    "threads": 1,
}


def write_table(path: Path, frame: pd.DataFrame) -> None:
    """Replace the table at `path`; BadInput when the disk refuses, and the old table stays."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=0o600)
        frame.to_parquet(temporary, index=False)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise BadInput(
            f"cannot write {path}: {error.strerror}", "make room or choose another place, then run this again"
        ) from error


def read_table(path: Path) -> pd.DataFrame:
    """The table at `path`; BadInput when it is missing or damaged."""
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise BadInput(f"the table {path} cannot be read", "import the export again") from error


def table_bytes(frame: pd.DataFrame) -> bytes:
    """A table as Parquet bytes, for locking."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def table_from_bytes(data: bytes) -> pd.DataFrame:
    """The inverse of `table_bytes`."""
    import pandas as pd

    return pd.read_parquet(io.BytesIO(data))


def query(sql: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """The result of `sql` over the given tables, each by its name; nothing else can be read or written."""
    config: dict[str, Any] = {"enable_external_access": "false"}
    with duckdb.connect(":memory:", config=config) as connection:
        for name, frame in frames.items():
            connection.register(name, frame)
        return connection.execute(sql).df()


class Database:
    """A database file that this process alone holds open: every thread may read, one thread writes.

    `schema` are statements that make what is not there yet. Raises Refused when another process has the file
    and BadInput when it cannot be read.
    """

    def __init__(self, path: Path, schema: Sequence[str]) -> None:
        try:
            self._connection = duckdb.connect(str(path), config=_ROOM_SETTINGS)
        except duckdb.IOException as error:
            if "lock" in str(error):
                raise Refused("another process has the database open", "stop it, then try again") from error
            raise BadInput("the database cannot be read", "restore the room from a backup") from error
        path.chmod(0o600)
        self._cursors = local()
        self._queue: SimpleQueue[tuple[Job[Any], Future[Any]] | None] = SimpleQueue()
        for statement in schema:
            self._connection.execute(statement)
        self._writer = Thread(target=self._work, name="database", daemon=True)
        self._writer.start()

    def read(self, sql: str, *parameters: Any) -> Rows:
        """The rows of `sql` over what is committed."""
        if not hasattr(self._cursors, "cursor"):
            self._cursors.cursor = self._connection.cursor()
        rows: Rows = self._cursors.cursor.execute(sql, list(parameters)).fetchall()
        return rows

    def write(self, job: Job[T]) -> T:
        """What `job` returns, when what it wrote is on disk; what it raises, and then it wrote nothing."""
        return self.submit(job).result()

    def submit(self, job: Job[T]) -> Future[T]:
        """As `write`, without waiting. `job` may be called twice and must do nothing but run statements."""
        future: Future[T] = Future()
        self._queue.put((job, future))
        return future

    def close(self) -> None:
        """Let the writer finish what waits, and close the file."""
        self._queue.put(None)
        self._writer.join()
        self._connection.close()

    def _run(self, sql: str, *parameters: Any) -> Rows:
        rows: Rows = self._connection.execute(sql, list(parameters)).fetchall()
        return rows

    def _work(self) -> None:
        for jobs in batches(self._queue, GROUP_LIMIT):
            self._commit(jobs)

    def _commit(self, batch: list[tuple[Job[Any], Future[Any]]]) -> None:
        """All jobs in one transaction; when one fails, each in its own."""
        try:
            self._connection.execute("BEGIN")
            results = [job(self._run) for job, _ in batch]
            self._connection.execute("COMMIT")
        except Exception as error:
            with suppress(duckdb.Error):
                self._connection.execute("ROLLBACK")
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return
            for one in batch:
                self._commit([one])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
