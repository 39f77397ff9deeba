"""From bytes to rules, or to everything that is wrong with them. What is not known is refused."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

from cleanroom.attribution.actions.menu import CLASSES, REQUIREMENTS, WINDOW_LIMIT, ActionType, plain_type
from cleanroom.attribution.classification.rules import (
    GATED,
    HOLDINGS,
    LATE_LOGGING,
    RULES_FORMAT,
    RULES_LIMIT,
    TIES,
    Clocks,
    Rules,
    plain_partner,
    plain_stage,
)
from overlap.errors import BadInput

_WORD = re.compile("[a-z0-9][a-z0-9-]{0,39}")
_STAGE_LIMIT = 50
_SAMPLE = "print the rules that come along with 'overlap rules show', and edit those"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a rule file: a code, its place (a key), and what it is."""

    code: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.code}: {self.place}: {self.what}"


def parse_rules(data: bytes) -> Rules:
    """The rules in `data`; BadInput with every problem."""
    rules, problems = read_rules(data)
    if rules is None:
        number = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise BadInput(f"the rules have {number}: {'; '.join(map(str, problems))}", _SAMPLE)
    return rules


def read_rules(data: bytes) -> tuple[Rules | None, list[Problem]]:
    """The rules in `data`, None when there are problems."""
    if len(data) > RULES_LIMIT:
        return None, [Problem("too-large", "file", f"is larger than {RULES_LIMIT // 1024} KiB")]
    if not data.startswith(f'format = "{RULES_FORMAT}"\n'.encode()):
        return None, [Problem("not-rules", "line 1", f'is not exactly: format = "{RULES_FORMAT}"')]
    try:
        tables = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        # The message of the reader is left out, for it quotes the file.
        line = re.search(r"at line ([0-9]+)", str(error))
        place = f"line {line[1]}" if line else "file"
        return None, [Problem("not-toml", place, "is not valid TOML, or repeats a key")]
    problems: list[Problem] = []
    rules = _read(data, Place("", tables, problems))
    return (None if problems else rules), problems


class Place:
    """One table, read key by key; every reader returns a value of its type, also after a problem."""

    def __init__(self, name: str, table: Any, problems: list[Problem]) -> None:
        self.name, self.problems = name, problems
        self.known: set[str] = set()
        self.table: dict[str, Any] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            problems.append(Problem("missing", name, "is not a table, or there is none"))

    def report(self, code: str, key: str, what: str) -> None:
        self.problems.append(Problem(code, f"{self.name}.{key}" if self.name else key, what))

    def take(self, key: str, code: str = "missing") -> Any:
        self.known.add(key)
        if key not in self.table:
            self.report(code, key, "is missing")
        return self.table.get(key)

    def below(self, key: str) -> Place:
        self.known.add(key)
        return Place(f"{self.name}.{key}" if self.name else key, self.table.get(key), self.problems)

    def has(self, key: str) -> bool:
        self.known.add(key)
        return key in self.table

    def text(self, key: str, most: int = 200) -> str:
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or not 0 < len(value) <= most):
            self.report("wrong-value", key, f"is not a text of 1 to {most} characters")
        return value if isinstance(value, str) else ""

    def number(self, key: str, low: int, high: int, code: str = "missing") -> int:
        value = self.take(key, code)
        if value is None:
            return low
        if type(value) is not int or not low <= value <= high:
            self.report("wrong-value", key, f"is not a whole number from {low} to {high}")
            return low
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.report("wrong-value", key, "is not true or false")
        return value is True

    def choice(self, key: str, allowed: Collection[str]) -> str:
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or value not in allowed):
            self.report("wrong-value", key, f"is not one of {', '.join(allowed)}")
        return value if isinstance(value, str) else ""

    def day(self, key: str) -> int:
        value = self.take(key)
        if value is None:
            return 0
        if not isinstance(value, date) or isinstance(value, datetime):
            self.report("wrong-value", key, "is not a day, written without quotation marks, as 2026-01-01")
            return 0
        return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())

    def words(self, key: str, allowed: Collection[str] = (), code: str = "missing") -> tuple[str, ...]:
        value = self.take(key, code)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            self.report("wrong-value", key, "is not a list of texts")
            return ()
        if allowed and not set(value) <= set(allowed):
            self.report("wrong-value", key, f"has something else than {', '.join(allowed)}")
        if len(set(value)) != len(value) or len(value) > _STAGE_LIMIT:
            self.report("wrong-value", key, f"names something twice, or more than {_STAGE_LIMIT} things")
        return tuple(value)

    def close(self) -> None:
        for key in sorted(self.table.keys() - self.known):
            shown = key if re.fullmatch("[A-Za-z0-9_-]{1,40}", key) else "a key"
            self.report("unknown-key", shown, "is not known here")


