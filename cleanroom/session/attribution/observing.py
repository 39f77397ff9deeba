"""What was observed in a party's folder: judged deals, the touches on them, and what the rules credit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from cleanroom.attribution import observed
from cleanroom.session.attribution.crediting import Here, judge_here
from cleanroom.session.party import Party

#: In the place of a partner: the won journeys that the rules credit to nobody. Without them every credited
#: partner would seem to get too much beside models, which credit each journey.
NOBODY: Final = "(nobody)"


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

    @property
    def credited(self) -> Fraction:
        """How many won deals the rules credit."""
        return sum((one.deals for one in self.given.values()), Fraction(0))

    @property
    def uncredited(self) -> Fraction:
        """The value of the won journeys that the rules credit to nobody."""
        whole = sum((Fraction(value) for _, _, value, _ in self.paths.rows), Fraction(0))
        return max(whole - sum((one.value for one in self.given.values()), Fraction(0)), Fraction(0))

    def rule(self) -> dict[str, Fraction]:
        """Won deals by partner as the rules credit them, and by NOBODY the won journeys that they do not."""
        rest = self.paths.won - self.credited
        found = {partner: one.deals for partner, one in sorted(self.given.items())}
        return found | {NOBODY: rest} if rest > 0 else found


def observe(party: Party, currency: str = "", rules: Path | None = None, type_: str = "") -> Observed:
    """Judge what is here and lay it out, deals of one type where one is named.

    UsageError without deals, Refused for several currencies or a type that no deal has.
    """
    here = judge_here(party, rules)
    judged = here.judged
    chosen = observed.choose_deals(judged, currency, type_)
    touches = observed.gather_touches(judged)
    # A status may have been kept whose partner is in nothing that is here now.
    others = sorted(set(here.statuses["partner"]) - {"", *judged.partners})
    names = observed.step_names([*judged.partners, *others], (NOBODY,))
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
