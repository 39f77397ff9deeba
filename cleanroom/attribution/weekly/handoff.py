"""Introductions that nobody answered in time, and partners who never heard what came of theirs."""

from __future__ import annotations

from collections.abc import Iterator

from cleanroom.attribution.classification.explain import plain_cell
from cleanroom.attribution.weekly.desk import Deal, Desk, Done, money_of
from cleanroom.attribution.weekly.item import Item
from cleanroom.moment import iso_day


def response_items(desk: Desk, since: int) -> Iterator[Item]:
    """Introductions without an answer after `response` days, and those answered late on or after day `since`.

    An answer on the last of these days is in time. What names no account or deal of ours has no place here.
    """
    for one in desk.done:
        if not one.origin:
            continue
        due = one.day + desk.clocks.response
        if one.responded is None:
            if desk.today > due and is_alive(desk, one):
                waits = desk.today - one.day
                what = f"{_said(one)} waits for an answer, for {waits} days"
                yield _item(desk, "no-response", one, what, due)
        elif one.responded > due and one.responded >= since and (one.deal or one.account):
            took = one.responded - one.day
            what = f"{_said(one)} was answered after {took} days; the rule is {desk.clocks.response}"
            yield _item(desk, "late-response", one, what, due)


def loop_back_items(desk: Desk) -> Iterator[Item]:
    """Introductions of which the partner was told nothing for `loop_back` days."""
    for one in desk.done:
        due = one.day + desk.clocks.loop_back
        if one.origin and one.looped_back is None and desk.today > due and is_alive(desk, one):
            what = f"{_said(one)}: tell the partner what came of it"
            yield _item(desk, "no-loop-back", one, what, due)


def is_alive(desk: Desk, one: Done) -> bool:
    """Whether an introduction still matters: its deal, or a deal of its account, is open or closed in the
    last `inactive` days; on an account without any of ours, while its window lasts."""
    recent = desk.today - desk.clocks.inactive
    of_account = desk.of_account.get(one.account, []) if not one.deal else []
    deals = [desk.deals[one.deal]] if one.deal else [deal for deal in of_account if _after(deal, one)]
    if deals:
        return any(deal.open or (deal.closed is not None and deal.closed >= recent) for deal in deals)
    if one.deal or not one.account:
        return False
    windows = [version.types[one.type].days for version in desk.judged.pipeline.book.versions
               if one.type in version.types]  # fmt: skip
    return desk.today <= one.day + max(windows, default=0)


def _after(deal: Deal, one: Done) -> bool:
    """Whether a deal of the account can be about the introduction: it was not over by then."""
    return deal.open or deal.closed is None or deal.closed >= one.day


def _said(one: Done) -> str:
    return f"{one.type} ({plain_cell(one.id)}) of {iso_day(one.day)}"


def _item(desk: Desk, code: str, one: Done, what: str, due: int) -> Item:
    deal = desk.deals[one.deal] if one.deal else desk.leading(one.account)
    amount, currency = money_of(deal)
    owner = one.owner or (deal.owner if deal else "")
    name = deal.id if deal else ""
    return Item(code, one.partner, name, one.account, what, owner, iso_day(due), amount, currency, one.id)
