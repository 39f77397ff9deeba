"""What each report cannot say, in a few sentences: the same on its page, on the screen and in its JSON."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

LIMITS: Final = MappingProxyType(
    {
        "lift": (
            "Compared are deals of one segment, amount, stage and time in it. A reason that draws partners "
            "to better deals and is none of these stays in the answer; only a random hold-out keeps it out.",
            "It speaks of attached deals that found controls, not of deals that nobody was attached to.",
        ),
        "lift days": (
            "Days are those until a deal is won or lost: a partner that keeps deals from being lost early "
            "makes them stay open longer.",
        ),
        "lift amount": (
            "The amount is followed from the attachment on. What a partner did to it before that day is not "
            "in the answer, and a change on the very day counts as before.",
        ),
        "pay against-credit": (
            "Credit is what the rules say today: equal parts of a deal to every partner whose status earns. "
            "A plan may split otherwise on purpose; a gap is a question, not an error.",
            "A deal that was paid and lost its status since stands on the side of the payouts alone.",
        ),
    }
)


def limits_of(*reports: str) -> list[str]:
    """The limits of these reports, in order."""
    return [sentence for report in reports for sentence in LIMITS[report]]
