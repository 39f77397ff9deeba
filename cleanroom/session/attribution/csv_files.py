"""Plain CSV files, for commands that need no party's folder: UTF-8, commas, a header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cleanroom.session.folder import read_whole
from overlap.errors import BadInput

#: Bytes of a file of deals or stages.
TABLE_LIMIT: Final = 2**28


def read_rows(source: Path, columns: Sequence[str], limit: int) -> list[list[str]]:
    """The rows below the header of a CSV file with exactly these columns; a blank line is an empty row."""
    return rows_in(read_whole(source, limit, "split the file by period"), columns, source.name)


def rows_in(data: bytes, columns: Sequence[str], name: str) -> list[list[str]]:
    """As `read_rows`, from bytes; `name` stands in the error."""
    header, rows = _parted(data, name)
    if header != list(columns):
        raise BadInput(f"{name} has other columns", f"the first line is {','.join(columns)}")
    return rows


def read_table(
    source: Path, columns: Sequence[str], needed: int | None = None, limit: int = TABLE_LIMIT
) -> list[dict[str, str]]:
    """The rows of a CSV file with these columns, of which the first `needed` (all) must be there.

    Other columns and blank lines are left alone; a cell that is missing is "". Raises BadInput.
    """
    data = read_whole(source, limit, f"at most {limit // 2**20} MiB are read at once")
    header, rows = _parted(data, source.name)
    missing = [name for name in columns[:needed] if name not in header]
    if missing:
        raise BadInput(
            f"{source.name} has no column {missing[0]}", f"the first line names {', '.join(columns)}"
        )
    found = []
    for row in rows:
        if row:
            cells = dict(zip(header, row, strict=False))
            found.append({name: cells.get(name, "") for name in columns})
    return found


def _parted(data: bytes, name: str) -> tuple[list[str], list[list[str]]]:
    """The names in the header without the spaces around them, and the rows below."""
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"{name} is no CSV in UTF-8", "export it again as CSV with commas, in UTF-8"
        ) from error
    return [cell.strip() for cell in rows[0]] if rows else [], rows[1:]
