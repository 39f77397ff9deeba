"""Two files of actions compared: ours and the partner's."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cleanroom.attribution import actions
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import Folder, write_whole
from overlap.ingest import read_actions


@dataclass(frozen=True)
class Compared:
    """Differences as rows, how many of each code, and how many rows of each file could not be compared."""

    rows: list[dict[str, Any]]
    counts: dict[str, int]
    rejected: dict[str, int]


def compare_logs(root: Path, ours: Path, theirs: Path, zone: str = "", out: Path | None = None) -> Compared:
    """Read both files and compare them; partners by the names of the rules in force. Raises BadInput."""
    tables = [read_actions(path, zone=zone) for path in (ours, theirs)]
    book = rule_book(Folder(root))
    left, right = (_rows(table.frame) for table in tables)
    found = [asdict(one) for one in actions.compare_actions(left, right, book.partner)]
    if out is not None:
        frame = pd.DataFrame(found, columns=list(_COLUMNS))
        write_whole(out, frame.to_csv(index=False, lineterminator="\n").encode())
    counts = Counter(one["code"] for one in found)
    return Compared(
        found,
        {code: counts[code] for code in actions.DIFFERENCES if counts[code]},
        {"ours": len(tables[0].rejected), "theirs": len(tables[1].rejected)},
    )


_COLUMNS = ("code", "ours", "theirs", "subject", "partner", "our_value", "their_value")


def _rows(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(name): str(value) for name, value in row.items()} for row in frame.to_dict("records")]
