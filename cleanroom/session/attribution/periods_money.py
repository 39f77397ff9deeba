"""Plans adopted, periods closed, runs approved and paid, overrides by two: the acts of the money ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cleanroom.attribution import ledger, payouts
from cleanroom.export import write_csv
from cleanroom.moment import iso_day
from cleanroom.session.attribution.csv_files import read_rows
from cleanroom.session.attribution.earning import earned_here, part_rows
from cleanroom.session.attribution.money_books import MoneyBooks, line_named, read_key, sign_act
from cleanroom.session.attribution.plain_pay import EVENTS_LIMIT, RATES_LIMIT
from cleanroom.session.attribution.taking_in import EVIDENCE_COLUMNS, what_is_new
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap.errors import OverlapError, Refused, UsageError
from overlap.keys import PartyKeys, check_party_name, check_passphrase

_DAY = 86_400
#: Events that are named for each code of what waits.
_FIRST = 3


@dataclass(frozen=True)
class Closed:
    """A close as written: lines by kind, totals, what waits by code, rows that were refused.

    `not_earned` counts what statuses did not earn, by code. `partners` are partner, currency and amount of
    what is booked; `first` names for each code of `waiting` the first events. `look_alikes` are
    groups of partners, of all that were ever taken in and those of the plans, whose names look the same.
    """

    period: str
    lines: int
    late: int
    adjustments: int
    totals: dict[str, str]
    waiting: dict[str, int] = field(default_factory=dict)
    refused: list[list[str]] = field(default_factory=list)
    not_earned: dict[str, int] = field(default_factory=dict)
    partners: list[tuple[str, str, str]] = field(default_factory=list)
    first: dict[str, list[str]] = field(default_factory=dict)
    look_alikes: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Approved:
    """A run: what is paid to whom, and what is carried because it is negative or below the minimum."""

    run: str
    payouts: list[dict[str, Any]]
    carried: list[dict[str, Any]]


def add_approver(party: Party, name: str, roles: Sequence[str], passphrase: str, out: Path) -> None:
    """Make a person's own key at `out`, and let the ledger know it and its roles."""
    books = MoneyBooks(party)
    check_party_name(name)
    begun = _begun_key(name, passphrase, out)
    if (out.exists() and begun is None) or name in books.books.approvers:
        raise UsageError("there is such a file or person already", "give another --out or name")
    check_passphrase(passphrase, name)
    keys = begun or PartyKeys.generate(name, party.random)
    if begun is None:
        write_whole(out, keys.to_locked(passphrase, party.random))
    books.add("approver", {"key": keys.card.signing.hex(), "name": name, "roles": sorted(set(roles))})


def _begun_key(name: str, passphrase: str, out: Path) -> PartyKeys | None:
    """The key that a killed command made for this person at `out` before the ledger knew it, if there is."""
    if not out.is_file():
        return None
    with suppress(OverlapError):
        keys = read_key(out, passphrase)
        return keys if keys.party == name else None
    return None


