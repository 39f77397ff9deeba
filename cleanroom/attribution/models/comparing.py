"""What the formulas say side by side, and how far a rule may be from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cleanroom.attribution.models.crediting import Credited
from cleanroom.attribution.models.formulas import REASONABLE


@dataclass(frozen=True)
class Spread:
    """The least and the greatest share (0 to 1) that the reasonable formulas give to a partner.

    `rule` is the share by a rule, None without one; `sentence` says it all.
    """

    partner: str
    least: float
    most: float
    formulas: int
    rule: float | None
    sentence: str

    @property
    def outside(self) -> bool:
        """Whether the rule gives less or more than every reasonable formula."""
        return self.rule is not None and not _within(self.rule, self.least, self.most)


def spreads(credited: Credited, rule: Mapping[str, float] | None = None) -> tuple[Spread, ...]:
    """One for each partner, the largest first. `rule` is what a rule gives to partners, in any unit.

    Only formulas of REASONABLE count: single-step ones are extreme by construction, participation adds up to
    more than there is, the rate game may be negative.
    """
    used = [credited.credits[formula] for formula in REASONABLE if formula in credited.credits]
    if not used or not (whole := float(used[0].conversions.sum())) > 0:
        return ()
    given = sum(rule.values()) if rule else 0.0
    found = []
    partners = list(used[0].partners)
    for place, partner in enumerate(partners):
        shares = [float(each.conversions[place]) / whole for each in used]
        by_rule = rule.get(partner, 0.0) / given if rule and given else None
        found.append(_spread(partner, min(shares), max(shares), len(used), by_rule))
    for partner in sorted(set(rule or {}) - set(partners)):
        found.append(_spread(partner, 0.0, 0.0, len(used), (rule or {})[partner] / given if given else None))
    return tuple(sorted(found, key=lambda each: (-each.most, each.partner)))


def _spread(partner: str, least: float, most: float, formulas: int, rule: float | None) -> Spread:
    many = f"any of {formulas} reasonable models gives" if formulas > 1 else "the model gives"
    low, high = _percent(least), _percent(most)
    says = f"{partner}: {many} {low} %" if low == high else f"{partner}: {many} {low} to {high} %"
    if rule is not None:
        inside = "inside" if _within(rule, least, most) else "outside"
        says += f", the rule gives {_percent(rule)} % ({inside})"
    return Spread(partner, least, most, formulas, rule, says)


def _within(rule: float, least: float, most: float) -> bool:
    """With room for the last bits of a sum."""
    return least - 1e-9 <= rule <= most + 1e-9


def _percent(share: float) -> str:
    return f"{100 * share:.0f}" if share >= 0.1 else f"{100 * share:.1f}"
