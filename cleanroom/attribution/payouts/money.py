"""Money: whole minor units, exact fractions between, one rounding, shares that sum. No float anywhere.

An exact value is an `int` or a `Fraction` of minor units (cents of EUR, yen of JPY). It becomes whole once,
at the payable line, half away from zero. A whole amount that is shared out goes by the largest remainder;
equal remainders go to the larger weight, then to the smaller name: the order of the input does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from cleanroom.attribution.currencies import exponent_of

__all__ = [
    "Exact",
    "amount_text",
    "read_amount",
    "read_percent",
    "round_half_up",
    "share_out",
    "write_amount",
    "write_exact",
]

#: A whole number or a fraction of minor units.
Exact = int | Fraction

#: Digits before the point of an amount; more than any budget, few enough that arithmetic stays quick.
WHOLE_DIGITS: Final = 15

_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,12}))?")
_PERCENT: Final = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,9}))?%")


def read_amount(text: str, exponent: int) -> int | None:
    """Minor units of a plain decimal text such as `1000.50`; None when it is none.

    No thousands separators, no exponent. Raises ValueError when it is finer than the minor unit.
    """
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None
    sign, whole, decimals = found[1], found[2], (found[3] or "").rstrip("0")
    if len(decimals) > exponent:
        raise ValueError("finer than the minor unit")
    minor = int(whole + decimals.ljust(exponent, "0"))
    return -minor if sign else minor


def write_amount(minor: int, exponent: int) -> str:
    """Minor units as decimal text: 680000 with exponent 2 is `6800.00`."""
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    return f"-{text}" if minor < 0 else text


def amount_text(minor: int, currency: str) -> str:
    """Minor units of a currency (ISO 4217) as decimal text."""
    return write_amount(minor, exponent_of(currency) or 0)


def write_exact(value: Exact) -> str:
    """An exact value of minor units as `n` or `n/d`, in lowest terms."""
    return str(value)


def read_percent(text: str) -> Fraction | None:
    """A share such as `7.5%` as an exact fraction; None when the text is none."""
    found = _PERCENT.fullmatch(text)
    if found is None:
        return None
    decimals = found[2] or ""
    return Fraction(int(found[1] + decimals), 100 * 10 ** len(decimals))


def round_half_up(numerator: Exact, denominator: int = 1) -> int:
    """The whole number nearest to numerator / denominator (> 0); a half goes away from zero."""
    if not isinstance(numerator, int):
        numerator, denominator = numerator.numerator, numerator.denominator * denominator
    if numerator < 0:
        return -((-2 * numerator + denominator) // (2 * denominator))
    return (2 * numerator + denominator) // (2 * denominator)


def share_out(total: int, weights: Mapping[str, Exact]) -> dict[str, int]:
    """`total` parted by weight: whole amounts that sum to it, whatever the order of `weights`.

    Each gets the floor of its exact part of the absolute total, and one more for the largest remainders; of
    equal remainders the larger weight comes first, then the smaller name. Weights are positive.
    """
    whole = sum(weights.values())
    parts = {name: Fraction(abs(total) * weight, whole) for name, weight in weights.items()}
    shares = {name: part.numerator // part.denominator for name, part in parts.items()}
    left = abs(total) - sum(shares.values())
    order = sorted(weights, key=lambda name: (shares[name] - parts[name], -weights[name], name))
    for name in order[:left]:
        shares[name] += 1
    return shares if total >= 0 else {name: -share for name, share in shares.items()}
