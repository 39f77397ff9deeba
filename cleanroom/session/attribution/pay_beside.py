"""What was paid beside what was credited: one currency, the same deals, closed in the same periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import ledger, observed, payouts
from cleanroom.limits import limits_of
from cleanroom.number import count_of, rounded
from cleanroom.session.attribution.crediting import Here, judge_here
from cleanroom.session.attribution.money_books import MoneyBooks
from cleanroom.session.party import Party
from overlap.errors import Refused, UsageError

#: Why a booked line is not part of what is compared.
OUTSIDE: Final = {
    "fund": "put into a fund, not paid out",
    "other-currency": "in another currency than the deals",
    "no-deal": "not about one deal: rebates, true-ups, adjustments over several",
    "other-deal": "about a deal that is not won in these periods, or not in this currency",
}


@dataclass(frozen=True)
class Beside:
    """Payouts beside credit, as `overlap pay against-credit --json` prints them."""

    currency: str
    periods: list[str]
    deals: int
    credited: str
    paid: str
    partners: list[dict[str, Any]]
    kinds: list[dict[str, Any]]
    outside: list[dict[str, Any]]
    left_out: dict[str, int]
    limits: list[str]


def pay_beside_credit(
    party: Party, period: str = "", currency: str = "", rules: Path | None = None
) -> Beside:
    """Lay payouts beside credit over closed periods, or the one that is named.

    UsageError while there is no such period or no deal; Refused where one side of the base is missing, or
    for several currencies.
    """
    money = MoneyBooks(party)
    books = money.books
    spans = _spans(books, period)
    here = judge_here(party, rules, books.open_disputes())
    chosen = observed.choose_deals(here.judged, currency)
    base = _deals_in(here, chosen, spans)
    parts = [one for one in observed.credited_parts(here.judged, chosen, here.statuses) if one.deal in base]
    if not chosen.currency or not sum(one.value for one in parts):
        raise Refused(
            "no credit stands beside the payouts: no deal that the rules credit was won in these periods",
            "'overlap credit' lists statuses; import the deals that were closed",
        )
    named = here.pipeline.book.partner
    paid, outside = _paid(books, base, chosen.currency, named)
    total = sum(one.minor for one in paid)
    if total <= 0:
        raise Refused(
            "no payout stands beside the credit: the periods paid nothing for these deals",
            "; ".join(f"{one['lines']} lines are {one['means']}" for one in outside) or "no line is booked",
        )
    credited = sum((one.value for one in parts), Fraction(0))
    return Beside(
        chosen.currency,
        [name for name, _, _ in spans],
        len({one.deal for one in parts}),
        _major(credited, chosen.currency),
        payouts.amount_text(total, chosen.currency),
        [_partner(one, total, credited, chosen.currency) for one in observed.gaps_by_partner(parts, paid)],
        [_kind(one, chosen.currency) for one in observed.gaps_by_kind(parts, paid)],
        outside,
        chosen.left_out,
        limits_of("pay against-credit"),
    )


def _spans(books: ledger.Books, period: str) -> list[tuple[str, int, int]]:
    """Name, first day and the day after the last of each closed period that is asked for."""
    if not books.closes:
        raise UsageError("no period is closed yet", "'overlap period close' closes the first")
    found = []
    for close in books.closes:
        plan = books.plan_on(close.as_of)
        if plan is not None and period in ("", close.period):
            span = payouts.period_of(close.as_of, plan.period)
            found.append((close.period, span.start, span.end))
    if not found:
        raise UsageError(f"'{period}' is no closed period", f"closed are {', '.join(_names(books))}")
    return found


def _names(books: ledger.Books) -> list[str]:
    return [close.period for close in books.closes]


def _deals_in(here: Here, chosen: observed.Selection, spans: Iterable[tuple[str, int, int]]) -> set[str]:
    """The won deals of the currency that were closed on a day of the periods."""
    deals = here.judged.deals
    spans = list(spans)
    ended = deals.ended[0] // 86_400
    status = deals.frame["status"].tolist()
    return {
        deal
        for at, deal in enumerate(deals.ids.to_pylist())
        if chosen.kept[at]
        and status[at] == "won"
        and any(start <= int(ended[at]) < end for _, start, end in spans)
    }


def _paid(
    books: ledger.Books, base: set[str], currency: str, named: Any
) -> tuple[list[observed.Paid], list[dict[str, Any]]]:
    """The booked lines about the deals of the base, and the others by why they are none of it."""
    of_scope: dict[str, set[str]] = {}
    for line in books.lines.values():
        fields = line.booked.fields
        if fields["kind"] != "adjustment":
            of_scope.setdefault(str(fields["scope"]), set()).add(str(fields["deal_id"]))
    found: list[observed.Paid] = []
    sums: dict[str, tuple[int, dict[str, int]]] = {}
    for line in books.lines.values():
        fields = line.booked.fields
        deal = str(fields["deal_id"])
        if fields["kind"] == "adjustment" and len(of_scope.get(str(fields["scope"]), ())) != 1:
            deal = ""
        code = _outside(fields, deal, base, currency)
        if not code:
            partner = named(str(fields["partner_id"]))
            found.append(observed.Paid(deal, partner, str(fields["rule"]), str(fields["kind"]), line.minor))
            continue
        lines, amounts = sums.setdefault(code, (0, {}))
        amounts[str(fields["currency"])] = amounts.get(str(fields["currency"]), 0) + line.minor
        sums[code] = (lines + 1, amounts)
    outside = [
        {
            "code": code,
            "means": OUTSIDE[code],
            "lines": sums[code][0],
            "amounts": {one: payouts.amount_text(minor, one) for one, minor in sorted(sums[code][1].items())},
        }
        for code in OUTSIDE
        if code in sums
    ]
    return found, outside


def _outside(fields: Mapping[str, Any], deal: str, base: set[str], currency: str) -> str:
    if fields["fund"]:
        return "fund"
    if fields["currency"] != currency:
        return "other-currency"
    if not deal:
        return "no-deal"
    return "" if deal in base else "other-deal"


def _partner(one: observed.Gap, total: int, credited: Fraction, currency: str) -> dict[str, Any]:
    rules = [
        {"rule": rule.rule, "paid": payouts.amount_text(rule.minor, currency), "adds": _share(rule.adds)}
        for rule in one.rules
    ]
    return (
        {"partner": one.name} | _facts(one, currency) | {"rules": rules, "because": _because(one, currency)}
    )


def _kind(one: observed.Gap, currency: str) -> dict[str, Any]:
    return {"kind": one.name} | _facts(one, currency)


def _facts(one: observed.Gap, currency: str) -> dict[str, Any]:
    return {
        "credited": _major(one.credit, currency),
        "credit_share": _share(one.credit_share),
        "paid": payouts.amount_text(one.minor, currency),
        "pay_share": _share(one.pay_share),
        "gap": _share(one.gap),
        "deals": one.deals,
        "unpaid_deals": one.unpaid,
        "uncredited_deals": one.uncredited,
    }


def _because(one: observed.Gap, currency: str) -> list[str]:
    """What makes up the gap: the rules that add most to it, deals on one side alone."""
    says = [
        f"rule {rule.rule} adds {_points(rule.adds)} points"
        for rule in one.rules[:2]
        if abs(rule.adds) >= Fraction(1, 1000)
    ]
    if one.unpaid:
        value = f"{_major(one.unpaid_value, currency)} {currency}"
        says.append(f"{count_of(one.unpaid, 'deal')} with credit for {value} paid nothing")
    if one.uncredited:
        value = f"{payouts.amount_text(one.uncredited_minor, currency)} {currency}"
        says.append(f"{value} for {count_of(one.uncredited, 'deal')} without credit")
    return says


def _points(share: Fraction) -> str:
    return f"{float(100 * share):+.1f}"


def _share(share: Fraction) -> float:
    return rounded(float(share), 12)


def _major(value: Fraction, currency: str) -> str:
    """A sum of parts of amounts in major units, rounded half up to the minor unit."""
    exponent = payouts.exponent_of(currency) or 0
    return payouts.amount_text(payouts.round_half_up(value * 10**exponent), currency)
