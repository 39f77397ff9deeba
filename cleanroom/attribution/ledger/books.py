"""The books: what the entries of a money ledger add up to. Entries in, nothing else: no clock, no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cleanroom.attribution import payouts
from cleanroom.attribution.ledger.booking import Booked, Given, book, given_line, stand_in
from cleanroom.attribution.ledger.entry import Entry
from cleanroom.attribution.ledger.machine import UNPAID, after
from cleanroom.moment import iso_day
from overlap.errors import BadInput

__all__ = ["Books", "Close", "Dispute", "LineState", "Run", "close_body", "in_force", "replay"]


@dataclass
class LineState:
    """A booked line: its state by entries, the day until which it is held ("" for none), its run."""

    booked: Booked
    state: str
    hold_until: str
    awaits: bool
    run: str = ""

    @property
    def minor(self) -> int:
        """Minor units of its currency."""
        return int(self.booked.fields["minor"])


@dataclass(frozen=True)
class Close:
    """A closed period, as of its last day (days since 1970)."""

    period: str
    as_of: int
    time: int
    entry: str


@dataclass
class Run:
    """Lines that were approved together; `payouts` are (partner, currency, minor units, lines)."""

    run: str
    day: str
    by: str
    payouts: list[dict[str, Any]]
    paid: dict[str, str] = field(default_factory=dict)


@dataclass
class Dispute:
    """A dispute about a line, or (`line` is "") about a deal that earned a partner none.

    `deal`, `partner` and `plan` (digest) are those of the line, or what the dispute names. `outcome` is ""
    while it is open, `froze` the state that it stopped.
    """

    dispute: str
    line: str
    deal: str
    partner: str
    plan: str
    reason: str
    by: str
    day: str
    evidence: list[str]
    outcome: str = ""
    decided_by: str = ""
    decided: str = ""
    froze: str = ""


class Books:
    """The state after a number of entries."""

    def __init__(self) -> None:
        self.plans: dict[str, payouts.Plan] = {}
        self.plan_texts: dict[str, str] = {}
        self.approvers: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, tuple[tuple[str, ...], int]] = {}
        self.rates: dict[tuple[str, str, str], tuple[tuple[str, ...], int]] = {}
        #: Event to (evidence, proof): ids and digests that the statement shows beside its lines.
        self.evidence: dict[str, tuple[str, str]] = {}
        self.closes: list[Close] = []
        self.lines: dict[str, LineState] = {}
        self.runs: dict[str, Run] = {}
        self.disputes: dict[str, Dispute] = {}
        self.overrides: dict[str, dict[str, Any]] = {}
        self.pending: list[Given] = []
        #: The lines that reverse an event, by event, rule, partner and part.
        self._reversals: dict[tuple[str, str, str, str], list[LineState]] = {}

    def versions(self) -> list[payouts.Plan]:
        """The versions of the plan in the order in which they are in force; a later one ends those before."""
        return in_force(self.plans.values())

    def plan_on(self, day: int) -> payouts.Plan | None:
        """The version in force on a day."""
        return next((plan for plan in self.versions() if plan.start <= day < plan.end), None)

    def rated(self, as_of: int) -> payouts.Rated:
        """Everything that was taken in, rated as of a day."""
        read = payouts.read_events([cells for cells, _ in self.rows.values()])
        rates, _ = payouts.read_rates([cells for cells, _ in self.rates.values()])
        return payouts.rate(self.versions(), read, rates, as_of)

    def standing(self, line: LineState, day: str) -> str:
        """The state of a line on a day (ISO text): what entries say, then its hold and its lock."""
        if line.state != "accrued":
            return line.state
        if line.awaits or day < line.hold_until:
            return after("accrued", "hold")
        return after("accrued", "lock") if day >= str(line.booked.fields["locks"]) else "accrued"

    def open_disputes(self) -> list[tuple[str, str]]:
        """(deal, partner) of every open dispute that is about a deal."""
        found = {(one.deal, one.partner) for one in self.disputes.values() if one.deal and not one.outcome}
        return sorted(found)

    def upheld_deals(self) -> dict[tuple[str, str], str]:
        """(deal, partner) of upheld disputes about what earned no line, and when the last was opened."""
        found: dict[tuple[str, str], str] = {}
        for one in self.disputes.values():
            if not one.line and one.outcome == "upheld":
                about = (one.deal, one.partner)
                found[about] = max(one.day, found.get(about, ""))
        return found

    def apply(self, entry: Entry) -> None:
        """Take in the next entry."""
        _APPLIERS[entry.kind](self, entry)

    def _plan(self, entry: Entry) -> None:
        text = str(entry.body["text"])
        plan = payouts.read_plan(text.encode())
        self.plans[plan.digest], self.plan_texts[plan.digest] = plan, text

    def _approver(self, entry: Entry) -> None:
        self.approvers[str(entry.body["name"])] = dict(entry.body)

    def _events(self, entry: Entry) -> None:
        at = len(self.closes)
        for cells in entry.body["rows"]:
            self.rows[str(cells[0])] = (tuple(cells), at)
        for cells in entry.body["rates"]:
            self.rates[cells[0], cells[1], cells[2]] = (tuple(cells), at)
        for name, evidence, proof in entry.body["evidence"]:
            self.evidence[str(name)] = (str(evidence), str(proof))

    def _close(self, entry: Entry) -> None:
        body = entry.body
        as_of = payouts.read_day(str(body["as_of"]))
        assert as_of is not None
        self.closes.append(Close(str(body["period"]), as_of, entry.time, entry.digest))
        self.pending = []
        for fields in body["lines"]:
            booked = Booked(fields, str(body["period"]), entry.digest)
            hold = str(fields["hold_until"])
            self.lines[booked.line] = LineState(booked, after("", "book"), hold, bool(fields["awaits"]))
        for name, day in body["released"].items():
            self.lines[name].hold_until, self.lines[name].awaits = str(day), False
        backs = [fields for fields in body["lines"] if fields["reverses"]]
        for fields in backs:
            key = (
                str(fields["reverses"]),
                str(fields["rule"]),
                str(fields["partner_id"]),
                str(fields["part"]),
            )
            self._reversals.setdefault(key, []).append(self.lines[str(fields["line"])])
        for fields in backs:
            self._reversed(fields)

    def _reversed(self, fields: Mapping[str, Any]) -> None:
        """Void a line that was reversed in full before payment; one after it is marked as reversed."""
        rule, partner, part = str(fields["rule"]), str(fields["partner_id"]), str(fields["part"])
        original = self.lines.get(payouts.line_id(str(fields["reverses"]), rule, partner, part))
        if original is None:
            return
        backs = self._reversals[str(fields["reverses"]), rule, partner, part]
        if original.minor + sum(one.minor for one in backs):
            return
        if original.state == "paid":
            original.state = after(original.state, "reverse")
        elif original.state == "accrued" and all(one.state == "accrued" for one in backs):
            for one in (original, *backs):
                one.state = after(one.state, "void")

    def _run(self, entry: Entry) -> None:
        body = entry.body
        made = Run(
            str(body["run"]), str(body["day"]), str(body["by"]), [dict(one) for one in body["payouts"]]
        )
        self.runs[made.run] = made
        for one in made.payouts:
            for name in one["lines"]:
                line = self.lines[name]
                line.state, line.run = after(self.standing(line, made.day), "approve"), made.run

    def _payment(self, entry: Entry) -> None:
        run = self.runs[str(entry.body["run"])]
        for one in run.payouts:
            if one["partner_id"] in entry.body["partners"]:
                run.paid[f"{one['partner_id']}/{one['currency']}"] = str(entry.body["reference"])
                for name in one["lines"]:
                    self.lines[name].state = after(self.lines[name].state, "pay")

    def _dispute(self, entry: Entry) -> None:
        body = entry.body
        line = self.lines[str(body["line"])] if "line" in body else None
        fields = line.booked.fields if line else {"deal_id": "", "partner_id": "", "plan": ""}
        made = Dispute(
            str(body["dispute"]), str(body.get("line", "")), str(body.get("deal", fields["deal_id"])),
            str(body.get("partner", fields["partner_id"])), str(body.get("plan", fields["plan"])),
            str(body["reason"]), str(body["by"]), str(body["day"]), [str(one) for one in body["evidence"]],
        )  # fmt: skip
        self.disputes[made.dispute] = made
        if line and line.state in UNPAID:
            made.froze, line.state = line.state, after(line.state, "dispute")

    def _decision(self, entry: Entry) -> None:
        body = entry.body
        made = self.disputes[str(body["dispute"])]
        made.outcome, made.decided_by, made.decided = str(body["outcome"]), str(body["by"]), str(body["day"])
        line = self.lines.get(made.line)
        if line and line.state == "disputed":
            line.state = after("disputed", f"back to {made.froze}")
        if body["minor"]:
            why = f"dispute {made.dispute} {made.outcome}: {made.reason}"
            name, about = f"dispute/{made.dispute}", (made.deal, made.partner, made.plan)
            self.pending.append(Given(name, "dispute", made.line, body["minor"], why, *about))

    def _override(self, entry: Entry) -> None:
        self.overrides[str(entry.body["override"])] = dict(entry.body) | {"confirmed_by": ""}

    def _confirmation(self, entry: Entry) -> None:
        one = self.overrides[str(entry.body["override"])]
        one["confirmed_by"] = str(entry.body["by"])
        why = f"override by {one['by']}, confirmed by {one['confirmed_by']}: {one['reason']}"
        name = f"override/{one['override']}"
        self.pending.append(Given(name, "override", str(one["line"]), int(one["minor"]), why))


_APPLIERS: Final[dict[str, Callable[[Books, Entry], None]]] = {
    "approver": Books._approver,
    "close": Books._close,
    "confirmation": Books._confirmation,
    "decision": Books._decision,
    "dispute": Books._dispute,
    "events": Books._events,
    "override": Books._override,
    "payment": Books._payment,
    "plan": Books._plan,
    "run": Books._run,
}


def in_force(plans: Iterable[payouts.Plan]) -> list[payouts.Plan]:
    """Versions, in the order in which they were adopted, each until another takes its place."""
    found: list[payouts.Plan] = []
    for plan in plans:
        found = [replace(one, end=min(one.end, plan.start)) for one in found if one.start < plan.start]
        found.append(plan)
    return found


def close_body(books: Books, period: str, as_of: int) -> dict[str, Any]:
    """What the close of a period writes: its lines, releases, and the rows that wait, by code."""
    rated = books.rated(as_of)
    lines, released = book(rated, (one.booked for one in books.lines.values()), period, as_of)
    for given in books.pending:
        about = (
            books.lines[given.line].booked.fields
            if given.line
            else stand_in(given, books.plans[given.plan], period)
        )
        lines.append(given_line(given, about, period, as_of))
    waiting = [[one.event_id, one.code] for one in rated.findings if one.effect != "once"]
    return {
        "as_of": iso_day(as_of),
        "lines": lines,
        "period": period,
        "plans": [plan.digest for plan in books.versions()],
        "released": released,
        "waiting": waiting,
    }


def replay(entries: Iterable[Entry], *, recompute: bool = False) -> Books:
    """The books after all entries; with `recompute` every close is computed again and compared.

    Raises BadInput when a close says anything else than what follows from the entries before it.
    """
    books = Books()
    for entry in entries:
        if recompute and entry.kind == "close":
            day = payouts.read_day(str(entry.body["as_of"]))
            assert day is not None
            if close_body(books, str(entry.body["period"]), day) != entry.body:
                raise BadInput(
                    f"the close of {entry.body['period']} does not follow from what was taken in before it",
                    "the ledger was altered, or was written by another version of this tool",
                )
        books.apply(entry)
    return books
