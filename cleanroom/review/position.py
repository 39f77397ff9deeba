"""What one side says about one pair token, and what both sides' words make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What a person may say about a matched account.
VERDICTS: Final = ("accept", "reject", "dispute", "withdraw")


@dataclass(frozen=True, slots=True)
class Position:
    """One side's word about one pair token; `verdict` is one of VERDICTS, or "" for none.

    Both numbers count letters: `raised` is the own letter in which a dispute first goes out (0 for any word
    but a dispute or its withdrawal), `seen` the partner's newest that was known when the word was given.
    """

    verdict: str = ""
    raised: int = 0
    seen: int = 0


def settle(one: Position, other: Position) -> str:
    """What two positions on a token come to: "disputed", "rejected", "accepted" or "" for undecided.

    It is the same whichever side asks. A dispute stands until each side has withdrawn it, knowing of it; a
    rejection by either side wins over an acceptance; an acceptance needs both.
    """
    verdicts = {one.verdict, other.verdict}
    if "dispute" in verdicts or _is_unanswered(one, other) or _is_unanswered(other, one):
        return "disputed"
    if "reject" in verdicts:
        return "rejected"
    return "accepted" if verdicts == {"accept"} else ""


def _is_unanswered(withdrawn: Position, other: Position) -> bool:
    """One side has withdrawn a dispute and the other has said nothing since it heard of that dispute."""
    return withdrawn.verdict == "withdraw" and not (other.verdict and other.seen >= withdrawn.raised)
