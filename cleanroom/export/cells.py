"""CSV bytes, and the cells that a spreadsheet would take for a formula.

A file for a CRM keeps every byte, and its manifest lists such cells. A file for people gets an apostrophe in
front of them, except in front of numbers and telephone numbers, which are no formulas and would be damaged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["File", "FormulaCell", "write_csv"]

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*([eE][+-]?\d+)?")
_QUOTED = re.compile(r'[",\r\n]')
_PHONE = re.compile(r"\+\d[\d ()./-]*")


@dataclass(frozen=True, slots=True)
class FormulaCell:
    """Where a cell begins like a formula: row and column count from 1, the header is row 1."""

    file: str
    row: int
    column: int
    escaped: bool


@dataclass(frozen=True, slots=True)
class File:
    """One file to write: its name, what to do with it, its bytes, and the number of data rows."""

    name: str
    use: str
    content: bytes
    rows: int
    formula_cells: tuple[FormulaCell, ...] = ()


def write_csv(
    name: str,
    use: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    line_end: str,
    for_people: bool = False,
) -> File:
    """A UTF-8 CSV file with quotes only where needed; `line_end` is what the target wants."""
    lines = [_line(header)]
    found: list[FormulaCell] = []
    count = 0
    for count, row in enumerate(rows, start=1):
        cells = list(row)
        for position, cell in enumerate(cells):
            if not cell.startswith(FORMULA_STARTS):
                continue
            escaped = for_people and not _NUMBER.fullmatch(cell) and not _PHONE.fullmatch(cell)
            found.append(FormulaCell(name, count + 1, position + 1, escaped))
            if escaped:
                cells[position] = "'" + cell
        lines.append(_line(cells))
    content = "".join(line + line_end for line in lines).encode()
    return File(name, use, content, count, tuple(found))


def _line(cells: Sequence[str]) -> str:
    # Python's csv module leaves a lone carriage return bare in some versions, which cuts the row in two.
    return ",".join(_cell(cell) for cell in cells)


def _cell(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell
