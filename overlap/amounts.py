"""Which amounts go into a sum: one whole number for each identifier that stands for an account.

What an amount is stands in the contract by a word: `open_opportunities` adds up the amounts of an account's
open opportunities, `revenue` takes the account's own revenue. Amounts that cannot be used are left out and
counted, never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Final

import pandas as pd

from overlap.errors import Refused, UsageError
from overlap.match import Distinct
from overlap.protocol import Amounts
from overlap.records import AMOUNT_SOURCES

OPEN_OPPORTUNITIES, REVENUE = AMOUNT_SOURCES

UNREADABLE: Final = "no readable amount"
NEGATIVE: Final = "a negative amount"
OTHER_CURRENCY: Final = "another currency"


@dataclass(frozen=True, slots=True)
class Valued:
    """`values` are whole currency units, one for each identifier of the list; `left_out` counts by reason.

    Accounts that chose the same identifier are one company, and their amounts are added.
    """

    values: tuple[int, ...]
    left_out: Mapping[str, int]


def amounts_of(
    distinct: Distinct, accounts: pd.DataFrame, terms: Amounts, opportunities: pd.DataFrame | None = None
) -> Valued:
    """The amounts of the identifiers of `distinct`, whose holders are rows of `accounts` (ACCOUNT_COLUMNS).

    `opportunities` has OPPORTUNITY_COLUMNS. Raises UsageError when they are needed and missing, Refused when
    `terms.of` is unknown or an amount is above the maximum.
    """
    left_out: Counter[str] = Counter()
    if terms.of == REVENUE:
        # An account's revenue has no currency of its own: it is taken to be in the one that was agreed.
        by_account = [_amount(text, left_out) for text in accounts["revenue"]]
    elif terms.of == OPEN_OPPORTUNITIES and opportunities is not None:
        open_ones = opportunities[opportunities["status"] == "open"]
        own = open_ones[open_ones["account_id"].isin(accounts["id"])]
        by_id = _add_up(zip(own["account_id"], own["amount"], own["currency"], strict=True), terms, left_out)
        by_account = [by_id.get(account, Decimal(0)) for account in accounts["id"]]
    elif terms.of == OPEN_OPPORTUNITIES:
        raise UsageError("the amounts are those of open opportunities", "import the opportunities first")
    else:
        raise Refused("the contract sums something that this version does not know", "agree on known amounts")
    totals = [Decimal(0)] * len(distinct.encoded)
    holders = distinct.holders
    for position, account in zip(holders["position"], holders["account"], strict=True):
        totals[position] += by_account[account]
    whole = [total.to_integral_value(ROUND_HALF_UP) for total in totals]
    if above := sum(value > terms.maximum for value in whole):
        raise Refused(
            f"{above:,} of our accounts have amounts above the agreed maximum of {terms.maximum:,}",
            "correct the amounts, or agree on a larger maximum",
        )
    return Valued(tuple(map(int, whole)), MappingProxyType(dict(left_out)))


def _add_up(
    rows: Iterable[tuple[str, str, str]], terms: Amounts, left_out: Counter[str]
) -> dict[str, Decimal]:
    """The amounts in the agreed currency by account id; no currency means the agreed one."""
    sums: dict[str, Decimal] = {}
    for account, text, currency in rows:
        if currency not in ("", terms.currency):
            left_out[OTHER_CURRENCY] += 1
            continue
        sums[account] = sums.get(account, Decimal(0)) + _amount(text, left_out)
    return sums


def _amount(text: str, left_out: Counter[str]) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        left_out[UNREADABLE] += 1
        return Decimal(0)
    if amount.is_finite() and amount >= 0:
        return amount
    left_out[NEGATIVE if amount.is_finite() else UNREADABLE] += 1
    return Decimal(0)
