"""One table of a document, read key by key; what is wrong is collected, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from cleanroom.agreement.document import LIST_LIMIT, PERIOD_LIMIT, WILDCARDS
from cleanroom.agreement.text import Problem, read_time

_TIME_HINT: Final = "write it as 2026-11-22T10:00:00Z"
#: Groups of three only, and no other base: a number must be what it looks like.
_NUMBER_FORM: Final = re.compile("[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+")
#: How a time begins that stands in quotation marks, where TOML has it without.
_QUOTED_TIME: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DURATION: Final = re.compile("(?:(1) (day|week)|([2-9]|[1-9][0-9]{1,2}) (day|week)s)")
_DAYS: Final = {"day": 1, "week": 7}
_DAY: Final = 86_400
#: How a word is written, where nothing else is said.
_WORD_FORM: Final = "a-z, 0-9 and '_', beginning with a letter"


class Section:
    """Reads the keys of one table. Every reader returns a value of its type, also when there was a problem.

    `source` is the whole text: a time counts only when its line says it in the one form.
    """

    def __init__(self, place: str, table: Any, source: str, problems: list[Problem]) -> None:
        self._place = place
        self._source = source
        self._problems = problems
        self._known: set[str] = set()
        self._table: dict[str, Any] = table if isinstance(table, dict) else {}
        if table is None:
            problems.append(Problem(place, "the table is missing"))
        elif not isinstance(table, dict):
            problems.append(Problem(place, "is not a table"))
        self._absent = not isinstance(table, dict)

    def problem(self, key: str, what: str) -> None:
        self._problems.append(Problem(f"{self._place}.{key}" if self._place else key, what))

    def has(self, key: str) -> bool:
        """Whether the key is there; also says that it is a known one."""
        self._known.add(key)
        return key in self._table

    def raw(self, key: str) -> Any:
        """The value as TOML gives it, None when it is missing. TOML itself has no null."""
        self._known.add(key)
        return self._table.get(key)

    def take(self, key: str) -> Any:
        """The value as TOML gives it; a missing key is a problem, unless the whole table is missing."""
        if not self.has(key) and not self._absent:
            self.problem(key, "is missing")
        return self._table.get(key)

    def word(self, key: str, form: re.Pattern[str], what: str) -> str:
        """A text of the given form."""
        value = self.take(key)
        if value is None:
            return ""
        if not isinstance(value, str) or not form.fullmatch(value):
            self.problem(key, f"is not {what}")
            return ""
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """One of a closed list."""
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or value not in allowed):
            self.problem(key, f"is not one of {', '.join(allowed)}")
        return value if isinstance(value, str) else ""

    def words(
        self,
        key: str,
        what: str,
        form: re.Pattern[str],
        allowed: Collection[str] = (),
        limit: int = LIST_LIMIT,
        written: str = _WORD_FORM,
    ) -> tuple[str, ...]:
        """A list of distinct words of `form`, from a closed list when `allowed` is given; never empty."""
        value = self.take(key)
        if value is None:
            return ()
        if isinstance(value, str) and value.casefold() in WILDCARDS:
            self.problem(key, f"is a wildcard; name each {what}")
            return ()
        if not isinstance(value, list) or not value:
            self.problem(key, f'is not a list with at least one {what}, such as ["name"]')
            return ()
        if len(value) > max(limit, len(allowed)):
            self.problem(key, f"has more than {max(limit, len(allowed))} items")
            return ()
        for number, item in enumerate(value, start=1):
            wrong = _item_problem(item, what, form, allowed, written)
            if wrong:
                self.problem(key, f"item {number} {wrong}")
        texts = tuple(item for item in value if isinstance(item, str))
        if len(set(texts)) != len(texts):
            self.problem(key, f"names a {what} twice")
        return texts

    def number(self, key: str, low: int, high: int, unit: str) -> int:
        """A whole number within the limits, both included."""
        value = self.take(key)
        if value is None:
            return low
        if type(value) is not int or not low <= value <= high:
            self.problem(key, f"is not a whole number of {unit} from {low} to {high}")
            return low
        written = self._written(key)
        if not all(_NUMBER_FORM.fullmatch(text) for text in written) or value not in map(int, written):
            self.problem(key, "is not written as digits, such as 65536 or 65_536, on a line of its own")
        return value

    def numbers(self, key: str, count: int, high: int, what: str) -> tuple[int, ...]:
        """A list of `count` whole numbers from 0 to `high`."""
        value = self.take(key)
        if value is None:
            return ()
        good = isinstance(value, list) and len(value) == count
        if not good or any(type(item) is not int or not 0 <= item <= high for item in value):
            self.problem(key, f"is not a list of {count} whole numbers of {what}, from 0 to {high}")
            return ()
        return tuple(value)

    def written_numbers(self, key: str, high: int, what: str) -> tuple[int, ...]:
        """A list of whole numbers from 1 to `high` on one line, each in digits as it looks."""
        value = self.take(key)
        if value is None:
            return ()
        if not isinstance(value, list) or any(type(one) is not int or not 0 < one <= high for one in value):
            self.problem(key, f"is not a list of whole numbers of {what}, from 1 to {high}")
            return ()
        lines = re.findall(rf"^{key} *= *\[ *([^]#\n]*?),? *\] *(?:#.*)?$", self._source, re.MULTILINE)
        texts = [re.split(" *, *", line.strip()) for line in lines]
        if not any(
            all(_NUMBER_FORM.fullmatch(text) for text in row) and [*map(int, row)] == value for row in texts
        ):
            self.problem(key, "is not written as digits, such as [4_096, 8_192], on a line of its own")
        return tuple(value)

    def duration(self, key: str) -> int:
        """Seconds of "90 days" or "12 weeks"; 0 when it is missing or no such text."""
        value = self.take(key)
        if value is None:
            return 0
        form = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if form is None and isinstance(value, str) and ("month" in value or "year" in value):
            self.problem(key, 'counts months or years, which differ in length; write "90 days"')
        elif form is None and key == "until" and isinstance(value, str) and _QUOTED_TIME.match(value):
            self.problem(key, "is a time in quotation marks; write it without them, as 2027-03-01T00:00:00Z")
        elif form is None:
            also = "neither a time nor" if key == "until" else "not"
            self.problem(key, f'is {also} a duration such as "90 days" or "12 weeks"')
        if form is None:
            return 0
        seconds = int(form[1] or form[3]) * _DAYS[form[2] or form[4]] * _DAY
        if seconds > PERIOD_LIMIT:
            self.problem(key, f"is more than {PERIOD_LIMIT // _DAY} days")
        return seconds

    def flag(self, key: str) -> bool:
        """`true` or `false`."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.problem(key, "is not true or false")
        return value is True

    def moment(self, key: str) -> int:
        """Unix seconds of a UTC time; a missing zone, another zone or a part of a second is a problem."""
        value = self.take(key)
        what = None if value is None else self._moment_problem(key, value)
        if what is not None:
            self.problem(key, what)
        if value is None or what is not None:
            return 0
        return int(value.timestamp())

    def _moment_problem(self, key: str, value: Any) -> str | None:
        if not isinstance(value, datetime):
            partial = isinstance(value, date | time)
            return f"is {'only half of a time' if partial else 'not a time'}; {_TIME_HINT}"
        if value.tzinfo is None:
            return f"has no time zone; {_TIME_HINT}"
        if value.utcoffset() != timedelta(0):
            return f"is not in UTC; {_TIME_HINT}"
        if value.microsecond:
            return f"has a fraction of a second; {_TIME_HINT}"
        if [read_time(text) for text in self._written(key)] != [int(value.timestamp())]:
            return f"is not written in the one accepted form, on a line of its own; {_TIME_HINT}"
        return None

    def _written(self, key: str) -> list[str]:
        """What stands behind `key =` on lines of the text, whatever their table."""
        return re.findall(rf"^{key} *= *([^ #\n]*) *(?:#.*)?$", self._source, re.MULTILINE)

    def close(self) -> None:
        """Every key that was not asked for is a problem. Its name is shown only when it is a plain word."""
        for key in sorted(self._table.keys() - self._known):
            if re.fullmatch("[A-Za-z0-9_-]{1,40}", key):
                self.problem(key, "is not a known key")
            else:
                self._problems.append(Problem(self._place or "file", "has a key that is not a plain word"))


def _item_problem(
    item: Any, what: str, form: re.Pattern[str], allowed: Collection[str], written: str
) -> str | None:
    if isinstance(item, str) and item.casefold() in WILDCARDS:
        return f"is a wildcard; name each {what}"
    if allowed and (not isinstance(item, str) or item not in allowed):
        return f"is not a {what}; known are {', '.join(allowed)}"
    if not isinstance(item, str) or not form.fullmatch(item):
        return f"is not a {what}: {written}"
    return None
