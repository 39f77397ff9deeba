"""Presence without motion: stale attached deals, silent partners, and the first selling play for these.

The play and its four weeks are what partner managers run: one profile, one problem, one script, one outcome,
five accounts, and a decision after four weeks (docs/weekly.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.weekly.desk import Deal, Desk, money_of, newest
from cleanroom.attribution.weekly.item import Item
from cleanroom.moment import iso_day

#: Accounts on the micro list.
MICRO_LIST: Final = 5

#: What the partner manager and the partner's champion fill in, in one working session of twenty minutes.
TEMPLATE: Final = (
    ("one buyer profile", "who buys at these accounts: role, size, trigger"),
    ("one business problem", "what this buyer wants solved this quarter"),
    (
        "one short introduction script",
        "three sentences from the partner that name the buyer, the problem, us",
    ),
    ("one outcome definition", "smaller than a closed deal: a call held, a discovery booked"),
)

#: What is done in each week of the play.
CADENCE: Final = (
    "outreach to the first account, drafted together, and a quick internal debrief",
    "a joint discovery if the buyer responds, else a revised message",
    "a second attempt, and the second account",
    "decide: ready for deeper co-selling, another play, or the nurture lane",
)


@dataclass(frozen=True, slots=True)
class Target:
    """An account of the micro list, with the deal it is there for ("" for none)."""

    account: str
    opportunity: str
    amount: str
    currency: str
    why: str


@dataclass(frozen=True, slots=True)
class Play:
    """A first selling play that began on day `start`; `week` is 1 to 4, 5 once its last day is past.

    `steps` are its four weeks as tasks; `owner` is who of us is asked.
    """

    partner: str
    reason: str
    start: str
    week: int
    owner: str
    accounts: tuple[Target, ...]
    steps: tuple[Item, ...]


def stale_items(desk: Desk) -> Iterator[Item]:
    """Attached on an open deal, and no action of the partner on it or its account for `inactive` days.

    Without any action the days count from the creation of the deal, on which it could have been done.
    """
    for (name, partner), status in desk.statuses.items():
        deal = desk.deals[name]
        if status != "Attached" or not deal.open:
            continue
        there = [
            *desk.by_subject.get((partner, name, deal.account), []),
            *desk.by_subject.get((partner, "", deal.account), []),
        ]
        last = newest(there)
        since = last.day if last else deal.created
        if since is None or desk.today - since <= desk.clocks.inactive:
            continue
        if last:
            what = f"no action for {desk.today - since} days; the last was {last.type} of {iso_day(since)}"
        else:
            what = f"present in the account and never active; the deal is {desk.today - since} days old"
        amount, currency = money_of(deal)
        due = iso_day(since + desk.clocks.inactive)
        owner = deal.owner or (last.owner if last else "")
        yield Item("stale-attached", partner, name, deal.account, what, owner, due, amount, currency)


def silent_partners(desk: Desk, known: Mapping[str, int]) -> dict[str, str]:
    """Partners in our accounts, or with an action here, without an action for `inactive` days; and why.

    `known` is the day since which a match tells that the partner is there: before `inactive` days have passed
    since, it is not yet silent.
    """
    found = {}
    for partner in sorted({*desk.held, *desk.last}):
        last = desk.last.get(partner)
        days = [day for day in (last, known.get(partner)) if day is not None]
        if days and desk.today - max(days) <= desk.clocks.inactive:
            continue
        said = f"no action for {desk.today - last} days" if last is not None else "no action is logged"
        found[partner] = said
    return found


def make_play(desk: Desk, partner: str, reason: str, start: int) -> Play | None:
    """The play of a silent partner that began on day `start`; None where it is in none of our accounts."""
    targets = micro_list(desk, partner)
    if not targets:
        return None
    first = desk.deals.get(targets[0].opportunity)
    owner = desk.managers.get(partner) or (first.owner if first else "")
    week = min(max((desk.today - start) // 7 + 1, 1), len(CADENCE) + 1)
    steps = []
    for number, says in enumerate(CADENCE, start=1):
        target = targets[1] if number == 3 and len(targets) > 1 else targets[0]
        steps.append(
            Item(
                "inactive-partner",
                partner,
                target.opportunity,
                target.account,
                f"first selling play, week {number}: {says}",
                owner,
                iso_day(start + 7 * number),
                target.amount,
                target.currency,
                f"week {number}",
            )
        )
    return Play(partner, reason, iso_day(start), week, owner, targets, tuple(steps))


def micro_list(desk: Desk, partner: str) -> tuple[Target, ...]:
    """Up to five accounts that a live match shows the partner in: with open deals first, then with closed
    ones, the largest first, then the rest by id."""
    found = []
    for account in desk.held.get(partner, ()):
        deals = desk.of_account.get(account, [])
        best = min(deals, key=lambda deal: (not deal.open, *desk.rank(deal)), default=None)
        place: tuple[object, ...] = (2,) if best is None else (0 if best.open else 1, *desk.rank(best))
        found.append((place, account, best))
    return tuple(_target(account, best) for _, account, best in sorted(found, key=_place)[:MICRO_LIST])


def _place(one: tuple[tuple[object, ...], str, Deal | None]) -> tuple[object, ...]:
    return *one[0], one[1]


def _target(account: str, deal: Deal | None) -> Target:
    if deal is None:
        return Target(account, "", "", "", "no deal yet")
    amount, currency = money_of(deal)
    return Target(account, deal.id, amount, currency, "open deal" if deal.open else "earlier deal")
