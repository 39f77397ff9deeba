"""A partner's statement for one period, and how the partner recomputes it from the plan and its own events.

The statement is one canonical JSON document; table and page are made from those bytes. `recompute` runs the
same engine over the events that it holds, close by close, and compares every line to the minor unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from cleanroom.attribution import payouts
from cleanroom.attribution.ledger.attainment import ATTAINMENT_FIELDS, attainment_of
from cleanroom.attribution.ledger.booking import Booked, book
from cleanroom.attribution.ledger.books import Books, LineState, in_force
from cleanroom.attribution.ledger.inputs import family_of, inputs_of
from cleanroom.attribution.ledger.paying import balance_of
from cleanroom.moment import iso_day
from overlap.errors import MalformedFile, UsageError

__all__ = ["STATEMENT_FORMAT", "Difference", "make_statement", "recompute"]

STATEMENT_FORMAT: Final = "overlap-partner-statement/1"

#: Fields of a line that a recomputation must give again; the others are states and places in the ledger.
COMPARED: Final = (
    "event_id", "date", "kind", "rule", "part", "scope", "of_period", "base", "base_currency", "fx", "exact",
    "weight", "amount", "minor", "currency", "reverses", "plan", "locks", "late",
)  # fmt: skip


class Difference(NamedTuple):
    """Where a statement and its recomputation part: a line, a field, what is stated, what follows."""

    line: str
    field: str
    stated: str
    computed: str


def make_statement(
    books: Books, party: str, partner: str, period: str, day: str, head: str
) -> dict[str, Any]:
    """The statement of `partner` for a closed period, as things stand on `day`; `head` is the ledger's."""
    at = next((at for at, close in enumerate(books.closes) if close.period == period), None)
    if at is None:
        raise UsageError("this period is not closed", "'overlap period close' closes it")
    before = {close.period for close in books.closes[:at]}
    lines = [
        _shown(books, line, day)
        for line in books.lines.values()
        if line.booked.period == period and line.booked.fields["partner_id"] == partner
    ]
    inputs = inputs_of(books, partner)
    currencies = sorted({str(line["currency"]) for line in lines} | _currencies(books, partner, before))
    return {
        "format": STATEMENT_FORMAT,
        "party": party,
        "partner": partner,
        "period": period,
        "as_of": iso_day(books.closes[at].as_of),
        "made": day,
        "head": head,
        "entry": books.closes[at].entry,
        "plans": [payouts.plan_fields(plan) | {"terms": dict(plan.texts)} for plan in books.versions()],
        "balances": [_balance(books, partner, currency, before, period, day) for currency in currencies],
        "attainment": attainment_of(
            inputs, _knowing(books.versions(), inputs), partner, books.closes[at].as_of, at
        ),
        "lines": lines,
        "disputes": [
            {"dispute": one.dispute, "line": one.line, "deal": one.deal, "reason": one.reason,
             "opened": one.day, "outcome": one.outcome, "decided_by": one.decided_by,
             "evidence": one.evidence}
            for one in books.disputes.values()
            if one.partner == partner
        ],
        "inputs": inputs,
    }  # fmt: skip


def recompute(statement: Mapping[str, Any], plans: Sequence[payouts.Plan]) -> list[Difference]:
    """Every difference between a statement and what follows from the plans and its own inputs.

    Raises UsageError when a plan that the statement names is missing, MalformedFile when it is no statement.
    """
    try:
        needed = [str(plan["digest"]) for plan in statement["plans"]]
        by_digest = {plan.digest: plan for plan in plans}
        if any(digest not in by_digest for digest in needed):
            raise UsageError(
                "a plan that the statement names is not among the given files",
                "give every version with --plan",
            )
        return _differences(statement, in_force([by_digest[digest] for digest in needed]))
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise MalformedFile("this is not a partner's statement", "ask for it again") from error


def _differences(statement: Mapping[str, Any], plans: Sequence[payouts.Plan]) -> list[Difference]:
    computed = _recomputed(statement, plans)
    stated = {str(line["line"]): line for line in statement["lines"] if not line["given"]}
    found = []
    for name in sorted({*stated, *computed}):
        if name not in computed or name not in stated:
            there = "stated" if name in stated else "missing"
            found.append(Difference(name, "line", there, "missing" if name in stated else "computed"))
            continue
        for field in COMPARED:
            one, other = stated[name][field], computed[name][field]
            if one != other:
                found.append(Difference(name, field, str(one), str(other)))
    return [*found, *_sums(statement), *_standings(statement, plans)]


