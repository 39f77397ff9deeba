"""The weekly review over a party's folder, and what it keeps from week to week.

attribution/weekly/2026-W47.parquet   the statuses as the first review of that ISO week (UTC) found them
attribution/weekly/plays              partner to the day (since 1970) on which its first selling play began

A review compares with the last week before this one that has a table, so that "since last week" says the same
on Monday and on Friday.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import payouts, weekly
from cleanroom.export import write_csv
from cleanroom.limits import limits_of
from cleanroom.report import weekly_page, weekly_text
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.attribution.crediting import Here, judge_here
from cleanroom.session.attribution.disputing import list_disputes
from cleanroom.session.attribution.evidence import has_ended, runs_for_credit
from cleanroom.session.attribution.money_books import MoneyBooks
from cleanroom.session.attribution.new_overlaps import new_overlaps
from cleanroom.session.folder import write_whole
from cleanroom.session.party import Party
from cleanroom.store import read_table, write_table
from overlap import canonical
from overlap.errors import BadInput, UsageError

_PLACE: Final = ("attribution", "weekly")
_PLAYS: Final = "plays"
_WEEK: Final = re.compile(r"\d{4}-W\d{2}")
_DAY: Final = 86_400


@dataclass(frozen=True)
class Written:
    """A review, its lines for a terminal, and the files that were written."""

    review: weekly.Review
    lines: list[str]
    files: list[Path]

    @property
    def facts(self) -> dict[str, Any]:
        """The review as plain values; cleanroom/FORMATS.md describes them."""
        made = asdict(self.review)
        fields = zip(made["fields"], self.review.fields, strict=True)
        whole = {
            **made,
            "items": [
                asdict(one) | {"section": one.section, "task_id": one.key} for one in self.review.items
            ],
            "fields": [facts | {"per_cent": one.per_cent, "enough": one.enough} for facts, one in fields],
            "limits": limits_of("weekly"),
        }
        return {name: _exact(value) for name, value in whole.items()}


def _exact(value: Any) -> Any:
    """The value with every amount in it in the decimals of its currency."""
    if isinstance(value, list | tuple):
        return [_exact(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _exact(one) for name, one in value.items()}
    if {"amount", "currency"} <= {*found}:
        found["amount"] = payouts.exact_amount(found["amount"], found["currency"])
    return found


def write_review(
    party: Party,
    *,
    out: Path | None = None,
    csv: Path | None = None,
    html: Path | None = None,
    partner: str = "",
    since: str = "",
) -> Written:
    """Make the review of today and write the files asked for; the statuses of a new week are kept.

    `out` is a folder for all files, `since` a week to compare with. Raises UsageError without deals, for a
    week of which nothing is kept, and for a partner that is nowhere here.
    """
    here = judge_here(party)
    past = _past(party, here, since)
    made = weekly.make_review(
        here.judged,
        here.statuses,
        disputes=_disputes(party),
        past=past,
        known=_known(party),
        starts=_starts(party, here),
        overlaps=new_overlaps(party, for_credit=True),
        partner=_named(here, partner) if partner else "",
    )
    _keep(party, here, made)
    names = _names(party, here)
    files: dict[Path, str] = {}
    if out is not None:
        stem = f"weekly-{made.week}"
        files |= {out / f"{stem}.csv": "csv", out / f"{stem}.html": "html", out / f"{stem}.json": "json"}
    files |= {place: kind for place, kind in ((csv, "csv"), (html, "html")) if place is not None}
    written = Written(made, weekly_text(made, names), sorted(files))
    for place, kind in files.items():
        write_whole(place, _content(written, kind, names, party.name))
    return written


def kept_weeks(party: Party) -> list[str]:
    """The weeks of which statuses are kept, the oldest first."""
    return party.folder.names(*_PLACE, suffix=".parquet")


def _content(written: Written, kind: str, names: dict[str, str], party: str) -> bytes:
    if kind == "html":
        return weekly_page(written.review, names, party)
    if kind == "json":
        return canonical.encode(written.facts) + b"\n"
    rows = weekly.tasks(written.review)
    file = write_csv("weekly", "tasks", weekly.TASK_COLUMNS, rows, line_end="\r\n", for_people=True)
    return file.content


def _past(party: Party, here: Here, since: str) -> weekly.Past | None:
    """The last week before this one of which a table is kept, or the one asked for; by the names that
    partners have now."""
    this, weeks = weekly.week_of(party.now), kept_weeks(party)
    if since:
        if not _WEEK.fullmatch(since) or since not in weeks:
            kept = ", ".join(weeks[-6:]) or "none yet"
            raise UsageError("nothing is kept of this week", f"weeks such as 2026-W40; kept are: {kept}")
        found = since
    else:
        found = max((one for one in weeks if one < this), default="")
    if not found:
        return None
    table = read_table(party.folder.path(*_PLACE, f"{found}.parquet"))
    if not {*weekly.KEPT_COLUMNS} <= {*table.columns}:
        raise BadInput(f"the statuses kept of {found} were replaced", "restore the file from a backup")
    partners = [here.pipeline.book.partner(name) for name in table["partner"]]
    return weekly.Past(found, table.assign(partner=partners).astype({"partner": "str"}))


def _keep(party: Party, here: Here, made: weekly.Review) -> None:
    """The statuses of a week that has none yet, and the days on which plays began."""
    place = party.folder.path(*_PLACE, f"{made.week}.parquet")
    if not place.is_file():
        write_table(place, here.statuses[list(weekly.KEPT_COLUMNS)])
    before = _plays(party)
    # A review of one partner says nothing about the plays of others.
    kept = {name: day for name, day in before.items() if made.partner and name != made.partner}
    began = kept | {one.partner: payouts.read_day(one.start) or 0 for one in made.plays}
    if began != before:
        party.folder.write_record(began, *_PLACE, _PLAYS)


def _plays(party: Party) -> dict[str, int]:
    if _PLAYS not in party.folder.names(*_PLACE):
        return {}
    return party.folder.read_record(*_PLACE, _PLAYS)


def _starts(party: Party, here: Here) -> dict[str, int]:
    """When plays began, by the names that partners have now."""
    partner_of = here.pipeline.book.partner
    return {partner_of(name): day for name, day in _plays(party).items()}


def _known(party: Party) -> dict[str, int]:
    """Partner to the day of its first live match for attribution."""
    found: dict[str, int] = {}
    for record in runs_for_credit(party):
        if not has_ended(party, record):
            day = record.begun // _DAY
            found[record.partner] = min(found.get(record.partner, day), day)
    return found


def _disputes(party: Party) -> list[weekly.OpenDispute]:
    """The disputes of the ledger that are not decided, each with its deal and its line's amount, if any."""
    books = MoneyBooks(party).books
    found = []
    for one in list_disputes(party):
        if one.outcome:
            continue
        amount = currency = ""
        if one.line:
            fields = books.lines[one.line].booked.fields
            currency = str(fields["currency"])
            amount = payouts.amount_text(int(fields["minor"]), currency)
        found.append(
            weekly.OpenDispute(
                one.dispute, one.partner, one.deal, one.reason, one.days_open, one.answer_in,
                amount, currency,
            )
        )  # fmt: skip
    return found


def _named(here: Here, partner: str) -> str:
    """The one name of a partner that occurs here."""
    name = here.pipeline.book.partner(partner)
    if name not in here.judged.partners:
        raise UsageError(
            "no match, action or dispute here is of this partner", "'overlap credit' lists the partners"
        )
    return name


def _names(party: Party, here: Here) -> dict[str, str]:
    """Our accounts' and deals' names by id, for our own people."""
    accounts = own_accounts(party.folder)
    names = dict(zip(accounts["id"], accounts["name"], strict=True))
    deals = here.pipeline.opportunities
    return names | dict(zip(deals["id"], deals["name"], strict=True))
