"""Scopes at work: what a rule owes for what it has added up, and the lines by which that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from typing import NamedTuple

from cleanroom.attribution.payouts.days import SECONDS_A_DAY, period_of, span_of
from cleanroom.attribution.payouts.deals import Deals
from cleanroom.attribution.payouts.events import Event
from cleanroom.attribution.payouts.funds import Funds
from cleanroom.attribution.payouts.line import Line, Scope, line_id
from cleanroom.attribution.payouts.money import Exact, round_half_up, share_out
from cleanroom.attribution.payouts.plan import Plan, Rule
from cleanroom.attribution.payouts.rates import Rate
from cleanroom.attribution.payouts.tariff import Tariff, tariff_of

__all__ = ["Meter", "Scopes", "Use", "scope_of"]


@dataclass(slots=True)
class Meter:
    """Of one scope: volume, exact due (numerator over the tariff's denominator), rounded due, shares."""

    tariff: Tariff
    currency: str
    volume: Exact = 0
    exact: Exact = 0
    due: int = 0
    paid: int = 0
    #: What each partner has so far, where several share; of it, what is held back.
    shares: dict[str, int] | None = None
    later: dict[str, int] | None = None


class Use(NamedTuple):
    """What one event put into one scope, to be taken out again when it is reversed."""

    rule: Rule
    plan: Plan
    scope: Scope
    of_period: str
    deal: str
    volume: Exact
    rate: Rate | None
    currency: str
    weights: Mapping[str, Exact]
    hold_until: int


class Scopes:
    """All scopes of one run; `lines` are in the order in which they came to be."""

    def __init__(self, deals: Deals, funds: Funds) -> None:
        self.meters: dict[Scope, Meter] = {}
        self.lines: list[Line] = []
        self._deals, self._funds = deals, funds
        self._caps: dict[tuple[str, str, str, str], list[int]] = {}
        self._ends: list[tuple[int, Scope]] = []
        self._rebates: dict[Scope, Use] = {}
        self._tariffs: dict[tuple[str, int, str, bool], Tariff] = {}

    def apply(self, use: Use, event: Event, volume: Exact, reverses: str = "") -> None:
        """Move a scope's volume, and write the lines of what is owed more or less for it."""
        meter = self.meters.get(use.scope)
        if meter is None:
            meter = Meter(self._tariff(use, accruing=True), use.currency)
            self.meters[use.scope] = meter
            if use.rule.accrue is not None:
                length = use.plan.period if use.rule.over == "period" else use.rule.over
                end = period_of(event.second // SECONDS_A_DAY, length).end
                self._rebates[use.scope] = use
                heappush(self._ends, (end * SECONDS_A_DAY, use.scope))
        self._move(meter, use, event, volume, reverses)

    def _tariff(self, use: Use, *, accruing: bool = False) -> Tariff:
        """The tariff of a rule, made once; partners with a quota of their own have their own."""
        rule, partner = use.rule, use.scope.partner
        key = (rule.id, use.plan.version, partner if partner in rule.own_bands else "", accruing)
        tariff = self._tariffs.get(key)
        if tariff is None:
            tariff = self._tariffs[key] = tariff_of(rule, partner, accruing=accruing)
        return tariff

    def true_up(self, second: int) -> None:
        """Settle the rebates whose span has ended by then: what the bands owe, less what was accrued."""
        while self._ends and self._ends[0][0] <= second:
            end, scope = heappop(self._ends)
            use, meter = self._rebates[scope], self.meters[scope]
            exact = Fraction(meter.exact, meter.tariff.denominator)
            meter.tariff = self._tariff(use)
            meter.exact = exact * meter.tariff.denominator
            name = f"true-up/{scope.text()}"
            event = Event(end - 1, name, "", "true-up", scope.partner, "", "", None, "", "", 0)
            self._move(meter, use, event, 0, "")

    def _move(self, meter: Meter, use: Use, event: Event, volume: Exact, reverses: str) -> None:
        rule = use.rule
        volume_before, due_before, exact_before = meter.volume, meter.due, meter.exact
        meter.volume += volume
        meter.exact = meter.tariff.due(meter.volume)
        meter.due = round_half_up(meter.exact, meter.tariff.denominator)
        owed = meter.due - due_before
        kept = self._capped(use, owed) if rule.is_capped else owed
        meter.paid += kept
        day = event.second // SECONDS_A_DAY
        period, fund, forfeited = (
            period_of(day, use.plan.period).name,
            rule.id if rule.is_fund else "",
            owed - kept,
        )
        for partner, grown, weight in self._shared(meter, use, kept):
            for part, minor, hold in self._parts(meter, use, event, partner, grown):
                line = Line(
                    line_id(event.id, rule.id, partner, part),
                    event.id, event.second, event.kind, rule, use.plan, partner,
                    event.deal or use.deal if reverses else event.deal, event.product, part,
                    use.scope, period, use.of_period, event.minor, event.currency, use.rate,
                    meter.exact - exact_before, meter.tariff.denominator,
                    volume_before, meter.volume, due_before, meter.due,
                    weight, forfeited, minor, use.currency, hold, reverses, fund, "",
                )  # fmt: skip
                self.lines.append(line)
                forfeited = 0
                if fund:
                    self._fill(use, partner, minor, day)

    def _shared(self, meter: Meter, use: Use, kept: int) -> list[tuple[str, int, str]]:
        """(partner, by how much its share grew, its weight in words), sorted by partner."""
        if len(use.weights) == 1:
            return [(next(iter(use.weights)), kept, "")]
        before, now = meter.shares or {}, share_out(meter.paid, use.weights)
        meter.shares = now
        whole = sum(use.weights.values())
        return [
            (partner, now[partner] - before.get(partner, 0), f"{use.weights[partner]} of {whole}")
            for partner in sorted(now)
        ]

    def _parts(
        self, meter: Meter, use: Use, event: Event, partner: str, grown: int
    ) -> list[tuple[str, int, int | None]]:
        """(part, minor units, held until) of what a partner gets: now, and later when a part is held back."""
        back = use.rule.holdback
        if back is None:
            return [("now", grown, use.hold_until)]
        total = meter.paid if meter.shares is None else meter.shares[partner]
        held = {} if meter.later is None else meter.later
        later = round_half_up(total * back.share)
        more = later - held.get(partner, 0)
        meter.later = {**held, partner: later}
        until: int | None = event.second // SECONDS_A_DAY + back.days
        if back.until:
            until = self._deals.first_day(use.deal, back.until)
        return [("now", grown - more, use.hold_until), ("later", more, until)]

    def _capped(self, use: Use, owed: int) -> int:
        """What is left of `owed` under the rule's caps: per deal, then period, then lifetime."""
        cap, name, partner = use.rule.cap, use.rule.id, use.scope.partner
        stages = (
            (cap.deal, "deal", use.deal),
            (cap.period, "period", use.of_period),
            (cap.lifetime, "lifetime", ""),
        )
        for most, what, which in stages:
            if most is not None:
                state = self._caps.setdefault((name, partner, what, which), [0, 0])
                state[0] += owed
                owed = min(state[0], most) - state[1]
                state[1] += owed
        return owed

    def _fill(self, use: Use, partner: str, minor: int, day: int) -> None:
        ends = None
        if use.rule.expires_days is not None:
            ends = period_of(day, use.plan.period).end + use.rule.expires_days
        self._funds.credit(use.rule.id, partner, minor, ends)


def scope_of(event: Event, plan: Plan, rule: Rule, day: int) -> Scope:
    """Where a rule adds up an event: in the event itself, its deal, or the partner's span."""
    span = f"event:{event.id}"
    if rule.once_per == "deal" or (rule.bands and rule.over == "deal"):
        span = f"deal:{event.deal}"
    elif rule.once_per == "period":
        span = period_of(day, plan.period).name
    elif rule.bands:
        span = span_of(day, rule.over, plan.period)
    # What several partners share is nobody's: a statement names no other partner by its scope.
    parted = rule.split is not None and rule.split.by != "parent"
    return Scope(rule.id, "" if parted else event.partner, span, plan.version)
