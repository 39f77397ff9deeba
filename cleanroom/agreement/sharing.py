"""Which policy is proposed to whom: a default, and what is different for single partners.

    format = "overlap-sharing/1"

    default = "counts-only"                  # or "none"

    [partner.harborline]
    policy = "co-sell"

    [partner.harborline.terms]
    until = "30 days"

What is named here is a starting point for a proposal and binds nobody.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cleanroom.agreement.document import SIZE_LIMIT
from cleanroom.agreement.forms import PARTY, WORD
from cleanroom.agreement.lines import drop_key, list_lines, set_key, to_lines
from cleanroom.agreement.text import Problem, check_text
from cleanroom.moment import moment_of
from overlap.errors import BadInput, Refused

SHARING_FORMAT: Final = "overlap-sharing/1"
#: What stands for "propose nothing".
NONE: Final = "none"
_FIRST_LINE: Final = f'format = "{SHARING_FORMAT}"\n'.encode()
#: Tables of a policy.
_TABLES: Final = ("proposer", "accepter", "terms", "amounts", "prepared", "counting")
#: One key takes the place of the other.
_INSTEAD: Final = {"fields": "preset", "preset": "fields"}
_HINT: Final = "its keys are in cleanroom/FORMATS.md, under overlap-sharing/1"

Overrides = tuple[tuple[str, str, Any], ...]


@dataclass(frozen=True, slots=True)
class Applying:
    """What is proposed to a partner: a policy by name or path, and (table, key, value) that replace its."""

    policy: str
    overrides: Overrides


@dataclass(frozen=True, slots=True)
class Sharing:
    """The default policy, and what is different for partners, by name."""

    default: str
    partners: dict[str, Applying]

    def applying(self, partner: str) -> Applying:
        """What is proposed to `partner`; Refused when that is nothing."""
        found = self.partners.get(partner, Applying(self.default, ()))
        if found.policy == NONE:
            raise Refused(
                f"nothing is proposed to '{partner}': the policy that applies is none",
                "name a policy for this partner in the file, or give one with --policy",
            )
        return found


def is_sharing(data: bytes) -> bool:
    """Whether the file says, in its first line, that it is one of these."""
    return data.startswith(_FIRST_LINE)


def read_sharing(data: bytes) -> Sharing:
    """The file's default and partners; BadInput with every problem."""
    problems = check_text(data)
    if not is_sharing(data):
        problems.append(Problem("line 1", f'is not exactly: format = "{SHARING_FORMAT}"'))
    tables: dict[str, Any] = {}
    if len(data) <= SIZE_LIMIT and not problems:
        try:
            tables = tomllib.loads(data.decode())
        except (ValueError, RecursionError):
            problems.append(Problem("file", "is not valid TOML, or repeats a key or table"))
    default = tables.get("default")
    if not problems and (not isinstance(default, str) or not default):
        problems.append(Problem("default", 'is not a policy, or "none"'))
    partners = tables.get("partner", {})
    if not isinstance(partners, dict):
        partners = {}
        problems.append(Problem("partner", "is not a table"))
    if tables.keys() - {"format", "default", "partner"}:
        problems.append(Problem("file", "has a key that is not known"))
    known = {}
    for name, table in partners.items():
        known[name] = _read_partner(name, table, str(default), problems)
    if problems:
        listing = "; ".join(str(problem) for problem in problems)
        raise BadInput(f"the sharing file is not correct: {listing}", _HINT)
    return Sharing(str(default), known)


def apply_overrides(policy: bytes, overrides: Overrides) -> bytes:
    """The policy with those keys' lines replaced; BadInput when it does not write a table as a line."""
    lines = to_lines(policy)
    for table, key, value in overrides:
        if key in _INSTEAD:
            drop_key(lines, table, _INSTEAD[key])
        set_key(lines, table, key, _written(key, value))
    return "\n".join(lines).encode()


def _read_partner(name: str, table: Any, default: str, problems: list[Problem]) -> Applying:
    place = "partner" if not PARTY.fullmatch(name) else f"partner.{name}"
    if place == "partner":
        problems.append(Problem(place, "has a name that is not a party name"))
    if not isinstance(table, dict):
        problems.append(Problem(place, "is not a table"))
        return Applying(default, ())
    policy = table.get("policy", default)
    if not isinstance(policy, str) or not policy:
        problems.append(Problem(f"{place}.policy", 'is not a policy, or "none"'))
    overrides = []
    for inner, keys in table.items():
        if inner == "policy":
            continue
        if inner not in _TABLES or not isinstance(keys, dict):
            problems.append(
                Problem(place, f"has something beside policy and the tables {', '.join(_TABLES)}")
            )
            continue
        for key, value in keys.items():
            if not WORD.fullmatch(key) or not _can_be_written(value):
                problems.append(Problem(f"{place}.{inner}", "has a key or a value that no policy has"))
            overrides.append((inner, key, value))
    return Applying(str(policy), tuple(overrides))


def _can_be_written(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value) or all(type(item) is int for item in value)
    if isinstance(value, datetime):
        return value.utcoffset() == timedelta(0) and not value.microsecond and value.timestamp() >= 0
    return isinstance(value, str | bool | int)


def _written(key: str, value: Any) -> list[str]:
    """The lines of `key = value` in the one form that a policy accepts."""
    if isinstance(value, list) and value and isinstance(value[0], str):
        return list_lines(key, tuple(value))
    return [f"{key} = {_value(value)}"]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return moment_of(int(value.timestamp()))
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    # A text with both kinds of quotation marks has no form without escapes; the parser refuses the result.
    return f"'{value}'" if '"' in value else f'"{value}"'
