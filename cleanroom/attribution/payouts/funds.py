"""Funds of partners: entitled and accrued, asked for, approved, claimed with proof, paid, expired.

One balance for each (rule, partner). What an approval sets aside nobody else can have; a claim is paid at
most once, and never above what was approved. Every step is an event: `fund:request`, `fund:approve`,
`fund:claim`, `fund:pay`, `fund:reject`, with the rule's id as product and the claim's own id as deal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from cleanroom.attribution.payouts.days import SECONDS_A_DAY
from cleanroom.attribution.payouts.events import Event
from cleanroom.attribution.payouts.money import write_amount

__all__ = ["Fund", "Funds"]

#: Step to (the state that it needs, the state after it).
STEPS: Final = {
    "fund:request": ("", "requested"),
    "fund:approve": ("requested", "approved"),
    "fund:claim": ("approved", "claimed"),
    "fund:pay": ("claimed", "paid"),
}


@dataclass
class Fund:
    """One partner's fund, minor units; `credits` are [first day on which it is lost or None, amount]."""

    entitled: int = 0
    committed: int = 0
    paid: int = 0
    expired: int = 0
    credits: list[list[Any]] = field(default_factory=list)
    claims: dict[str, tuple[str, int]] = field(default_factory=dict)

    @property
    def available(self) -> int:
        """What may still be approved."""
        return self.entitled - self.expired - self.committed - self.paid

    def expire(self, day: int) -> None:
        """Let lapse what was neither committed nor paid by its last day; the oldest money is used first."""
        used = self.committed + self.paid
        lost = 0
        for ends, amount in self.credits:
            left = max(0, amount - used) if amount > 0 else 0
            used = max(0, used - max(0, amount))
            if ends is not None and day >= ends:
                lost += left
        self.expired = max(self.expired, min(lost, max(0, self.entitled - self.committed - self.paid)))


class Funds:
    """All funds, by (rule, partner)."""

    def __init__(self) -> None:
        self._funds: dict[tuple[str, str], Fund] = {}

    def credit(self, rule: str, partner: str, minor: int, ends: int | None) -> None:
        """Add to a fund (or take from it, when what filled it was reversed)."""
        fund = self._funds.setdefault((rule, partner), Fund())
        fund.entitled += minor
        fund.credits.append([ends, minor])

    def step(self, event: Event) -> tuple[str, int]:
        """Take one step of a claim: ("", minor units that are paid now), or the code of why not."""
        fund = self._funds.setdefault((event.product, event.partner), Fund())
        fund.expire(event.second // SECONDS_A_DAY)
        state, amount = fund.claims.get(event.deal, ("", 0))
        minor = event.minor or 0
        if event.kind == "fund:reject":
            if state not in ("requested", "approved", "claimed"):
                return "fund-claim-state", 0
            if state != "requested":
                fund.committed -= amount
            fund.claims[event.deal] = ("rejected", 0)
            return "", 0
        needed, after = STEPS[event.kind]
        if state != needed or not event.deal:
            return "fund-claim-state", 0
        if event.kind == "fund:approve" and minor > fund.available:
            return "fund-exceeded", 0
        if event.kind in ("fund:claim", "fund:pay") and minor > amount:
            return "fund-exceeded", 0
        if event.kind == "fund:approve":
            fund.committed += minor
        elif event.kind == "fund:claim":
            fund.committed -= amount - minor
        elif event.kind == "fund:pay":
            fund.committed -= amount
            fund.paid += minor
        fund.claims[event.deal] = (after, minor)
        return "", minor if after == "paid" else 0

    def balances(self, day: int, currency: str, exponent: int) -> list[dict[str, Any]]:
        """Each fund on a day, sorted, for the answer."""
        rows = []
        for (rule, partner), fund in sorted(self._funds.items()):
            fund.expire(day)
            amounts = {
                "entitled": fund.entitled,
                "expired": fund.expired,
                "committed": fund.committed,
                "paid": fund.paid,
                "available": fund.available,
            }
            row: dict[str, Any] = {"rule": rule, "partner_id": partner, "currency": currency}
            row |= {name: write_amount(minor, exponent) for name, minor in amounts.items()}
            row["claims"] = {
                claim: {"state": state, "amount": write_amount(minor, exponent)}
                for claim, (state, minor) in sorted(fund.claims.items())
            }
            rows.append(row)
        return rows
