"""The weekly review as one page: what to do first, every section with its owner and day, plays and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from cleanroom.attribution import classification, weekly
from cleanroom.limits import limits_of
from cleanroom.number import count_of
from cleanroom.report.page import Cell, bar, heading, limits_section, page, paragraph, table, tiles
from cleanroom.report.weekly_text import money

__all__ = ["weekly_page"]

#: Items shown of one section; the CSV has all.
_SHOWN: Final = 25
_FIRST: Final = 5


def weekly_page(review: weekly.Review, names: Mapping[str, str], party: str) -> bytes:
    """The page; `names` are names of deals and accounts by id, `party` is whose review it is."""
    about = f" of {review.partner}" if review.partner else ""
    title = f"Weekly review{about}, {review.week}"
    compared = (
        f"Compared with {review.since}."
        if review.since
        else "This is a first week: what changed is told from the next one on."
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        paragraph(f"{party} on {review.day}. {compared}", soft=True),
        tiles(_tiles(review)),
        *_first(review, names),
        *_deals(review, names),
        *_sections(review, names),
        *_plays(review, names),
        *_overlaps(review, names),
        *_changes(review, names),
        *_lists(review, names),
        *_fields(review),
        *_glossary(),
        *limits_section(limits_of("weekly")),
        "<footer>Statuses come from the rules in force, nothing here pays anybody. docs/weekly.md says what "
        "each section means.</footer>",
    ]
    return page(title, body).encode()


def _tiles(review: weekly.Review) -> list[tuple[str, str, str]]:
    facts = [("open items", f"{len(review.items):,}", count_of(len(_owners(review)), "owner"))]
    facts += [
        (f"at stake, {currency}", money(amount, ""), count_of(deals, "deal"))
        for currency, amount, deals in review.at_stake[:3]
    ]
    overdue = sum(one.due < review.day for one in review.items)
    facts.append(("past their day", f"{overdue:,}", "items"))
    return facts


def _owners(review: weekly.Review) -> set[str]:
    return {one.owner for one in review.items if one.owner}


def _first(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    first = weekly.first_few(review.items, _FIRST)
    if first:
        yield heading("Do first")
        yield _todo(first, review, names)


def _deals(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    """Open deals at risk, unclear and safe: facts, the ones that decide first."""
    if not review.deals:
        return
    yield heading("Open deals: at risk and safe")
    yield paragraph("Reasons are facts from the records. None of them is a probability.", soft=True)
    for verdict, meaning in weekly.VERDICTS.items():
        deals = [one for one in review.deals if one.verdict == verdict]
        if not deals:
            continue
        rows = [
            (
                Cell(_named(one.opportunity, names)),
                Cell(_plain(one.owner) or "nobody owns it"),
                Cell(_capital("; ".join(_plain(each.says, 200) for each in one.deciding))),
                Cell(money(one.amount, one.currency) or "-", number=True),
            )
            for one in deals[:_SHOWN]
        ]
        title = f"{_capital(verdict)}, {len(deals):,}: {meaning}"
        yield table(title, ("deal", "owner", "why", "amount"), rows)
        if len(deals) > _SHOWN:
            yield paragraph(f"And {len(deals) - _SHOWN:,} more in the JSON.", soft=True)


def _sections(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    empty = []
    for name, (meaning, action) in weekly.SECTIONS.items():
        items = review.section(name)
        if not items:
            empty.append(meaning)
            continue
        yield heading(f"{_capital(meaning)}: {len(items):,}")
        yield paragraph(f"Next action: {action}.", soft=True)
        yield _todo(items[:_SHOWN], review, names)
        if len(items) > _SHOWN:
            yield paragraph(f"And {len(items) - _SHOWN:,} more in the CSV.", soft=True)
    if empty:
        yield paragraph(f"Nothing open in: {', '.join(empty)}.", soft=True)


def _todo(items: Iterable[weekly.Item], review: weekly.Review, names: Mapping[str, str]) -> str:
    return f'<ol class="do money">{"".join(_entry(one, review, names) for one in items)}</ol>'


def _entry(one: weekly.Item, review: weekly.Review, names: Mapping[str, str]) -> str:
    late = one.due < review.day
    kind, when = ("day late", f"was due {one.due}") if late else ("day", f"by {one.due}")
    place = " · ".join(_named(each, names) for each in (one.opportunity, one.account) if each)
    who = f"{_plain(one.partner) or 'no partner'} · {_plain(one.owner) or 'nobody owns it'}"
    return (
        f'<li><span class="gain">{escape(money(one.amount, one.currency) or "-")}</span><div>'
        f"<p>{escape(_capital(_plain(one.what, 400)))}</p>"
        f'<p class="rows">{escape(place)}</p>'
        f'<p class="rows">{escape(who)} · <span class="{kind}">{escape(when)}</span></p>'
        "</div></li>"
    )


def _plays(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    if not review.plays:
        return
    yield heading("First selling plays")
    yield paragraph(
        "Twenty minutes with the partner's champion: fill in the four lines, pick one of the accounts, draft "
        "the outreach together, and book the follow-up call before the session ends."
    )
    lines = [(Cell(name), Cell(says)) for name, says in weekly.TEMPLATE]
    yield table("To fill in with each partner", ("one of each", "what it is"), lines)
    for play in review.plays[:_SHOWN]:
        week = f"week {play.week}" if play.week <= len(weekly.CADENCE) else "to be decided"
        yield f"<h3>{escape(_plain(play.partner))}: {escape(week)}</h3>"
        owner = _plain(play.owner) or "nobody owns it"
        yield paragraph(f"{_capital(play.reason)}. Began {play.start}, owner: {owner}.", soft=True)
        yield table(
            "Accounts of the micro list",
            ("account", "deal", "amount", "why"),
            [
                (
                    Cell(_named(one.account, names)),
                    Cell(_named(one.opportunity, names) if one.opportunity else "-"),
                    Cell(money(one.amount, one.currency) or "-", number=True),
                    Cell(one.why),
                )
                for one in play.accounts
            ],
        )
        steps = [
            (
                Cell(step.due, number=True),
                Cell(_capital(step.what.partition(", ")[2])),
                Cell(_named(step.account, names)),
            )
            for step in play.steps
        ]
        yield table("Four weeks", ("by", "step", "account"), steps)


def _overlaps(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    if not review.overlaps:
        return
    yield heading(f"New overlaps: {len(review.overlaps):,}")
    yield paragraph("Both hold the account since that run, the first that said so.", soft=True)
    rows = [
        (
            Cell(one.day),
            Cell(_plain(one.partner)),
            Cell(_named(one.account, names)),
            Cell(f"{one.number:,}", number=True),
        )
        for one in review.overlaps[-_SHOWN:]
    ]
    yield table("The newest last", ("day", "partner", "account", "run"), rows)
    if len(review.overlaps) > _SHOWN:
        yield paragraph(f"And {len(review.overlaps) - _SHOWN:,} before.", soft=True)


def _changes(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    if not review.since:
        return
    yield heading(f"What changed since {review.since}")
    if review.moved:
        rows = [
            (
                Cell(one.before or "not listed"),
                Cell("grew by" if one.before == one.after else one.after or "not listed"),
                Cell(f"{one.deals:,}", number=True),
                Cell(money(one.amount, one.currency) or "no currency", number=True),
            )
            for one in review.moved
        ]
        yield table("Headline money that moved", ("from", "to", "deals", "amount"), rows)
    if review.changes:
        changed = [
            (
                Cell(one.kind),
                Cell(_named(one.opportunity, names)),
                Cell(_plain(one.partner)),
                Cell(f"{one.before or 'not listed'} → {one.after or 'not listed'}"),
                Cell(money(one.amount, one.currency) or "-", number=True),
            )
            for one in review.changes[:_SHOWN]
        ]
        yield table("Statuses", ("", "deal", "partner", "status", "amount"), changed)
        if len(review.changes) > _SHOWN:
            yield paragraph(f"And {len(review.changes) - _SHOWN:,} more.", soft=True)
    if not review.moved and not review.changes:
        yield paragraph("No status and no amount.")


def _lists(review: weekly.Review, names: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in weekly.LISTS.items():
        listed = [one for one in review.listed if one.list == name]
        if not listed:
            continue
        yield heading(f"{_capital(name)}: {len(listed):,}")
        rows = [
            (
                Cell(_plain(one.partner)),
                Cell(_named(one.account, names) if one.account else "-"),
                Cell(_plain(one.reason, 200)),
                Cell(money(one.amount, one.currency) or "-", number=True),
            )
            for one in listed[:_SHOWN]
        ]
        yield table(_capital(meaning), ("partner", "account", "why", "amount"), rows)


def _fields(review: weekly.Review) -> Iterator[str]:
    yield heading("How well the fields are filled")
    rows = [
        (
            Cell(one.field),
            Cell(f"{one.per_cent} %" if one.of else "-", number=True),
            Cell(f"{one.needed} %" if one.needed else "-", number=True),
            Cell("" if one.enough else "below: no pay, no forecast"),
            Cell(chart=bar(one.filled / one.of if one.of else 0.0)),
        )
        for one in review.fields
    ]
    of = review.fields[0].of if review.fields else 0
    yield table(f"Of {of:,} actions that may earn", ("field", "filled", "needed", "gate", ""), rows)


def _glossary() -> Iterator[str]:
    """The same words for everybody who reads the page."""
    yield heading("What the statuses mean")
    rows = [(Cell(name), Cell(_capital(means))) for name, means in classification.GLOSSARY.items()]
    yield table("For each partner on each deal, the first that holds", ("status", "when"), rows)


def _named(name: str, names: Mapping[str, str]) -> str:
    known = _plain(names.get(name, ""))
    return f"{known} ({_plain(name)})" if known and known != name else _plain(name)


def _plain(text: str, most: int = 60) -> str:
    return classification.plain_cell(text, most)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
