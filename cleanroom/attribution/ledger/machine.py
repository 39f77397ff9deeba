"""The states of a line, and what moves it from one to the next: a table, and nothing beside it.

accrued -> held -> payable -> approved -> paid -> reversed
void before payment, reversed after; disputed freezes any unpaid state, and a decision gives that state back
"""

from __future__ import annotations

from typing import Final

from overlap.errors import Refused

__all__ = ["ACTS", "STATES", "UNPAID", "after"]

STATES: Final = ("accrued", "held", "payable", "approved", "paid", "void", "reversed", "disputed")
#: States in which a dispute stops a line.
UNPAID: Final = ("accrued", "held", "payable", "approved")

_MOVES: Final = {
    ("", "book"): "accrued",
    ("accrued", "hold"): "held",
    ("held", "release"): "accrued",
    ("accrued", "lock"): "payable",
    ("payable", "approve"): "approved",
    ("approved", "pay"): "paid",
    ("accrued", "void"): "void",
    ("held", "void"): "void",
    ("payable", "void"): "void",
    ("paid", "reverse"): "reversed",
    **{(state, "dispute"): "disputed" for state in UNPAID},
    **{("disputed", f"back to {state}"): state for state in UNPAID},
}
ACTS: Final = tuple(sorted({act for _, act in _MOVES}))


def after(state: str, act: str) -> str:
    """The state that follows; Refused for a move that is not in the table."""
    moved = _MOVES.get((state, act))
    if moved is None:
        raise Refused(
            f"a line that is {state or 'not booked'} cannot take '{act}'",
            "'overlap statement' shows its state",
        )
    return moved
