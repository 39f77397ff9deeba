"""Where a line stands by its dates alone: accrued, held or payable. Approval and payment are the ledger's."""

from __future__ import annotations

from cleanroom.attribution.payouts.days import period_of
from cleanroom.attribution.payouts.line import Line

__all__ = ["due_day", "standing"]


def standing(line: Line, as_of: int) -> str:
    """`held` while something is missing or a hold runs, `payable` once the period is locked, or `accrued`."""
    if line.code or line.hold_until is None or as_of < line.hold_until:
        return "held"
    return "payable" if as_of >= due_day(line) else "accrued"


def due_day(line: Line) -> int:
    """The day on which the period of the line locks."""
    day = line.second // 86_400
    return period_of(day, line.plan.period).end + line.plan.lock_days
