"""What a partner must be given to recompute its own lines, and nothing else of anybody.

Its own events, those of partners whose parent it is, and what reverses them. Of deals that it shares, the
events that the split looks at: other partners stand under names that keep their place in the order, and their
amounts are left out. And the rates of the pairs of those events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cleanroom.attribution import payouts
from cleanroom.attribution.ledger.books import Books
from cleanroom.moment import iso_day

__all__ = ["family_of", "inputs_of"]

PARTNER, DEAL, ORIGINAL, CURRENCY = 3, 4, 8, 7


def inputs_of(books: Books, partner: str) -> dict[str, Any]:
    """`rows` and `rates` (each with the number of the close that took it in), `closes` and `partners`."""
    plans = books.versions()
    family = family_of(books, partner)
    watched = {kind for plan in plans for rule in plan.rules for kind in rule.watched}
    paid = {
        str(line.booked.fields["event_id"])
        for line in books.lines.values()
        if line.booked.fields["partner_id"] == partner
    }
    whole = {name for name, (cells, _) in books.rows.items() if cells[PARTNER] in family or name in paid}
    deals = {books.rows[name][0][DEAL] for name in whole} - {""}
    whole |= {name for name, (cells, _) in books.rows.items() if cells[ORIGINAL] in whole and cells[ORIGINAL]}
    seen = {
        name
        for name, (cells, _) in books.rows.items()
        if cells[DEAL] in deals and cells[2] in watched and name not in whole
    }
    seen |= {name for name, (cells, _) in books.rows.items() if cells[ORIGINAL] in seen and cells[ORIGINAL]}
    names = _pseudonyms(books, whole | seen, family, partner)
    ids = _hidden_ids(whole, seen)
    rows = []
    for name in sorted(whole | seen):
        cells, close = books.rows[name]
        shown = list(cells)
        shown[0], shown[ORIGINAL] = ids.get(name, name), ids.get(cells[ORIGINAL], cells[ORIGINAL])
        shown[PARTNER] = names.get(cells[PARTNER], cells[PARTNER])
        if name in seen:
            shown[5] = shown[6] = shown[7] = ""
        rows.append([*shown, close])
    return {
        "closes": [[close.period, iso_day(close.as_of)] for close in books.closes],
        "partners": _types(plans, names),
        "rates": _rates(books, [row for row in rows if row[CURRENCY]]),
        "rows": rows,
    }


def family_of(books: Books, partner: str) -> set[str]:
    """The partner and those whose parent it is in a version of the plan."""
    plans = books.versions()
    return {partner} | {one.id for plan in plans for one in plan.partners.values() if one.parent == partner}


def _hidden_ids(whole: set[str], seen: set[str]) -> dict[str, str]:
    """Ids that say nothing for the events of others, each in its place between those that are shown.

    An id may name an action, or be a digest of the amount that is left out, which is quickly guessed.
    """
    found: dict[str, str] = {}
    before = ""
    for name in sorted(whole | seen):
        if name in whole:
            before = f"{name} " if len(name) < 190 else ""
        else:
            found[name] = f"{before}!{len(found) + 1:06d}"
    return found


def _pseudonyms(books: Books, rows: set[str], family: set[str], partner: str) -> dict[str, str]:
    """Other partners under names that sort before or after ours as their own do."""
    others = sorted({books.rows[name][0][PARTNER] for name in rows} - family - {""})
    return {other: f"{'!' if other < partner else '~'}{at:06d}" for at, other in enumerate(others, start=1)}


def _types(plans: Sequence[payouts.Plan], names: Mapping[str, str]) -> list[list[str]]:
    """The types of the other partners, which some rules ask for."""
    found = []
    for other, name in sorted(names.items(), key=lambda pair: pair[1]):
        types = {plan.partners[other].type for plan in plans if other in plan.partners}
        found.append([name, next(iter(sorted(types)), "")])
    return found


def _rates(books: Books, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    currencies = {str(row[CURRENCY]) for row in rows}
    home = {plan.currency for plan in books.plans.values()}
    pairs = {(one, other) for one in currencies for other in home} | {
        (other, one) for one in currencies for other in home
    }
    return [
        [*cells, close]
        for (_, base, quote), (cells, close) in sorted(books.rates.items())
        if (base, quote) in pairs
    ]
