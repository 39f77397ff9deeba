"""Statistics over files of deals. No party's folder is needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import statistics
from cleanroom.session.folder import read_whole
from overlap.errors import BadInput

#: Bytes of a file of deals or stages.
DEALS_LIMIT: Final = 2**28

_DAY_SECONDS = 86_400


def read_deals(deals: Path, stages: Path | None, now: int) -> statistics.Deals:
    """Checked deals from two CSVs; `now` in unix seconds. Raises BadInput for a file without its columns."""
    rows = read_table(deals, statistics.DEAL_COLUMNS)
    entries = [] if stages is None else read_table(stages, statistics.STAGE_COLUMNS)
    return statistics.gather_deals(rows, entries, now / _DAY_SECONDS)


def read_table(source: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV (UTF-8) with at least these columns; others are left alone. Raises BadInput."""
    content = read_whole(source, DEALS_LIMIT, "at most 256 MiB are read at once")
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), restkey="", strict=True)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise BadInput(
                f"the file has no column {missing[0]}", f"the first line names {', '.join(columns)}"
            )
        return [{name: row.get(name) or "" for name in columns} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("the file cannot be read as CSV in UTF-8", "save it as CSV (UTF-8)") from error


def lift_answer(deals: statistics.Deals) -> dict[str, Any]:
    """What `overlap lift --json` prints; cleanroom/FORMATS.md describes it."""
    found = statistics.lift(deals)
    matched = found.matched
    return {
        "naive": _difference(found.naive, ("with_partner", "without_partner")) | {"label": "not comparable"},
        "matched": None if matched is None else _difference(matched, ("attachments", "controls")),
        "refused": [{"code": code, "reason": reason} for code, reason in found.refused.items()],
        "horizon_days": round(found.horizon_days, 3),
        "strata": [asdict(stratum) for stratum in found.strata],
        "deals": len(deals.ids),
        "left_out": dict(deals.left_out),
        "undated_attachments": deals.undated,
        "biases_of_naive": list(statistics.BIASES),
    }


def _difference(found: statistics.Difference, sizes: tuple[str, str]) -> dict[str, Any]:
    facts = {name: round(getattr(found, name), 12) for name in ("difference", "low", "high")}
    return facts | {sizes[0]: found.of, sizes[1]: found.others}
