"""The rule file as a value: what counts, for how long, on what evidence, and who wins between rivals."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

from cleanroom.attribution.actions.menu import ActionType
from overlap.errors import UsageError

RULES_FORMAT: Final = "overlap-attribution-rules/1"

#: Bytes. Rules that do not fit on a page are not rules; this is many pages.
RULES_LIMIT: Final = 64 * 1024

HOLDINGS: Final = ("decides", "required")
TIES: Final = ("disputed", "split")
LATE_LOGGING: Final = ("arrival", "disputed")

#: Fields of an action that a completeness gate may ask for.
GATED: Final = ("partner", "type", "date", "proof", "owner", "role", "next_step", "logged")


@dataclass(frozen=True, slots=True)
class Clocks:
    """Days after which the weekly review speaks up."""

    inactive: int = 60
    response: int = 2
    loop_back: int = 14
    dispute: int = 14
    due: int = 7


@dataclass(frozen=True)
class Rules:
    """One version. `effective` and `company_since` are unix seconds at the beginning of a UTC day.

    `late_stages` and `closed_stages` are names as `plain_stage` gives them; `aliases` maps `plain_partner` of
    a name to the partner it means; `completeness` is a percentage for each field.
    """

    data: bytes
    title: str
    version: int
    effective: int
    company_since: int
    lock_days: int
    net_new: bool
    holding: str
    tie: str
    late_days: int
    late_logging: str
    late_stages: tuple[str, ...]
    closed_stages: tuple[str, ...]
    menu: tuple[ActionType, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    clocks: Clocks = field(default_factory=Clocks)
    completeness: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def types(self) -> dict[str, ActionType]:
        """The menu by name."""
        return {one.name: one for one in self.menu}


def plain_stage(text: str) -> str:
    """A stage as it is compared: case and surrounding or repeated white space do not count."""
    return " ".join(text.casefold().split())


def plain_partner(text: str) -> str:
    """A partner's name as it is compared: without case, more than one space, wide forms, what is not seen."""
    if text.isascii():
        return " ".join(text.casefold().split())
    seen = "".join(one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


class RuleBook:
    """The versions in the order in which they took effect; each judges the deals created while it is newest.

    Raises UsageError for versions that overlap: one number or one first day twice, or a later version that
    takes effect earlier.
    """

    def __init__(self, versions: Sequence[Rules]) -> None:
        if not versions:
            raise UsageError(
                "there are no attribution rules", "'overlap rules show' prints those that come along"
            )
        self._partners: dict[str, str] = {}
        self.versions = tuple(sorted(versions, key=lambda one: (one.effective, one.version)))
        if overlapping(self.versions):
            raise UsageError(
                "two versions of the attribution rules overlap",
                "number them upwards, each with a first day of its own; see 'overlap rules lint'",
            )

    @property
    def newest(self) -> Rules:
        """The version that took effect last."""
        return self.versions[-1]

    @cached_property
    def aliases(self) -> dict[str, str]:
        """All aliases; a later version may correct an earlier one. A new name is one for old deals too."""
        return {name: partner for one in self.versions for name, partner in one.aliases.items()}

    def partner(self, name: str) -> str:
        """The one name of a partner: an alias resolved, else the plain name."""
        known = self._partners.get(name)
        if known is None:
            plain = plain_partner(name)
            known = self._partners[name] = self.aliases.get(plain, plain)
        return known

    def judging(self, created: int) -> Rules | None:
        """The version for a deal created at that second; None before the first one took effect."""
        found = [one for one in self.versions if one.effective <= created]
        return found[-1] if found else None


def overlapping(versions: Sequence[Rules]) -> list[tuple[Rules, Rules]]:
    """Neighbours, in the order of their first days, that share a number or a day or count downwards."""
    ordered = sorted(versions, key=lambda one: (one.effective, one.version))
    pairs = pairwise(ordered)
    return [(one, two) for one, two in pairs if one.effective == two.effective or one.version >= two.version]
