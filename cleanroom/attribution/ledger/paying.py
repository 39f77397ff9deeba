"""What may be paid on a day, the balance that is carried, the rows for payables and the accrual journal."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from cleanroom.attribution import payouts
from cleanroom.attribution.ledger.books import Books, LineState, Run
from cleanroom.moment import iso_day

__all__ = ["JOURNAL_COLUMNS", "PAYABLE_COLUMNS", "balance_of", "journal", "payable_run", "payables"]

PAYABLE_COLUMNS: Final = ("run", "partner_id", "currency", "amount", "pay_on", "lines", "reference")
JOURNAL_COLUMNS: Final = ("date", "account", "debit", "credit", "currency", "partner_id", "text", "line")

EXPENSE, ACCRUED, PAYABLE, BANK = "commission expense", "accrued commissions", "partner payables", "bank"


def payable_run(books: Books, day: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What would be paid on a day, by partner and currency, and what is carried because it is too little.

    A partner's payable lines are netted; a negative balance, or one below the minimum, is carried as it is.
    """
    groups: dict[tuple[str, str], list[LineState]] = {}
    for line in books.lines.values():
        if not line.booked.fields["fund"] and books.standing(line, day) == "payable":
            fields = line.booked.fields
            groups.setdefault((str(fields["partner_id"]), str(fields["currency"])), []).append(line)
    made: list[dict[str, Any]] = []
    carried: list[dict[str, Any]] = []
    for (partner, currency), lines in sorted(groups.items()):
        minor = sum(line.minor for line in lines)
        minimum = max((plan.minimum for plan in books.versions() if plan.currency == currency), default=0)
        row = {"partner_id": partner, "currency": currency, "minor": minor}
        row["lines"] = sorted(line.booked.line for line in lines)
        (made if minor > 0 and minor >= minimum else carried).append(row)
    return made, carried


def balance_of(books: Books, partner: str, currency: str, periods: Container[str]) -> int:
    """What of the lines of these periods a partner is owed and was not paid; it may be negative."""
    return sum(
        line.minor
        for line in books.lines.values()
        if line.booked.fields["partner_id"] == partner
        and line.booked.fields["currency"] == currency
        and not line.booked.fields["fund"]
        and line.booked.period in periods
        and line.state not in ("paid", "reversed")
    )


def payables(books: Books, run: Run) -> list[list[str]]:
    """Rows of PAYABLE_COLUMNS for a run; a partner with a disputed line waits for the decision."""
    rows = []
    for one in run.payouts:
        if any(books.lines[name].state == "disputed" for name in one["lines"]):
            continue
        day = payouts.read_day(run.day)
        assert day is not None
        pay_days = max((books.plans[digest].pay_days for digest in _digests(books, one["lines"])), default=0)
        amount = payouts.amount_text(one["minor"], one["currency"])
        paid = run.paid.get(f"{one['partner_id']}/{one['currency']}", "")
        cells = [run.run, one["partner_id"], one["currency"], amount, iso_day(day + pay_days)]
        rows.append([*cells, str(len(one["lines"])), paid])
    return rows


def journal(books: Books) -> list[list[str]]:
    """Rows of JOURNAL_COLUMNS: what each close accrued, runs made payable, and was paid; debits = credits."""
    rows: list[list[str]] = []
    for line in books.lines.values():
        fields = line.booked.fields
        rows += _pair(str(fields["date"]), EXPENSE, ACCRUED, line.minor, fields, str(fields["kind"]))
        if line.run:
            run = books.runs[line.run]
            rows += _pair(run.day, ACCRUED, PAYABLE, line.minor, fields, f"run {run.run}")
            paid = run.paid.get(f"{fields['partner_id']}/{fields['currency']}")
            if paid is not None:
                rows += _pair(run.day, PAYABLE, BANK, line.minor, fields, f"paid {paid}")
    return rows


def _pair(
    date: str, debit: str, credit: str, minor: int, fields: Mapping[str, Any], text: str
) -> list[list[str]]:
    if not minor:
        return []
    if minor < 0:
        debit, credit, minor = credit, debit, -minor
    currency = str(fields["currency"])
    amount = payouts.amount_text(minor, currency)
    rest = [currency, str(fields["partner_id"]), text, str(fields["line"])]
    return [[date, debit, amount, "", *rest], [date, credit, "", amount, *rest]]


def _digests(books: Books, lines: Iterable[str]) -> set[str]:
    return {str(books.lines[name].booked.fields["plan"]) for name in lines}
