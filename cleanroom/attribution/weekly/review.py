"""The weekly review: short, sorted by money at stake, every line with its next action. No clock and no file.

The order of rows changes nothing. What is open comes from what is live: a match that has ended gives no
account, no play and no stale deal; only what changed since last week looks at the table as it was kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from cleanroom.attribution.classification.amounts import add_up
from cleanroom.attribution.classification.engine import Judged
from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.classification.filled import Filled, completeness
from cleanroom.attribution.currencies import exact_amount
from cleanroom.attribution.weekly.change import (
    Change,
    Moved,
    NewOverlap,
    changes,
    headlines_of,
    money_moved,
)
from cleanroom.attribution.weekly.desk import Desk, make_desk, week_of
from cleanroom.attribution.weekly.evidence import disputed_items, evidence_items
from cleanroom.attribution.weekly.handoff import loop_back_items, response_items
from cleanroom.attribution.weekly.item import PAST, SECTIONS, Item, ordered
from cleanroom.attribution.weekly.lists import Listed, three_lists
from cleanroom.attribution.weekly.outlook import Outlook, outlook_of
from cleanroom.attribution.weekly.presence import CADENCE, Play, make_play, silent_partners, stale_items
from cleanroom.attribution.weekly.steps import step_items
from cleanroom.memory import uncollected
from cleanroom.moment import iso_day

if TYPE_CHECKING:
    import pandas as pd

#: One task a row, for a CRM. `task_id` stays the same while the task does.
TASK_COLUMNS: Final = (
    "opportunity_id",
    "account_id",
    "owner",
    "due",
    "subject",
    "code",
    "partner",
    "amount",
    "currency",
    "task_id",
)


@dataclass(frozen=True, slots=True)
class OpenDispute:
    """A dispute of the ledger that is not decided; `answer_in` days are left, negative when overdue."""

    dispute: str
    partner: str
    opportunity: str
    reason: str
    days_open: int
    answer_in: int
    amount: str
    currency: str


@dataclass(frozen=True)
class Past:
    """The statuses of an earlier week (KEPT_COLUMNS), and which week that was."""

    week: str
    statuses: pd.DataFrame


@dataclass(frozen=True)
class Review:
    """What is open on a day. `since` is the week compared with, "" for a first one; `items` are ordered in
    each of SECTIONS, `fields` one for each gated field, `partner` the only one it is about, or "". `deals`
    are the open ones with their verdict, ordered. `overlaps` came since the week compared with began, in a
    first week within seven days."""

    day: str
    week: str
    since: str
    partner: str
    items: tuple[Item, ...]
    plays: tuple[Play, ...]
    changes: tuple[Change, ...]
    moved: tuple[Moved, ...]
    listed: tuple[Listed, ...]
    fields: tuple[Filled, ...]
    deals: tuple[Outlook, ...]
    overlaps: tuple[NewOverlap, ...] = ()

    def section(self, name: str) -> tuple[Item, ...]:
        """The items of one section, in their order."""
        return tuple(one for one in self.items if one.section == name)

    @property
    def at_stake(self) -> tuple[tuple[str, str, int], ...]:
        """Currency, amount and number of the deals that an item is about, each deal once."""
        deals = {one.opportunity: one for one in self.items if one.amount and one.section != "disputes"}
        groups: dict[str, list[str]] = {}
        for one in deals.values():
            groups.setdefault(one.currency, []).append(one.amount)
        return tuple((name, add_up(amounts), len(amounts)) for name, amounts in sorted(groups.items()))


@uncollected()
def make_review(
    judged: Judged,
    statuses: pd.DataFrame,
    *,
    disputes: Sequence[OpenDispute] = (),
    past: Past | None = None,
    known: Mapping[str, int] | None = None,
    starts: Mapping[str, int] | None = None,
    overlaps: Sequence[NewOverlap] = (),
    partner: str = "",
) -> Review:
    """The review of what was judged; `statuses` is its table, with what ended matches left.

    `known` is the day (since 1970) since which a match tells that a partner is in our accounts, `starts` the
    day on which its play began (today where none did), `overlaps` are all new ones. With `partner` nothing is
    about another one.
    """
    desk, partner_of = make_desk(judged), judged.pipeline.book.partner
    disputes = [replace(one, partner=partner_of(one.partner)) for one in disputes]
    silent = silent_partners(desk, known or {})
    began = {name: min((starts or {}).get(name, desk.today), desk.today) for name in silent}
    plays = [play for name in silent if (play := make_play(desk, name, silent[name], began[name]))]
    late_from = _monday(past.week) if past else desk.today - 7
    items = [*_items(desk, disputes, late_from), *(_of_week(play) for play in plays)]
    whole = Review(
        iso_day(desk.today),
        week_of(judged.pipeline.now),
        past.week if past else "",
        "",
        tuple(one for name in SECTIONS for one in ordered(each for each in items if each.section == name)),
        tuple(plays),
        changes(past.statuses, statuses) if past else (),
        money_moved(headlines_of(past.statuses), headlines_of(statuses)) if past else (),
        three_lists(desk, silent, plays, began),
        tuple(completeness(judged)),
        outlook_of(desk, partner_of(partner) if partner else ""),
        tuple(
            replace(one, partner=partner_of(one.partner)) for one in overlaps if one.day >= iso_day(late_from)
        ),
    )
    return _only(whole, judged, statuses, past, partner_of(partner)) if partner else whole


def tasks(made: Review) -> Iterator[tuple[str, ...]]:
    """TASK_COLUMNS: every open item that can be done, and of each play the steps from this week on.

    Texts are as on the screen, without what steers a terminal or turns the direction of a text, but not cut.
    """
    coming = [step for play in made.plays for step in play.steps[min(play.week, len(CADENCE)) - 1 :]]
    doable = [one for one in made.items if one.section != "inactive" and one.code not in PAST]
    for one in (*doable, *coming):
        yield (
            *map(_plain, (one.opportunity, one.account, one.owner)),
            *(one.due, _plain(one.what), one.code, _plain(one.partner)),
            *(exact_amount(one.amount, one.currency), one.currency, one.key),
        )


def _plain(text: str) -> str:
    return plain_cell(text, max(len(text), 1))


def _items(desk: Desk, disputes: Sequence[OpenDispute], late_from: int) -> Iterator[Item]:
    stale = list(stale_items(desk))
    yield from evidence_items(desk)
    yield from disputed_items(desk, {(one.opportunity, one.partner) for one in disputes})
    yield from (_dispute_item(desk, one) for one in disputes)
    yield from response_items(desk, late_from)
    yield from loop_back_items(desk)
    yield from stale
    yield from step_items(desk, {(one.opportunity, one.partner) for one in stale})


def _dispute_item(desk: Desk, one: OpenDispute) -> Item:
    deal = desk.deals.get(one.opportunity)
    left = f"{one.answer_in} days left" if one.answer_in >= 0 else f"{-one.answer_in} days overdue"
    what = f"dispute {plain_cell(one.dispute)} ({one.reason}): open for {one.days_open} days, answer {left}"
    due = iso_day(desk.today + one.answer_in)
    account, owner = (deal.account, deal.owner) if deal else ("", "")
    return Item(
        "dispute-open", one.partner, one.opportunity, account, what, owner, due, one.amount, one.currency,
        one.dispute,
    )  # fmt: skip


def _of_week(play: Play) -> Item:
    """The step of a play that this week is for; after the last week its decision."""
    step = play.steps[min(play.week, len(CADENCE)) - 1]
    return replace(step, what=f"{play.reason}; {step.what}")


def _monday(week: str) -> int:
    """The first day (since 1970) of an ISO week such as 2026-W47."""
    year, number = week.split("-W")
    return (date.fromisocalendar(int(year), int(number), 1) - date(1970, 1, 1)).days


def _only(whole: Review, judged: Judged, statuses: pd.DataFrame, past: Past | None, partner: str) -> Review:
    """What is about one partner; its money moves between its own statuses, its fields are those it filled."""
    tables = [table[table["partner"] == partner] for table in ([past.statuses, statuses] if past else ())]
    return replace(
        whole,
        partner=partner,
        items=tuple(one for one in whole.items if one.partner == partner),
        plays=tuple(one for one in whole.plays if one.partner == partner),
        changes=tuple(one for one in whole.changes if one.partner == partner),
        moved=money_moved(*(headlines_of(table) for table in tables)) if tables else (),
        listed=tuple(one for one in whole.listed if one.partner == partner),
        fields=tuple(completeness(judged, partner)),
        overlaps=tuple(one for one in whole.overlaps if one.partner == partner),
    )
