"""Ids of events that statuses earn: readable, the same whenever they say the same, and known again by form.

    KIND/SUBJECT/PARTNER/DIGEST      sourced/006A1/contoso/1f0c77ab, action:demo/a17/contoso/02b91c44
    cancel/ID                        what takes such an event back

SUBJECT is the opportunity, of an action the action's id. DIGEST is the first 8 hex digits of SHA-256 over the
subject and the other eight cells of the row. What was cancelled and comes back the same has `.1`, `.2`, …
behind it. A subject or partner of more than 60 characters stands as `sha256-` and 32 hex digits.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from overlap import canonical

__all__ = ["ACTION", "KINDS", "cancel_id", "event_id", "is_readable", "shortened", "subject_of"]

#: Status to the kind of its event.
KINDS: Final = {"Sourced": "sourced", "Assisted Close": "assisted-close", "Influenced": "influenced"}
#: What the kind of an action's event begins with.
ACTION: Final = "action:"

#: Characters of a part of an id: with the longest kind an id stays below 200.
_PART: Final = 60
_TAIL: Final = re.compile(r"([0-9a-f]{8})(?:\.([1-9][0-9]{0,3}))?")


def event_id(subject: str, cells: Sequence[str], again: int = 0) -> str:
    """The id of a row from its cells behind the id, and how often such a row was cancelled before."""
    subject = shortened(subject)
    digest = hashlib.sha256(canonical.encode([subject, *cells])).hexdigest()[:8]
    name = f"{cells[1]}/{subject}/{shortened(cells[2])}/{digest}"
    return f"{name}.{again}" if again else name


def cancel_id(original: str) -> str:
    """The id of the event that takes one of ours back."""
    return f"cancel/{original}"


def subject_of(cells: Sequence[str]) -> str:
    """What a row of ours is about, shortened: its opportunity or the id of its action; "" for other rows."""
    name, kind, partner, deal = cells[0], cells[2], cells[3], cells[4]
    rest, _, tail = name.rpartition("/")
    head, end, found = f"{kind}/", f"/{shortened(partner)}", _TAIL.fullmatch(tail)
    if found is None or not (rest.startswith(head) and rest.endswith(end)):
        return ""
    subject = rest[len(head) : -len(end)]
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
