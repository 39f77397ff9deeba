"""What is wrong or remarkable in the events and rates: every row that did not simply count is listed here.

`refused`: the row cannot count as it is and must be corrected. `held`: it counts by itself as soon as what is
missing arrives. `once`: a repeated row that counts one time. `noted`: read, and it pays nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["CODES", "Finding"]

#: Code to (effect, what it means).
CODES: Final[dict[str, tuple[str, str]]] = {
    "amount-missing": ("refused", "an amount is needed for this kind of event"),
    "amount-negative": ("refused", "amounts are positive; a refund is an event of kind refund"),
    "amount-too-fine": ("refused", "the amount is finer than the currency's minor unit"),
    "amount-unreadable": ("refused", "the amount is no plain decimal number"),
    "amount-zero": ("noted", "an amount of zero pays nothing"),
    "columns-wrong": ("refused", "the row does not have the nine columns"),
    "currency-unknown": ("refused", "the currency is not in ISO 4217"),
    "date-before-company": ("refused", "the date is before the company existed"),
    "date-in-future": ("held", "the date has not come yet"),
    "date-unreadable": ("refused", "the date is neither a day nor an instant in ISO 8601"),
    "date-without-zone": ("refused", "the time names no zone"),
    "event-id-conflict": ("refused", "one event_id has rows that differ; none of them counts"),
    "event-id-missing": ("refused", "the event has no id, or a longer one than 200 characters"),
    "event-repeated": ("once", "the same row stands in the file more than once; it counts once"),
    "fund-claim-state": ("refused", "the claim is not in the state that this step needs"),
    "fund-currency": ("refused", "steps of a claim are in the plan's currency"),
    "fund-exceeded": ("held", "the fund does not have that much left"),
    "kind-unreadable": ("refused", "a kind is a word of a-z, 0-9 and '-', or action:WORD"),
    "model-cannot-pay": ("refused", "a model is a check on the rules and never a reason to pay"),
    "no-participants": ("held", "no partner of the deal shares in this rule yet"),
    "no-partner": ("held", "the event names no partner, and no split rule takes it"),
    "no-rule": ("noted", "no rule of the plan pays for this event"),
    "original-held": ("held", "the event that it reverses is held or refused itself"),
    "outside-clawback": ("noted", "the reversal came after the clawback window and takes nothing back"),
    "outside-plan": ("held", "no version of the plan given here is in force on that day"),
    "partner-type-unknown": ("held", "the rule asks for the partner's type, which the plan does not say"),
    "rate-conflict": ("refused", "two rates for one day and pair differ; neither counts"),
    "rate-missing": ("held", "there is no rate for that day and pair; none of another day is taken"),
    "rate-unreadable": ("refused", "the row is no rate: a day, two currencies, a positive number, a source"),
    "refund-before-original": ("held", "the reversal is dated before the event that it reverses"),
    "refund-differs": ("held", "partner, deal or currency differ from the event that it reverses"),
    "refund-of-unknown": ("held", "the event that it reverses is not in the file"),
    "refund-too-large": ("held", "more would be reversed than is left of the original"),
    "refund-twice": ("held", "the original was reversed in full before"),
}


class Finding(NamedTuple):
    """One row of a file and what was found: its row as a spreadsheet shows it, and a code of CODES."""

    row: int
    event_id: str
    code: str

    @property
    def effect(self) -> str:
        """refused, held, once or noted."""
        return CODES[self.code][0]

    @property
    def text(self) -> str:
        """The finding in words."""
        return CODES[self.code][1]
