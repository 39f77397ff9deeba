"""Territory export: files for a CRM or for people, the files that undo them, and a manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cleanroom.export.cells import File
from cleanroom.export.shared import LEFT_OUT, by_account, by_pair, released_fields, select
from cleanroom.export.target import Assignment, files_for, target_id
from cleanroom.moment import moment_of
from overlap import canonical
from overlap.errors import Refused

if TYPE_CHECKING:
    import pandas as pd

    from cleanroom.export.shared import Entry

__all__ = ["MANIFEST_FORMAT", "Export", "territory"]

MANIFEST_FORMAT: Final = "overlap-export/1"
MANIFEST_NAME: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Export:
    """Files to load, files that undo them, and the manifest; what was left out, by reason."""

    files: tuple[File, ...]
    manifest: File
    accounts: int
    pairs: int
    left_out: Mapping[str, int]


def territory(
    shared: pd.DataFrame,
    target: str,
    now: int,
    *,
    territories: pd.DataFrame | None = None,
    external_id: str = "Id",
) -> Export:
    """The export of `shared` (`SHARED_COLUMNS`) for `target`: "salesforce", "hubspot" or "csv".

    `now` is in unix seconds; a row whose end is at or before it is left out. `territories`
    (`TERRITORY_COLUMNS`) are own and go into the csv target. The same input in any row order gives the same
    bytes. Raises Refused when no row may be exported, UsageError for unknown columns or targets.
    """
    rows, left_out = select(shared, now, target_id(target, external_id))
    if not rows:
        counted = ", ".join(f"{count} because {LEFT_OUT[reason]}" for reason, count in left_out.items())
        raise Refused(
            f"no account may be exported: {counted or 'nothing is shared'}",
            "see 'overlap shares list' for ends and 'overlap agreement show' for purposes",
        )
    fields = released_fields(shared)
    accounts, pairs = by_account(rows), by_pair(rows, fields)
    files = files_for(
        target, accounts, pairs, fields, territories=_assignments(territories), external_id=external_id
    )
    manifest = _manifest(target, now, files, accounts=accounts, pairs=len(pairs), left_out=left_out)
    return Export(files, manifest, len(accounts), len(pairs), left_out)


def _assignments(territories: pd.DataFrame | None) -> dict[str, Assignment]:
    if territories is None:
        return {}
    names = ("account_id", "territory_id", "territory_name", "owner")
    groups: dict[str, set[tuple[str, str, str]]] = {}
    for account, *texts in zip(*(territories[name] for name in names), strict=True):
        groups.setdefault(account, set()).add((texts[0], texts[1], texts[2]))
    return {account: _assignment(sorted(places)) for account, places in groups.items()}


def _assignment(places: list[tuple[str, str, str]]) -> Assignment:
    # One column may be empty for one of several territories: positions stay aligned, so that id, name and
    # owner of one territory can be read across.
    texts = ["; ".join(column) for column in zip(*places, strict=True)]
    return Assignment(*texts)


def _manifest(
    target: str,
    now: int,
    files: tuple[File, ...],
    *,
    accounts: list[Entry],
    pairs: int,
    left_out: Mapping[str, int],
) -> File:
    body = {
        "format": MANIFEST_FORMAT,
        "target": target,
        "made_at": moment_of(now),
        "shared_until": moment_of(min(entry.shared_until for entry in accounts)),
        "agreements": sorted({name for entry in accounts for name in entry.agreements.split("; ") if name}),
        "purposes": sorted({name for entry in accounts for name in entry.purposes.split("; ") if name}),
        "accounts": len(accounts),
        "pairs": pairs,
        "left_out": dict(left_out),
        "files": [
            {
                "name": file.name,
                "use": file.use,
                "sha256": hashlib.sha256(file.content).hexdigest(),
                "bytes": len(file.content),
                "rows": file.rows,
            }
            for file in files
        ],
        "formula_cells": [
            {"file": cell.file, "row": cell.row, "column": cell.column, "escaped": cell.escaped}
            for file in files
            for cell in file.formula_cells
        ],
    }
    use = "what was exported, until when, and which cells begin like a formula"
    return File(MANIFEST_NAME, use, canonical.encode(body) + b"\n", 0)
