"""Rating from plain files: a plan, events and rates in, the answer out. No party's folder is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cleanroom.attribution import payouts
from cleanroom.session.attribution.csv_files import read_rows
from cleanroom.session.folder import read_whole
from overlap.errors import UsageError
from overlap.ingest import zone_of

#: Bytes of a file of events: ten million rows.
EVENTS_LIMIT = 2**30
RATES_LIMIT = 2**26

_DAY_SECONDS = 86_400


def pay_files(
    plan: Path, events: Path, rates: Path | None, *, as_of: str, zone: str, now: int
) -> dict[str, Any]:
    """What `overlap pay PLAN.toml EVENTS.csv` answers; `now` (unix seconds) is the default of `as_of`."""
    version = payouts.read_plan(read_whole(plan, payouts.PLAN_LIMIT, "a plan is a short text"))
    read = payouts.read_events(read_rows(events, payouts.EVENT_COLUMNS, EVENTS_LIMIT), zone_of(zone))
    known, findings = read_rates_file(rates)
    day = day_given(as_of, now)
    return payouts.answer([version], payouts.rate([version], read, known, day), day, findings)


def read_rates_file(source: Path | None) -> tuple[payouts.Rates, list[payouts.Finding]]:
    """The rates of a file, none when there is no file."""
    if source is None:
        return payouts.Rates(), []
    return payouts.read_rates(read_rows(source, payouts.RATE_COLUMNS, RATES_LIMIT))


def lint_file(plan: Path) -> list[payouts.PlanFinding]:
    """Every fault and doubt in a plan file."""
    return payouts.lint_plan(read_whole(plan, payouts.PLAN_LIMIT, "a plan is a short text"))


def day_given(text: str, now: int) -> int:
    """A day as days since 1970; that of `now` when the text is empty."""
    if not text:
        return now // _DAY_SECONDS
    day = payouts.read_day(text)
    if day is None:
        raise UsageError("--as-of takes a day", "for example --as-of 2026-12-31")
    return day
