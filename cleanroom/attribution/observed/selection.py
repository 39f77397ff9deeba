"""Which deals are compared: judged by rules, with a day of creation, and money of one currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.pipeline import texts
from cleanroom.attribution.classification.times import NEVER
from cleanroom.attribution.currencies import CURRENCIES
from overlap.errors import Refused

if TYPE_CHECKING:
    import pandas as pd

#: Why a deal, an action or a change of stage is in no file, or not in all of them.
LEFT_OUT: Final = MappingProxyType(
    {
        "before-rules": "a deal created before any version of the rules took effect",
        "no-created": "a deal without a usable day of creation",
        "other-type": "a deal of another type than was asked for",
        "other-currency": "a deal in another currency",
        "no-currency": "a deal with an amount and no known currency",
        "open": "an open deal, which is no journey yet",
        "no-action": "a closed deal without a usable action",
        "no-amount": "a deal without a positive amount",
        "no-close": "a deal that is won or lost without a usable day",
        "unusable": "an action that cannot be used; 'overlap credit --findings' says why",
        "after-close": "an action, or a change of stage, after its deal was closed",
        "stage-outside": "a change of stage without a usable day, of none of these deals, or before it",
        "same-day": "a change of stage that another one followed on the same day",
    }
)


@dataclass(frozen=True)
class Selection:
    """The deals compared, as flags; how many are not, by code; and the positive amounts (None for none).

    `currency` is the one all amounts are in, "" where no deal names any.
    """

    currency: str
    kept: np.ndarray
    amounts: list[Decimal | None]
    left_out: dict[str, int]


def choose_deals(judged: Judged, currency: str = "", type_: str = "") -> Selection:
    """The deals that can be compared, of one type of opportunity where one is named (case does not count).

    Refused for several currencies when none is named, for a currency or a type that no deal has; a deal
    without any amount is taken whatever its currency.
    """
    deals = judged.deals
    amounts = [_amount(text) for text in texts(deals.frame, "amount").to_pylist()]
    has = np.array([amount is not None for amount in amounts], bool)
    stated = texts(deals.frame, "currency").to_pylist()
    known = np.array([one if one in CURRENCIES else "" for one in stated], object)
    judging = deals.version >= 0
    dated = deals.created[0] != NEVER
    wanted = _of_type(deals.frame, type_)
    there = sorted(set(known[judging & dated & has & wanted]))
    chosen = _one(there, currency)
    other = has & (known != chosen)
    reasons = {
        "before-rules": ~judging,
        "no-created": ~dated,
        "other-type": ~wanted,
        "no-currency": other & (known == ""),
        "other-currency": other,
    }
    kept = np.ones(len(deals), bool)
    left_out = {}
    for code, holds in reasons.items():
        left_out[code] = int((holds & kept).sum())
        kept &= ~holds
    return Selection(chosen, kept, amounts, {code: count for code, count in left_out.items() if count})


def _of_type(frame: pd.DataFrame, type_: str) -> np.ndarray:
    """Where a deal is of that type; everywhere for none."""
    plain = [one.strip().casefold() for one in texts(frame, "type").to_pylist()]
    found = np.array([not type_ or one == type_.strip().casefold() for one in plain], bool)
    if type_ and not found.any():
        raise Refused("no imported deal is of this type", "the type is a column of the opportunities")
    return found


def _one(there: list[str], currency: str) -> str:
    named = [one for one in there if one]
    if currency:
        if currency not in there:
            listed = f"the deals are in {', '.join(named)}" if named else "no deal names a currency"
            raise Refused("no deal with an amount is in this currency", listed)
        return currency
    if len(named) > 1:
        raise Refused(
            f"the deals are in several currencies: {', '.join(named)}",
            "--currency takes one of them; amounts in different currencies are never added",
        )
    return named[0] if named else ""


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None
