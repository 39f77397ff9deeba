"""Actions as arrays: whose, of which type, when it happened and was logged, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanroom.attribution.actions.menu import CLASSES, DIGEST_FORM, REQUIREMENTS, plain_type
from cleanroom.attribution.classification.deals import Deals
from cleanroom.attribution.classification.findings import Finder
from cleanroom.attribution.classification.pipeline import Pipeline, encoded, has_text, row_numbers, texts
from cleanroom.attribution.classification.rules import RuleBook
from cleanroom.attribution.classification.times import NEVER, day_number, spans

#: Numbers of the classes; 0 is a type that a version does not know.
UNKNOWN, ORIGIN, ADVANCE, LATE, WEAK = range(5)

_NUMBER_OF: Final = {name: number for number, name in enumerate(CLASSES, start=1)}


@dataclass(frozen=True)
class Acts:
    """One entry an action, in the order of the file. `partner` is -1 for none, `deal` -1 where the action
    names none of ours, `account` the number of the account (as in Deals) of an action that counts for its
    account, else -1. `shows` has bit i when REQUIREMENTS[i] is there. `usable` are partner, type and date."""

    ids: Any
    rows: np.ndarray
    partner: np.ndarray
    type: np.ndarray
    happened: tuple[np.ndarray, np.ndarray]
    logged: tuple[np.ndarray, np.ndarray]
    shows: np.ndarray
    deal: np.ndarray
    account: np.ndarray
    usable: np.ndarray

    def __len__(self) -> int:
        return len(self.partner)


@dataclass(frozen=True)
class Menu:
    """The types of all versions: tables by (version, type)."""

    names: list[str]
    kind: np.ndarray
    days: np.ndarray
    requires: np.ndarray
    points: np.ndarray

    @staticmethod
    def of(book: RuleBook) -> Menu:
        """The menus of all versions, the types sorted by name; the last type is none of any menu."""
        names = sorted({name for one in book.versions for name in one.types})
        shape = (len(book.versions), len(names) + 1)
        kind, days, requires, points = (np.zeros(shape, np.int64) for _ in range(4))
        for at, version in enumerate(book.versions):
            for one in version.menu:
                place = at, names.index(one.name)
                kind[place], days[place], points[place] = _NUMBER_OF[one.kind], one.days, one.points
                requires[place] = sum(1 << REQUIREMENTS.index(name) for name in one.requires)
        return Menu(names, kind, days, requires, points)


def partner_numbers(pipeline: Pipeline) -> tuple[list[str], dict[str, int]]:
    """Every partner that occurs, sorted, by its one name; and its number."""
    named = encoded(pipeline.actions, "partner").dictionary.to_pylist()
    names = [*named, *{one.partner for one in pipeline.holdings}, *(two for _, two in pipeline.disputes)]
    partners = sorted({pipeline.book.partner(name) for name in names} - {""})
    return partners, {name: number for number, name in enumerate(partners)}


def read_acts(pipeline: Pipeline, menu: Menu, numbers: dict[str, int], deals: Deals, finder: Finder) -> Acts:
    """The actions of a pipeline, each fault told to the finder."""
    frame, book = pipeline.actions, pipeline.book
    ids = texts(frame, "id")
    rows = np.empty(0, np.int64) if frame is None else row_numbers(frame)
    partner = _coded(encoded(frame, "partner"), lambda text: numbers.get(book.partner(text), -1), np.int32)
    places = {name: number for number, name in enumerate(menu.names)}
    kind = _coded(
        encoded(frame, "type"), lambda text: places.get(plain_type(text), len(menu.names)), np.int16
    )
    happened, logged = spans(texts(frame, "date")), spans(texts(frame, "logged"))
    future = logged[0] > pipeline.now
    finder.add("action", "logged-in-future", ids, rows, future)
    logged = np.where(future, NEVER, logged[0]), np.where(future, NEVER, logged[1])
    early = (logged[0] != NEVER) & (happened[0] != NEVER) & (logged[1] < happened[0])
    finder.add("action", "logged-before", ids, rows, early)
    usable = np.ones(len(partner), bool)
    faults = {
        "no-partner": partner < 0,
        "unknown-type": kind == len(menu.names),
        "no-date": happened[0] == NEVER,
        "future-date": happened[0] > pipeline.now,
        "before-company": happened[1] < book.newest.company_since,
    }
    for code, wrong in faults.items():
        finder.add("action", code, ids, rows, wrong & usable)
        usable &= ~wrong
    deal, account = _subjects(pipeline, deals, finder, ids, rows)
    shows = _shown(frame, logged[0] != NEVER)
    return Acts(ids, rows, partner, kind, happened, logged, shows, deal, account, usable)


def counted_from(
    acts: Acts, at: np.ndarray, late_days: np.ndarray, re_dates: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last second from which the actions `at` count, and which were logged late.

    `late_days` and `re_dates` (whether a late one counts from its arrival) are those of each one's rules.
    """
    start, end = acts.happened[0][at], acts.happened[1][at]
    logged, logged_end = acts.logged[0][at], acts.logged[1][at]
    late = (logged != NEVER) & (day_number(logged) - day_number(start) > late_days)
    moved = late & re_dates
    return np.where(moved, logged, start), np.where(moved, logged_end, end), late


def _coded(column: Any, number: Any, type_: Any) -> np.ndarray:
    """`number(text)` for each text of an encoded column, worked out once for each distinct one."""
    known = np.array([number(text) for text in column.dictionary.to_pylist()], type_)
    return known[np.asarray(column.indices)] if len(known) else np.empty(0, type_)


def _shown(frame: Any, logged: np.ndarray) -> np.ndarray:
    """Bit i where REQUIREMENTS[i] is there."""
    shows = np.zeros(len(logged), np.int16)
    for bit, name in enumerate(REQUIREMENTS):
        if name == "logged":
            there = logged
        elif name == "digest":
            found = pc.match_substring_regex(texts(frame, "proof"), DIGEST_FORM.pattern)
            there = np.asarray(found, dtype=bool)
        else:
            there = has_text(frame, name)
        shows |= there.astype(np.int16) << np.int16(bit)
    return shows


def _subjects(
    pipeline: Pipeline, deals: Deals, finder: Finder, ids: Any, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The deal that each action is about, else the account whose deals it is about."""
    of, on = (texts(pipeline.actions, name) for name in ("opportunity_id", "account_id"))
    deal = _found(of, deals.ids)
    accounts = deals.account_ids.filter(pc.not_equal(deals.account_ids, ""))
    account = _found(on, accounts)
    # The accounts of Deals are numbered with the empty one among them.
    numbers = np.flatnonzero(np.asarray(pc.not_equal(deals.account_ids, ""), dtype=bool))
    account = np.where(account >= 0, numbers[account] if len(numbers) else -1, -1)
    named, placed = (np.asarray(pc.not_equal(one, ""), dtype=bool) for one in (of, on))
    finder.add("action", "unknown-opportunity", ids, rows, named & (deal < 0))
    finder.add("action", "no-subject", ids, rows, ~named & ~placed)
    finder.add("action", "no-deal", ids, rows, ~named & placed & (account < 0))
    other = (deal >= 0) & placed & (account != deals.account[np.maximum(deal, 0)]) if len(deals) else named
    finder.add("action", "other-account", ids, rows, other & (deal >= 0))
    return deal, np.where(deal >= 0, -1, account)


def _found(column: Any, known: Any) -> np.ndarray:
    """The place of each text of a column among the known ones, -1 for none."""
    found = pc.index_in(column, value_set=known.cast(pa.large_string()))
    return np.asarray(pc.fill_null(found, -1)).astype(np.int64)
