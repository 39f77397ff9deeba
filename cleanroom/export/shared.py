"""Shared accounts on their way into a territory plan: which rows may go, one entry per account or pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from overlap.errors import UsageError
from overlap.records import ACCOUNT_COLUMNS, STANDARD_POPULATIONS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEFT_OUT", "RELEASABLE", "SHARED_COLUMNS", "TERRITORY_PURPOSE", "Entry", "select"]

#: One own account, partner and matched identifier a row, dtype str, except `shared_until` (int64, unix
#: seconds, half-open) and `released`, `exportable` (bool). `partner_card` is the digest of the partner's card
#: in hex; `purpose` holds the agreement's purposes separated by ";". Released fields follow as columns
#: `field.<name>`, each name one of RELEASABLE.
SHARED_COLUMNS: Final = (
    "account",
    "partner",
    "partner_card",
    "our_population",
    "their_population",
    "kind",
    "tier",
    "agreement",
    "purpose",
    "shared_until",
    "released",
    "exportable",
)
RELEASABLE: Final = tuple(name for name in ACCOUNT_COLUMNS if name not in {"row", "id", "parent_id"})

#: The purpose of an agreement that lets a shared account enter a territory plan.
TERRITORY_PURPOSE: Final = "territory-planning"

#: Why a row is left out of an export, in the order of the checks.
LEFT_OUT: Final = {
    "ended": "the share has ended",
    "not-released": "no opened share shows it (not opened, revoked or ended)",
    "not-exportable": "the agreement does not allow export",
    "other-purpose": "not agreed or not leased for territory planning",
    "candidate": "the match is a candidate",
    "unusable-id": "the account id is not one that the target knows",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What an export says about one own account, or about one account and partner: texts ready for a cell."""

    account: str
    partner_card: str
    partners: str
    our_populations: str
    their_populations: str
    reasons: str
    agreements: str
    purposes: str
    shared_until: int
    fields: tuple[str, ...]


def select(
    shared: pd.DataFrame, now: int, target_id: Callable[[str], str | None]
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The rows that may be exported at `now`, with the id as the target writes it, and counts of the others.

    Raises UsageError when columns are missing or unknown.
    """
    names = list(shared.columns)
    extra = [name for name in names if name not in SHARED_COLUMNS]
    if set(SHARED_COLUMNS) - set(names) or any(
        name.removeprefix("field.") not in RELEASABLE for name in extra
    ):
        raise UsageError("the shared accounts do not have the columns of an export", "see SHARED_COLUMNS")
    rows, left_out = [], Counter[str]()
    for values in zip(*(shared[name] for name in names), strict=True):
        row = dict(zip(names, values, strict=True))
        reason = _left_out(row, now)
        identity = target_id(row["account"])
        if reason or identity is None:
            left_out[reason or "unusable-id"] += 1
        else:
            rows.append(row | {"account": identity})
    return rows, {reason: left_out[reason] for reason in LEFT_OUT if left_out[reason]}


def by_account(rows: Iterable[dict[str, Any]]) -> list[Entry]:
    """One entry for each own account, partners aggregated, the earliest end; sorted by account."""
    return _entries(rows, lambda row: (row["account"], ""), ())


def by_pair(rows: Iterable[dict[str, Any]], fields: tuple[str, ...]) -> list[Entry]:
    """One entry for each own account and partner card, with the released `fields`; sorted."""
    return _entries(rows, lambda row: (row["account"], row["partner_card"]), fields)


def released_fields(shared: pd.DataFrame) -> tuple[str, ...]:
    """The released fields among the columns, in the order of RELEASABLE."""
    return tuple(name for name in RELEASABLE if f"field.{name}" in shared.columns)


def _left_out(row: dict[str, Any], now: int) -> str | None:
    checks = (
        ("ended", int(row["shared_until"]) <= now),
        ("not-released", not row["released"]),
        ("not-exportable", not row["exportable"]),
        ("other-purpose", TERRITORY_PURPOSE not in _parts(row["purpose"])),
        ("candidate", row["tier"] == "candidate"),
    )
    return next((reason for reason, holds in checks if holds), None)


def _entries(
    rows: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], tuple[str, str]], fields: tuple[str, ...]
) -> list[Entry]:
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [_entry(account, card, groups[account, card], fields) for account, card in sorted(groups)]


def _entry(account: str, card: str, rows: list[dict[str, Any]], fields: tuple[str, ...]) -> Entry:
    return Entry(
        account=account,
        partner_card=card,
        partners=_joined(row["partner"] for row in rows),
        our_populations=_populations(row["our_population"] for row in rows),
        their_populations=_populations(row["their_population"] for row in rows),
        reasons=_joined(f"{row['partner']}: {row['kind']} ({row['tier']})" for row in rows),
        agreements=_joined(row["agreement"] for row in rows),
        purposes=_joined(part for row in rows for part in _parts(row["purpose"])),
        shared_until=min(int(row["shared_until"]) for row in rows),
        fields=tuple(_joined(row[f"field.{name}"] for row in rows) for name in fields),
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(sorted({text for text in texts if text}))


def _populations(names: Iterable[str]) -> str:
    order = {name: place for place, name in enumerate(STANDARD_POPULATIONS)}
    return "; ".join(sorted({name for name in names if name}, key=lambda name: (order.get(name, 99), name)))
