"""What else happened on a deal: who shares in it, and when it went live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from cleanroom.attribution.payouts.days import SECONDS_A_DAY
from cleanroom.attribution.payouts.events import Event
from cleanroom.attribution.payouts.money import Exact
from cleanroom.attribution.payouts.plan import Plan, Split

__all__ = ["Deals"]


class Deals:
    """Events of the kinds that splits and holdbacks look at, by deal; cancelled and future ones left out."""

    def __init__(self, events: Sequence[Event], plans: Iterable[Plan], as_of: int) -> None:
        #: Kinds that matter though no rule may pay for them.
        self.watched = frozenset(kind for plan in plans for rule in plan.rules for kind in rule.watched)
        self._by_deal: dict[str, list[Event]] = {}
        if not self.watched:
            return
        last = (as_of + 1) * SECONDS_A_DAY
        seen = [event for event in events if event.second < last]
        cancelled = {event.original for event in seen if event.kind == "cancel"}
        for event in seen:
            if event.kind in self.watched and event.deal and event.id not in cancelled:
                self._by_deal.setdefault(event.deal, []).append(event)

    def participants(self, earning: Event, split: Split) -> Mapping[str, Exact]:
        """Weight by partner, of those who acted on the deal up to the earning event.

        Fixed: a kind's share, in equal parts to the partners with that kind; what no partner has is shared by
        the others in proportion. Points: the points of every event. Equal: one each.
        """
        events = [
            event
            for event in self._by_deal.get(earning.deal, ())
            if event.second <= earning.second and event.partner and event.kind in split.kinds
        ]
        weights: dict[str, Exact] = {}
        if split.by == "equal":
            return {event.partner: 1 for event in events}
        if split.by == "points":
            for event in events:
                weights[event.partner] = weights.get(event.partner, 0) + split.weights[event.kind]
            return weights
        pairs = {(event.kind, event.partner) for event in events}
        holders = Counter(kind for kind, _ in pairs)
        for kind, partner in pairs:
            weights[partner] = weights.get(partner, 0) + Fraction(split.weights[kind], holders[kind])
        return weights

    def first_day(self, deal: str, kind: str) -> int | None:
        """The day of the first event of a kind on a deal."""
        days = (event.second // SECONDS_A_DAY for event in self._by_deal.get(deal, ()) if event.kind == kind)
        return min(days, default=None)
