"""Another plan over past periods, and whether our own reps are paid as if no partner had a share."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import ledger, payouts
from cleanroom.session.attribution.csv_files import read_rows
from cleanroom.session.attribution.money_books import MoneyBooks
from cleanroom.session.attribution.plain_pay import EVENTS_LIMIT
from cleanroom.session.folder import read_whole
from cleanroom.session.party import Party
from overlap.errors import UsageError

REP_COLUMNS = ("deal_id", "rep_id", "base", "currency")


@dataclass(frozen=True)
class Change:
    """What a partner was paid by the closed periods, and what another plan would have paid."""

    partner: str
    currency: str
    now: str
    then: str
    difference: str


@dataclass(frozen=True)
class Compared:
    """All partners, the largest loss first; cost is (now, then) by currency.

    `carried` are the disputes and overrides that gave a line and name one that the other plan has too; they
    are in both sums. `left` are those that name none there: they are in what was paid alone.
    """

    rows: list[Change]
    cost: dict[str, tuple[str, str]]
    winners: int
    losers: int
    same: int
    carried: list[str]
    left: list[str]


@dataclass(frozen=True)
class Cost:
    """What a rule owes and has paid, or has put into a fund, in one currency."""

    rule: str
    type: str
    currency: str
    owed: str
    paid: str
    fund: str


@dataclass(frozen=True)
class RepCheck:
    """Deals with a partner, those where the rep's base is the full amount, and (deal, code) of the others."""

    deals: int
    neutral: int
    findings: list[tuple[str, str]]


def compare_plan(party: Party, source: Path) -> Compared:
    """Rate every event of the closed periods again under another plan alone."""
    books = MoneyBooks(party).books
    if not books.closes:
        raise UsageError("no period is closed yet", "'overlap period close' closes the first")
    plan = payouts.read_plan(read_whole(source, payouts.PLAN_LIMIT))
    as_of = books.closes[-1].as_of
    rates, _ = payouts.read_rates([cells for cells, _ in books.rates.values()])
    read = payouts.read_events([cells for cells, _ in books.rows.values()])
    rated = payouts.rate([plan], read, rates, as_of).lines
    now, then = _sums(books.rated(as_of).lines), _sums(rated)
    carried, left = _carry(books, {line.line for line in rated if not line.code}, now, then)
    text, found = payouts.amount_text, []
    for key in {*now, *then}:
        found.append((then.get(key, 0) - now.get(key, 0), *key))
    rows = [
        Change(partner, currency, *(text(minor, currency) for minor in
               (now.get((partner, currency), 0), then.get((partner, currency), 0), difference)))
        for difference, partner, currency in sorted(found)
    ]  # fmt: skip
    cost = {
        currency: (text(_of(now, currency), currency), text(_of(then, currency), currency))
        for currency in sorted({currency for _, _, currency in found})
    }
    changes = [difference for difference, _, _ in found]
    winners, losers = sum(one > 0 for one in changes), sum(one < 0 for one in changes)
    return Compared(rows, cost, winners, losers, len(changes) - winners - losers, carried, left)


def _carry(
    books: ledger.Books,
    there: Container[str],
    now: dict[tuple[str, str], int],
    then: dict[tuple[str, str], int],
) -> tuple[list[str], list[str]]:
    """Add what decisions gave to both sums where their line is there too, else to what was paid alone."""
    carried: list[str] = []
    left: list[str] = []
    for line in books.lines.values():
        fields = line.booked.fields
        if not fields["given"] or fields["fund"]:
            continue
        name = str(fields["event_id"])
        kind, _, which = name.partition("/")
        about = books.disputes[which].line if kind == "dispute" else str(books.overrides[which]["line"])
        key = (str(fields["partner_id"]), str(fields["currency"]))
        now[key] = now.get(key, 0) + line.minor
        if about in there:
            then[key] = then.get(key, 0) + line.minor
        (carried if about in there else left).append(name)
    return carried, left


def programme_cost(party: Party) -> list[Cost]:
    """What every rule has cost so far, by currency, from the booked lines."""
    books = MoneyBooks(party).books
    sums: dict[tuple[str, str, str, str], int] = {}
    for line in books.lines.values():
        fields = line.booked.fields
        what = "fund" if fields["fund"] else "paid" if line.state in ("paid", "reversed") else "owed"
        key = (str(fields["rule"]), str(fields["type"]), str(fields["currency"]), what)
        sums[key] = sums.get(key, 0) + line.minor
    rows = []
    for rule, type_, currency in sorted({key[:3] for key in sums}):
        minor = [sums.get((rule, type_, currency, what), 0) for what in ("owed", "paid", "fund")]
        rows.append(Cost(rule, type_, currency, *(payouts.amount_text(one, currency) for one in minor)))
    return rows


def check_reps(events: Path, reps: Path) -> RepCheck:
    """Compare the base of each rep's credit with the amounts of the deal, less what was refunded."""
    read = payouts.read_events(read_rows(events, payouts.EVENT_COLUMNS, EVENTS_LIMIT))
    largest: dict[tuple[str, str], int] = {}
    back: dict[tuple[str, str], int] = {}
    for event in read.events:
        key = (event.deal, event.currency)
        if event.minor and event.kind == "refund":
            back[key] = back.get(key, 0) + event.minor
        elif event.minor and not event.kind.startswith("fund:"):
            # A deal gives an event to each partner and lane: its amount is the largest, not the sum.
            largest[key] = max(largest.get(key, 0), event.minor)
    based: dict[tuple[str, str], set[int | None]] = {}
    for row in read_rows(reps, REP_COLUMNS, EVENTS_LIMIT):
        if len(row) == len(REP_COLUMNS):
            deal, _, base, currency = (cell.strip() for cell in row)
            based.setdefault((deal, currency), set()).add(_minor(base, currency))
    findings = []
    for key, amount in sorted(largest.items()):
        bases = based.get(key)
        if bases is None:
            findings.append((key[0], "no-rep"))
        elif not bases & {amount, amount - back.get(key, 0)}:
            findings.append((key[0], "base-differs"))
    return RepCheck(len(largest), len(largest) - len(findings), findings)


def _minor(text: str, currency: str) -> int | None:
    exponent = payouts.exponent_of(currency)
    try:
        return None if exponent is None else payouts.read_amount(text, exponent)
    except ValueError:
        return None


def _sums(lines: list[payouts.Line]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        if not line.code and not line.fund:
            key = (line.partner, line.currency)
            sums[key] = sums.get(key, 0) + line.minor
    return sums


def _of(sums: dict[tuple[str, str], int], currency: str) -> int:
    return sum(minor for (_, one), minor in sums.items() if one == currency)
