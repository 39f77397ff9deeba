"""Rating from plain files: a plan, events and rates in, the answer out. No party's folder is needed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cleanroom.attribution import payouts
from cleanroom.session.folder import read_whole
from overlap.errors import BadInput, UsageError

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


def zone_of(name: str) -> tzinfo | None:
    """The named time zone; None without a name, UsageError for an unknown one."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise UsageError("there is no such time zone", "use a name such as Europe/Berlin or UTC") from error


def read_rows(source: Path, columns: Sequence[str], limit: int) -> list[list[str]]:
    """The rows below the header of a CSV file in UTF-8 with exactly these columns; blank lines are none."""
    data = read_whole(source, limit, "split the file by period")
    return rows_in(data, columns, source.name)


def rows_in(data: bytes, columns: Sequence[str], name: str) -> list[list[str]]:
    """As `read_rows`, from bytes; `name` stands in the error."""
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(
            f"{name} is no CSV in UTF-8", "export it again as CSV with commas, in UTF-8"
        ) from error
    if not rows or [cell.strip() for cell in rows[0]] != list(columns):
        raise BadInput(f"{name} has other columns", f"the first line is {','.join(columns)}")
    return rows[1:]
