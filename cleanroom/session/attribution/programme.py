"""What a partner programme brought in beside what it cost: by credit, and by lift, never mixed.

*By credit*: the revenue of deals that earned a partner something, times the margin, less all incentives. A
deal counts once, however many partners it paid; most of it would have come without them, so this is the most
that the programme can claim. *By lift*: the revenue that is there because partners were attached, as
`overlap lift` estimates it, times the margin, less the same incentives. That is what the programme changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import payouts, statistics
from cleanroom.session.attribution.csv_files import read_table
from cleanroom.session.attribution.money_books import MoneyBooks
from cleanroom.session.folder import read_whole
from cleanroom.session.party import Party
from overlap.errors import BadInput, UsageError

#: Bytes of an answer of `overlap lift --json`.
LIFT_LIMIT: Final = 2**24

#: Kinds of which several partners may each have a part of one deal's amount.
_PARTED: Final = "sourced"


@dataclass(frozen=True)
class Programme:
    """One currency: revenue of credited deals, its margin, what partners cost, and what is left.

    `lift` has low, middle and high of what is left by lift; empty where no lift was given or it was refused.
    """

    currency: str
    deals: int
    revenue: str
    margin: str
    incentives: str
    by_credit: str
    lift: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lift:
    """Extra win rate of attached deals (low, middle, high), their amount, and why there is none."""

    differences: tuple[Fraction, ...]
    amount: Fraction
    reasons: tuple[str, ...]


def programme_result(
    party: Party, margin: str, currency: str = "", lift: Lift | None = None
) -> list[Programme]:
    """Every currency of the closed periods; `margin` such as `70%`. A lift is about deals of `currency`."""
    share = payouts.read_percent(margin)
    if share is None or not 0 < share <= 1:
        raise UsageError("a margin is a share of revenue", "for example --margin 70%")
    books = MoneyBooks(party).books
    if not books.closes:
        raise UsageError("no period is closed yet", "'overlap period close' closes the first")
    costs: dict[str, int] = {}
    earned: set[str] = set()
    for line in books.lines.values():
        fields = line.booked.fields
        if not fields["fund"]:
            costs[str(fields["currency"])] = costs.get(str(fields["currency"]), 0) + line.minor
            earned.add(str(fields["event_id"]))
    revenue = credited_revenue((cells for cells, _ in books.rows.values()), earned)
    if lift is not None and not currency:
        raise UsageError("a file of deals names no currency", "say it with --currency")
    found = []
    for name in sorted({*costs, *revenue}):
        amounts, cost = revenue.get(name, {}), costs.get(name, 0)
        whole = sum(amounts.values())
        kept = payouts.round_half_up(whole * share)
        after: tuple[str, ...] = ()
        if lift is not None and name == currency:
            exponent = payouts.exponent_of(name) or 0
            extra = lift.amount * 10**exponent * share
            after = tuple(
                payouts.amount_text(payouts.round_half_up(extra * one) - cost, name)
                for one in lift.differences
            )
        income, rest, spent, left = (
            payouts.amount_text(one, name) for one in (whole, kept, cost, kept - cost)
        )
        found.append(Programme(name, len(amounts), income, rest, spent, left, after))
    return found


def credited_revenue(rows: Iterable[Sequence[str]], earned: set[str]) -> dict[str, dict[str, int]]:
    """Currency to deal to minor units, of the events that earned a line, less what was reversed.

    A deal gives an event to each partner and lane. The parts of a shared source add up to it; any other event
    has the whole amount, so a deal is the larger of the two and never the sum.
    """
    events = payouts.read_events(list(rows)).events
    left = {event.id: event.minor for event in events if event.minor and event.id in earned}
    for event in events:
        if event.kind in ("refund", "cancel") and event.original in left:
            before = left[event.original]
            left[event.original] = 0 if event.kind == "cancel" else max(0, before - (event.minor or 0))
    parted: dict[tuple[str, str], int] = {}
    whole: dict[tuple[str, str], int] = {}
    for event in events:
        minor = left.get(event.id, 0)
        if not minor or event.kind.startswith("fund:"):
            continue
        key = (event.currency, event.deal or event.id)
        if event.kind == _PARTED:
            parted[key] = parted.get(key, 0) + minor
        else:
            whole[key] = max(whole.get(key, 0), minor)
    found: dict[str, dict[str, int]] = {}
    for currency, deal in {*parted, *whole}:
        key = (currency, deal)
        found.setdefault(currency, {})[deal] = max(parted.get(key, 0), whole.get(key, 0))
    return found


def read_lift(answer: Path, deals: Path) -> Lift:
    """The answer of `overlap lift --json` and the file of deals that it was made from. Raises BadInput."""
    data = read_whole(answer, LIFT_LIMIT, "give what 'overlap lift DEALS STAGES --json' printed")
    try:
        made = json.loads(data, parse_float=Decimal)
        matched = made["matched"]
        reasons = tuple(str(one["reason"]) for one in made["refused"])
        if made.get("measure", "win") != "win":
            raise BadInput("this lift is not of the win rate", "give one without --measure")
        names = ("low", "difference", "high")
        differences = () if matched is None else tuple(_exact(matched, name) for name in names)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BadInput(
            "this is no answer of 'overlap lift --json'", "redirect its output to a file"
        ) from error
    amount = Fraction(0)
    for row in read_table(deals, statistics.DEAL_COLUMNS):
        if row["partner_id"].strip():
            try:
                amount += Fraction(Decimal(row["amount"].strip()))
            except (InvalidOperation, ValueError, OverflowError):
                continue
    return Lift(differences, amount, reasons)


def _exact(matched: Mapping[str, Any], name: str) -> Fraction:
    return Fraction(Decimal(matched[name]))
