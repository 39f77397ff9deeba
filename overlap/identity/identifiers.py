"""From accounts to identifiers: every account's match keys, one row each, and what was dropped and why.

Columns are worked through over their distinct values, with the same functions that normalise a single value,
so the batch gives the same bytes as the single path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from overlap.errors import UsageError
from overlap.identity.batch import Batch, Progress
from overlap.identity.kinds import KINDS
from overlap.identity.outcome import EMPTY
from overlap.records import IDENTIFIER_COLUMNS

Dropped = Counter[tuple[str, str]]
Cell = tuple[tuple[str, ...], tuple[str, ...]]

#: Between name and country in a name_country value; no folded name has this character.
JOINT: Final = "|"

NO_COUNTRY: Final = "no country"
#: A value, or a cell with nothing in it.
_NO_DROP: Final = frozenset({"", EMPTY.reason})

#: Columns that hold registration numbers, by kind.
_NUMBER_COLUMNS: Final = {
    "lei": "lei",
    "isin": "isin",
    "duns": "duns",
    "vat": "vat",
    "registration": "registration_number",
    "ticker": "ticker",
}


@dataclass(frozen=True)
class Identified:
    """`frame` has records.IDENTIFIER_COLUMNS, in order of kind and then account, no row twice.

    `dropped` counts by (kind, reason) the values that gave no identifier; empty cells are not counted.
    """

    frame: pd.DataFrame
    dropped: Mapping[tuple[str, str], int]


class _Answers(NamedTuple):
    """The values and reasons of the rows of a column, of which one is empty in each row."""

    values: list[str]
    reasons: list[str]


@dataclass(frozen=True)
class _Rows:
    """Identifiers of one kind: account positions (ascending) and values of dtype str."""

    kind: str
    accounts: np.ndarray[Any, np.dtype[np.int64]]
    values: Any


def identify(
    accounts: pd.DataFrame,
    kinds: Sequence[str] = KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
) -> Identified:
    """The identifiers of `accounts` (records.ACCOUNT_COLUMNS) of the kinds asked for.

    Domains come from the columns `website` and `domains`; an account without a usable one gets that of its
    `email`, which is weaker evidence.

    `progress` is called with a column, values done and values in all. `processes` (by default one for each
    usable processor) work on large columns. Raises UsageError for an unknown kind.
    """
    if not set(kinds) <= set(KINDS):
        raise UsageError("an unknown kind of identifier", "use some of " + ", ".join(KINDS))
    dropped: Dropped = Counter()
    wanted = [kind for kind in KINDS if kind in kinds]
    with Batch(len(accounts) * len(wanted), processes, progress) as batch:
        rows = [_numbers(accounts, kind, dropped, batch) for kind in wanted if kind in _NUMBER_COLUMNS]
        if "domain" in wanted:
            rows.append(_domains(accounts, dropped, batch))
        if not {"name_country", "name"}.isdisjoint(wanted):
            names = _answers(accounts["name"], batch)
            if "name_country" in wanted:
                rows.append(_name_countries(accounts, names, dropped, batch))
            if "name" in wanted:
                rows.append(_rows("name", names, dropped))
    return Identified(_frame(rows), dict(sorted(dropped.items())))


def _numbers(accounts: pd.DataFrame, kind: str, dropped: Dropped, batch: Batch) -> _Rows:
    column = accounts[_NUMBER_COLUMNS[kind]]
    filled = np.flatnonzero((column != "").to_numpy())
    pairs = list(zip(column.iloc[filled].tolist(), accounts["country"].iloc[filled].tolist(), strict=True))
    distinct = list(dict.fromkeys(pairs))
    known = dict(zip(distinct, zip(*batch.normalise(kind, distinct), strict=True), strict=True))
    answers = _Answers([known[pair][0] for pair in pairs], [known[pair][1] for pair in pairs])
    return _rows(kind, answers, dropped, filled)


def _name_countries(accounts: pd.DataFrame, names: _Answers, dropped: Dropped, batch: Batch) -> _Rows:
    countries = _answers(accounts["country"], batch)
    values = [
        f"{name}{JOINT}{country}" if name and country else ""
        for name, country in zip(names.values, countries.values, strict=True)
    ]
    reasons = [
        of_name or (NO_COUNTRY if of_country == EMPTY.reason else of_country)
        for of_name, of_country in zip(names.reasons, countries.reasons, strict=True)
    ]
    return _rows("name_country", _Answers(values, reasons), dropped)


def _domains(accounts: pd.DataFrame, dropped: Dropped, batch: Batch) -> _Rows:
    cells = _cells(accounts["website"], batch)
    for row, further in _filled(accounts["domains"], batch):
        cells[row] = _union(cells[row], further)
    without = np.array([not values for values, _ in cells], dtype=np.bool_)
    for row, (values, reasons) in _filled(accounts["email"].where(without, ""), batch):
        cells[row] = (values, cells[row][1] + reasons)
    counted = Counter(reason for _, reasons in cells for reason in reasons)
    dropped.update({("domain", reason): count for reason, count in counted.items()})
    positions = [row for row, (values, _) in enumerate(cells) for _ in values]
    domains = [value for values, _ in cells for value in values]
    return _Rows("domain", np.array(positions, dtype=np.int64), _text(domains))


def _union(one: Cell, other: Cell) -> Cell:
    return tuple(dict.fromkeys(one[0] + other[0])), one[1] + other[1]


def _filled(column: pd.Series[str], batch: Batch) -> list[tuple[int, Cell]]:
    """(row, result) of the cells that are not empty."""
    rows = np.flatnonzero((column != "").to_numpy())
    return list(zip(rows.tolist(), _cells(column.iloc[rows], batch), strict=True))


def _cells(column: pd.Series[str], batch: Batch) -> list[Cell]:
    """The values and reasons of every row, worked out once per distinct cell."""
    codes, cells = _distinct(column)
    results: list[Cell] = list(zip(*batch.normalise(str(column.name), cells), strict=True))
    return [results[code] for code in codes]


def _answers(column: pd.Series[str], batch: Batch) -> _Answers:
    """The outcome of every row, worked out once per distinct cell."""
    codes, cells = _distinct(column)
    values, reasons = batch.normalise(str(column.name), cells)
    return _Answers([values[code] for code in codes], [reasons[code] for code in codes])


def _distinct(column: pd.Series[str]) -> tuple[list[int], list[str]]:
    codes, cells = pd.factorize(column)
    return codes.tolist(), cells.tolist()


def _rows(
    kind: str, answers: _Answers, dropped: Dropped, positions: np.ndarray[Any, Any] | None = None
) -> _Rows:
    """The rows of a kind of which an account has one at most; `positions` of the accounts, else all."""
    counted = Counter(answers.reasons)
    dropped.update({(kind, reason): count for reason, count in counted.items() if reason not in _NO_DROP})
    kept = np.flatnonzero(np.array([bool(value) for value in answers.values], dtype=np.bool_))
    rows = kept if positions is None else positions[kept]
    texts = _text([value for value in answers.values if value])
    return _Rows(kind, rows.astype(np.int64), texts)


def _text(values: list[str]) -> Any:
    return pd.array(values, dtype="str")


def _frame(rows: Sequence[_Rows]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(
            {
                "account": part.accounts,
                "kind": pd.array([part.kind], dtype="str").repeat(len(part.accounts)),
                "value": part.values,
            }
        )
        for part in rows or [_rows("", _Answers([], []), Counter())]
    ]
    return pd.concat(parts, ignore_index=True)[list(IDENTIFIER_COLUMNS)]
