"""Ids of events that statuses earn: readable, the same whenever they say the same, and known again by form.

    KIND/SUBJECT/DIGEST      sourced/006A1/1f0c77ab, action:demo/a17/02b91c44.1
    cancel/ID                what takes such an event back

SUBJECT is the opportunity, of an action the action's id; one of more than 60 characters stands as `sha256-`
and 32 hex digits. DIGEST is the first 8 hex digits of SHA-256 over the subject and the cells of the row but
id and partner: others who share in a deal read the id, and it must not tell who it was, nor let it be
guessed. So what several partners are due alike is told apart by `.1`, `.2`, … and so is what was cancelled
and comes back the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

__all__ = [
    "ACTION",
    "KINDS",
    "cancel_id",
    "event_id",
    "is_event_id",
    "is_readable",
    "shortened",
    "subject_of",
]

#: Status to the kind of its event.
KINDS: Final = {"Sourced": "sourced", "Assisted Close": "assisted-close", "Influenced": "influenced"}
#: What the kind of an action's event begins with.
ACTION: Final = "action:"

#: Characters of a part of an id: with the longest kind an id stays below 200.
_PART: Final = 60
_TAIL: Final = re.compile(r"([0-9a-f]{8})(?:\.([1-9][0-9]{0,3}))?")


def event_id(subject: str, cells: Sequence[str], again: int = 0) -> str:
    """The id of a row from its cells behind the id; `again` counts ids that are taken already."""
    day, kind, _, *others = cells
    return counted_id(_name(shortened(subject), day, kind, *others), again)


@lru_cache(maxsize=64)
def _name(subject: str, day: str, kind: str, *others: str) -> str:
    """The id as all partners of a deal have it: they come one after the other, and it is made once."""
    # Cells are on one line each, so that no two lists of them join to one text.
    text = "\n".join((subject, day, kind, *others))
    return f"{kind}/{subject}/{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def counted_id(name: str, again: int) -> str:
    """The id of the row that says the same for the next partner, and the next."""
    return f"{name}.{again}" if again else name


def cancel_id(original: str) -> str:
    """The id of the event that takes one of ours back."""
    return f"cancel/{original}"


def is_event_id(name: str) -> bool:
    """Whether an id alone looks like one of ours."""
    kind, _, rest = name.partition("/")
    ours = kind in KINDS.values() or kind.startswith(ACTION)
    return ours and "/" in rest and _TAIL.fullmatch(rest.rpartition("/")[2]) is not None


def subject_of(cells: Sequence[str]) -> str:
    """What a row of ours is about, shortened: its opportunity or the id of its action; "" for other rows."""
    name, kind, deal = cells[0], cells[2], cells[4]
    rest, _, tail = name.rpartition("/")
    head, found = f"{kind}/", _TAIL.fullmatch(tail)
    if found is None or not rest.startswith(head):
        return ""
    subject = rest[len(head) :]
    ours = subject == shortened(deal) if kind in KINDS.values() else kind.startswith(ACTION)
    return subject if ours and event_id(subject, cells[1:], int(found[2] or 0)) == name else ""


def shortened(text: str) -> str:
    """The text, or the beginning of its SHA-256 where it is long, or holds what an id cannot."""
    if len(text) <= _PART and is_readable(text):
        return text
    return f"sha256-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def is_readable(text: str) -> bool:
    """Whether a cell can hold it: printable, and nothing is stripped from it."""
    return text.isprintable() and text == text.strip()
