"""The weekly review on one screen: counts, what to do first, and the commands that do it."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from cleanroom.attribution import classification, weekly

__all__ = ["LINES", "money", "weekly_text"]

#: Lines of a screen that is not scrolled, and characters of a line.
LINES: Final = 30
_WIDTH: Final = 118

_ITEMS: Final = 5
_COMMANDS: Final = 4
_PARTS: Final = 3

#: Open deals shown of each verdict.
_DEALS: Final = {"at risk": 2, "safe": 1}

#: Section to the command that closes an item.
_COMMANDS_OF: Final = {
    "evidence": "overlap credit explain {opportunity} --partner {partner}",
    "disputed": "overlap credit explain {opportunity} --partner {partner}",
    "disputes": "overlap dispute decide {action} --outcome …",
    "response": "overlap actions answer {action}",
    "loop-back": "overlap actions loop-back {action}",
    "stale": "overlap actions log --partner {partner} --opportunity {opportunity} --type … --date …",
    "inactive": "overlap actions log --partner {partner} --account {account} --type … --date …",
    "steps": "overlap actions log --partner {partner} --opportunity {opportunity} --next-step … --due …",
}


def weekly_text(review: weekly.Review, names: Mapping[str, str]) -> list[str]:
    """At most LINES lines; `names` are names of deals and accounts by id. Only commands may be long."""
    lines = [_title(review), *_counts(review), *_changes(review), _fields(review), *_deals(review, names)]
    first = weekly.first_few(review.items, _ITEMS)
    if first:
        lines.append("first")
        lines += [_cut(line) for one in first for line in _item(one, names)]
        if len(review.items) > len(first):
            lines.append(f"  and {len(review.items) - len(first):,} more; --html, --csv and --json have all")
    lines += list(_plays(review))
    lines += [f"{'next' if not at else '':<9} {one}" for at, one in enumerate(_commands(first))]
    return lines


def money(amount: str, currency: str) -> str:
    """An amount as people read it, such as EUR 12,000 or EUR 12,000.50; "" for none."""
    if not amount:
        return ""
    whole, _, parts = f"{Decimal(amount):,f}".partition(".")
    parts = parts.rstrip("0")
    return f"{currency} {whole}{f'.{parts:0<2}' if parts else ''}".strip()


def _title(review: weekly.Review) -> str:
    said = f"compared with {review.since}" if review.since else "a first week: changes are told from the next"
    about = f", {classification.plain_cell(review.partner)} only" if review.partner else ""
    return f"weekly    {review.week} on {review.day}{about}; {said}"


def _counts(review: weekly.Review) -> Iterator[str]:
    counts = [(len(review.section(name)), meaning) for name, (meaning, _) in weekly.SECTIONS.items()]
    said = [f"{count:,} {meaning}" for count, meaning in counts if count]
    for at in range(0, len(said), _PARTS):
        yield f"{'open' if not at else '':<9} {', '.join(said[at : at + _PARTS])}"
    if not said:
        yield "open      nothing"
    stakes = [f"{money(amount, currency)} on {deals:,} deals" for currency, amount, deals in review.at_stake]
    if stakes:
        more = f" and {len(stakes) - _PARTS} more currencies" if len(stakes) > _PARTS else ""
        yield f"at stake  {'; '.join(stakes[:_PARTS])}{more}"


def _changes(review: weekly.Review) -> Iterator[str]:
    new = f"both hold {_new(review)}" if review.overlaps else ""
    if not review.since:
        # A first week has nothing else to tell.
        yield from ([_cut(new)] if new else [])
        return
    counts = Counter(one.kind for one in review.changes)
    said = ", ".join(f"{counts[kind]:,} {kind}" for kind in weekly.KINDS if counts[kind])
    yield _cut(f"changed   {said or 'no status'}{f'; {new}' if new else ''}")
    moved = [_moved(one) for one in review.moved]
    if moved:
        more = f"; {len(moved) - _PARTS} more" if len(moved) > _PARTS else ""
        yield _cut(f"moved     {'; '.join(moved[:_PARTS])}{more}")


def _new(review: weekly.Review) -> str:
    """How many accounts came to be held by both, by partner, the most first."""
    counts = Counter(one.partner for one in review.overlaps)
    said = [f"{count:,} with {classification.plain_cell(name)}" for name, count in counts.most_common(_PARTS)]
    more = f" and {len(counts) - _PARTS} more partners" if len(counts) > _PARTS else ""
    return f"{len(review.overlaps):,} new accounts: {', '.join(said)}{more}"


def _moved(one: weekly.Moved) -> str:
    amount = money(one.amount, one.currency) or f"{one.deals} deals"
    if one.before == one.after:
        return f"{amount} more in {one.after}"
    return f"{amount} {one.before or 'none'} to {one.after or 'none'}"


def _fields(review: weekly.Review) -> str:
    said = []
    for one in review.fields:
        needs = f" (needs {one.needed})" if not one.enough else ""
        said.append(f"{one.field} {one.per_cent}{needs}")
    return f"filled %  {', '.join(said)}"


def _deals(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    """How many open deals are at risk, unclear and safe, and the largest with their reasons."""
    counts = Counter(one.verdict for one in review.deals)
    said = ", ".join(f"{counts[name]:,} {name}" for name in weekly.VERDICTS if counts[name])
    if said:
        yield f"deals     {said}; --html and --json have all, with reasons"
    for verdict, most in _DEALS.items():
        for one in [each for each in review.deals if each.verdict == verdict][:most]:
            subject = _place(one.opportunity, names)
            reasons = "; ".join(classification.plain_cell(each.says, _WIDTH) for each in one.deciding)
            yield _cut(f"  {verdict}, {money(one.amount, one.currency) or '-'}  {subject}: {reasons}")


def _place(place: str, names: Mapping[str, str]) -> str:
    """A deal or account by its id, with its name where it has one."""
    name = classification.plain_cell(names.get(place, ""), 30)
    return f"{classification.plain_cell(place, 20)}{f' ({name})' if name else ''}"


def _item(one: weekly.Item, names: Mapping[str, str]) -> tuple[str, str]:
    subject = _place(one.opportunity or one.account, names)
    who = classification.plain_cell(one.partner, 24) or "no partner"
    owner = classification.plain_cell(one.owner, 24) or "nobody owns it"
    amount = money(one.amount, one.currency) or "-"
    what = classification.plain_cell(one.what, _WIDTH - 12)
    return f"  {amount}  {subject}, {who}; {owner}, by {one.due}", f"            {what}"


def _plays(review: weekly.Review) -> Iterator[str]:
    running = [one for one in review.plays if one.week <= len(weekly.CADENCE)]
    if running:
        said = ", ".join(
            f"{classification.plain_cell(one.partner, 24)} in week {one.week}" for one in running[:_PARTS]
        )
        more = f" and {len(running) - _PARTS} more" if len(running) > _PARTS else ""
        yield f"plays     {said}{more}"
    counts = Counter(one.list for one in review.listed)
    said = ", ".join(f"{counts[name]:,} {name}" for name in weekly.LISTS if counts[name])
    if said:
        yield f"lists     {said}"


def _commands(items: list[weekly.Item]) -> list[str]:
    """The commands of the first items, one of each kind."""
    found: dict[str, str] = {}
    for one in items:
        words = {
            name: shlex.quote(getattr(one, name)) for name in ("opportunity", "account", "partner", "action")
        }
        if one.section == "steps" and not one.opportunity:
            continue
        found.setdefault(_COMMANDS_OF[one.section], _COMMANDS_OF[one.section].format(**words))
    return list(found.values())[:_COMMANDS]


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
