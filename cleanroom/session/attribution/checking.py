"""The rules beside what happened: the range of the models, edge cases, what types of action went with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from cleanroom.attribution import classification, models, observed
from cleanroom.number import rounded
from cleanroom.session.attribution.observing import NOBODY, Observed, observe
from cleanroom.session.party import Party

#: Models that the rules are laid beside.
BESIDE: Final = ("first", "last", "linear", "u:40-20-40", "equal-split", "markov:1")

#: Digits of sums over deals that are printed; of single credits more are (plain_models).
DIGITS: Final = 12

#: Deals that are listed of each edge case; all are counted.
LISTED: Final = 10


@dataclass(frozen=True)
class Beside:
    """One partner: won deals and value by the rules, and the least and the most by the reasonable models.

    Beside them the deals by first and last step, which are extreme by construction and in no range. `outside`
    says whether the rules give a share outside of the range; `sentence` says it all.
    """

    partner: str
    deals: float
    value: float
    deals_least: float
    deals_most: float
    value_least: float
    value_most: float
    deals_first: float
    deals_last: float
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
        _summed(float(seen.credited)),
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
    rule = {partner: float(deals) for partner, deals in seen.rule().items()}
    found = []
    for spread in models.spreads(credited, rule):
        deals, value = (_by_model(credited, spread.partner, name) for name in ("conversions", "value"))
        first, last = deals.pop("first", 0.0), deals.pop("last", 0.0)
        used = [value[formula] for formula in deals] or [0.0]
        given = seen.given.get(spread.partner)
        worth = given.value if given else seen.uncredited if spread.partner == NOBODY else Fraction(0)
        found.append(
            Beside(
                spread.partner,
                _summed(rule.get(spread.partner, 0.0)),
                _summed(float(worth)),
                _summed(min(deals.values(), default=0.0)),
                _summed(max(deals.values(), default=0.0)),
                _summed(min(used)),
                _summed(max(used)),
                _summed(first),
                _summed(last),
                spread.outside,
                spread.sentence,
            )
        )
    return found, dict(credited.refused)


def _by_model(credited: models.Credited, partner: str, what: str) -> dict[str, float]:
    """What each formula gives to a partner; nothing where no journey knows it."""
    return {
        formula: float(getattr(each, what)[each.partners.index(partner)])
        for formula, each in credited.credits.items()
        if partner in each.partners
    }


def _summed(number: float) -> float:
    """A sum of many credits, of which the last digits depend on their order."""
    return rounded(number, DIGITS)


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
