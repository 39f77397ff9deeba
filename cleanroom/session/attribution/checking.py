"""The rules beside what happened: the range of the models, edge cases, what types of action went with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import classification, models, observed
from cleanroom.session.attribution.observing import Observed, observe
from cleanroom.session.party import Party

#: Models that the rules are laid beside.
BESIDE: Final = ("first", "last", "linear", "u:40-20-40", "equal-split", "markov:1")

#: Deals that are listed of each edge case; all are counted.
LISTED: Final = 10


@dataclass(frozen=True)
class Beside:
    """One partner: won deals and value by the rules, and the least and the most that any of BESIDE gives.

    `outside` says whether the share by the rules is outside of the reasonable models; `sentence` says it all.
    """

    partner: str
    deals: float
    value: float
    deals_least: float
    deals_most: float
    value_least: float
    value_most: float
    outside: bool
    sentence: str


@dataclass(frozen=True)
class EdgeList:
    """All edge cases of one code: how many, what the code means, and the first of them."""

    code: str
    means: str
    count: int
    deals: list[dict[str, str]]


@dataclass(frozen=True)
class Checked:
    """What a check found; findings are no errors."""

    currency: str
    won: int
    credited: float
    partners: list[Beside]
    refused: dict[str, str]
    edges: list[EdgeList]
    motions: list[observed.Motion]
    left_out: dict[str, int]

    def answer(self) -> dict[str, Any]:
        """What `overlap credit check --json` prints; cleanroom/FORMATS.md describes it."""
        return asdict(self)


def check_rules(party: Party, currency: str = "", rules: Path | None = None) -> Checked:
    """Lay the rules beside models and facts. UsageError without deals, Refused for several currencies."""
    seen = observe(party, currency, rules)
    judged = seen.here.judged
    partners, refused = _beside(seen)
    edges = observed.edge_cases(judged, seen.touches, seen.here.statuses)
    return Checked(
        seen.chosen.currency,
        seen.paths.won,
        float(sum((one.deals for one in seen.given.values()), Fraction(0))),
        partners,
        refused,
        [_listed(seen, code, found) for code, found in edges.items()],
        list(observed.motions(judged, seen.touches)),
        seen.paths.left_out,
    )


def _beside(seen: Observed) -> tuple[list[Beside], dict[str, str]]:
    if not seen.paths.won:
        return [], {}
    rows = seen.paths.rows
    journeys = models.gather(
        [row[0] for row in rows],
        [row[1] for row in rows],
        [float(row[2]) for row in rows],
        [row[3] for row in rows],
    )
    credited = models.credit(journeys, BESIDE)
    rule = {partner: float(one.deals) for partner, one in seen.given.items()}
    found = []
    for spread in models.spreads(credited, rule):
        at = journeys.partners.index(spread.partner) if spread.partner in journeys.partners else None
        deals, value = (
            [0.0] if at is None else [float(getattr(each, name)[at]) for each in credited.credits.values()]
            for name in ("conversions", "value")
        )
        given = seen.given.get(spread.partner, observed.Given(Fraction(0), Fraction(0)))
        found.append(
            Beside(
                spread.partner,
                _rounded(float(given.deals)),
                _rounded(float(given.value)),
                _rounded(min(deals)),
                _rounded(max(deals)),
                _rounded(min(value)),
                _rounded(max(value)),
                spread.outside,
                spread.sentence,
            )
        )
    return found, dict(credited.refused)


def _rounded(number: float) -> float:
    """What follows may differ between processors."""
    return float(f"{number:.12g}") + 0.0


def _listed(seen: Observed, code: str, found: list[observed.Edge]) -> EdgeList:
    deals = [
        {"opportunity": one.opportunity, "partner": one.partner, "says": one.says} for one in found[:LISTED]
    ]
    if code == "one-field":
        # What the field would change is tried out, as explanations do.
        for each in deals:
            near = classification.focus(seen.here.pipeline, each["opportunity"])
            nearest = classification.nearest_alternative(near, each["opportunity"], each["partner"])
            if nearest is not None:
                each["says"] += f"; would be {nearest.status} if {nearest.condition}"
    return EdgeList(code, observed.EDGES[code], len(found), deals)