def _read(data: bytes, top: Place) -> Rules:
    top.take("format")
    sourcing, logging, stages = (top.below(name) for name in ("sourcing", "logging", "stages"))
    rules = Rules(
        data=data,
        title=top.text("title"),
        version=top.number("version", 1, 1_000_000),
        effective=top.day("effective"),
        company_since=top.day("company_since"),
        lock_days=sourcing.number("lock_days", 0, WINDOW_LIMIT),
        net_new=sourcing.flag("net_new"),
        holding=sourcing.choice("holding", HOLDINGS),
        tie=sourcing.choice("tie", TIES),
        late_days=logging.number("late_days", 0, WINDOW_LIMIT),
        late_logging=logging.choice("late", LATE_LOGGING),
        late_stages=tuple(sorted({plain_stage(one) for one in stages.words("late")})),
        closed_stages=tuple(sorted({plain_stage(one) for one in stages.words("closed")})),
        menu=_menu(top.below("actions")),
        aliases=_aliases(top.below("partners")) if top.has("partners") else {},
        clocks=_clocks(top.below("weekly")) if top.has("weekly") else Clocks(),
        completeness=_completeness(top.below("completeness")) if top.has("completeness") else {},
    )
    if set(rules.late_stages) & set(rules.closed_stages):
        stages.report("wrong-value", "late", "names a stage that is also in closed")
    for place in (top, sourcing, logging, stages):
        place.close()
    return rules


def _menu(place: Place) -> tuple[ActionType, ...]:
    found = []
    for name in place.table:
        one = place.below(name)
        if not _WORD.fullmatch(name) or plain_type(name) != name:
            place.report("wrong-value", "a type", "is not named with a-z, 0-9 and '-'")
            continue
        found.append(
            ActionType(
                name=name,
                kind=one.choice("class", CLASSES),
                days=one.number("days", 0, WINDOW_LIMIT, "no-window"),
                requires=one.words("requires", REQUIREMENTS, "no-evidence-rule"),
                points=one.number("points", 0, 1_000_000),
                says=one.text("says"),
            )
        )
        one.close()
    if not found and not place.problems:
        place.report("wrong-value", "actions", "has no type")
    return tuple(sorted(found, key=lambda one: one.name))


def _aliases(place: Place) -> dict[str, str]:
    """Names to partners: a name that means two partners, or is itself an alias of an alias, is a problem."""
    found: dict[str, str] = {}
    for name, partner in place.table.items():
        place.known.add(name)
        if not isinstance(partner, str) or not partner.strip() or not name.strip():
            place.report("wrong-value", "a name", "does not stand for a partner")
            continue
        plain, meant = plain_partner(name), plain_partner(partner)
        if found.setdefault(plain, meant) != meant:
            place.report("two-partners", "a name", "stands for two partners; only case or spaces differ")
    if any(meant in found and found[meant] != meant for meant in found.values()):
        place.report("alias-of-alias", "a name", "stands for a partner that is an alias itself")
    return found


def _clocks(place: Place) -> Clocks:
    names = [one.name for one in fields(Clocks)]
    usual = Clocks()
    given = {
        name: place.number(f"{name}_days", 0, WINDOW_LIMIT)
        if place.has(f"{name}_days")
        else getattr(usual, name)
        for name in names
    }
    place.close()
    return Clocks(**given)


def _completeness(place: Place) -> dict[str, int]:
    found = {name: place.number(name, 0, 100) for name in GATED if place.has(name)}
    place.close()
    return found
