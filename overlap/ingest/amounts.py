"""Amounts of money as plain decimal text, and the currency written beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow.compute as pc

from overlap.ingest.draft import mask
from overlap.ingest.pile import Column
from overlap.ingest.values import by_distinct

_SYMBOLS: Final = {"€": "EUR", "£": "GBP"}
#: The currencies that a sign may stand for, where somebody says which.
_MEANINGS: Final = {
    "€": ("EUR",),
    "£": ("GBP",),
    "¥": ("CNY", "JPY"),
    "$": (
        "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "DOP", "FJD", "GYD",
        "HKD", "JMD", "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "USD", "UYU",
        "XCD",
    ),
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?P<open>\(?)(?P<sign>[-+\u2212]?)(?P<before>[A-Z]{3}|[$€£¥])?(?P<inner>[-\u2212]?)"
    r"(?P<digits>[0-9][0-9.,'\u2019]*)(?P<after>[A-Z]{3}|[$€£¥])?(?P<close>\)?)"
)
#: Digits, points and commas of an amount; no deal has that many, and sums of more are slow and inexact.
_LONGEST: Final = 40
_SPACES = re.compile(r"\s+")


def plain_amounts(column: Column) -> tuple[Column, int]:
    """Amounts as plain decimal text ("1234.50"), and how many non-empty cells were not readable.

    "1,234.50" and "1.234,50" say themselves which sign is the decimal one, "1.234" does not: then the other
    cells of the column decide, and without any evidence, or with contradicting evidence, it is unreadable.
    "1,234" without contrary evidence is a thousand: nobody writes three decimals after a comma.
    """
    return by_distinct(column, _plain_amounts)


def currencies(column: Column) -> Column:
    """The ISO 4217 code written beside each amount, "" where there is none; "$" and "¥" are several."""

    def code(text: str) -> str:
        found = _AMOUNT.fullmatch(_SPACES.sub("", text))
        written = (found["before"] or found["after"] or "") if found else ""
        return _SYMBOLS.get(written, written if written.isalpha() else "")

    return by_distinct(column, lambda texts: [code(text) for text in texts])[0]


def may_be_in(column: Column, currency: str) -> np.ndarray:
    """Whether the sign beside each amount, if there is any, can stand for that currency."""

    def fits(text: str) -> str:
        found = _AMOUNT.fullmatch(_SPACES.sub("", text))
        sign = (found["before"] or found["after"] or "") if found else ""
        return "1" if not sign or sign == currency or currency in _MEANINGS.get(sign, ()) else ""

    return mask(pc.equal(by_distinct(column, lambda texts: [fits(text) for text in texts])[0], "1"))


def _plain_amounts(texts: Sequence[str]) -> list[str | None]:
    parsed = [_AMOUNT.fullmatch(_SPACES.sub("", text)) for text in texts]
    digits = [re.sub("['\u2019]", "", found["digits"]) if found else "" for found in parsed]
    evidence = {_decimal_sign(each) for each in digits} - {""}
    sign = evidence.pop() if len(evidence) == 1 else ""
    contradiction = len(evidence) > 0
    results: list[str | None] = []
    for found, each in zip(parsed, digits, strict=True):
        number = _plain_number(each, sign, contradiction) if found and len(each) <= _LONGEST else None
        if found is None or number is None or bool(found["open"]) != bool(found["close"]):
            results.append(None)
            continue
        negative = found["open"] or found["inner"] or found["sign"] in ("-", "\u2212")
        results.append(f"-{number}" if negative else number)
    return results


def _decimal_sign(digits: str) -> str:
    """The decimal sign that these digits prove, or "" when they prove nothing."""
    point, comma = digits.rfind("."), digits.rfind(",")
    if point >= 0 and comma >= 0:
        return "." if point > comma else ","
    for sign, other in ((".", ","), (",", ".")):
        if digits.count(sign) > 1:
            return other
        whole, found, decimals = digits.partition(sign)
        if found and (len(decimals) != 3 or len(whole) > 3 or whole == "0"):
            return sign
    return ""


def _plain_number(digits: str, sign: str, contradiction: bool) -> str | None:
    decimal_sign = _decimal_sign(digits) or sign
    if not decimal_sign:
        if "." in digits or (contradiction and "," in digits):
            return None
        decimal_sign = "."
    group = "," if decimal_sign == "." else "."
    whole, _, decimals = digits.partition(decimal_sign)
    groups = whole.split(group)
    grouped = len(groups) > 1
    if grouped and (not 1 <= len(groups[0]) <= 3 or any(len(each) != 3 for each in groups[1:])):
        return None
    whole = "".join(groups)
    if not whole.isdigit() or (decimals and not decimals.isdigit()):
        return None
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{decimals}" if decimals else whole
