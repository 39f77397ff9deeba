"""What changes between two versions of the rules, setting by setting; and whom it would move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cleanroom.attribution.classification.engine import judge_pipeline
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.rules import RuleBook, Rules
from cleanroom.attribution.classification.table import status_table

_SETTINGS = (
    *("title", "version", "effective", "company_since", "lock_days", "net_new", "holding", "tie"),
    *("late_days", "late_logging", "late_stages", "closed_stages"),
)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A setting or type that differs; "" on a side where it is not there."""

    place: str
    before: str
    after: str


def diff_rules(old: Rules, new: Rules) -> list[RuleChange]:
    """Every difference, in the order of the file."""
    return list(_differences(old, new))


def _differences(old: Rules, new: Rules) -> Iterator[RuleChange]:
    for name in _SETTINGS:
        one, two = _shown(name, getattr(old, name)), _shown(name, getattr(new, name))
        if one != two:
            yield RuleChange(name, one, two)
    for name in sorted({*old.types, *new.types}):
        before, after = (_type(rules, name) for rules in (old, new))
        if before != after:
            yield RuleChange(f"actions.{name}", before, after)
    for name in sorted({*old.aliases, *new.aliases}):
        if old.aliases.get(name) != new.aliases.get(name):
            yield RuleChange("partners", old.aliases.get(name, ""), new.aliases.get(name, ""))
    for label, one_of in (("weekly", "clocks"), ("completeness", "completeness")):
        before_, after_ = getattr(old, one_of), getattr(new, one_of)
        if before_ != after_:
            yield RuleChange(label, _plain(before_), _plain(after_))


def _shown(name: str, value: Any) -> str:
    if name in ("effective", "company_since"):
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _type(rules: Rules, name: str) -> str:
    one = rules.types.get(name)
    if one is None:
        return ""
    needs = ", ".join(one.requires) or "nothing"
    return f"{one.kind}, {one.days} days, requires {needs}, {one.points} points"


def _plain(value: Any) -> str:
    facts = dict(value) if not hasattr(value, "__dataclass_fields__") else asdict(value)
    return ", ".join(f"{name} {facts[name]}" for name in sorted(facts))


def impact(pipeline: Pipeline, old: Rules, new: Rules) -> list[dict[str, Any]]:
    """How many (opportunity, partner) would change from one status to another, by partner.

    Both versions judge all deals, as if each had always been in force.
    """
    tables = [
        status_table(judge_pipeline(replace(pipeline, book=RuleBook([replace(rules, effective=0)]))))
        for rules in (old, new)
    ]
    keyed = [
        dict(zip(zip(one["opportunity"], one["partner"], strict=True), one["status"], strict=True))
        for one in tables
    ]
    moved: Counter[tuple[str, str, str]] = Counter()
    for key in {*keyed[0], *keyed[1]}:
        before, after = (one.get(key, "Unattributed") for one in keyed)
        if before != after:
            moved[key[1], before, after] += 1
    return [
        {"partner": partner, "before": before, "after": after, "opportunities": count}
        for (partner, before, after), count in sorted(moved.items())
    ]
