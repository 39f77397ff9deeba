"""Payouts beside credit: each partner's share of one and of the other, over the same deals.

A gap is the share of what was paid less the share of what was credited. It is the sum of what each rule adds
to it: what the rule paid the partner, less what it would have paid it by credit, over everything paid.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Part(NamedTuple):
    """A partner's part of a won deal by the rules: the kind of its status, and the value (exact)."""

    deal: str
    partner: str
    kind: str
    value: Fraction


class Paid(NamedTuple):
    """What a rule gives a partner for a deal, in minor units; reversals are negative."""

    deal: str
    partner: str
    rule: str
    kind: str
    minor: int


class RuleGap(NamedTuple):
    """What one rule paid a partner, and what it adds to the partner's gap (a fraction of 1)."""

    rule: str
    minor: int
    adds: Fraction


@dataclass(frozen=True)
class Gap:
    """One partner, or one kind (`rules` is empty then). Shares are fractions of 1, `gap` pay less credit.

    `unpaid` are deals credited without a payout, with their value; `uncredited` deals paid without credit,
    with what was paid.
    """

    name: str
    credit: Fraction
    credit_share: Fraction
    minor: int
    pay_share: Fraction
    deals: int
    unpaid: int
    unpaid_value: Fraction
    uncredited: int
    uncredited_minor: int
    rules: tuple[RuleGap, ...]

    @property
    def gap(self) -> Fraction:
        """The share of payouts less the share of credit."""
        return self.pay_share - self.credit_share


def gaps_by_partner(parts: Iterable[Part], paid: Iterable[Paid]) -> list[Gap]:
    """Every partner with credit or a payout, the largest gap (of either sign) first.

    What is credited and what is paid must both add up to more than nothing; ZeroDivisionError else.
    """
    found = []
    credit, pay, sides = _by_name([(one.partner, one) for one in parts], [(one.partner, one) for one in paid])
    by_rule: dict[str, int] = {}
    for _, got in sides.values():
        for line in got:
            by_rule[line.rule] = by_rule.get(line.rule, 0) + line.minor
    for name, (mine, got) in sides.items():
        share = _sum_credit(mine) / credit
        own = dict.fromkeys(sorted(by_rule), 0)
        for line in got:
            own[line.rule] += line.minor
        rules = [
            RuleGap(rule, minor, (minor - by_rule[rule] * share) / Fraction(pay))
            for rule, minor in own.items()
        ]
        rules.sort(key=lambda one: (-abs(one.adds), one.rule))
        found.append(_gap(name, mine, got, credit, pay, tuple(rules)))
    return sorted(found, key=lambda one: (-abs(one.gap), one.name))


def gaps_by_kind(parts: Iterable[Part], paid: Iterable[Paid]) -> list[Gap]:
    """The same by kind: of credit the kind that its status brings about. Kinds such as a spiff for an action
    or one for every won deal have no credit of their own.
    """
    credit, pay, sides = _by_name([(one.kind, one) for one in parts], [(one.kind, one) for one in paid])
    found = [_gap(name, mine, got, credit, pay, ()) for name, (mine, got) in sides.items()]
    return sorted(found, key=lambda one: (-abs(one.gap), one.name))


def _by_name(
    parts: Iterable[tuple[str, Part]], paid: Iterable[tuple[str, Paid]]
) -> tuple[Fraction, int, dict[str, tuple[list[Part], list[Paid]]]]:
    """What was credited and paid in all, and the two sides of every name."""
    sides: dict[str, tuple[list[Part], list[Paid]]] = {}
    for name, part in parts:
        sides.setdefault(name, ([], []))[0].append(part)
    for name, line in paid:
        sides.setdefault(name, ([], []))[1].append(line)
    credit = sum((_sum_credit(mine) for mine, _ in sides.values()), Fraction(0))
    return credit, sum(line.minor for _, got in sides.values() for line in got), sides


def _gap(
    name: str, mine: list[Part], got: list[Paid], credit: Fraction, pay: int, rules: tuple[RuleGap, ...]
) -> Gap:
    value, minor = _sum_credit(mine), sum(one.minor for one in got)
    credited, rewarded = {one.deal for one in mine}, {one.deal for one in got}
    without = [one for one in mine if one.deal not in rewarded]
    beyond = [one for one in got if one.deal not in credited]
    return Gap(
        name,
        value,
        value / credit,
        minor,
        Fraction(minor, pay),
        len(credited),
        len({one.deal for one in without}),
        _sum_credit(without),
        len({one.deal for one in beyond}),
        sum(one.minor for one in beyond),
        rules,
    )


def _sum_credit(parts: Iterable[Part]) -> Fraction:
    return sum((one.value for one in parts), Fraction(0))
