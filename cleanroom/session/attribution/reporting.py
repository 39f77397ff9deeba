"""Matrix and territory export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cleanroom.export import LEFT_OUT, territory
from cleanroom.moment import moment_of
from cleanroom.report import matrix, render_matrix
from cleanroom.session.accounts.imports import own_table
from cleanroom.session.audit.receipting import export_receipt
from cleanroom.session.folder import write_whole
from cleanroom.session.match.runs import RunRecord, all_runs
from cleanroom.session.party import Party
from cleanroom.session.room.room_counting import Counted, cell_lines, counted_in
from cleanroom.session.share.shared_accounts import exportable_accounts, latest_runs, matched_accounts
from overlap.errors import UsageError


@dataclass(frozen=True)
class Matrix:
    """The overlap with one partner: cells as rows, and as text."""

    partner: str
    run: str
    cells: list[dict[str, Any]]
    lines: list[str]


@dataclass(frozen=True)
class Exported:
    """A territory export as written: files, counts, the earliest end."""

    files: list[str]
    accounts: int
    partners: int
    until: str
    left_out: dict[str, int]
    formula_cells: int


def overlap_matrices(party: Party, partner: str | None) -> list[Matrix]:
    """The matrix of the newest finished run with each partner; at levels of numbers these."""
    found = []
    for record in latest_runs(party, partner):
        cells = matrix(matched_accounts(party, record))
        rows = [
            {str(k): None if pd.isna(v) else v for k, v in row.items()} for row in cells.to_dict("records")
        ]
        found.append(
            Matrix(record.partner, record.run, rows, render_matrix(cells, party.name, record.partner))
        )
    for record in all_runs(party):
        if record.state == "finished" and record.level != "overlaps" and partner in (None, record.partner):
            found.append(_counted(party, record))
    if not found:
        raise UsageError("no finished run", "'overlap match start' begins one")
    return found


def _counted(party: Party, record: RunRecord) -> Matrix:
    if counted := counted_in(party, record):
        return _by_cell(party, record, counted)
    both = f"{party.name} and {record.partner} share"
    if record.shared < 0:
        line = f"{both} fewer accounts than the agreement's minimum count; the number is withheld"
        return Matrix(record.partner, record.run, [{"entities": None}], [line])
    line = f"{both} at least {record.shared:,} accounts ({record.level} only)"
    amounts = record.terms.amounts
    if amounts is None:
        return Matrix(record.partner, record.run, [{"entities": record.shared}], [line])
    what, holder = amounts.of.replace("_", " "), record.terms.responder.party
    line += f", with {amounts.currency} {record.total:,} in {what} of {holder}"
    return Matrix(record.partner, record.run, [{"entities": record.shared, "sum": record.total}], [line])


def _by_cell(party: Party, record: RunRecord, counted: Counted) -> Matrix:
    sides = f"{party.name} x {record.partner}"
    lines = [f"{sides}, counted by {counted.room} with noise (epsilon {counted.epsilon})"]
    lines += [f"  {line}" for line in cell_lines(counted)]
    cells = [
        {"ours": one.ours, "theirs": one.theirs, "entities": one.shared if one.shared >= 0 else None}
        for one in counted.cells
    ]
    return Matrix(record.partner, record.run, cells, lines)


def export_territory(party: Party, target: str, out: Path | None) -> Exported:
    """Write the export of all shared accounts for `target`, and log it with each partner concerned."""
    shared = exportable_accounts(party)
    made = territory(shared, target, party.now, territories=own_table(party.folder, "territories"))
    place = out or party.folder.path("exports", target)
    files = [*made.files, made.manifest]
    partners = sorted(shared.loc[shared["released"], "partner"].unique())
    for partner in partners:
        accounts = int((shared["partner"] == partner).sum())
        receipt = export_receipt(party, partner, made.manifest.content, accounts, len(files))
        party.note(partner, "export", accounts=accounts, files=len(files), receipt=receipt)
    for file in files:
        write_whole(place / file.name, file.content)
    until = int(shared.loc[shared["released"], "shared_until"].min())
    left_out = {LEFT_OUT[reason]: count for reason, count in made.left_out.items()}
    formulas = sum(len(file.formula_cells) for file in made.files)
    return Exported(
        [str(place / file.name) for file in files],
        made.accounts,
        len(partners),
        moment_of(until),
        left_out,
        formulas,
    )
