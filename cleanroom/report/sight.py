"""What somebody could see, as an auditor is told: the facts and their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.number import count_of

#: How a fact stands at the time that is asked about.
COULD: Final = "could"
PLANNED: Final = "will"
ALLOWED: Final = "may"
ENDED: Final = "ended"
STATES: Final = (COULD, PLANNED, ALLOWED, ENDED)

_VERBS: Final = {
    COULD: "could see",
    PLANNED: "will be able to see",
    ALLOWED: "may still",
    ENDED: "could, before that time, see",
}


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that `viewer`, a party, could see of the accounts of the party `of`.

    `basis` is "run", "share" or "agreement", `id` the id of that one. `state` is one of STATES. `accounts` is
    a number, -1 where nobody knows it. `since` and `until` are RFC 3339, `until` "" for what has no end.
    `read` counts the records handed out by then, -1 where that does not apply.
    """

    viewer: str
    of: str
    basis: str
    id: str
    state: str
    what: str
    fields: tuple[str, ...]
    populations: tuple[str, ...]
    purposes: tuple[str, ...]
    accounts: int
    since: str
    until: str
    read: int
    note: str


def render_sights(sights: Sequence[Sight], own: str) -> list[str]:
    """The answer to "who could see what", what concerns our accounts first."""
    lines = []
    for title, chosen in (
        (f"of the accounts of {own}", [sight for sight in sights if sight.of == own]),
        ("of the accounts of partners", [sight for sight in sights if sight.of != own]),
    ):
        lines.append(f"{title}:" if chosen else f"{title}: nothing")
        lines += [line for sight in chosen for line in _lines(sight)]
    return lines


def sight_sentence(sight: Sight) -> str:
    """Who could see what, without the particulars."""
    number = "" if sight.accounts < 0 else f", {count_of(sight.accounts, 'account')}"
    return f"{sight.viewer} {_VERBS[sight.state]} {sight.what}{number}"


def _lines(sight: Sight) -> Iterator[str]:
    yield f"  {sight_sentence(sight)}  [{sight.basis} {sight.id}]"
    end = f"until {sight.until}" if sight.until else "without an end"
    yield f"    time         from {sight.since} {end}"
    yield f"    purposes     {', '.join(sight.purposes)}"
    if sight.fields:
        yield f"    fields       {', '.join(sight.fields)}"
    if sight.populations:
        yield f"    populations  {', '.join(sight.populations)}"
    if sight.read >= 0:
        yield f"    read         {count_of(sight.read, 'record')}; {sight.note}"
    elif sight.note:
        yield f"    note         {sight.note}"
