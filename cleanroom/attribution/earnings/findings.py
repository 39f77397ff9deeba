"""What was not earned, and why: every status, action and row of the ledger that gave no plain event."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["EARNING_FINDINGS", "EARNING_FINDING_COLUMNS", "EarningFinding"]

#: Code to what happens.
EARNING_FINDINGS: Final = {
    "action-gone": "its action is not among those imported; what was taken in for it stays",
    "action-repeated": "another action says the same of that partner, deal and day; it is earned once",
    "amount-negative": "the deal's amount is negative; it earns nothing, and what was taken in stays",
    "amount-too-fine": "the amount is finer than its currency; it earns nothing, and what was taken in stays",
    "amount-unreadable": "the deal has no readable amount; it earns nothing, and what was taken in stays",
    "amount-zero": "the amount, or the partner's part of it, is zero; it earns nothing",
    "before-plan": "it is of a day before the first plan, which pays nothing for it",
    "cancelled-by-hand": "somebody cancelled this event; it is not earned again",
    "deal-gone": "the deal is not among those imported; what was taken in for it stays",
    "decided": "a dispute about it was upheld with an amount; it is not earned beside that",
    "deal-merged": "the deal is gone and its action names one that earns; what was taken in is taken back",
    "disputed": "a dispute is open; nothing is earned or taken back until it is decided",
    "earned-before": "a line that stays, of another partner or other ids, has earned it already",
    "match-ended": "it rests on a match that has ended; nothing new is earned by it",
    "no-closed": "the deal is won on no usable day; it earns nothing, and what was taken in stays",
    "no-currency": "the amount has no currency; it earns nothing, and what was taken in stays",
    "outside-clawback": "it changed after the plan's clawback window; what was taken in stays",
    "refunded-by-hand": "somebody refunded a part of it; what was taken in stays, nothing is earned again",
    "source-kept": "another partner sourced the deal by a match that has ended; nothing new is earned",
    "text-unreadable": "an id or name cannot stand in an event; it earns nothing",
    "unknown-currency": "the currency is not in ISO 4217; it earns nothing, and what was taken in stays",
    "written-by-hand": "an event of this kind, deal and partner was written by hand; it is not earned twice",
}

EARNING_FINDING_COLUMNS: Final = ("code", "opportunity", "partner", "event_id")


class EarningFinding(NamedTuple):
    """A code of EARNING_FINDINGS, what it is about, and the row of the ledger that it concerns, or ""."""

    code: str
    opportunity: str
    partner: str
    event_id: str
