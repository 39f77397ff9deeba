"""What changed between two weeks: statuses that went up or down, came or went, and the money they moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cleanroom.attribution.classification.amounts import add_up
from cleanroom.attribution.classification.statuses import STATUSES
from cleanroom.attribution.currencies import CURRENCIES

if TYPE_CHECKING:
    import pandas as pd

#: Best first, for the partner: Disputed is worth nothing until it is decided.
_WORTH: Final = (*STATUSES[1:], STATUSES[0])

KINDS: Final = ("up", "down", "new", "gone")

#: What a week keeps of its table of statuses.
KEPT_COLUMNS: Final = ("opportunity", "partner", "status", "account", "amount", "currency")

#: Opportunity to status, amount and currency.
Standing = Mapping[str, tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """One partner on one opportunity; `before` or `after` is "" where it was or is not listed."""

    kind: str
    opportunity: str
    partner: str
    account: str
    before: str
    after: str
    amount: str
    currency: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Money of `deals` deals that went from one headline status to another; where both are the same, the
    amount is by how much these deals grew."""

    currency: str
    before: str
    after: str
    deals: int
    amount: str


@dataclass(frozen=True, slots=True)
class NewOverlap:
    """Both hold an account of ours since the run with that partner that was finished on `day`, its `number`th
    (from 1): the first that said so."""

    day: str
    partner: str
    account: str
    run: str
    number: int


def changes(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Change, ...]:
    """Every partner whose status differs, up first, the largest amounts of each currency first."""
    old, new = _pairs(before), _pairs(after)
    found = []
    for key in {*old, *new}:
        was, now = old.get(key), new.get(key)
        if was and now and was[0] == now[0]:
            continue
        kind = "new" if not was else "gone" if not now else _direction(was[0], now[0])
        _, account, amount, currency = now or was or ("", "", "", "")
        statuses = was[0] if was else "", now[0] if now else ""
        found.append(Change(kind, *key, account, *statuses, amount, currency))
    return tuple(sorted(found, key=_order))


def money_moved(before: Standing, after: Standing) -> tuple[Moved, ...]:
    """What moved between headline statuses, by currency; a deal that changed its currency left and came."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for deal in {*before, *after}:
        was, now = before.get(deal), after.get(deal)
        if was and now and was[2] == now[2]:
            grown = _minus(now[1], was[1])
            if was[0] != now[0]:
                parts.setdefault((now[2], was[0], now[0]), []).append(now[1])
            elif grown != "0":
                parts.setdefault((now[2], was[0], now[0]), []).append(grown)
            continue
        if was:
            parts.setdefault((was[2], was[0], ""), []).append(was[1])
        if now:
            parts.setdefault((now[2], "", now[0]), []).append(now[1])
    return tuple(
        Moved(currency, one, two, len(amounts), add_up(amounts) if currency else "")
        for (currency, one, two), amounts in sorted(parts.items(), key=lambda each: each[0])
    )


def headlines_of(statuses: pd.DataFrame) -> dict[str, tuple[str, str, str]]:
    """Opportunity to its headline status, amount and currency ("" for one that is none)."""
    found: dict[str, tuple[str, str, str]] = {}
    for deal, _, status, _, amount, currency in _rows(statuses):
        known = currency if currency in CURRENCIES else ""
        if deal not in found or STATUSES.index(status) < STATUSES.index(found[deal][0]):
            found[deal] = status, amount, known
    return found


def _rows(statuses: pd.DataFrame) -> Iterable[tuple[str, ...]]:
    return zip(*(statuses[name].tolist() for name in KEPT_COLUMNS), strict=True)


def _pairs(statuses: pd.DataFrame) -> dict[tuple[str, str], tuple[str, str, str, str]]:
    return {
        (deal, partner): (status, account, amount, currency)
        for deal, partner, status, account, amount, currency in _rows(statuses)
        if partner
    }


def _direction(was: str, now: str) -> str:
    return "up" if _WORTH.index(now) < _WORTH.index(was) else "down"


def _minus(now: str, was: str) -> str:
    return add_up([now or "0", str(-Decimal(was or "0"))])


def _order(one: Change) -> tuple[object, ...]:
    known = one.currency in CURRENCIES and one.amount != ""
    amount = -Decimal(one.amount) if known else Decimal(0)
    place = not known, one.currency if known else "", amount
    return KINDS.index(one.kind), *place, one.opportunity, one.partner
