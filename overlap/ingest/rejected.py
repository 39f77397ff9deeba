"""The file that tells which rows were not taken."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from overlap.records import Rejected


def write_rejected(rejected: Iterable[Rejected], path: str | Path) -> int:
    """Write ``row,reason`` as CSV, in row order, and return the number of rows.

    The file appears whole or not at all. No cell of the export is in it.
    """
    rows = sorted(rejected, key=lambda each: each.row)
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("row", "reason"))
            writer.writerows((each.row, each.reason) for each in rows)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return len(rows)
