"""Deals and their stages as the statistics read them: plain rows in, checked columns out, nothing lost.

A row that cannot be used is set aside with a code and counted; `LEFT_OUT` says what each code means.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any, Final

import numpy as np

DEAL_COLUMNS: Final = (
    *("deal_id", "segment", "amount", "created", "partner_id", "attached", "closed", "outcome"),
)
STAGE_COLUMNS: Final = ("deal_id", "stage", "entered")

#: What a row of stages may say besides: the amount that the deal had from then on.
AMOUNT_COLUMN: Final = "amount"
OUTCOMES: Final = MappingProxyType(
    {"won": 1, "closed won": 1, "lost": 0, "closed lost": 0, "open": -1, "": -1}
)

LEFT_OUT: Final = MappingProxyType(
    {
        "no-id": "a row without a deal id",
        "double-id": "a deal id that occurs again; none of its rows is used",
        "no-amount": "an amount that is no positive number",
        "bad-date": "a date that is neither a day nor an instant with a zone",
        "future-date": "a date after today",
        "no-created": "a deal without the day on which it was created",
        "closed-before-created": "a deal that was closed before it was created",
        "unknown-outcome": "an outcome other than won, lost or open",
        "outcome-without-close": "a deal that is won or lost without a day, or open with one",
        "unknown-deal": "a stage of a deal that is not in the list",
        "stage-outside-deal": "a stage entered before its deal was created or after it was closed",
    }
)

Column = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Deals:
    """Usable deals, sorted by id; times in days since 1970, infinite where there is none.

    `attached` is infinite for a deal without a partner; `undated` counts deals with a partner whose
    attachment has no usable day (none, before creation, or after the close). `spells` are the stays in a
    stage: `deal` (a place in the columns), `stage`, `entered`, `left`. `amount_...` are the amounts that rows
    of stages name: `deal`, the day from which it holds, the logarithm, sorted by deal and day; empty where
    none does. `end` is the last day of the data.
    """

    ids: tuple[str, ...]
    segment: Column
    amount: Column
    created: Column
    partner: Column
    attached: Column
    closed: Column
    outcome: Column
    spell_deal: Column
    spell_stage: Column
    spell_entered: Column
    spell_left: Column
    amount_deal: Column
    amount_day: Column
    amount_log: Column
    end: float
    undated: int
    left_out: Mapping[str, int]
    digest: bytes


def days_of(text: str) -> float | None:
    """Days since 1970 of a day (its beginning, UTC) or of an instant with a zone; None for anything else."""
    try:
        if len(text) == 10:
            return float((date.fromisoformat(text) - date(1970, 1, 1)).days)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(UTC).timestamp() / 86_400


def gather_deals(
    deals: Iterable[Mapping[str, str]], stages: Iterable[Mapping[str, str]], now: float
) -> Deals:
    """Checked deals from rows with DEAL_COLUMNS and STAGE_COLUMNS; `now` is today in days since 1970."""
    left_out: Counter[str] = Counter()
    known, ends = _read_deals(deals, now, left_out)
    ids = sorted(known)
    place = {deal: at for at, deal in enumerate(ids)}
    entries, amounts, stage_ends = _read_stages(stages, known, place, now, left_out)
    columns = [known[deal] for deal in ids]
    undated = 0
    attached = np.full(len(ids), np.inf)
    for at, row in enumerate(columns):
        if not row.partner:
            continue
        if row.attached is None or not row.created <= row.attached <= row.closed:
            undated += 1
        else:
            attached[at] = row.attached
    spells = _spells(entries, columns)
    state = hashlib.sha256(b"overlap deals 1\n")
    for deal, row in zip(ids, columns, strict=True):
        state.update(repr((deal, row)).encode())
    state.update(repr(spells).encode())
    if amounts:
        state.update(repr(amounts).encode())
    return Deals(
        tuple(ids),
        np.array([row.segment for row in columns], object),
        np.array([row.amount for row in columns]),
        np.array([row.created for row in columns]),
        np.array([row.partner for row in columns], object),
        attached,
        np.array([row.closed for row in columns]),
        np.array([row.outcome for row in columns], np.int64),
        np.array([spell[0] for spell in spells], np.int64),
        np.array([spell[1] for spell in spells], object),
        np.array([spell[2] for spell in spells], np.float64),
        np.array([spell[3] for spell in spells], np.float64),
        np.array([row[0] for row in amounts], np.int64),
        np.array([row[1] for row in amounts], np.float64),
        np.log(np.array([row[2] for row in amounts], np.float64)),
        max([*ends, *stage_ends], default=0.0),
        undated,
        dict(sorted(left_out.items())),
        state.digest(),
    )


@dataclass(frozen=True)
class _Deal:
    segment: str
    amount: float
    created: float
    partner: str
    attached: float | None
    closed: float
    outcome: int


def _read_deals(
    rows: Iterable[Mapping[str, str]], now: float, left_out: Counter[str]
) -> tuple[dict[str, _Deal], list[float]]:
    found: dict[str, _Deal] = {}
    seen: Counter[str] = Counter()
    for row in rows:
        cells = {name: (row.get(name) or "").strip() for name in DEAL_COLUMNS}
        seen[cells["deal_id"]] += 1
        made = _deal(cells, now)
        if isinstance(made, str):
            left_out[made] += 1
        else:
            found[cells["deal_id"]] = made
    for deal, times in seen.items():
        if times > 1 and found.pop(deal, None) is not None:
            left_out["double-id"] += 1
    dates = [
        day
        for deal in found.values()
        for day in (deal.created, deal.closed, deal.attached)
        if day is not None and np.isfinite(day)
    ]
    return found, dates


def _deal(cells: Mapping[str, str], now: float) -> _Deal | str:
    """A deal, or the code for which it is set aside."""
    outcome = OUTCOMES.get(cells["outcome"].lower())
    days = {name: days_of(cells[name]) for name in ("created", "attached", "closed")}
    amount = _amount(cells["amount"])
    checks = (
        ("no-id", not cells["deal_id"]),
        ("no-amount", amount is None),
        ("bad-date", any(cells[name] and day is None for name, day in days.items())),
        ("future-date", any(day is not None and day > now for day in days.values())),
        ("no-created", days["created"] is None),
        ("unknown-outcome", outcome is None),
        ("outcome-without-close", (outcome == -1) == (days["closed"] is not None)),
        ("closed-before-created", (days["closed"] or np.inf) < (days["created"] or 0)),
    )
    for code, bad in checks:
        if bad:
            return code
    assert amount is not None and outcome is not None and days["created"] is not None
    closed = np.inf if days["closed"] is None else days["closed"]
    return _Deal(
        cells["segment"], amount, days["created"], cells["partner_id"], days["attached"], closed, outcome
    )


def _amount(text: str) -> float | None:
    try:
        amount = float(text)
    except ValueError:
        return None
    return amount if 0 < amount < np.inf else None


def _read_stages(
    rows: Iterable[Mapping[str, str]],
    known: Mapping[str, _Deal],
    place: Mapping[str, int],
    now: float,
    left_out: Counter[str],
) -> tuple[list[tuple[int, float, str]], list[tuple[int, float, float]], list[float]]:
    """Entries into stages, amounts from a day on (of two on one day the larger), and all days of entry."""
    entries, ends = [], []
    amounts: dict[tuple[int, float], float] = {}
    for row in rows:
        deal, stage = (row.get("deal_id") or "").strip(), (row.get("stage") or "").strip()
        entered = days_of((row.get("entered") or "").strip())
        if deal not in known:
            left_out["unknown-deal"] += 1
        elif entered is None or not stage:
            left_out["bad-date"] += 1
        elif entered > now:
            left_out["future-date"] += 1
        elif not known[deal].created <= entered <= known[deal].closed:
            left_out["stage-outside-deal"] += 1
        else:
            entries.append((place[deal], entered, stage))
            ends.append(entered)
            amount = _amount((row.get(AMOUNT_COLUMN) or "").strip())
            if amount is not None:
                key = (place[deal], entered)
                amounts[key] = max(amounts.get(key, 0.0), amount)
    return sorted(set(entries)), sorted((*key, amount) for key, amount in amounts.items()), ends


def _spells(
    entries: Sequence[tuple[int, float, str]], deals: Sequence[_Deal]
) -> list[tuple[int, str, float, float]]:
    """Stays in a stage, from its entry to the next or the close; of two entries at once the later name.

    A row that names the stage in which the deal already is, as one for a new amount does, begins no stay.
    """
    spells: list[tuple[int, str, float, float]] = []
    for at, (deal, entered, stage) in enumerate(entries):
        same = at + 1 < len(entries) and entries[at + 1][0] == deal
        left = entries[at + 1][1] if same else deals[deal].closed
        if left <= entered:
            continue
        if spells and spells[-1][:2] == (deal, stage) and spells[-1][3] == entered:
            spells[-1] = (deal, stage, spells[-1][2], left)
        else:
            spells.append((deal, stage, entered, left))
    return spells


def amount_at(deals: Deals, deal: Column, moment: Column) -> Column:
    """The logarithm of the amount that each deal had at that moment, by the history; else NaN."""
    if not len(deals.amount_deal):
        return np.full(len(deal), np.nan)
    keys = _seconds(deals.amount_deal, deals.amount_day)
    found = np.searchsorted(keys, _seconds(deal, moment), side="right") - 1
    known = (found >= 0) & (deals.amount_deal[found] == deal)
    return np.where(known, deals.amount_log[found], np.nan)


def _seconds(deal: Column, day: Column) -> Column:
    """Deal and moment in one whole number that sorts as both do."""
    return np.asarray(deal.astype(np.int64) * 2**40 + np.rint(day * 86_400 + 2**36).astype(np.int64))
