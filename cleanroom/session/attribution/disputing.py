"""Disputes about lines: opened with a reason and evidence, decided by a named role, booked as a line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import payouts
from cleanroom.session.attribution.money_books import MoneyBooks, line_named, sign_act
from cleanroom.session.attribution.periods_money import amount_in
from cleanroom.session.folder import read_whole
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


@dataclass(frozen=True)
class Standing:
    """A dispute as it stands: days since it was opened, and until its answer is due (negative: overdue)."""

    dispute: str
    line: str
    partner: str
    reason: str
    opened: str
    by: str
    days_open: int
    answer_in: int
    outcome: str
    decided_by: str


def open_dispute(party: Party, line: str, reason: str, by: str, evidence: Sequence[Path], note: str) -> str:
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
    digests = [hashlib.sha256(read_whole(one, EVIDENCE_LIMIT)).hexdigest() for one in evidence]
    name = f"d{len(money.books.disputes) + 1}"
    body = {
        "by": by,
        "day": party.today,
        "dispute": name,
        "evidence": digests,
        "line": found.booked.line,
        "note": hashlib.sha256(note.encode()).hexdigest() if note else "",
        "reason": reason,
    }
    money.add("dispute", body)
    return name


def decide_dispute(party: Party, name: str, outcome: str, amount: str, keys: PartyKeys) -> int:
    """Decide a dispute; the minor units that the next close books for it. The role stands in the plan."""
    money = MoneyBooks(party)
    one = money.books.disputes.get(name)
    if one is None or one.outcome:
        raise UsageError("there is no such dispute that is open", "'overlap dispute list' shows them")
    fields = money.books.lines[one.line].booked.fields
    if bool(amount) != (outcome == "upheld"):
        raise UsageError(
            "an upheld dispute names its amount, a rejected one none", "give or leave out --amount"
        )
    minor = amount_in(amount, str(fields["currency"])) if amount else 0
    role = money.books.plans[str(fields["plan"])].decides
    body = {"day": party.today, "dispute": name, "minor": minor, "outcome": outcome}
    money.add("decision", sign_act(money.books, keys, "decision", body, (role,)))
    return minor


def list_disputes(party: Party) -> list[Standing]:
    """Every dispute with its clock, the open ones first, the oldest first."""
    books = MoneyBooks(party).books
    today = party.now // _DAY
    found = []
    for one in books.disputes.values():
        fields = books.lines[one.line].booked.fields
        opened = payouts.read_day(one.day)
        assert opened is not None
        due = opened + books.plans[str(fields["plan"])].answer_days
        standing = Standing(
            one.dispute, one.line, str(fields["partner_id"]), one.reason, one.day, one.by,
            today - opened, due - today, one.outcome, one.decided_by,
        )  # fmt: skip
        found.append(standing)
    return sorted(found, key=lambda one: (bool(one.outcome), one.opened, one.dispute))
