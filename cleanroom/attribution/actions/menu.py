"""The menu: the few kinds of action that count, each with a class, a window, and what it must show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What an action can do for a deal. `weak` is presence: it never makes more than Attached.
CLASSES: Final = ("origin", "advance", "late", "weak")

#: What a type may demand of its actions. `digest` is a "sha256:" digest in the proof.
REQUIREMENTS: Final = ("proof", "digest", "owner", "next_step", "role", "logged")

#: More kinds of action than that are not tracked with discipline.
MENU_LIMIT: Final = 12

#: Days; a window beyond is no window.
WINDOW_LIMIT: Final = 1_095

DIGEST_FORM: Final = re.compile(r"sha256:([0-9a-f]{64})")
_SEPARATORS = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class ActionType:
    """One kind of action. `days` is the last included day of its window, counted from the action's day;
    `requires` are names of REQUIREMENTS, `points` a weight that tiers and funds may use and no status does.
    """

    name: str
    kind: str
    days: int
    requires: tuple[str, ...]
    points: int
    says: str


def plain_type(text: str) -> str:
    """The name of a type as it is compared: "Joint Discovery" and "joint_discovery" are `joint-discovery`."""
    return _SEPARATORS.sub("-", text.strip().casefold()).strip("-")


def digest_in(proof: str) -> str:
    """The digest (hex) that a proof names, or ""."""
    found = DIGEST_FORM.search(proof)
    return found[1] if found else ""


def missing_of(fields: Mapping[str, str], kind: ActionType) -> tuple[str, ...]:
    """What the type requires and an action with these fields does not have."""
    have = {name for name in REQUIREMENTS if fields.get(name, "").strip()}
    if "sha256:" in fields.get("proof", ""):
        have.add("digest")
    return tuple(name for name in kind.requires if name not in have)
