"""From accounts and their identifiers to the quality of the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity import KINDS, Identified, read_parents
from overlap.quality.assumptions import facts_of
from overlap.quality.doubles import carriers, companies, doubles
from overlap.quality.facts import Facts, find_facts
from overlap.quality.model import Masks, estimate
from overlap.quality.quality import Coverage, Drop, Filled, Freshness, Quality, Reach
from overlap.quality.repairs import MOST, count_reasons, find_repairs, notices
from overlap.records import ACCOUNT_COLUMNS, Rejected

#: Columns that every list has by itself.
_OWN: Final = ("row", "population")

#: Years; an account that nobody has touched for longer is stale.
STALE_YEARS: Final = 1


def assess(
    accounts: pd.DataFrame,
    identified: Identified,
    today: date,
    *,
    kinds: Sequence[str] = KINDS,
    rejected: Sequence[Rejected] = (),
    left_out: int = 0,
    unreadable: Mapping[str, int] | None = None,
) -> Quality:
    """The quality of `accounts` (records.ACCOUNT_COLUMNS) with their identifiers of `kinds`.

    `rejected`, `left_out` and `unreadable` are those of the `Table` that the accounts were read as.
    """
    accounts = accounts.reset_index(drop=True)
    facts = find_facts(accounts, identified.frame, kinds)
    table = carriers(accounts, identified.frame)
    expected = estimate(facts.model, facts.states)
    orphans = _orphans(accounts)
    freshness, stale = _freshness(accounts, today)
    repairs = find_repairs(accounts, facts, table, expected, rejected)
    further = notices(accounts, orphans, stale, freshness)
    return Quality(
        today=today.isoformat(),
        accounts=len(accounts),
        left_out=left_out,
        rejected=count_reasons(rejected),
        unreadable={field: count for field, count in (unreadable or {}).items() if count},
        coverage=_coverage(identified.frame, kinds, len(accounts)),
        uncounted=tuple(kind for kind in kinds if not facts_of(kind)),
        drops=_drops(identified.dropped),
        filled=_filled(accounts),
        websites=_websites(facts),
        by_mail=int(facts.by_mail.sum()),
        reach=_reach(facts),
        doubles=doubles(table),
        companies=companies(len(accounts), table),
        orphans=int(orphans.sum()),
        freshness=freshness,
        estimate=expected,
        repairs=(*repairs[: MOST - len(further)], *further),
    )


def _coverage(identifiers: pd.DataFrame, kinds: Sequence[str], accounts: int) -> tuple[Coverage, ...]:
    counts = identifiers.groupby("kind")[["account", "value"]].nunique()
    found = {str(kind): (int(row["account"]), int(row["value"])) for kind, row in counts.iterrows()}
    return tuple(
        Coverage(kind, holders, holders / accounts if accounts else 0.0, values)
        for kind, (holders, values) in ((kind, found.get(kind, (0, 0))) for kind in kinds)
    )


def _drops(dropped: Mapping[tuple[str, str], int]) -> tuple[Drop, ...]:
    order = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Drop(column, reason, count) for (column, reason), count in order)


def _filled(accounts: pd.DataFrame) -> tuple[Filled, ...]:
    size = len(accounts)
    counts = {field: int((accounts[field] != "").sum()) for field in ACCOUNT_COLUMNS if field not in _OWN}
    return tuple(Filled(field, count, count / size if size else 0.0) for field, count in counts.items())


def _websites(facts: Facts) -> Mapping[str, int]:
    reasons, counts = np.unique(facts.website[facts.website != ""].astype(str), return_counts=True)
    order = sorted(zip(reasons.tolist(), counts.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
    return dict(order)


def _reach(facts: Facts) -> Reach:
    chances = facts.model.chances(facts.states)
    released = int((chances[:, 1] > 0).sum())
    found = int((chances[:, 0] > 0).sum())
    return Reach(released, found - released, len(chances) - found)


def _orphans(accounts: pd.DataFrame) -> Masks:
    named = (accounts["parent_id"] != "").to_numpy(bool)
    mask: Masks = named & (read_parents(accounts) < 0)
    return mask


def _freshness(accounts: pd.DataFrame, today: date) -> tuple[Freshness, Masks]:
    # 29 February has no day of its own a year before.
    day = min(today.day, 28) if today.month == 2 else today.day
    limit = today.replace(year=today.year - STALE_YEARS, day=day).isoformat()
    touched = accounts["modified"].where(accounts["modified"] != "", accounts["created"])
    last: np.ndarray[Any, Any] = touched.to_numpy(dtype=object)
    dated = last != ""
    stale: Masks = dated & (last < limit)
    oldest = min(last[dated], default="")
    unchanged = stale & (accounts["modified"] == "").to_numpy(bool)
    return Freshness(limit, int(stale.sum()), int(unchanged.sum()), int((~dated).sum()), oldest), stale
