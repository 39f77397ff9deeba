"""The review queue as a spreadsheet: written for a person, read back with a decision in each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from cleanroom.export import write_csv
from cleanroom.review import VERDICTS, QueueRow
from cleanroom.session.folder import read_whole, write_whole
from overlap.errors import BadInput

#: The columns of the file; `decision` is for the person, the first two name the row when it comes back.
SHEET_COLUMNS: Final = ("account", "token", "name", "kinds", "tier", "confidence", "rivals", "crowded",
                        "review", "why", "decision")  # fmt: skip
#: Bytes: a million rows of the queue.
SHEET_LIMIT: Final = 2**28
_HINT: Final = "use the file that 'overlap review list --csv' writes, and fill in its column 'decision'"


def write_sheet(rows: Sequence[QueueRow], out: Path) -> None:
    """The rows as CSV with an empty column `decision`; cells that begin like a formula are made harmless."""
    cells = [[str(asdict(row).get(name, "")) for name in SHEET_COLUMNS] for row in rows]
    made = write_csv(out.name, "review", SHEET_COLUMNS, cells, line_end="\r\n", for_people=True)
    write_whole(out, made.content)


def read_sheet(source: Path) -> list[tuple[str, str]]:
    """(row handle, verdict) of each row with a decision; BadInput naming the first row that is not usable.

    The handle is the cell `account`, or `token` where that is empty or absent. Spreadsheets write `;` in many
    countries and put a mark before the first column; both are read.
    """
    try:
        text = read_whole(source, SHEET_LIMIT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{source.name} is not UTF-8 text", "save it as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise BadInput(f"{source.name} is not a CSV file", _HINT) from error
    names = {(name or "").strip().lower(): name for name in (rows[0] if rows else {})}
    if rows and ("decision" not in names or not {"account", "token"} & set(names)):
        raise BadInput(f"{source.name} needs the columns 'account' or 'token', and 'decision'", _HINT)
    found = []
    for number, row in enumerate(rows, start=2):
        cells = {
            plain: (row[name] or "").strip() for plain, name in names.items() if isinstance(row[name], str)
        }
        word = cells.get("decision", "").lower()
        if not word:
            continue
        handle = _plain(cells.get("account", "")) or cells.get("token", "")
        if word not in VERDICTS or not handle:
            raise BadInput(
                f"row {number} of {source.name} has no account, or an unknown decision",
                f"a decision is one of {', '.join(VERDICTS)}, or empty",
            )
        found.append((handle, word))
    return found


def _plain(cell: str) -> str:
    """The id behind the apostrophe with which `write_sheet` keeps a cell from being a formula."""
    return cell[1:] if cell.startswith(("'=", "'+", "'-", "'@")) else cell
