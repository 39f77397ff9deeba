"""Tables at rest: one Parquet file a table, each replaced whole; queries run in an in-memory DuckDB.

The files are the truth and the database is made anew for each query, so that there is nothing to rebuild,
nothing to migrate, and a killed command leaves the old table or the new one. Partners' released records are
kept locked under the party's storage key and never in a table file.
"""

from __future__ import annotations

import io
import os
import secrets
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from overlap.errors import BadInput


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
    return pd.read_parquet(io.BytesIO(data))


def query(sql: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """The result of `sql` over the given tables, each by its name; nothing else can be read or written."""
    config: dict[str, Any] = {"enable_external_access": "false"}
    with duckdb.connect(":memory:", config=config) as connection:
        for name, frame in frames.items():
            connection.register(name, frame)
        return connection.execute(sql).df()
