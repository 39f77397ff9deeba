"""One table of a plan file, read strictly: every fault is listed with its place, and no key goes unread."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple, TypeVar

from cleanroom.attribution.payouts.days import read_day
from cleanroom.attribution.payouts.money import read_amount, read_percent

__all__ = ["PlanFinding", "TomlTable"]

#: Ids of plans, rules, partners, roles and products in a plan.
WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
#: Ids of partners are the names that statuses print: words of any script, with single blanks between them.
PARTNER: Final = re.compile(r"(?=.{1,100}\Z)[^\W_][^\s\x00-\x1f\x7f]*(?: [^\s\x00-\x1f\x7f]+)*")
KIND: Final = re.compile(r"[a-z][a-z0-9-]{0,39}(?::[a-z0-9][a-z0-9-]{0,39})?")
COUNT_LIMIT: Final = 100_000

_T = TypeVar("_T")


class PlanFinding(NamedTuple):
    """A fault (`error`) or a doubt (`warning`) in a plan file: a code, where, and what it is."""

    severity: str
    code: str
    place: str
    text: str


class TomlTable:
    """Reads the keys of one table one by one; `done` says which were not known."""

    def __init__(self, values: Mapping[str, Any], place: str, found: list[PlanFinding]) -> None:
        self._values = dict(values)
        self.place = place
        self.found = found

    def fault(self, code: str, name: str, text: str, severity: str = "error") -> None:
        """Note a finding at the key `name`."""
        place = f"{self.place}.{name}" if self.place and name else self.place or name
        self.found.append(PlanFinding(severity, code, place, text))

    def has(self, name: str) -> bool:
        """Whether the key is there and was not read yet."""
        return name in self._values

    def done(self) -> None:
        """List the keys that nobody asked for."""
        for name in sorted(self._values):
            self.fault("unknown-key", name, "this key is not known here")

    def text(self, name: str, default: str | None = None, *, prose: bool = False) -> str:
        """A word, or with `prose` any text of one line."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name, None)
        if isinstance(value, str) and (WORD.fullmatch(value) or (prose and value.isprintable() and value)):
            return str(value)
        return self._bad(
            name, value, "a text" if prose else "a word of letters, digits, '.', '_' and '-'", ""
        )

    def partner(self, name: str, default: str | None = None) -> str:
        """The id of a partner, as it stands in events."""
        if default is not None and not self.has(name):
            return default
        value = self._take(name, None)
        if isinstance(value, str) and value.isprintable() and PARTNER.fullmatch(value):
            return str(value)
        return self._bad(name, value, "the id of a partner, as it stands in events,", "")

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of `allowed`."""
        value: Any = self._take(name, default)
        if isinstance(value, str) and (value in allowed or value == default):
            return value
        return self._bad(name, value, f"one of {', '.join(allowed)}", next(iter(allowed)))

    def count(self, name: str, default: int | None = None, least: int = 0) -> int:
        """A whole number."""
        value = self._take(name, default)
        if type(value) is int and least <= value <= COUNT_LIMIT:
            return value
        return self._bad(name, value, f"a whole number from {least}", least)

    def day(self, name: str, *, needed: bool = True) -> int | None:
        """A day, as text, in days since 1970."""
        if not needed and not self.has(name):
            return None
        value = self._take(name, None)
        day = read_day(value) if isinstance(value, str) else None
        return self._bad(name, value, 'a day in quotes, such as "2026-01-01"', 0) if day is None else day

    def percent(self, name: str, *, least: int = 0, most: int | None = None) -> Fraction:
        """A share, as text with a percent sign."""
        value = self._take(name, None)
        share = read_percent(value) if isinstance(value, str) else None
        if share is None or share < least or (most is not None and share > most):
            return self._bad(name, value, 'a percentage in quotes, such as "7.5%"', Fraction(0))
        return share

    def money(self, name: str, exponent: int, default: str | None = None) -> int:
        """An amount in the plan's currency, as text, in minor units; not negative."""
        value = self._take(name, default)
        amount = None
        if isinstance(value, str):
            try:
                amount = read_amount(value, exponent)
            except ValueError:
                amount = None
        if amount is None or amount < 0:
            return self._bad(name, value, 'an amount in quotes, such as "1000.50"', 0)
        return amount

    def words(
        self, name: str, *, kinds: bool = False, partners: bool = False, needed: bool = False
    ) -> tuple[str, ...]:
        """A list of different words, of kinds of events, or of ids of partners."""
        if not needed and not self.has(name):
            return ()
        value = self._take(name, None)
        form = KIND if kinds else PARTNER if partners else WORD
        fits = isinstance(value, list) and all(isinstance(one, str) and form.fullmatch(one) for one in value)
        if fits and value and len(set(value)) == len(value):
            return tuple(value)
        return self._bad(name, value, "a list of different words in quotes", ())

    def table(self, name: str) -> TomlTable | None:
        """A table below this one; None when there is none."""
        if not self.has(name):
            return None
        value = self._values.pop(name)
        place = f"{self.place}.{name}" if self.place else name
        if isinstance(value, dict):
            return TomlTable(value, place, self.found)
        self.fault("bad-value", name, "a table is needed here")
        return None

    def tables(self, name: str) -> list[TomlTable]:
        """The tables of an array."""
        value = self._values.pop(name, [])
        place = f"{self.place}.{name}" if self.place else name
        if isinstance(value, list) and all(isinstance(one, dict) for one in value):
            return [TomlTable(one, f"{place}[{at}]", self.found) for at, one in enumerate(value)]
        self.fault("bad-value", name, "a list of tables is needed here")
        return []

    def names(self) -> list[str]:
        """The keys that were not read yet, sorted."""
        return sorted(self._values)

    def _take(self, name: str, default: Any) -> Any:
        return self._values.pop(name, default)

    def _bad(self, name: str, value: Any, needed: str, instead: _T) -> _T:
        if value is None:
            self.fault("missing", name, f"{needed} is needed")
        else:
            self.fault("bad-value", name, f"{needed} is needed here")
        return instead
