"""Amounts of deals: what is wrong with them, and their exact sums by currency."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

import numpy as np
import pyarrow.compute as pc

from cleanroom.attribution.classification.deals import Deals
from cleanroom.attribution.classification.findings import Finder
from cleanroom.attribution.classification.pipeline import row_numbers, texts
from cleanroom.attribution.currencies import CURRENCIES

#: Sums are exact or refused; an amount of a deal has no hundred digits.
_EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])


def check_amounts(deals: Deals, finder: Finder) -> None:
    """Tell the finder of amounts that are missing, zero or negative, and of currencies missing or unknown."""
    amounts, currency = texts(deals.frame, "amount"), texts(deals.frame, "currency")
    rows = row_numbers(deals.frame)
    missing = np.asarray(pc.equal(amounts, ""), dtype=bool)
    negative = np.asarray(pc.starts_with(amounts, "-"), dtype=bool)
    zero = np.asarray(pc.match_substring_regex(amounts, r"^-?0*(\.0*)?$"), dtype=bool) & ~missing
    encoded = currency.dictionary_encode()
    known = np.array([one in CURRENCIES or one == "" for one in encoded.dictionary.to_pylist()], bool)
    bare = np.asarray(pc.equal(currency, ""), dtype=bool) & ~missing
    strange = ~known[np.asarray(encoded.indices)] if len(known) else missing
    for code, wrong in (
        ("no-amount", missing),
        ("amount-negative", negative & ~zero),
        ("amount-zero", zero),
        ("no-currency", bare),
        ("unknown-currency", strange),
    ):
        finder.add("opportunity", code, deals.ids, rows, wrong)


def add_up(amounts: Iterable[str]) -> str:
    """The exact sum of plain decimal texts, "" counting as nothing; as plain text without needless zeros."""
    total = Decimal(0)
    for text in amounts:
        if text:
            total = _EXACT.add(total, Decimal(text))
    plain = format(total, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
