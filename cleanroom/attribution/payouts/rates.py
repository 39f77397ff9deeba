"""Exchange rates as they were on a day: `date,base,quote,rate,source`, 1 base = rate quote.

A rate is taken for the day of the earning event and stays with it: what reverses the event takes the same
rate. A day without a rate has none; the rate of another day is taken only as far back as the plan says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.days import read_day
from cleanroom.attribution.payouts.findings import Finding
from cleanroom.moment import iso_day

__all__ = ["RATE_COLUMNS", "Rate", "Rates", "read_rates"]

RATE_COLUMNS: Final = ("date", "base", "quote", "rate", "source")

_RATE: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,15}))?")


class Rate(NamedTuple):
    """1 base = `factor` quote on a day; `factor` is exact, `text` as the file has it."""

    day: int
    base: str
    quote: str
    text: str
    source: str
    factor: Fraction
    inverted: bool = False

    def words(self) -> str:
        """The rate for a statement: its value, day and source."""
        pair = f"1 {self.base} = {self.text} {self.quote}"
        return f"{pair} on {iso_day(self.day)} ({self.source}){', inverted' if self.inverted else ''}"


class Rates:
    """Rates by day and pair."""

    def __init__(self, rates: Sequence[Rate] = ()) -> None:
        self._by_pair = {(one.day, one.base, one.quote): one for one in rates}

    def __len__(self) -> int:
        return len(self._by_pair)

    def find(self, day: int, base: str, quote: str, days_back: int = 0) -> Rate | None:
        """What turns `base` into `quote`: the pair's own rate, else the inverse pair's turned round."""
        for there in range(day, day - days_back - 1, -1):
            if (rate := self._by_pair.get((there, base, quote))) is not None:
                return rate
            if (rate := self._by_pair.get((there, quote, base))) is not None:
                return rate._replace(
                    factor=Fraction(rate.factor.denominator, rate.factor.numerator), inverted=True
                )
        return None


def read_rates(rows: Sequence[Sequence[str]]) -> tuple[Rates, list[Finding]]:
    """The rates in the rows of a file below its header, and findings (the header is row 1).

    The same rate twice is one; two that differ for one day and pair are refused both.
    """
    found: list[Finding] = []
    kept: dict[tuple[int, str, str], tuple[int, Rate]] = {}
    refused: set[tuple[int, str, str]] = set()
    for number, row in enumerate(rows, start=2):
        rate = _read(row)
        if rate is None:
            found.append(Finding(number, "", "rate-unreadable"))
            continue
        key = (rate.day, rate.base, rate.quote)
        before = kept.get(key)
        if before is None:
            kept[key] = (number, rate)
        elif (before[1].factor, before[1].source) != (rate.factor, rate.source):
            found.append(Finding(number, "", "rate-conflict"))
            if key not in refused:
                found.append(Finding(before[0], "", "rate-conflict"))
            refused.add(key)
        else:
            found.append(Finding(number, "", "event-repeated"))
    return Rates([rate for key, (_, rate) in kept.items() if key not in refused]), sorted(found)


def _read(row: Sequence[str]) -> Rate | None:
    if len(row) != len(RATE_COLUMNS):
        return None
    date, base, quote, text, source = (cell.strip() for cell in row)
    day, number = read_day(date), _RATE.fullmatch(text)
    known = exponent_of(base) is not None and exponent_of(quote) is not None and base != quote
    if day is None or number is None or not known or not source or not source.isprintable():
        return None
    decimals = number[2] or ""
    factor = Fraction(int(number[1] + decimals), 10 ** len(decimals))
    return Rate(day, base, quote, text, source, factor) if factor else None
