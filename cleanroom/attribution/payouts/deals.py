"""What else happened on a deal: who shares in it, and when it went live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cleanroom.attribution.payouts.days import SECONDS_A_DAY
from cleanroom.attribution.payouts.events import Event
from cleanroom.attribution.payouts.money import Exact
from cleanroom.attribution.payouts.plan import Plan, Split

__all__ = ["Deals"]


@dataclass(slots=True)
class _Taken:
    """Of one deal and split: how far its events were looked at, up to which second, and what they were."""

    at: int = 0
    second: int = 0
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


class Deals:
    """Events of the kinds that splits and holdbacks look at, by deal; cancelled and future ones left out."""

    def __init__(self, events: Sequence[Event], plans: Iterable[Plan], as_of: int) -> None:
        #: Kinds that matter though no rule may pay for them.
        self.watched = frozenset(kind for plan in plans for rule in plan.rules for kind in rule.watched)
        self._by_deal: dict[str, list[Event]] = {}
        self._taken: dict[tuple[str, int], _Taken] = {}
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
        events = self._by_deal.get(earning.deal, ())
        key = (earning.deal, id(split))
        taken = self._taken.get(key)
        if taken is None or taken.second > earning.second:
            taken = self._taken[key] = _Taken()
        # Events come in the order of time: each is looked at once for all that a deal earns.
        while taken.at < len(events) and events[taken.at].second <= earning.second:
            event = events[taken.at]
            if event.partner and event.kind in split.kinds:
                taken.counts[event.kind, event.partner] += 1
            taken.at += 1
        taken.second = earning.second
        weights: dict[str, Exact] = {}
        if split.by == "equal":
            return {partner: 1 for _, partner in taken.counts}
        holders = Counter(kind for kind, _ in taken.counts)
        for (kind, partner), count in taken.counts.items():
            share = count if split.by == "points" else Fraction(1, holders[kind])
            weights[partner] = weights.get(partner, 0) + split.weights[kind] * share
        return weights

    def first_day(self, deal: str, kind: str) -> int | None:
        """The day of the first event of a kind on a deal."""
        days = (event.second // SECONDS_A_DAY for event in self._by_deal.get(deal, ()) if event.kind == kind)
        return min(days, default=None)
