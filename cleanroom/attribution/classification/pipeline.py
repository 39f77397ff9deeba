"""What is judged: deals, their stage history, actions, holdings and open disputes, and by which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.classification.rules import RuleBook
from cleanroom.attribution.holding import Holding

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Pipeline:
    """Everything that decides statuses; nothing else does. `now` is in unix seconds.

    `opportunities`, `actions` and `stages` have the columns of `overlap.records` (a missing column is empty),
    `disputes` are (opportunity, partner) of those that are open. `own` are our own holdings for each partner,
    by the clocks that it believes; they count where the rules require a holding earlier than ours. The order
    of rows does not matter.
    """

    book: RuleBook
    now: int
    opportunities: pd.DataFrame
    actions: pd.DataFrame | None = None
    stages: pd.DataFrame | None = None
    holdings: Sequence[Holding] = ()
    disputes: Sequence[tuple[str, str]] = field(default=())
    own: Mapping[str, Sequence[Holding]] = field(default_factory=dict)


def texts(frame: pd.DataFrame | None, name: str) -> Any:
    """A column as one array of large_string without nulls; empty texts where there is no such column."""
    size = 0 if frame is None else len(frame)
    if frame is None or name not in frame.columns:
        return pa.array([""] * size, pa.large_string()) if size < 1 else pa.repeat(_EMPTY, size)
    column = pa.array(frame[name], from_pandas=True)
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.cast(pa.large_string()).fill_null("")


def encoded(frame: pd.DataFrame | None, name: str) -> Any:
    """A column as `texts` gives it, each distinct text once (a pyarrow DictionaryArray)."""
    return texts(frame, name).dictionary_encode()


def has_text(frame: pd.DataFrame | None, name: str) -> np.ndarray:
    """Where a column has more than white space (bool)."""
    column = texts(frame, name)
    return np.asarray(pc.and_not(pc.not_equal(column, ""), pc.utf8_is_space(column)), dtype=bool)


def row_numbers(frame: pd.DataFrame) -> np.ndarray:
    """The rows as the file numbers them; from 1 where nothing says."""
    if "row" in frame.columns:
        return np.asarray(frame["row"], np.int64)
    return np.arange(1, len(frame) + 1, dtype=np.int64)


_EMPTY = pa.scalar("", pa.large_string())
