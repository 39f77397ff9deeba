"""Dates as ISO 8601 days, from the forms that exports use.

Year first, month names, points (day first), Unix milliseconds and spreadsheet day numbers say themselves what
they are. In "3/4/2026" a column decides: a first number above 12 anywhere proves day first, a second one
month first. A column that proves nothing follows its profile (`MONTH_FIRST`); where the profile does not say,
or the column proves both, such a cell is unreadable. The day is the one written, whatever zone stands behind.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow.compute as pc

from overlap.ingest.pile import Column
from overlap.ingest.values import by_distinct

#: What "3/4/2026" means in a column without evidence. Salesforce and Dynamics write in the user's locale,
#: as installed the American one; HubSpot and Pipedrive export year first, so such a column was edited by
#: somebody, and a generic list may come from anywhere: for these there is no rule.
MONTH_FIRST: Final[Mapping[str, bool]] = {"salesforce": True, "dynamics": True}

#: Days. Years outside are typing errors or placeholders.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_TIME = re.compile(r"[T ,]+\d{1,2}:\d{2}.*$|T\d{6}.*$", re.DOTALL)
_YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_NAMED = re.compile(r"(\d{1,2})[ -]?([a-z]{3})[a-z]*\.?,?[ -](\d{4}|\d{2})")
_MONTH_NAMED = re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2}),? (\d{4})")
_MILLISECONDS = re.compile(r"\d{12,13}")
_DAY_NUMBER = re.compile(r"[2-7]\d{4}(\.\d+)?")

#: Day 0 of spreadsheets, as right for every date after February 1900.
_DAY_ZERO = datetime.date(1899, 12, 30)


def iso_days(column: Column, profile: str) -> tuple[Column, int]:
    """The column as YYYY-MM-DD, and how many non-empty cells were not readable and are now ""."""
    # Moments are nearly all distinct, days are few: cut before looking at distinct texts.
    iso = pc.match_substring_regex(column, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]")
    shorter = pc.if_else(iso, pc.utf8_slice_codeunits(column, 0, 10), column)
    return by_distinct(shorter, lambda texts: _days(texts, MONTH_FIRST.get(profile)))


def _days(texts: Sequence[str], month_first: bool | None) -> list[str | None]:
    plain = [_TIME.sub("", text).strip().lower() for text in texts]
    proofs = {proof for text in plain if (proof := _proof(text)) is not None}
    if proofs:
        month_first = proofs.pop() if len(proofs) == 1 else None
    return [_day(text, month_first) for text in plain]


def _proof(text: str) -> bool | None:
    """Whether this cell proves month first (True) or day first (False), or nothing (None)."""
    found = _YEAR_LAST.fullmatch(text)
    if found is None or found[2] == ".":
        return None
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return False
    return True if second > 12 >= first else None


def _day(text: str, month_first: bool | None) -> str | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _iso(found[1], found[3], found[4])
    if found := _YEAR_LAST.fullmatch(text):
        return _year_last(found, month_first)
    if found := _DAY_NAMED.fullmatch(text):
        return _iso(found[3], _MONTHS.get(found[2]), found[1])
    if found := _MONTH_NAMED.fullmatch(text):
        return _iso(found[3], _MONTHS.get(found[1]), found[2])
    return _counted(text)


def _year_last(found: re.Match[str], month_first: bool | None) -> str | None:
    first, second, year = found[1], found[3], found[4]
    if found[2] == ".":
        return _iso(year, second, first)
    proof = _proof(found[0])
    order = month_first if proof is None else proof
    if order is None and first != second:
        return None
    return _iso(year, first, second) if order else _iso(year, second, first)


def _counted(text: str) -> str | None:
    """A day given as milliseconds since 1970 or as the day number of a spreadsheet."""
    if _MILLISECONDS.fullmatch(text):
        moment = datetime.date(1970, 1, 1) + datetime.timedelta(milliseconds=int(text))
    elif _DAY_NUMBER.fullmatch(text):
        moment = _DAY_ZERO + datetime.timedelta(days=int(text[:5]))
    else:
        return None
    return _iso(moment.year, moment.month, moment.day)


def _iso(year: str | int, month: str | int | None, day: str | int) -> str | None:
    """The day if there is such a day; a two-digit year below 70 is of this century (POSIX)."""
    number = int(year)
    if isinstance(year, str) and len(year) == 2:
        number += 2000 if number < 70 else 1900
    if month is None or not FIRST_YEAR <= number <= LAST_YEAR:
        return None
    try:
        return datetime.date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None
