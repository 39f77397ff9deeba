"""A partner's statement as files made from the same bytes, and its recomputation by the partner."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from cleanroom.attribution import ledger, payouts
from cleanroom.export import write_csv
from cleanroom.report import statement_page
from cleanroom.session.attribution.money_books import MoneyBooks, check_signatures
from cleanroom.session.attribution.rule_files import rule_book
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import MalformedFile, UsageError

#: Bytes of a statement.
STATEMENT_LIMIT = 2**30
#: Partners that a hint names.
_NAMED = 12
_NO_NAME = re.compile(r"[^\w. -]+")
_NAME_LIMIT = 48

_COLUMNS = (
    "line", "date", "event_id", "kind", "deal_id", "product", "rule", "part", "period", "of_period", "base",
    "base_currency", "amount", "currency", "state", "hold_until", "forfeited", "exact", "weight", "reverses",
    "late", "given", "formula", "evidence", "proof", "plan", "entry",
)  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """A statement as recomputed: lines, those given by a decision, and every difference."""

    partner: str
    period: str
    lines: int
    given: int
    differences: list[ledger.Difference]


@dataclass(frozen=True)
class Replayed:
    """A ledger as replayed: entries, signed acts, closes computed again, its head."""

    entries: int
    signed: int
    closes: list[str]
    head: str


def write_statement(
    party: Party, partner: str, period: str, out: Path | None, language: str
) -> tuple[list[str], dict[str, Any]]:
    """Write the statement as JSON, CSV and HTML (in one of STATEMENT_LANGUAGES), and its bands as a CSV.

    The digest of the JSON is noted in the pair's log.
    """
    money = MoneyBooks(party)
    closes = money.books.closes
    if not closes:
        raise UsageError("no period is closed yet", "'overlap period close' closes the first")
    if all(cells[3] != partner for cells, _ in money.books.rows.values()):
        partner = rule_book(party.folder).partner(partner) or partner
    made = ledger.make_statement(
        money.books, party.name, partner, period or closes[-1].period, party.today, money.head
    )
    if not (made["lines"] or made["inputs"]["rows"] or made["disputes"]):
        raise UsageError("there is nothing about this partner in the period", _who(money, made["period"]))
    data = canonical.encode(made) + b"\n"
    place = out or party.folder.path("exports", "statements")
    stem = f"{_file_name(partner)}-{made['period']}"
    files = {".json": data, ".csv": statement_csv(data), ".html": statement_page(data, language)}
    if made["attainment"]:
        files["-attainment.csv"] = attainment_csv(data)
    for suffix, content in files.items():
        write_whole(place / f"{stem}{suffix}", content)
    money.note_head(partner, hashlib.sha256(data).digest())
    return [str(place / f"{stem}{suffix}") for suffix in files], made


def _file_name(partner: str) -> str:
    """The partner's id as a part of a file's name: an id comes from a file, and must choose no place."""
    plain = _NO_NAME.sub("-", partner).strip("-. ")[:_NAME_LIMIT]
    return plain if plain == partner else f"{plain}-{hashlib.sha256(partner.encode()).hexdigest()[:8]}"


def statement_csv(data: bytes) -> bytes:
    """The lines of a statement's bytes as a table for people."""
    made = read_statement(data)
    rows = [["" if line[name] is None else str(line[name]) for name in _COLUMNS] for line in made["lines"]]
    return write_csv("statement.csv", "lines", _COLUMNS, rows, line_end="\r\n", for_people=True).content


def attainment_csv(data: bytes) -> bytes:
    """Where the partner stands in the bands of the plan, from a statement's bytes, as a table for people."""
    fields = ledger.ATTAINMENT_FIELDS
    rows = [[str(row[name]) for name in fields] for row in read_statement(data)["attainment"]]
    return write_csv("attainment.csv", "bands", fields, rows, line_end="\r\n", for_people=True).content


