"""Which partners' tiers are others than in an earlier report, and the number that moved each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cleanroom.attribution.statistics.standing import WINDOW, Standing, Thresholds, tier_of


class Placed(NamedTuple):
    """A partner as an earlier report had it: its tier, and the amount won that decided it."""

    tier: str
    won: float


@dataclass(frozen=True)
class TierChange:
    """A tier that changed ("" for a partner that one of the reports does not have), and why."""

    partner: str
    before: str
    after: str
    won_before: float
    won: float
    because: str


def tier_changes(
    earlier: Mapping[str, Placed],
    earlier_tiers: Sequence[tuple[str, float]],
    standings: Iterable[Standing],
    rules: Thresholds,
) -> tuple[TierChange, ...]:
    """Every partner whose tier is another than in the earlier report, by name.

    Two numbers can move a tier: the amount won, and where a tier begins. A change is laid to the amount when
    it would have come under the earlier thresholds, too, else to the thresholds.
    """
    now = {one.partner: one for one in standings}
    found = []
    for name in sorted({*earlier, *now}):
        old, new = earlier.get(name), now.get(name)
        before, after = old.tier if old else "", new.tier if new else ""
        if before != after:
            won_before, won = old.won if old else 0.0, new.won if new else 0.0
            because = _because(old, new, earlier_tiers, rules)
            found.append(TierChange(name, before, after, won_before, won, because))
    return tuple(found)


def _because(
    old: Placed | None, new: Standing | None, earlier: Sequence[tuple[str, float]], rules: Thresholds
) -> str:
    if old is None:
        return "not in the earlier report"
    if new is None:
        return "has no deal and no action any more"
    amount = f"won in {WINDOW} days went from {old.won:,.0f} to {new.won:,.0f}"
    if tier_of(new.won, earlier)[0] == new.tier:
        # The line that was crossed: that of the higher of the two tiers.
        name = new.tier if new.won > old.won else old.tier
        return f"{amount}; {name} begins at {dict(earlier).get(name, 0.0):,.0f}"
    then, begins = dict(earlier), dict(rules.tiers)
    moved = [
        f"{name} begins at {_amount(begins.get(name))}, before at {_amount(then.get(name))}"
        for name in dict.fromkeys((*begins, *then))
        if begins.get(name) != then.get(name)
    ]
    return f"the thresholds moved: {', '.join(moved)}; {amount}"


def _amount(least: float | None) -> str:
    return "no amount, there is none" if least is None else f"{least:,.0f}"
