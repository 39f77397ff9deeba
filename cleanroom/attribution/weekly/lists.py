"""What the review leads to: who gets a joint account plan, who enablement attention, who the nurture lane."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from cleanroom.attribution.classification.amounts import add_up
from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.classification.facts import lacking_words
from cleanroom.attribution.classification.statuses import EARNING, RULES
from cleanroom.attribution.weekly.desk import Deal, Desk, money_of
from cleanroom.attribution.weekly.presence import CADENCE, Play
from cleanroom.attribution.weekly.steps import has_step
from cleanroom.moment import iso_day
from cleanroom.number import count_of

LISTS: Final = {
    "joint account plan": "the partner moves open deals of the account",
    "enablement attention": "activity that moves no deal, or claims without their evidence",
    "nurture lane": "silent, and the first selling play is over or has no account to begin with",
}

#: Actions without effect before a partner is listed for them.
FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Listed:
    """A partner on one of LISTS, for an account where it is about one; money as in an item."""

    list: str
    partner: str
    account: str
    reason: str
    amount: str
    currency: str


def three_lists(
    desk: Desk, silent: Mapping[str, str], plays: Iterable[Play], starts: Mapping[str, int]
) -> tuple[Listed, ...]:
    """The three lists, each with its largest amounts first; `starts` are the days on which plays began."""
    running = {one.partner: one for one in plays}
    found = [*_plans(desk), *_enablement(desk, silent), *_nurture(silent, running, starts)]
    return tuple(sorted(found, key=_order))


def _plans(desk: Desk) -> Iterator[Listed]:
    """Accounts with an open deal that the partner sourced, influenced or helps to close."""
    groups: dict[tuple[str, str, str], list[tuple[Deal, str]]] = {}
    for (name, partner), status in desk.statuses.items():
        deal = desk.deals[name]
        if deal.open and deal.account and status in EARNING:
            groups.setdefault((partner, deal.account, money_of(deal)[1]), []).append((deal, status))
    for (partner, account, currency), deals in groups.items():
        said = ", ".join(f"{status} on {plain_cell(deal.id)}" for deal, status in deals[:3])
        more = f" and {len(deals) - 3} more" if len(deals) > 3 else ""
        stepped = any(has_step(desk, partner, deal.id, account) for deal, _ in deals)
        reason = f"{said}{more}{'' if stepped else '; no next joint step'}"
        amount = add_up(money_of(deal)[0] for deal, _ in deals) if currency else ""
        yield Listed("joint account plan", partner, account, reason, amount, currency)


def _enablement(desk: Desk, silent: Mapping[str, str]) -> Iterator[Listed]:
    """Partners with deals disputed for want of evidence, and active ones that move no deal."""
    judged = desk.judged
    wanting: dict[str, list[int]] = {}
    for pair in np.flatnonzero(judged.rule == list(RULES).index("disputed:evidence")).tolist():
        wanting.setdefault(judged.partners[judged.pairs.partner[pair]], []).append(pair)
    moved = {partner for (_, partner), status in desk.statuses.items() if status in EARNING}
    recent = Counter(one.partner for one in desk.done if desk.today - one.day <= desk.clocks.inactive)
    for partner in sorted({*wanting, *recent} - {*silent}):
        reasons = []
        if pairs := wanting.get(partner):
            words = Counter(
                word
                for pair in pairs
                for word in lacking_words(int(judged.meetings.lacks[judged.deciding[pair]]))
            )
            lacks = ", ".join(f"{word} ({count})" for word, count in sorted(words.items()))
            reasons.append(f"{count_of(len(pairs), 'deal')} Disputed for want of {lacks}")
        if recent[partner] >= FEWEST and partner not in moved:
            reasons.append(f"{recent[partner]} actions in {desk.clocks.inactive} days, none moved a deal")
        if reasons:
            yield Listed("enablement attention", partner, "", "; ".join(reasons), "", "")


def _nurture(
    silent: Mapping[str, str], plays: Mapping[str, Play], starts: Mapping[str, int]
) -> Iterator[Listed]:
    for partner, reason in silent.items():
        play = plays.get(partner)
        if play is None:
            yield Listed(
                "nurture lane", partner, "", f"{reason}, and no match shows it in our accounts", "", ""
            )
        elif play.week > len(CADENCE):
            began = iso_day(starts[partner])
            ended = f"{reason}; the play of {began} ended without one: decide"
            yield Listed("nurture lane", partner, "", ended, "", "")


def _order(one: Listed) -> tuple[object, ...]:
    money = one.currency == "", one.currency, -Decimal(one.amount or 0)
    return list(LISTS).index(one.list), *money, one.partner, one.account
