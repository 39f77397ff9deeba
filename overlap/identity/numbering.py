"""Numbering plans: which digits are a phone number of a country, and what people write in front of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from overlap.identity import resources

#: Times that something is taken off the front of a national number at most; real ones need one or two.
_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class Plan:
    """The numbers of one country behind its calling code; all patterns are over ASCII digits."""

    calling_code: str
    abroad: re.Pattern[str]
    front: re.Pattern[str]
    instead: str
    general: re.Pattern[str]
    service: re.Pattern[str]

    def national(self, digits: str) -> str:
        """The national number without trunk prefix, or "" when it is none; a result gives itself."""
        for _ in range(_ROUNDS):
            shorter = self._without_front(digits)
            if shorter == digits:
                return digits if self.general.fullmatch(digits) else self._without_zero(digits)
            if self.general.fullmatch(digits) and not self.general.fullmatch(shorter):
                return digits
            digits = shorter
        return ""

    def _without_front(self, digits: str) -> str:
        found = self.front.match(digits)
        if not found or not found[0]:
            return digits
        if self.instead and found.re.groups and found[found.re.groups]:
            return found.expand(self.instead) + digits[found.end() :]
        return digits[found.end() :]

    def _without_zero(self, digits: str) -> str:
        # "+351 (0)21 ...": people put a zero into brackets also where none is dialled.
        return self.national(digits[1:]) if digits.startswith("0") else ""


@cache
def _lines() -> dict[str, list[str]]:
    """Country to the fields of its line."""
    rows = (line.split(";") for line in resources.read_lines("phone_plans"))
    return {country: fields for country, *fields in rows}


@cache
def _countries() -> dict[str, tuple[str, ...]]:
    """Calling code to its countries, the one that it is looked up in first."""
    found: dict[str, tuple[str, ...]] = {}
    for country, (code, *_) in _lines().items():
        found[code] = (*found.get(code, ()), country)
    return found


@cache
def plan(country: str) -> Plan | None:
    """The plan of an alpha-2 country code; None when it has none of its own."""
    fields = _lines().get(country)
    if not fields:
        return None
    code, abroad, front, instead, general, service = fields
    # A pattern that nothing matches stands for an empty field: an empty one would match the empty text.
    patterns = [re.compile(pattern or "(?!)") for pattern in (abroad, front, general, service)]
    return Plan(code, patterns[0], patterns[1], instead, patterns[2], patterns[3])


@cache
def plans(calling_code: str) -> tuple[Plan, ...]:
    """The plans behind a calling code, none when there is no such code."""
    found = (plan(country) for country in _countries().get(calling_code, ()))
    return tuple(one for one in found if one)


@cache
def anywhere(calling_code: str) -> re.Pattern[str]:
    """The numbers of all plans behind a calling code; one pattern is tried faster than two dozen."""
    return re.compile("|".join(f"(?:{one.general.pattern})" for one in plans(calling_code)))


@cache
def area_codes() -> frozenset[str]:
    """The area codes of calling code 1 that are in use for places."""
    return frozenset(code for line in resources.read_lines("area_codes") for code in line.split())