def adopt_plan(party: Party, source: Path, keys: PartyKeys) -> payouts.Plan:
    """Put a version of the plan in force from its first day, signed off by an approver.

    It ends whatever was in force there. It may not touch a closed period.
    """
    data = read_whole(source, payouts.PLAN_LIMIT, "a plan is a short text")
    plan = payouts.read_plan(data)
    money = MoneyBooks(party)
    closed = max((close.as_of for close in money.books.closes), default=-1)
    if plan.digest in money.books.plans:
        raise UsageError("this version is adopted already", "nothing needs to be done")
    if plan.version <= max((other.version for other in money.books.plans.values()), default=0):
        raise Refused("a version of the plan has this number or a higher one", "count the version up")
    if plan.start <= closed:
        raise Refused(
            "the plan would begin in a closed period",
            "let its 'from' be the first day of a period that is open; closed periods never change",
        )
    body = {"digest": plan.digest, "name": plan.name, "text": data.decode(), "version": plan.version}
    # Who may is said by the plan in force, not by the one that wants to be.
    rights = money.books.plan_on(party.now // _DAY) or plan
    money.add("plan", sign_act(money.books, keys, "plan", body, rights.approves))
    return plan


def close_period(
    party: Party,
    period: str,
    events: Path | None,
    rates: Path | None,
    evidence: Path | None = None,
    *,
    credit: bool = False,
    dry_run: bool = False,
) -> Closed:
    """Take in what is new, and close the period: its lines never change from then on.

    With `credit` come the events that the statuses here earn. With `dry_run` nothing is written.
    """
    if events is None and not credit:
        raise UsageError("a close takes events in", "give --events FILE, --credit, or both")
    money = MoneyBooks(party)
    span = _next_period(money.books, period, party.now // _DAY)
    rows = _stripped(read_rows(events, payouts.EVENT_COLUMNS, EVENTS_LIMIT)) if events is not None else []
    known = read_rows(rates, payouts.RATE_COLUMNS, RATES_LIMIT) if rates is not None else []
    shown = read_rows(evidence, EVIDENCE_COLUMNS, EVENTS_LIMIT) if evidence is not None else []
    outdated: list[list[str]] = []
    not_earned: dict[str, int] = {}
    if credit:
        earned = earned_here(party, money.books, beside=rows, keep=not dry_run).earned
        rows, outdated = part_rows(rows, earned)
        # What statuses say of an event comes before what a file says of it.
        ours = {row[0] for row in earned.evidence}
        rows = [*rows, *earned.new]
        shown = [*earned.evidence, *(row for row in shown if row and row[0].strip() not in ours)]
        not_earned = dict(Counter(one.code for one in earned.findings))
    fresh, refused = what_is_new(rows, known, shown, money.books)
    if any(fresh.values()):
        money.stage("events", fresh)
    body = ledger.close_body(money.books, span.name, span.end - 1)
    money.stage("close", body)
    if not dry_run:
        money.commit()
    made = _closed(span.name, body, [*refused, *outdated], not_earned)
    names = {cells[3] for cells, _ in money.books.rows.values()}
    names |= {name for plan in money.books.versions() for name in plan.partners}
    return replace(made, look_alikes=[list(one) for one in payouts.look_alikes(names)])


def _stripped(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in rows]


def _closed(
    period: str, body: Mapping[str, Any], refused: list[list[str]], not_earned: dict[str, int]
) -> Closed:
    sums: Counter[str] = Counter()
    shares: Counter[tuple[str, str]] = Counter()
    for line in body["lines"]:
        if not line["fund"]:
            sums[line["currency"]] += line["minor"]
            shares[line["partner_id"], line["currency"]] += line["minor"]
    first: dict[str, list[str]] = {}
    for event, code in body["waiting"]:
        if len(named := first.setdefault(code, [])) < _FIRST:
            named.append(event)
    kinds = [line["kind"] for line in body["lines"]]
    return Closed(
        period,
        len(body["lines"]),
        sum(line["late"] for line in body["lines"]),
        kinds.count("adjustment"),
        {one: payouts.amount_text(minor, one) for one, minor in sorted(sums.items())},
        dict(Counter(code for _, code in body["waiting"])),
        refused,
        not_earned,
        [(partner, one, payouts.amount_text(minor, one)) for (partner, one), minor in sorted(shares.items())],
        first,
    )


def approve_run(party: Party, keys: PartyKeys) -> Approved:
    """Approve everything that is payable today, in one signed run."""
    money = MoneyBooks(party)
    made, carried = ledger.payable_run(money.books, party.today)
    if not made:
        raise UsageError(
            "nothing is payable today", "lines are payable when their period is locked; see the plan"
        )
    name = f"{party.today}-{len(money.books.runs) + 1}"
    roles = money.plan_today().approves
    body = {"day": party.today, "payouts": made, "run": name}
    money.add("run", sign_act(money.books, keys, "run", body, roles))
    return Approved(name, [_with_amount(one) for one in made], [_with_amount(one) for one in carried])


def mark_paid(party: Party, name: str, reference: str) -> list[str]:
    """Note that a run was paid; partners with a disputed line are left out, and paid by a later call."""
    money = MoneyBooks(party)
    run = _run(money, name)
    partners = sorted(
        {
            one["partner_id"]
            for one in run.payouts
            if f"{one['partner_id']}/{one['currency']}" not in run.paid
            and all(money.books.lines[line].state == "approved" for line in one["lines"])
        }
    )
    if not partners:
        raise UsageError("nobody is left to be paid in this run", "disputed lines wait for their decision")
    money.add("payment", {"day": party.today, "partners": partners, "reference": reference, "run": run.run})
    return partners


def export_run(party: Party, name: str, out: Path) -> list[str]:
    """Write the payables of a run and the whole accrual journal; formulas in cells are made harmless."""
    money = MoneyBooks(party)
    run = _run(money, name)
    files = (
        ("payables.csv", "one payment a row", ledger.PAYABLE_COLUMNS, ledger.payables(money.books, run)),
        (
            "journal.csv",
            "accruals, payables and payments",
            ledger.JOURNAL_COLUMNS,
            ledger.journal(money.books),
        ),
    )
    for file, use, header, rows in files:
        made = write_csv(file, use, header, rows, line_end="\r\n", for_people=True)
        write_whole(out / file, made.content)
    return [str(out / file) for file, _, _, _ in files]


def propose_override(party: Party, line: str, amount: str, reason: str, keys: PartyKeys) -> str:
    """Propose to pay more or less for a line; nothing happens until a second person confirms."""
    money = MoneyBooks(party)
    found = line_named(money.books, line)
    body = {
        "line": found.booked.line,
        "minor": amount_in(amount, str(found.booked.fields["currency"])),
        "override": f"o{len(money.books.overrides) + 1}",
        "reason": reason,
    }
    same = ("line", "minor", "reason")
    for one in money.books.overrides.values():
        if not one["confirmed_by"] and one["by"] == keys.party and all(one[k] == body[k] for k in same):
            raise UsageError(
                f"this override is proposed already: {one['override']}", "let somebody else confirm it first"
            )
    signed = sign_act(money.books, keys, "override", body, money.plan_today().overrides)
    money.add("override", signed)
    return str(body["override"])


def confirm_override(party: Party, name: str, keys: PartyKeys) -> None:
    """Confirm an override with another key than proposed it; its line comes with the next close."""
    money = MoneyBooks(party)
    one = money.books.overrides.get(name)
    if one is None or one["confirmed_by"]:
        raise UsageError(
            "there is no such override that waits", "'overlap pay override' names what it proposes"
        )
    if one["by"] == keys.party:
        raise Refused("an override takes two people", "let somebody else confirm it, with a key of their own")
    roles = money.plan_today().overrides
    money.add("confirmation", sign_act(money.books, keys, "confirmation", {"override": name}, roles))


def amount_in(text: str, currency: str) -> int:
    """Minor units of a signed amount; UsageError when it is none of that currency."""
    try:
        minor = payouts.read_amount(text, payouts.exponent_of(currency) or 0)
    except ValueError:
        minor = None
    if not minor:
        raise UsageError(
            "this is no amount of the line's currency", "for example 120.50, or -120.50 to take back"
        )
    return minor


def _run(money: MoneyBooks, name: str) -> ledger.Run:
    found = [run for key, run in money.books.runs.items() if key == name]
    if not found:
        raise UsageError("there is no such run", f"runs are: {', '.join(money.books.runs) or 'none yet'}")
    return found[0]


def _with_amount(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"amount": payouts.amount_text(row["minor"], row["currency"])}


def _next_period(books: ledger.Books, name: str, today: int) -> payouts.Period:
    """The period of that name; UsageError unless it is over and follows the last closed one."""
    versions = books.versions()
    if not versions:
        raise UsageError("no plan is adopted", "run 'overlap pay adopt PLAN.toml --as KEY' first")
    day = books.closes[-1].as_of + 1 if books.closes else versions[0].start
    plan = books.plan_on(day)
    if plan is None:
        raise Refused("no version of the plan is in force in the next period", "adopt one that is")
    span = payouts.period_of(day, plan.period)
    if span.name != name:
        raise UsageError(
            f"the next period to close is {span.name}", "periods are closed in their order, once"
        )
    if today < span.end:
        raise Refused(f"{name} is not over", f"close it from {iso_day(span.end)} on")
    return span
