"""The weekly review: what is open, whose next action it is, and what changed since last week.

item        one open item, the sections, and the order by money at stake
desk        deals, usable actions and holdings in plain values
evidence, handoff, presence, steps   the sections, each from the desk
change, lists                        what moved since last week; the three lists
outlook                              open deals at risk and safe, each with its reasons
review      all of it as one value, and as tasks for a CRM

Names are loaded on first use: the engine brings numpy and pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.attribution.weekly.change import KEPT_COLUMNS, KINDS, Change, Moved, NewOverlap
    from cleanroom.attribution.weekly.desk import week_of
    from cleanroom.attribution.weekly.item import CODES, SECTIONS, Item, first_few, ordered
    from cleanroom.attribution.weekly.lists import LISTS, Listed
    from cleanroom.attribution.weekly.outlook import VERDICTS, Outlook, Reason
    from cleanroom.attribution.weekly.presence import CADENCE, MICRO_LIST, TEMPLATE, Play, Target
    from cleanroom.attribution.weekly.review import (
        TASK_COLUMNS,
        OpenDispute,
        Past,
        Review,
        make_review,
        tasks,
    )

__all__ = [
    "CADENCE",
    "CODES",
    "KEPT_COLUMNS",
    "KINDS",
    "LISTS",
    "MICRO_LIST",
    "SECTIONS",
    "TASK_COLUMNS",
    "TEMPLATE",
    "VERDICTS",
    "Change",
    "Item",
    "Listed",
    "Moved",
    "NewOverlap",
    "OpenDispute",
    "Outlook",
    "Past",
    "Play",
    "Reason",
    "Review",
    "Target",
    "first_few",
    "make_review",
    "ordered",
    "tasks",
    "week_of",
]

_HOMES = {
    **dict.fromkeys(("KEPT_COLUMNS", "KINDS", "Change", "Moved", "NewOverlap"), "change"),
    "week_of": "desk",
    **dict.fromkeys(("CODES", "SECTIONS", "Item", "first_few", "ordered"), "item"),
    **dict.fromkeys(("LISTS", "Listed"), "lists"),
    **dict.fromkeys(("VERDICTS", "Outlook", "Reason"), "outlook"),
    **dict.fromkeys(("CADENCE", "MICRO_LIST", "TEMPLATE", "Play", "Target"), "presence"),
    **dict.fromkeys(("TASK_COLUMNS", "OpenDispute", "Past", "Review", "make_review", "tasks"), "review"),
}

__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
