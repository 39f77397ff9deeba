"""Sources that already have columns (DataFrames, Parquet), and the text of cells that are values."""

from __future__ import annotations

import datetime
import decimal
import functools
import hashlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from overlap.errors import BadInput
from overlap.ingest.pile import Candidate, Opened, Pile, Records


@functools.singledispatch
def cell_text(value: Any) -> str:
    """The text of one cell: whole numbers without a point, dates as ISO 8601, lists joined by ";".

    None, NaN and NaT are "". A moment without a zone at midnight is its
    day: a spreadsheet knows no days without a time.
    """
    return str(value)


@cell_text.register(type(None))
@cell_text.register(type(pd.NaT))
@cell_text.register(type(pd.NA))
def _(value: Any) -> str:
    return ""


@cell_text.register
def _(value: bool | np.bool_) -> str:
    return "true" if value else "false"


@cell_text.register(float)
@cell_text.register(np.floating)
def _(value: Any) -> str:
    number = float(value)
    if not math.isfinite(number):
        return ""
    return str(int(number)) if number.is_integer() else format(decimal.Decimal(repr(number)), "f")


@cell_text.register
def _(value: decimal.Decimal) -> str:
    return format(value, "f") if value.is_finite() else ""


@cell_text.register
def _(value: datetime.datetime) -> str:
    if value.tzinfo is not None:
        return value.isoformat("T", "seconds")
    plain = value
    return plain.date().isoformat() if plain.time() == datetime.time(0) else plain.isoformat(" ", "seconds")


@cell_text.register
def _(value: list | tuple | np.ndarray) -> str:  # type: ignore[type-arg]
    return ";".join(cell_text(item) for item in value)


@cell_text.register
def _(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def open_frame(frame: pd.DataFrame) -> Opened:
    """A DataFrame, its rows numbered as if it were written to a sheet: the header is 1, the first row 2."""
    columns = [_series_text(frame.iloc[:, position]) for position in range(frame.shape[1])]
    return _open([str(name) for name in frame.columns], columns, "")


def open_parquet(path: Path, digest: str) -> Opened:
    """A Parquet file, numbered like a DataFrame. Raises BadInput when it is not one."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            "the file is not readable as Parquet", "write it again, or give CSV or XLSX"
        ) from error
    columns = [_arrow_text(column) for column in table.columns]
    return _open(table.column_names, columns, digest)


def digest_of_columns(names: Sequence[str], columns: Sequence[Any]) -> str:
    """SHA-256 in hex over names and cells, each with its length before it."""
    state = hashlib.sha256()
    for name, column in zip(names, columns, strict=True):
        values = column.combine_chunks()
        lengths = np.asarray([len(name.encode()), len(values)], dtype="<u8").tobytes()
        state.update(lengths + name.encode())
        state.update(np.asarray(pa.compute.binary_length(values), dtype="<u8").tobytes())
        state.update("".join(values.to_pylist()).encode())
    return state.hexdigest()


def _open(names: Sequence[str], columns: Sequence[Any], digest: str) -> Opened:
    def read(header: int, positions: Sequence[int]) -> Records:
        pile = Pile(len(names), positions)
        pile.add([column.combine_chunks() for column in columns])
        return pile.finish(np.arange(header + 2, header + 2 + pile.count), ())

    candidate = Candidate("", [list(names)], read)
    return Opened("", digest or digest_of_columns(names, columns), [candidate])


def _series_text(series: pd.Series[Any]) -> Any:
    if isinstance(series.dtype, pd.StringDtype):
        return pa.chunked_array([pa.array(series.fillna(""), pa.large_string())])
    if pd.api.types.is_integer_dtype(series.dtype) and not series.hasnans:
        return pa.chunked_array([pa.array(series.astype(str), pa.large_string())])
    return _values_text(series.astype(object))


def _arrow_text(column: Any) -> Any:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        return column.cast(pa.large_string()).fill_null("")
    return _values_text(column.to_pylist())


def _values_text(values: Any) -> Any:
    texts = [cell_text(value) for value in values]
    # A lone surrogate is not text in any encoding; it cannot reach a file, a frame or a key.
    sound = [text.encode("utf-8", "replace").decode() for text in texts]
    return pa.chunked_array([pa.array(sound, pa.large_string())])
