"""Explanation: why one own account matched, or what on our own side kept it from matching.

    accounts, a row ─ explain_account ─→ cells, identifiers, why not others, look-alikes, weaknesses
    and the hits of a run (match.find_hits) ─→ what agreed, what decided, and what told nothing

Everything is said from the own side alone: of the partner's accounts nothing is known but the pair token of a
match and the kinds that agreed.
"""

from overlap.explanation.account import Explanation, Identifier, Versions, explain_account
from overlap.explanation.hits import Agreed, Match, explain_hits
from overlap.explanation.lookalikes import LookAlike, LookAlikes, find_look_alikes

__all__ = [
    "Agreed",
    "Explanation",
    "Identifier",
    "LookAlike",
    "LookAlikes",
    "Match",
    "Versions",
    "explain_account",
    "explain_hits",
    "find_look_alikes",
]