def read_statement(data: bytes) -> dict[str, Any]:
    """The statement in a file's bytes; MalformedFile when it is none."""
    if not data.startswith(b"{"):
        raise MalformedFile("this is not the JSON file of a statement", "give PARTNER-PERIOD.json")
    value = canonical.decode(data.rstrip(b"\n"), "the statement")
    if not isinstance(value, dict) or value.get("format") != ledger.STATEMENT_FORMAT:
        raise MalformedFile("this is not a partner's statement of version 1", "ask for the JSON file")
    return value


def verify_statement(source: Path, plans: Sequence[Path]) -> Checked:
    """Recompute a statement from the plan and its own events. No folder, key or network is needed."""
    made = read_statement(read_whole(source, STATEMENT_LIMIT))
    versions = [payouts.read_plan(read_whole(one, payouts.PLAN_LIMIT)) for one in plans]
    differences = ledger.recompute(made, versions)
    given = sum(bool(line["given"]) for line in made["lines"])
    return Checked(str(made["partner"]), str(made["period"]), len(made["lines"]), given, differences)


def explain_line(source: Path, name: str) -> list[str]:
    """Why a line is what it is: at most twelve lines, from the statement's own bytes."""
    made = read_statement(read_whole(source, STATEMENT_LIMIT))
    found = [line for line in made["lines"] if name and str(line["line"]).startswith(name)]
    if len(found) != 1:
        raise UsageError("no line, or more than one, has an id that begins so", "give more digits of the id")
    line = found[0]
    plan = next(one for one in made["plans"] if one["digest"] == line["plan"])
    paid = f"{line['amount']} {line['currency']} to {made['partner']}"
    late = ", late" if line["late"] else ""
    lines = [
        f"line      {line['line']}, {line['state']}: {paid}",
        f"because   {line['kind']} {line['event_id']} on {line['date']}, deal {line['deal_id'] or 'none'}",
        f"rule      {line['rule']} of plan {plan['name']} version {plan['version']}, {line['plan'][:16]}",
        f"formula   {line['formula']}",
        f"exact     {_exact(line)} before rounding, caps and shares",
        f"period    booked in {line['period']}, earned in {line['of_period']}{late}",
    ]
    if line["evidence"] or line["proof"]:
        lines.append(f"evidence  {line['evidence'] or 'none'}; digest of its proof {line['proof'] or 'none'}")
        if not line["given"] and line["deal_id"]:
            ask = f"overlap credit explain {line['deal_id']} --partner '{made['partner']}'"
            lines.append(f"status    at {made['party']}: {ask}")
    if line["reverses"]:
        lines.append(f"reverses  {line['reverses']}, at its own rates")
    if line["hold_until"]:
        lines.append(f"held      until {line['hold_until']}")
    lines.append(f"locks     {line['locks']}; entry {line['entry'][:16]} of the ledger")
    return lines


def _exact(line: dict[str, Any]) -> str:
    """The exact growth as an amount where it is a whole number of minor units, else with the fraction."""
    if not line["exact"]:
        return "none"
    exact, currency = Fraction(line["exact"]), line["currency"]
    text = f"{payouts.amount_text(payouts.round_half_up(exact), currency)} {currency}"
    return text if exact.denominator == 1 else f"about {text} ({line['exact']} minor units)"


def _who(money: MoneyBooks, period: str) -> str:
    """The partners that have lines in the period, for a hint."""
    lines = money.books.lines.values()
    names = sorted({str(one.booked.fields["partner_id"]) for one in lines if one.booked.period == period})
    shown = ", ".join(repr(one) for one in names[:_NAMED])
    return (
        f"lines are of {shown}{', …' if len(names) > _NAMED else ''}" if names else "nobody has a line there"
    )


def replay_ledger(party: Party) -> Replayed:
    """Compute every close again from the entries before it, check every signature and every noted head."""
    money = MoneyBooks(party, recompute=True)
    signed = check_signatures(money.entries)
    money.check_heads()
    return Replayed(len(money.entries), signed, [one.period for one in money.books.closes], money.head)
