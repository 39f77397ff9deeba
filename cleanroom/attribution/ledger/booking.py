"""What a close books: the lines that are new, and the difference where what was booked is not owed any more.

A booked line never changes. An event that arrives late, or a rate that was missing, gives lines in the
period that is open. Where it also moves what others of its scope are owed (a tier reached earlier, one
participant more), an adjustment line for the scope and partner books the difference: what was booked sums to
what is owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cleanroom.attribution import payouts
from cleanroom.moment import iso_day

__all__ = ["Booked", "Given", "book", "given_line", "stand_in"]


#: Scope, partner, part, currency and fund: what an adjustment is made for.
Key = tuple[str, str, str, str, str]


class Given(NamedTuple):
    """What a decision or override adds to a line: its own name, kind, minor units and reason.

    Where a dispute was about what earned no line, `line` is "", and deal, partner and plan (digest) say what
    it was about.
    """

    name: str
    kind: str
    line: str
    minor: int
    why: str
    deal: str = ""
    partner: str = ""
    plan: str = ""


class Booked(NamedTuple):
    """A line as it stands in the ledger: the fields of `payouts.line_fields` without its state, and where."""

    fields: Mapping[str, Any]
    period: str
    entry: str

    @property
    def line(self) -> str:
        """The line's id."""
        return str(self.fields["line"])

    @property
    def key(self) -> Key:
        """What adjustments are made for."""
        return _key(self.fields)


def book(
    rated: payouts.Rated, booked: Iterable[Booked], period: str, as_of: int
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The lines that the close of `period` adds, as they were rated, adjustments after them; and releases.

    Releases are the days on which booked lines may go whose hold had no end yet, by line.
    """
    before = {one.line: one for one in booked}
    sums: dict[Key, int] = {}
    examples: dict[Key, Mapping[str, Any]] = {}
    for one in before.values():
        if not one.fields["given"]:
            sums[one.key] = sums.get(one.key, 0) - int(one.fields["minor"])
            examples.setdefault(one.key, one.fields)
    added: list[dict[str, Any]] = []
    released: dict[str, str] = {}
    for line in rated.lines:
        if line.code:
            continue
        known = before.get(line.line)
        if known is None:
            fields = _fields(line, period, as_of)
            added.append(fields)
            examples.setdefault(_key(fields), fields)
            continue
        sums[known.key] = sums.get(known.key, 0) + line.minor
        if known.fields["awaits"] and line.hold_until is not None:
            released[line.line] = iso_day(line.hold_until)
    for key in sorted(key for key, owed in sums.items() if owed):
        added.append(_adjustment(examples[key], sums[key], period, as_of))
    return added, released


def given_line(given: Given, fields: Mapping[str, Any], period: str, as_of: int) -> dict[str, Any]:
    """A line that a decision or an override gives; the engine does not owe it, so no adjustment undoes it."""
    made = _plain(fields, given.name, given.kind, given.minor, period, as_of)
    return made | {"given": True, "formula": given.why}


def stand_in(given: Given, plan: payouts.Plan, period: str) -> dict[str, Any]:
    """The fields from which `given_line` makes a line where there is none that it adds to."""
    return {
        "code": "", "currency": plan.currency, "deal_id": given.deal, "fund": "",
        "lock_days": plan.lock_days, "of_period": period, "part": "now", "partner_id": given.partner,
        "plan": plan.digest, "product": "", "rule": given.kind, "scope": given.name, "type": given.kind,
    }  # fmt: skip


def _fields(line: payouts.Line, period: str, as_of: int) -> dict[str, Any]:
    fields = payouts.line_fields(line, as_of)
    fields.pop("state")
    locks = iso_day(as_of + 1 + line.plan.lock_days)
    booked = {"awaits": line.hold_until is None, "given": False, "late": fields["period"] != period}
    return fields | booked | {"lock_days": line.plan.lock_days, "locks": locks, "period": period}


def _adjustment(fields: Mapping[str, Any], minor: int, period: str, as_of: int) -> dict[str, Any]:
    name = f"adjustment/{fields['scope']}/{period}"
    made = _plain(fields, name, "adjustment", minor, period, as_of)
    return made | {"formula": "owed for the scope now, less what was booked in closed periods"}


def _plain(
    fields: Mapping[str, Any], name: str, kind: str, minor: int, period: str, as_of: int
) -> dict[str, Any]:
    """A line that stands in for no event; it locks when the lines beside it would."""
    lock_days = int(fields["lock_days"])
    locks = iso_day(as_of + 1 + lock_days)
    amount, zero = (payouts.amount_text(one, str(fields["currency"])) for one in (minor, 0))
    changed = {
        "line": payouts.line_id(name, str(fields["rule"]), str(fields["partner_id"]), str(fields["part"])),
        "event_id": name,
        "date": iso_day(as_of),
        "kind": kind,
        "base": None,
        "base_currency": "",
        "fx": None,
        "exact": str(minor),
        "weight": "",
        "forfeited": zero,
        "amount": amount,
        "minor": minor,
        "period": period,
        "hold_until": "",
        "reverses": "",
        "formula": kind,
        "awaits": False,
        "locks": locks,
        "given": False,
        "late": False,
    }
    return dict(fields) | changed


def _key(fields: Mapping[str, Any]) -> Key:
    scope, partner, part = str(fields["scope"]), str(fields["partner_id"]), str(fields["part"])
    return scope, partner, part, str(fields["currency"]), str(fields["fund"])
