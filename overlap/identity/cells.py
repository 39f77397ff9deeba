"""What became of the cells of one account: for a person who asks why it matched or did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from overlap.identity.facts import COLUMNS, NUMBERS, Drop, Facts, read_facts

#: Says how numbers, postcodes and telephone numbers are to be read, so it goes with each of them.
_COUNTRY: Final = COLUMNS.index("country")


class Cell(NamedTuple):
    """One cell: as written, the values it gave, and why it or a part of it gave nothing.

    An empty cell has neither. A value is what `Facts` holds; a LinkedIn page that stands among the websites
    is "linkedin.com/company/" and its slug.
    """

    column: str
    written: str
    values: tuple[str, ...]
    reasons: tuple[str, ...]


def read_cells(account: Mapping[str, str]) -> tuple[Cell, ...]:
    """Every cell that identity reads of an account (columns of records.ACCOUNT_COLUMNS to texts)."""
    return tuple(_read_cell(account, at, column) for at, column in enumerate(COLUMNS))


def read_account(account: Mapping[str, str]) -> Facts:
    """The facts of an account; what was dropped is not counted."""
    return read_facts([account[column] for column in COLUMNS], [])


def _read_cell(account: Mapping[str, str], at: int, column: str) -> Cell:
    """The cell read by itself, beside the country alone, so that its values are its own."""
    row = [account[each] if place in (at, _COUNTRY) else "" for place, each in enumerate(COLUMNS)]
    drops: list[Drop] = []
    values = _values(read_facts(row, drops), column)
    reasons = dict.fromkeys(reason for of, reason in drops if of in (column, NUMBERS.get(column)))
    return Cell(column, account[column], values, tuple(reasons))


def _values(facts: Facts, column: str) -> tuple[str, ...]:
    if column == "name":
        return tuple(name.whole for name in facts.names)
    if column in ("website", "domains"):
        return (*facts.domains, *([f"linkedin.com/company/{facts.linkedin}"] if facts.linkedin else []))
    if column == "email":
        return facts.mail
    if column in NUMBERS:
        return tuple(value for _, value in facts.numbers)
    value = getattr(facts, column)
    return (value,) if value else ()
