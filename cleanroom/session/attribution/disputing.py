"""Disputes about lines, or deals that earned none: opened with a reason, decided by a role, then booked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from cleanroom.attribution import ledger, payouts
from cleanroom.moment import iso_day
from cleanroom.session.accounts.imports import deal_named, own_table
from cleanroom.session.attribution.action_log import own_actions
from cleanroom.session.attribution.money_books import MoneyBooks, line_named, sign_act
from cleanroom.session.attribution.periods_money import amount_in
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import read_whole
from cleanroom.session.partners import list_partners
from cleanroom.session.party import Party
from overlap.errors import Refused, UsageError
from overlap.keys import PartyKeys

#: Reason to what it says.
REASONS = {
    "amount": "the amount of the deal is another",
    "date": "the date or period is another",
    "duplicate": "the line counts something twice",
    "identity": "the partner or account is another",
    "missing": "something that was earned is missing",
    "other": "another reason, in the note",
    "rate": "another rate, rule or exchange rate holds",
    "split": "the shares are others",
}
EVIDENCE_LIMIT = 2**30
_DAY = 86_400
#: How alike two names are, from 0 to 1, of which one may be a slip of the other.
_SAME_NAME = 0.75


@dataclass(frozen=True)
class Standing:
    """A dispute as it stands: days since it was opened, and until its answer is due (negative: overdue)."""

    dispute: str
    line: str
    deal: str
    partner: str
    reason: str
    opened: str
    by: str
    days_open: int
    answer_in: int
    outcome: str
    decided_by: str


@dataclass(frozen=True)
class Opened:
    """A dispute just opened: the role that decides it, the last day (YYYY-MM-DD) of its clock, and the days.

    `amount` is what is frozen until the decision, in `currency`; both "" where nothing is: for a line in a
    `state` past freezing (paid, void, reversed), and for a deal that earned none (`state` is ""). `run` is
    the approved run that waits with the line, "" for none.
    """

    dispute: str
    decides: str
    answer_by: str
    answer_days: int
    partner: str
    amount: str = ""
    currency: str = ""
    state: str = ""
    run: str = ""


def open_dispute(
    party: Party, line: str, reason: str, by: str, evidence: Sequence[Path], note: str
) -> Opened:
    """Open a dispute: the line is frozen unless it was paid. Of the evidence only digests are kept."""
    money = MoneyBooks(party)
    found = line_named(money.books, line)
    plan = money.books.plans[str(found.booked.fields["plan"])]
    close = next(one for one in money.books.closes if one.period == found.booked.period)
    today = party.now // _DAY
    if today > close.time // _DAY + plan.dispute_days:
        raise Refused(
            f"a dispute is opened within {plan.dispute_days} days of the close", "ask for an override instead"
        )
    if any(one.line == found.booked.line and not one.outcome for one in money.books.disputes.values()):
        raise UsageError("this line is disputed already", "'overlap dispute list' shows it")
    about = (str(found.booked.fields["deal_id"]), str(found.booked.fields["partner_id"]))
    others = (one for one in money.books.disputes.values() if not one.line and not one.outcome)
    if any((one.deal, one.partner) == about for one in others):
        raise UsageError("the deal of this line is disputed already", "'overlap dispute list' shows it")
    return _open(money, {"line": found.booked.line}, reason, by, evidence, note)


def dispute_deal(
    party: Party, deal: str, partner: str, reason: str, by: str, evidence: Sequence[Path], note: str
) -> Opened:
    """Open a dispute about a deal that earned a partner no line. Raises UsageError for a deal not imported.

    Until the decision the partner's status on it is Disputed: it earns nothing, and nothing is taken back.
    """
    money = MoneyBooks(party)
    today = party.now // _DAY
    plan = money.plan_today()
    deals = own_table(party.folder, "opportunities")
    if deals is None or deals.empty:
        raise UsageError(
            "no opportunities are imported", "run 'overlap import FILE --as opportunities' first"
        )
    deal = deal_named(deals["id"], deal)
    rows = deals[deals["id"] == deal]
    name = _known_partner(money, partner, plan)
    if (deal, name) in money.books.open_disputes():
        raise UsageError("this deal is disputed already", "'overlap dispute list' shows it")
    won = payouts.read_day(str(rows["closed"].iloc[0])) if rows["status"].iloc[0] == "won" else None
    close = next((one for one in money.books.closes if won is not None and won <= one.as_of), None)
    if close and today > close.time // _DAY + plan.dispute_days:
        raise Refused(
            f"a dispute is opened within {plan.dispute_days} days of the close of the deal's period",
            "what is agreed beside it is paid by an event of its own",
        )
    return _open(money, {"deal": deal, "partner": name, "plan": plan.digest}, reason, by, evidence, note)


def _known_partner(money: MoneyBooks, partner: str, plan: payouts.Plan) -> str:
    """The partner as statuses and events name it; UsageError for a name that is nearly one that is known.

    An upheld dispute pays the partner that it names: a slip of the pen would pay somebody who does not exist.
    """
    party = money.party
    known = {cells[3] for cells, _ in money.books.rows.values() if cells[3]} | set(plan.partners)
    book = rule_book(party.folder)
    name = partner if partner in known else book.partner(partner)
    if not name:
        raise UsageError("a dispute about a deal is a partner's", "give --partner")
    known |= {
        book.partner(one)
        for one in (*own_actions(party.folder)["partner"], *(one.name for one in list_partners(party)))
    }
    near = [] if name in known else get_close_matches(name, sorted(known), 3, _SAME_NAME)
    if near:
        raise UsageError(
            f"nothing here names this partner, but {' and '.join(map(repr, near))}",
            "correct --partner; one that really is another is named in a plan first",
        )
    return name


def _open(
    money: MoneyBooks, about: dict[str, str], reason: str, by: str, evidence: Sequence[Path], note: str
) -> Opened:
    digests = [hashlib.sha256(read_whole(one, EVIDENCE_LIMIT)).hexdigest() for one in evidence]
    name = f"d{len(money.books.disputes) + 1}"
    body = {
        "by": by,
        "day": money.party.today,
        "dispute": name,
        "evidence": digests,
        "note": hashlib.sha256(note.encode()).hexdigest() if note else "",
        "reason": reason,
    }
    money.add("dispute", body | about)
    return _opened(money, money.books.disputes[name])


def _opened(money: MoneyBooks, one: ledger.Dispute) -> Opened:
    plan = money.books.plans[one.plan]
    due = iso_day(money.party.now // _DAY + plan.answer_days)
    told = Opened(one.dispute, plan.decides, due, plan.answer_days, one.partner)
    if not one.line:
        return told
    line = money.books.lines[one.line]
    if not one.froze:
        return replace(told, state=line.state)
    currency = str(line.booked.fields["currency"])
    amount = payouts.amount_text(line.minor, currency)
    return replace(told, amount=amount, currency=currency, state=line.state, run=line.run)


def decide_dispute(party: Party, name: str, outcome: str, amount: str, keys: PartyKeys) -> int:
    """Decide a dispute; the minor units that the next close books for it. The role stands in the plan."""
    money = MoneyBooks(party)
    one = money.books.disputes.get(name)
    if one is None or one.outcome:
        raise UsageError("there is no such dispute that is open", "'overlap dispute list' shows them")
    plan = money.books.plans[one.plan]
    currency = str(money.books.lines[one.line].booked.fields["currency"]) if one.line else plan.currency
    if bool(amount) != (outcome == "upheld"):
        raise UsageError(
            "an upheld dispute names its amount, a rejected one none", "give or leave out --amount"
        )
    minor = amount_in(amount, currency) if amount else 0
    body = {"day": party.today, "dispute": name, "minor": minor, "outcome": outcome}
    money.add("decision", sign_act(money.books, keys, "decision", body, (plan.decides,)))
    return minor


def list_disputes(party: Party) -> list[Standing]:
    """Every dispute with its clock, the open ones first, the oldest first."""
    books = MoneyBooks(party).books
    today = party.now // _DAY
    found = []
    for one in books.disputes.values():
        opened = payouts.read_day(one.day)
        assert opened is not None
        due = opened + books.plans[one.plan].answer_days
        standing = Standing(
            one.dispute, one.line, one.deal, one.partner, one.reason, one.day, one.by,
            today - opened, due - today, one.outcome, one.decided_by,
        )  # fmt: skip
        found.append(standing)
    return sorted(found, key=lambda one: (bool(one.outcome), one.opened, one.dispute))
