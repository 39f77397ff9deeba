"""Which rows are asked for, and which population each belongs to: by a constant, a filter, or rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.errors import UsageError

#: Column name to the cell values that are asked for; all columns must agree.
Where = Mapping[str, Sequence[str]]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class PopulationRule(NamedTuple):
    """Rows whose `column` holds one of `values` belong to `population`; the first rule that fits decides."""

    population: str
    column: str
    values: Sequence[str]


def parse_where(text: str) -> dict[str, tuple[str, ...]]:
    """The filter written as ``Column=Value|Other value``; an empty value asks for empty cells.

    Raises UsageError when there is no "=" or no column.
    """
    column, equals, values = text.partition("=")
    if not equals or not column.strip():
        raise UsageError("a filter is written Column=Value|Other value", "for example Type=Customer|Client")
    return {column.strip(): tuple(value.strip() for value in values.split("|"))}


def check_population(name: str) -> str:
    """The name unchanged; UsageError unless it is 1 to 40 of a-z, 0-9 and "_", beginning with a letter."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            "a population is 1 to 40 characters of a-z, 0-9 and '_', beginning with a letter",
            "use customers, open_opportunities, prospects, or a name of your own such as lost_deals",
        )
    return name


def is_population(name: str) -> bool:
    """Whether `name` can name a population."""
    return bool(_NAME.fullmatch(name))


def holds_one_of(column: Any, values: Sequence[str]) -> np.ndarray:
    """Which cells of a column are one of `values`, letter case aside."""
    wanted = pa.array([value.strip().lower() for value in values], pa.large_string())
    found = pc.is_in(pc.utf8_lower(column), value_set=wanted)
    return np.asarray(found.to_numpy(), dtype=bool)


def checked_rules(population: str | Sequence[PopulationRule]) -> tuple[PopulationRule, ...]:
    """The rules behind a `population` argument, none for a constant; UsageError for a malformed one."""
    if isinstance(population, str):
        check_population(population)
        return ()
    try:
        rules = tuple(PopulationRule(*rule) for rule in population)
        sound = bool(rules) and not any(isinstance(rule.values, str) for rule in rules)
    except TypeError:
        sound = False
    if not sound:
        raise UsageError(
            "population rules are (population, column, values)",
            "for example [('customers', 'Lifecycle Stage', ('customer',))]",
        )
    for rule in rules:
        check_population(rule.population)
    return rules


def populations(rules: Sequence[PopulationRule], columns: Sequence[Any]) -> np.ndarray:
    """The population of each row, "" where no rule fits; `columns` are the rules' columns in their order."""
    found = np.full(len(columns[0]), "", dtype=object)
    for rule, column in zip(rules, columns, strict=True):
        found[(found == "") & holds_one_of(column, rule.values)] = rule.population
    return found
