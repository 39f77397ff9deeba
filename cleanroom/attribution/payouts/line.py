"""A payable line: what one event pays one partner by one rule, with everything that is needed to see why."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from cleanroom.attribution.payouts.money import Exact
from cleanroom.attribution.payouts.plan import Plan, Rule
from cleanroom.attribution.payouts.rates import Rate

__all__ = ["Line", "Scope", "line_id"]


class Scope(NamedTuple):
    """What a rule adds up before it rounds: one event, or a partner's volume over a span.

    A line is the increase of the rounded due of its scope, so the lines of a scope sum to its due exactly.
    """

    rule: str
    partner: str
    span: str
    version: int

    def text(self) -> str:
        """The scope in one word, for a statement."""
        return f"{self.rule}/{self.partner}/{self.span}/v{self.version}"


class Line(NamedTuple):
    """Amounts are minor units: `minor` and `forfeited` of `currency`, `base` of `base_currency`.

    `exact_numerator` / `exact_denominator` is by how much the scope's due grew before rounding, caps and
    splits; `volume_*` and `due_*` are the scope's before and after. `hold_until` is a day, 0 for none, None
    while the event that releases the line has not come. `fund` names the fund that a line fills, "" when it
    pays the partner. `code` says why a held line has no amount yet.
    """

    line: str
    event: str
    second: int
    kind: str
    rule: Rule
    plan: Plan
    partner: str
    deal: str
    product: str
    part: str
    scope: Scope
    period: str
    of_period: str
    base: int | None
    base_currency: str
    rate: Rate | None
    exact_numerator: Exact
    exact_denominator: int
    volume_before: Exact
    volume_after: Exact
    due_before: int
    due_after: int
    weight: str
    forfeited: int
    minor: int
    currency: str
    hold_until: int | None
    reverses: str
    fund: str
    code: str


def line_id(event: str, rule: str, partner: str, part: str) -> str:
    """20 hex digits that name the line of an event, rule, partner and part in every run."""
    return hashlib.sha256(f"{event}\n{rule}\n{partner}\n{part}".encode()).hexdigest()[:20]
