"""Numbers with their nouns, as every line for a person has them."""

from __future__ import annotations


def count_of(count: int, noun: str, plural: str = "") -> str:
    """ "1 account", "2,000 accounts", "1 entry", "2 entries"; `plural` where it is another word."""
    if count == 1:
        return f"1 {noun}"
    if not plural:
        plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{count:,} {plural}"


def per_cent(share: float) -> str:
    """A share in whole per cent: 0.4 is "40 %"."""
    return f"{100 * share:.0f} %"


def rounded(number: float, digits: int) -> float:
    """The number with so many significant digits, never -0.0: what follows may differ between processors."""
    return float(f"{number:.{digits}g}") + 0.0


def verb(count: int, one: str, many: str) -> str:
    """The form of a verb that stands with so many."""
    return one if count == 1 else many
