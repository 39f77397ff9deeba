"""The rating engine: events in their one order in, payable lines and findings out.

One principle covers tiers, caps, splits, holdback and clawback: a rule owes a rounded amount for what its
scope holds *now*, and a line is by how much that grew or shrank through one event. So a reversal pays the
re-rated total minus the total before, the lines of a scope sum to its due, and nothing depends on batches or
the order of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from cleanroom.attribution.currencies import exponent_of
from cleanroom.attribution.payouts.days import SECONDS_A_DAY, period_of
from cleanroom.attribution.payouts.deals import Deals
from cleanroom.attribution.payouts.events import Event, ReadEvents
from cleanroom.attribution.payouts.findings import Finding
from cleanroom.attribution.payouts.funds import Funds
from cleanroom.attribution.payouts.line import Line, Scope, line_id
from cleanroom.attribution.payouts.money import Exact
from cleanroom.attribution.payouts.plan import FUND_STEPS, REVERSALS, Plan, Rule
from cleanroom.attribution.payouts.rates import Rate, Rates
from cleanroom.attribution.payouts.scopes import Meter, Scopes, Use, scope_of
from cleanroom.attribution.payouts.taking import Taking
from cleanroom.memory import uncollected

__all__ = ["Rated", "rate"]

#: Findings of an event that was read and pays nothing, so that its reversal takes nothing back.
_PAID_NOTHING: Final = ("no-rule", "amount-zero")


@dataclass(slots=True)
class _Earned:
    """An event that counted; `left` is what of its amount was not reversed yet (1 for one without amount)."""

    event: Event
    uses: list[Use]
    left: int


class Rated(NamedTuple):
    """What became of the events; `used` counts those that counted, `rows` all rows of the file."""

    lines: list[Line]
    findings: list[Finding]
    meters: Mapping[Scope, Meter]
    funds: Funds
    used: int
    rows: int


def rate(plans: Sequence[Plan], read: ReadEvents, rates: Rates, as_of: int) -> Rated:
    """Rate events under the versions of a plan, which do not overlap, as of a day (days since 1970)."""
    with uncollected():
        return _Engine(plans, read, rates, as_of).run()


class _Engine:
    def __init__(self, plans: Sequence[Plan], read: ReadEvents, rates: Rates, as_of: int) -> None:
        self._plans, self._read, self._rates, self._as_of = plans, read, rates, as_of
        self._taking = {plan.digest: Taking(plan) for plan in plans}
        self._deals, self._funds = Deals(read.events, plans, as_of), Funds()
        self._scopes = Scopes(self._deals, self._funds)
        self._events = {event.id: event for event in read.events}
        self._outcomes = {one.event_id: one.code for one in read.findings}
        self._earned: dict[str, _Earned] = {}
        #: Made once: most events pay one partner, and most days have one rate for a currency.
        self._alone: dict[tuple[str, str, str], Mapping[str, Exact]] = {}
        self._factors: dict[tuple[int, str, str], tuple[Rate, Fraction] | None] = {}

    def run(self) -> Rated:
        findings, used = list(self._read.findings), 0
        for event in self._read.events:
            self._scopes.true_up(event.second)
            code = self._take(event)
            if code:
                self._outcomes[event.id] = code
                findings.append(Finding(event.row, event.id, code))
            else:
                used += 1
        self._scopes.true_up((self._as_of + 1) * SECONDS_A_DAY)
        findings.sort()
        scopes = self._scopes
        return Rated(scopes.lines, findings, scopes.meters, self._funds, used, self._read.rows)

    def _take(self, event: Event) -> str:
        """Rate one event; the code of why it does not count, or ""."""
        day = event.second // SECONDS_A_DAY
        if day > self._as_of:
            return "date-in-future"
        if event.kind in REVERSALS:
            return self._reverse(event)
        since = self._plans[0].company_since
        if since is not None and day < since:
            return "date-before-company"
        for plan in self._plans:
            if plan.start <= day < plan.end:
                return self._earn(event, plan, day)
        return "outside-plan"

    def _earn(self, event: Event, plan: Plan, day: int) -> str:
        """Rate an event that reverses nothing, under the version of the plan in force on its day."""
        if event.kind in FUND_STEPS:
            return self._fund_step(event, plan)
        rules, code = self._taking[plan.digest].rules_for(event, day)
        if code or not (rules or event.kind in self._deals.watched):
            return code or "no-rule"
        if event.minor == 0 and rules and all(rule.type not in ("spiff", "mdf") for rule in rules):
            return "amount-zero"
        found = [self._use(event, plan, rule, day) for rule in rules]
        uses = [use for use in found if isinstance(use, Use)]
        if len(uses) < len(found):
            code = next(use for use in found if isinstance(use, str))
            if code == "rate-missing":
                self._scopes.lines += [_plain_line(event, plan, rule, 0, code) for rule in rules]
            return code
        self._earned[event.id] = _Earned(event, uses, event.minor or 1)
        for use in uses:
            self._scopes.apply(use, event, use.volume)
        return ""

    def _use(self, event: Event, plan: Plan, rule: Rule, day: int) -> Use | str:
        """What the event puts into the scope of a rule, or the code of why it cannot."""
        if rule.split is not None and rule.split.by != "parent":
            weights = self._deals.participants(event, rule.split)
            if not weights:
                return "no-participants"
        elif not event.partner:
            return "no-partner"
        else:
            weights = self._payees(plan, rule, event.partner)
        volume: Exact = 1
        rate, currency = None, plan.currency
        if rule.type == "mdf":
            volume = rule.points[event.kind]
        elif rule.type != "spiff":
            if event.minor is None:
                return "amount-missing"
            volume = event.minor
            if rule.pays_in == "deal":
                currency = event.currency
            elif event.currency != plan.currency:
                found = self._factor(day, event.currency, plan)
                if found is None:
                    return "rate-missing"
                rate, volume = found[0], event.minor * found[1]
        hold = day + rule.hold_days if rule.hold_days else 0
        of_period = period_of(day, plan.period).name
        scope = scope_of(event, plan, rule, day)
        return Use(rule, plan, scope, of_period, event.deal, volume, rate, currency, weights, hold)

    def _payees(self, plan: Plan, rule: Rule, partner: str) -> Mapping[str, Exact]:
        """Who is paid for an event of one partner, and in which parts; made once for each."""
        key = (plan.digest, rule.id, partner)
        known = self._alone.get(key)
        if known is None:
            known = self._alone[key] = _with_parent(plan, rule, partner)
        return known

    def _factor(self, day: int, currency: str, plan: Plan) -> tuple[Rate, Fraction] | None:
        """The rate of a day, and by what it multiplies minor units of `currency`; None without a rate."""
        key = (day, currency, plan.digest)
        if key not in self._factors:
            rate = self._rates.find(day, currency, plan.currency, plan.fx_days_back)
            scale = Fraction(10**plan.exponent, 10 ** (exponent_of(currency) or 0))
            self._factors[key] = None if rate is None else (rate, rate.factor * scale)
        return self._factors[key]

    def _reverse(self, event: Event) -> str:
        """Take back all or a part of an earlier event, at its own rates; a code of why not, or ""."""
        earned = self._earned.get(event.original)
        if earned is None:
            return self._why_not_reversed(event)
        original = earned.event
        amount = earned.left if event.kind == "cancel" else event.minor or 0
        checks = (
            (_differs(event, original), "refund-differs"),
            (earned.left == 0, "refund-twice"),
            (amount == 0, "amount-zero"),
            (amount > earned.left, "refund-too-large"),
        )
        code = next((code for wrong, code in checks if wrong), "")
        if code:
            return code
        late = event.second // SECONDS_A_DAY - original.second // SECONDS_A_DAY
        windows = [use.plan.clawback_days for use in earned.uses]
        if any(days is not None and late > days for days in windows):
            return "outside-clawback"
        earned.left -= amount
        for use in earned.uses:
            back = _part(use, amount, original.minor, whole=earned.left == 0)
            self._scopes.apply(use, event, -back, original.id)
        return ""

    def _why_not_reversed(self, event: Event) -> str:
        original = self._events.get(event.original)
        if original is None:
            return "original-held" if event.original in self._outcomes else "refund-of-unknown"
        if original.kind in REVERSALS or original.kind in FUND_STEPS:
            return "refund-differs"
        if original.second > event.second:
            return "refund-before-original"
        return "no-rule" if self._outcomes.get(original.id) in _PAID_NOTHING else "original-held"

    def _fund_step(self, event: Event, plan: Plan) -> str:
        rule = plan.rule(event.product)
        if rule is None or not rule.is_fund:
            return "no-rule"
        if not event.partner:
            return "no-partner"
        if event.minor is not None and event.currency != plan.currency:
            return "fund-currency"
        code, paid = self._funds.step(event)
        if not code and paid:
            self._scopes.lines.append(_plain_line(event, plan, rule, paid, ""))
        return code


def _with_parent(plan: Plan, rule: Rule, name: str) -> Mapping[str, Exact]:
    """The partner alone, or beside the parent with the share that the rule gives it."""
    partner = plan.partners.get(name)
    if rule.split is None or partner is None or not partner.parent or not rule.split.parent:
        return {name: 1}
    if rule.split.parent == 1:
        return {partner.parent: 1}
    return {name: 1 - rule.split.parent, partner.parent: rule.split.parent}


def _differs(event: Event, original: Event) -> bool:
    """Whether a reversal names another partner, deal or currency than what it reverses."""
    return (
        (event.partner not in ("", original.partner))
        or (event.deal not in ("", original.deal))
        or (event.kind == "refund" and event.currency != original.currency)
    )


def _part(use: Use, amount: int, original: int | None, *, whole: bool) -> Exact:
    """What of a use goes back: in proportion of the amount; a counted event only as a whole."""
    if not original or use.rule.type in ("spiff", "mdf"):
        return use.volume if whole else 0
    return amount if use.rate is None else Fraction(use.volume * amount, original)


def _plain_line(event: Event, plan: Plan, rule: Rule, minor: int, code: str) -> Line:
    """A line outside the sum of any scope: a paid claim on a fund, or one that waits for a rate (`code`)."""
    day = event.second // SECONDS_A_DAY
    period = period_of(day, plan.period).name
    scope = Scope(rule.id, event.partner, f"event:{event.id}", plan.version)
    return Line(
        line_id(event.id, rule.id, event.partner, "now"),
        event.id, event.second, event.kind, rule, plan, event.partner, event.deal, event.product, "now",
        scope, period, period, event.minor, event.currency, None, minor, 1, 0, 0, 0, minor, "", 0, minor,
        plan.currency, None if code else 0, "", "", code,
    )  # fmt: skip
