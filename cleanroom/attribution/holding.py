"""What is known of a holding: the value that claims give and statuses take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What a holding is worth, best first.
GRADES: Final = ("witnessed", "logged", "asserted", "after-disclosure", "contradicted")
#: Only these may win by holding.
WINNING: Final = ("witnessed", "logged")


@dataclass(frozen=True, slots=True)
class Holding:
    """What is known of a partner's holding of one of our accounts: a confirmed match, and its proof if any.

    `grade` is one of GRADES; `committed_at` the second (unix) at which the commitment was there, None without
    one; `proof` the digest (hex) of the claim bundle, or "". Equal times of two partners are unresolved.
    """

    partner: str
    account: str
    grade: str
    committed_at: int | None = None
    proof: str = ""
