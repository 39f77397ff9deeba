"""Next joint steps: past their day, due soon, without a day, or missing on an open deal with a partner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.weekly.desk import Desk, Done, money_of, newest
from cleanroom.attribution.weekly.item import Item
from cleanroom.moment import iso_day

#: Subject of a step: partner, and the deal or else the account.
Subject = tuple[str, str, str]


def step_items(desk: Desk, stale: set[tuple[str, str]]) -> Iterator[Item]:
    """Steps of each partner on each open deal, and on accounts; `stale` (opportunity, partner) are told
    elsewhere."""
    for (partner, deal, account), done in sorted(_by_subject(desk).items()):
        step = step_in_force(done)
        if step is None:
            if deal and (deal, partner) not in stale:
                last = newest(done)
                what = f"no next joint step; the last action was {last.type} of {iso_day(last.day)}"
                yield _item(desk, "no-next-step", last, (deal, account), what, desk.next_review)
            continue
        named = plain_cell(step.step) or "the next joint step"
        if step.due is None:
            what = f"{named}: agree its day"
            yield _item(desk, "step-no-day", step, (deal, account), what, desk.next_review)
        elif step.due < desk.today:
            what = f"{named}: was due {iso_day(step.due)}, {desk.today - step.due} days ago"
            yield _item(desk, "step-overdue", step, (deal, account), what, step.due)
        elif step.due <= desk.today + desk.clocks.due:
            what = f"{named}: due {iso_day(step.due)}"
            yield _item(desk, "step-due", step, (deal, account), what, step.due)


def step_in_force(done: Sequence[Done]) -> Done | None:
    """The newest action with a step, unless a later action of the partner came on or after the step's day; a
    step without a day gives way to any later action."""
    step: Done | None = newest(one for one in done if one.step or one.due is not None)
    if step is None:
        return None
    later = [one for one in done if (one.day, one.id) > (step.day, step.id)]
    passed = any(step.due is None or one.day >= step.due for one in later)
    return None if passed else step


def has_step(desk: Desk, partner: str, deal: str, account: str) -> bool:
    """Whether a next joint step is in force there."""
    found = desk.by_subject.get((partner, deal, account), [])
    return step_in_force(found) is not None


def _by_subject(desk: Desk) -> dict[Subject, list[Done]]:
    """The actions on open deals; those on an account while a deal of it is open, or none is there yet."""
    return {
        (partner, deal, account): done
        for (partner, deal, account), done in desk.by_subject.items()
        if (desk.deals[deal].open if deal else _waits(desk, account))
    }


def _waits(desk: Desk, account: str) -> bool:
    deals = desk.of_account.get(account, [])
    return not deals or any(deal.open for deal in deals)


def _item(desk: Desk, code: str, one: Done, subject: tuple[str, str], what: str, due: int) -> Item:
    name, account = subject
    deal = desk.deals[name] if name else desk.leading(account)
    amount, currency = money_of(deal)
    owner = one.owner or (deal.owner if deal else "")
    place = deal.id if deal else ""
    return Item(code, one.partner, place, account, what, owner, iso_day(due), amount, currency, one.id)
