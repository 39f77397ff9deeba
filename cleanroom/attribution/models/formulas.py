"""Formula ids: a name alone is not a formula, because vendors give one name to different weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from overlap.errors import Refused, UsageError

SPLIT, SINGLE, OVERLAY, DIAGNOSTIC = "split", "single", "overlay", "diagnostic"


@dataclass(frozen=True)
class Formula:
    """`kind` says what may be done with it: a `split` adds up to the conversions and gives every partner of a
    journey something; `single` gives all to one step; `overlay` adds up to more; `diagnostic` may be
    negative.
    """

    id: str
    kind: str
    says: str


FORMULAS: Final = (
    Formula("first", SINGLE, "all to the first step"),
    Formula("last", SINGLE, "all to the last step"),
    Formula("linear", SPLIT, "equal parts to all steps"),
    Formula("u:40-20-40", SPLIT, "40 to the first, 40 to the last, 20 shared between; two: 50/50"),
    Formula("u:50-50", SINGLE, "50 to the first, 50 to the last, nothing between (Marketo Measure)"),
    Formula("j:20-20-60", SPLIT, "20 to the first, 60 to the last, 20 shared between; two: 25/75"),
    Formula("j:20-20-60:30-70", SPLIT, "the same; two: 30/70 (Amplitude)"),
    Formula("inverse-j:60-20-20", SPLIT, "60 to the first, 20 to the last, 20 shared between; two: 75/25"),
    Formula("inverse-j:60-20-20:70-30", SPLIT, "the same; two: 70/30 (Amplitude)"),
    Formula("participation", OVERLAY, "all to every distinct partner: adds up to more than there is"),
    Formula(
        "equal-split", SPLIT, "equal parts to distinct partners: the Shapley value of the sum of conversions"
    ),
    Formula("shapley:rate", DIAGNOSTIC, "Shapley value of the win rate; may be negative, never to be paid"),
    Formula("markov:1", SPLIT, "removal effect in the exact chain of order 1"),
    Formula("markov:2", SPLIT, "removal effect in the exact chain of order 2"),
    Formula("markov:3", SPLIT, "removal effect in the exact chain of order 3"),
)

IDS: Final = tuple(formula.id for formula in FORMULAS)

#: The formulas whose answers bound what a reasonable model says: splits, and of the chains the first order.
REASONABLE: Final = tuple(
    formula.id for formula in FORMULAS if formula.kind == SPLIT and formula.id not in ("markov:2", "markov:3")
)

_NEEDS_DATES: Final = {
    "time-decay": "time-decay weighs a step by its days before the close, and a path file holds no dates",
    "w": "w weighs first touch, lead creation and opportunity creation, and a path file holds no milestones",
    "full-path": "full-path weighs four milestones, and a path file holds none",
}


def find_formulas(asked: Sequence[str]) -> tuple[str, ...]:
    """The ids asked for, each once, in the order of FORMULAS; all of them when none is asked for.

    Raises Refused for formulas that a path file cannot serve, UsageError for ambiguous and unknown names.
    """
    for name in asked:
        family = name.split(":")[0]
        if name in IDS:
            continue
        if family in _NEEDS_DATES:
            raise Refused(_NEEDS_DATES[family], "choose a formula that needs the order of the steps only")
        choices = [each for each in IDS if each.split(":")[0] == family]
        if name == family and choices:
            raise UsageError(
                f"'{name}' stands for several formulas", f"name one of them: {', '.join(choices)}"
            )
        known = ", ".join(choices or IDS)
        raise UsageError("no such formula", f"there are {known}")
    return tuple(each for each in IDS if each in asked) if asked else IDS
