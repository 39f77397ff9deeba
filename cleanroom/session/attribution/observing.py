"""What was observed in a party's folder: judged deals, the touches on them, and what the rules credit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cleanroom.attribution import observed
from cleanroom.session.attribution.crediting import Here, judge_here
from cleanroom.session.party import Party


@dataclass(frozen=True)
class Observed:
    """Judged deals of one currency, the touches on them, journeys, and what the rules credit by partner.

    `names` are the partners as files name them, in the order of `here.judged.partners`.
    """

    here: Here
    chosen: observed.Selection
    touches: observed.Touches
    names: list[str]
    paths: observed.Paths
    given: dict[str, observed.Given]


def observe(party: Party, currency: str = "", rules: Path | None = None) -> Observed:
    """Judge what is here and lay it out. UsageError without deals, Refused for several currencies."""
    here = judge_here(party, rules)
    judged = here.judged
    chosen = observed.choose_deals(judged, currency)
    touches = observed.gather_touches(judged)
    # A status may have been kept whose partner is in nothing that is here now.
    others = sorted(set(here.statuses["partner"]) - {"", *judged.partners})
    names = observed.step_names([*judged.partners, *others])
    by_name = dict(zip([*judged.partners, *others], names, strict=True))
    given = observed.rule_credit(judged, chosen, here.statuses)
    return Observed(
        here,
        chosen,
        touches,
        names,
        observed.journey_rows(judged, chosen, touches, names),
        {by_name[partner]: one for partner, one in given.items()},
    )
