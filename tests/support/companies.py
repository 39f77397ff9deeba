"""Small tables of accounts and aliases, with only the cells that a test is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from overlap.records import ACCOUNT_COLUMNS, ALIAS_COLUMNS


def account_table(rows: Sequence[dict[str, str]]) -> pd.DataFrame:
    """records.ACCOUNT_COLUMNS; every other cell is empty."""
    return _table(rows, ACCOUNT_COLUMNS)


def alias_table(*rows: dict[str, str]) -> pd.DataFrame:
    """records.ALIAS_COLUMNS; every other cell is empty."""
    return _table(rows, ALIAS_COLUMNS)


def _table(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> pd.DataFrame:
    assert all(set(row) <= set(columns) for row in rows)
    frame = pd.DataFrame(
        [{name: row.get(name, "") for name in columns} for row in rows], columns=list(columns)
    )
    frame = frame.astype("str")
    return frame.assign(row=np.arange(2, len(frame) + 2, dtype=np.int64))[list(columns)]
