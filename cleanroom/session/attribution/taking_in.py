"""What a close takes in of the files it is given: what the ledger does not hold yet, and can be read.

What was taken in is never replaced: a correction is a refund or cancellation, and a new event. A refused row
is not kept, so that the corrected row may come under the same id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cleanroom.attribution import ledger, payouts

Rows = Sequence[Sequence[str]]


#: Columns of the file that says on what evidence an event rests.
EVIDENCE_COLUMNS = ("event_id", "evidence", "proof")


def what_is_new(
    rows: Rows, rates: Rows, evidence: Rows, books: ledger.Books
) -> tuple[dict[str, Any], list[list[str]]]:
    """The body of an `events` entry, and (id, code) of every row that was refused."""
    events, refused = _new_events(rows, books)
    new_rates, bad_rates = _new_rates(rates, books)
    known = {*books.rows, *(cells[0] for cells in events)}
    shown = sorted(
        cells
        for cells in ([cell.strip() for cell in row] for row in evidence)
        if len(cells) == len(EVIDENCE_COLUMNS) and cells[0] in known and cells[0] not in books.evidence
    )
    return {"evidence": shown, "rates": new_rates, "rows": events}, [*refused, *bad_rates]


def _new_events(rows: Rows, books: ledger.Books) -> tuple[list[list[str]], list[list[str]]]:
    refused: list[list[str]] = []
    unknown: list[list[str]] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        known = books.rows.get(cells[0]) if cells else None
        if known is None:
            unknown.append(cells)
        elif list(known[0]) != cells:
            refused.append([cells[0], "event-id-conflict"])
    read = payouts.read_events(unknown)
    refused += [[one.event_id, one.code] for one in read.findings if one.effect != "once"]
    taken = {event.id for event in read.events}
    by_name = {cells[0]: cells for cells in unknown if cells}
    return [by_name[name] for name in sorted(taken)], refused


def _new_rates(rates: Rows, books: ledger.Books) -> tuple[list[list[str]], list[list[str]]]:
    refused: list[list[str]] = []
    unknown: list[list[str]] = []
    for row in rates:
        cells = [cell.strip() for cell in row]
        known = books.rates.get((cells[0], cells[1], cells[2])) if len(cells) > 2 else None
        if known is None:
            unknown.append(cells)
        elif list(known[0]) != cells:
            refused.append([" ".join(cells[:3]), "rate-conflict"])
    _, findings = payouts.read_rates(unknown)
    bad = {one.row - 2 for one in findings}
    refused += [[" ".join(unknown[one.row - 2][:3]), one.code] for one in findings if one.effect != "once"]
    return sorted(cells for at, cells in enumerate(unknown) if at not in bad), refused
