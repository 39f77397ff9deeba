"""One open item of the review: what is to be done, by whom, until when, and what money is at stake."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

#: Section to what it means and whose next action it is, in the order of the page.
SECTIONS: Final = {
    "evidence": (
        "missing fields and proof",
        "the owner asks the partner for what is missing, and fills it in",
    ),
    "disputed": ("disputed statuses", "sales and partner manager decide in the review, or agree who decides"),
    "disputes": ("disputes with their clock", "the role that the plan names answers before its day"),
    "response": ("slow response to introductions", "the owner answers the buyer, and keeps when"),
    "loop-back": ("partner never looped back", "the owner tells the partner what came of it"),
    "stale": (
        "stale attached",
        "the partner manager agrees one action with the partner, or nothing is forecast",
    ),
    "inactive": ("inactive partner", "the partner manager runs the first selling play"),
    "steps": ("next joint steps", "the owner does the step with the partner, or agrees the next one"),
}

#: Code to its section and what it means. The first codes of a section come first in it.
CODES: Final = {
    "missing-evidence": ("evidence", "a claim that would raise the status lacks what its type requires"),
    "missing-field": ("evidence", "an action counts for nothing until it has partner, type and date"),
    "unproven": ("evidence", "a claim on an open deal lacks evidence; the status rests on something else"),
    "disputed": ("disputed", "the status is Disputed for another reason than missing evidence"),
    "dispute-open": ("disputes", "a line of a statement is disputed and not decided"),
    "no-response": ("response", "nobody has answered the introduction"),
    "late-response": ("response", "the introduction was answered late"),
    "no-loop-back": ("loop-back", "nobody has told the partner what came of its introduction"),
    "stale-attached": ("stale", "Attached on an open deal, and no action for too long"),
    "inactive-partner": ("inactive", "in our accounts, and no action for too long: the step of this week"),
    "step-overdue": ("steps", "the next joint step is past its day"),
    "step-due": ("steps", "the next joint step is due"),
    "step-no-day": ("steps", "the next joint step has no day"),
    "no-next-step": ("steps", "an open deal with a partner and no next joint step"),
}

#: What is told and cannot be done any more: no task.
PAST: Final = ("late-response",)

_PRESENCE: Final = ("stale", "inactive")
_FIRST: Final = {"missing-evidence": 0, "missing-field": 1, "unproven": 2}


@dataclass(frozen=True, slots=True)
class Item:
    """`opportunity` or `account` may be "", not both; `due` is a day (YYYY-MM-DD). `amount` is the whole
    amount of the deal at stake, a plain decimal text, in `currency`; both "" where there is none. `action` is
    the id of the action (dispute, week of a play) it is about, "" for none."""

    code: str
    partner: str
    opportunity: str
    account: str
    what: str
    owner: str
    due: str
    amount: str
    currency: str
    action: str = ""

    @property
    def section(self) -> str:
        """The section it stands in."""
        return CODES[self.code][0]

    @property
    def key(self) -> str:
        """Twenty hex digits that stay the same from week to week, so that a task is updated, not repeated."""
        facts = (self.code, self.partner, self.opportunity, self.account, self.action)
        return hashlib.sha256("\x1f".join(facts).encode()).hexdigest()[:20]


def ordered(items: Iterable[Item]) -> tuple[Item, ...]:
    """By money at stake inside each currency, currencies by their code and no currency last, then by day.

    Claims that dispute a deal come before other gaps. Amounts of two currencies are never compared.
    """
    return tuple(sorted(items, key=_order))


def first_few(items: Iterable[Item], most: int) -> list[Item]:
    """What to begin with: the most money of each currency in turn, one item a deal or account.

    What cannot be done any more is left out, and presence without motion comes after all that waits for us.
    """
    able = [one for one in items if one.code not in PAST]
    groups: dict[tuple[bool, str], list[Item]] = {}
    seen: set[str] = set()
    for one in sorted(able, key=lambda each: (each.section in _PRESENCE, *_money(each))):
        subject = one.opportunity or one.account
        if subject not in seen:
            seen.add(subject)
            groups.setdefault((one.section in _PRESENCE, one.currency if one.amount else ""), []).append(one)
    found: list[Item] = []
    for later in (False, True):
        # What has no money at stake comes once all that has is shown.
        bare = groups.pop((later, ""), [])
        turns = [group for (which, _), group in groups.items() if which == later]
        deepest = max((len(group) for group in turns), default=0)
        found += [group[depth] for depth in range(deepest) for group in turns if depth < len(group)]
        found += bare
    return found[:most]


def _money(one: Item) -> tuple[object, ...]:
    known = one.amount != ""
    currency = one.currency if known else ""
    amount = -Decimal(one.amount) if known else Decimal(0)
    names = (one.partner, one.opportunity, one.account, one.action, one.code, one.what)
    return not known, currency, amount, one.due or "~", *names


def _order(one: Item) -> tuple[object, ...]:
    return _FIRST.get(one.code, 0), *_money(one)