def _standings(statement: Mapping[str, Any], plans: Sequence[payouts.Plan]) -> list[Difference]:
    """Differences between the stated attainment and what follows from the inputs."""
    inputs, period = statement["inputs"], statement["period"]
    at = next(at for at, (name, _) in enumerate(inputs["closes"]) if name == period)
    as_of = payouts.read_day(str(inputs["closes"][at][1]))
    assert as_of is not None
    rows = attainment_of(inputs, _knowing(plans, inputs), str(statement["partner"]), as_of, at)
    computed = {row["scope"]: row for row in rows}
    stated = {str(row["scope"]): row for row in statement["attainment"]}
    nothing = dict.fromkeys(ATTAINMENT_FIELDS, "")
    found = []
    for scope in sorted({*computed, *stated}):
        one, other = stated.get(scope, nothing), computed.get(scope, nothing)
        found += [
            Difference(scope, field, str(one[field]), other[field])
            for field in ATTAINMENT_FIELDS
            if one[field] != other[field]
        ]
    return found


def _sums(statement: Mapping[str, Any]) -> list[Difference]:
    """Differences between each balance and the lines it sums up."""
    found = []
    for row in statement["balances"]:
        lines = [one for one in statement["lines"] if one["currency"] == row["currency"] and not one["fund"]]
        total = sum(int(one["minor"]) for one in lines)
        paid = sum(int(one["minor"]) for one in lines if one["state"] in ("paid", "reversed"))
        exponent = payouts.exponent_of(str(row["currency"])) or 0
        opening = payouts.read_amount(str(row["opening"]), exponent)
        assert opening is not None
        for field, minor in (("lines", total), ("paid", paid), ("closing", opening + total - paid)):
            text = payouts.write_amount(minor, exponent)
            if row[field] != text:
                found.append(Difference(str(row["currency"]), field, str(row[field]), text))
    return found


def _recomputed(statement: Mapping[str, Any], plans: Sequence[payouts.Plan]) -> dict[str, Mapping[str, Any]]:
    """The lines of the statement's period and partner, by the engine, close by close."""
    partner, inputs = str(statement["partner"]), statement["inputs"]
    known = _knowing(plans, inputs)
    booked: list[Booked] = []
    for at, (period, day) in enumerate(inputs["closes"]):
        as_of = payouts.read_day(str(day))
        assert as_of is not None
        read = payouts.read_events([row[:-1] for row in inputs["rows"] if row[-1] <= at])
        rates, _ = payouts.read_rates([row[:-1] for row in inputs["rates"] if row[-1] <= at])
        rated = payouts.rate(known, read, rates, as_of)
        own = rated._replace(lines=[line for line in rated.lines if line.partner == partner])
        lines, _ = book(own, booked, str(period), as_of)
        if period == statement["period"]:
            return {str(line["line"]): line for line in lines}
        booked += [Booked(line, str(period), "") for line in lines]
    raise MalformedFile("the statement's period is not among its closes", "ask for the statement again")


def _knowing(plans: Sequence[payouts.Plan], inputs: Mapping[str, Any]) -> list[payouts.Plan]:
    """The plans with the other partners that the statement's inputs name."""
    others = {str(name): str(type_) for name, type_ in inputs["partners"]}
    return [_with_others(plan, others) for plan in plans]


def _with_others(plan: payouts.Plan, others: Mapping[str, str]) -> payouts.Plan:
    more = {name: payouts.Partner(name, type_) for name, type_ in others.items()}
    return replace(plan, partners={**plan.partners, **more})


def _shown(books: Books, line: LineState, day: str) -> dict[str, Any]:
    """A booked line with its state, its entry, and the evidence of the event that earned it."""
    fields = line.booked.fields
    name = str(fields["reverses"] or fields["event_id"])
    # A shared deal may be paid for another partner's event: on what that rests is not ours to show.
    whose = books.rows[name][0][3] if name in books.rows else ""
    own = whose in family_of(books, str(fields["partner_id"])) | {""}
    evidence, proof = books.evidence.get(name, ("", "")) if own else ("", "")
    shown = {"state": books.standing(line, day), "entry": line.booked.entry}
    return dict(fields) | shown | {"evidence": evidence, "proof": proof}


def _currencies(books: Books, partner: str, periods: set[str]) -> set[str]:
    return {
        str(line.booked.fields["currency"])
        for line in books.lines.values()
        if line.booked.period in periods and line.booked.fields["partner_id"] == partner
    }


def _balance(
    books: Books, partner: str, currency: str, before: set[str], period: str, day: str
) -> dict[str, str]:
    lines = [
        line
        for line in books.lines.values()
        if line.booked.period == period
        and line.booked.fields["partner_id"] == partner
        and line.booked.fields["currency"] == currency
        and not line.booked.fields["fund"]
    ]
    opening, total = balance_of(books, partner, currency, before), sum(line.minor for line in lines)
    paid = sum(line.minor for line in lines if line.state in ("paid", "reversed"))
    states: dict[str, int] = {}
    for line in lines:
        state = books.standing(line, day)
        states[state] = states.get(state, 0) + line.minor
    amounts = {"opening": opening, "lines": total, "paid": paid, "closing": opening + total - paid}
    amounts |= {
        state: states.get(state, 0) for state in ("accrued", "held", "payable", "approved", "disputed")
    }
    return {"currency": currency} | {
        name: payouts.amount_text(minor, currency) for name, minor in amounts.items()
    }
