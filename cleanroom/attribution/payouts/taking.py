"""Which rules of a plan take an event."""

from __future__ import annotations

from cleanroom.attribution.payouts.events import Event
from cleanroom.attribution.payouts.plan import Plan, Rule

__all__ = ["Taking"]


class Taking:
    """The rules of one plan by kind of event."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._by_kind: dict[str, tuple[Rule, ...]] = {}
        #: Answers by kind, product and partner, while no rule has dates of its own.
        self._known: dict[tuple[str, str, str], tuple[tuple[Rule, ...], str]] = {}
        self._dated = any(rule.start is not None or rule.end is not None for rule in plan.rules)
        for rule in plan.rules:
            for kind in rule.kinds:
                self._by_kind[kind] = (*self._by_kind.get(kind, ()), rule)

    def rules_for(self, event: Event, day: int) -> tuple[tuple[Rule, ...], str]:
        """The rules that pay for an event, in the order of the file; or the code of why nobody can say.

        A rule that stands aside for another (`instead_of` of the other) is left out.
        """
        key = (event.kind, event.product, event.partner)
        found = self._known.get(key)
        if found is None:
            found = self._find(event, day)
            if not self._dated:
                self._known[key] = found
        return found

    def _find(self, event: Event, day: int) -> tuple[tuple[Rule, ...], str]:
        candidates = self._by_kind.get(event.kind, ())
        if not candidates:
            return (), ""
        partner = self._plan.partners.get(event.partner)
        type_ = partner.type if partner is not None else ""
        rules = tuple(rule for rule in candidates if _concerns(rule, event, day))
        if not type_ and any(rule.needs_types for rule in rules):
            return (), "partner-type-unknown"
        rules = tuple(
            rule
            for rule in rules
            if not rule.needs_types
            or (
                type_ not in rule.not_partner_types
                and (not rule.partner_types or type_ in rule.partner_types)
            )
        )
        replaced = {name for rule in rules for name in rule.instead_of}
        return (tuple(rule for rule in rules if rule.id not in replaced) if replaced else rules), ""


def _concerns(rule: Rule, event: Event, day: int) -> bool:
    return (
        (not rule.products or event.product in rule.products)
        and (not rule.partners or event.partner in rule.partners)
        and (rule.start is None or rule.start <= day)
        and (rule.end is None or day < rule.end)
    )
