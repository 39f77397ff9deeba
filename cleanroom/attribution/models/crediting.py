"""From journeys to credits: every formula asked for, with an interval for every partner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from cleanroom.attribution.models.chain import chain_of
from cleanroom.attribution.models.formulas import IDS
from cleanroom.attribution.models.heuristics import HEURISTICS, shares
from cleanroom.attribution.models.journeys import Floats, Journeys
from cleanroom.attribution.models.linearised import WIDTH, chain_errors, heuristic_errors
from cleanroom.attribution.models.markov import credit_from, removals
from cleanroom.attribution.models.resampling import bootstrap
from cleanroom.attribution.models.shapley import rate_game, require_few
from overlap.errors import Refused

#: Resampling is for as many journeys and partners as it takes a second or two for; above, closed form.
BOOTSTRAP_JOURNEYS: Final = 250_000
BOOTSTRAP_PARTNERS: Final = 48


@dataclass(frozen=True)
class Credits:
    """What a formula gives to each partner, in the order of `partners`: conversions, value, and the 95 %
    interval of the conversions. `resampled` says whether that came from resamples or in closed form.
    """

    formula: str
    partners: tuple[str, ...]
    conversions: Floats
    value: Floats
    low: Floats
    high: Floats
    resampled: bool


@dataclass(frozen=True)
class Credited:
    """Credits by formula, and the formulas that these journeys are too many for, each with the reason."""

    credits: Mapping[str, Credits]
    refused: Mapping[str, str]


def credit(journeys: Journeys, formulas: Sequence[str] = IDS) -> Credited:
    """Credits of every formula; what is too large for one formula does not stop the others."""
    found: dict[str, Credits] = {}
    refused: dict[str, str] = {}
    resampled = _drawn(journeys, formulas)
    for formula in formulas:
        try:
            conversions, value, errors = estimate(formula, journeys, errors=formula not in resampled)
        except Refused as error:
            refused[formula] = error.what
            continue
        if formula in resampled:
            low, high = resampled[formula]
        else:
            low, high = conversions - WIDTH * errors, conversions + WIDTH * errors
            if formula != "shapley:rate":
                low = np.maximum(low, 0.0)
        low, high = np.minimum(low, conversions), np.maximum(high, conversions)
        found[formula] = Credits(
            formula, journeys.partners, conversions, value, low, high, formula in resampled
        )
    return Credited(found, refused)


def _drawn(journeys: Journeys, formulas: Sequence[str]) -> dict[str, tuple[Floats, Floats]]:
    if not 0 < journeys.total <= BOOTSTRAP_JOURNEYS or len(journeys.partners) > BOOTSTRAP_PARTNERS:
        return {}
    return bootstrap(journeys, [each for each in formulas if each in HEURISTICS or each == "markov:1"])


def estimate(formula: str, journeys: Journeys, *, errors: bool = True) -> tuple[Floats, Floats, Floats]:
    """Conversions, value and (with `errors`) standard errors of one formula, partner by partner.

    Raises Refused where the journeys are too many for the formula.
    """
    size = len(journeys.partners)
    if not size:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    if formula == "shapley:rate":
        rated = rate_game(journeys)
        return rated.conversions, rated.value, rated.errors
    if formula in HEURISTICS:
        pairs, each = journeys.pairs, shares(formula, journeys)
        conversions = np.bincount(pairs.partner, each * journeys.conversions[pairs.journey], size)
        value = np.bincount(pairs.partner, each * journeys.values[pairs.journey], size)
        return conversions, value, heuristic_errors(formula, journeys) if errors else np.zeros(size)
    chain = chain_of(journeys, int(formula.rpartition(":")[2]))
    removed = list(removals(chain))
    conversions = credit_from(np.array([each.conversions for each in removed]), journeys.conversions.sum())
    value = credit_from(np.array([each.value for each in removed]), journeys.values.sum())
    return conversions, value, chain_errors(chain, removed, journeys) if errors else np.zeros(size)


def require(journeys: Journeys, formula: str) -> None:
    """Return when these journeys can have this formula; raises its Refused otherwise."""
    if formula == "shapley:rate":
        require_few(journeys)
    elif formula.startswith("markov:"):
        chain_of(journeys, int(formula.rpartition(":")[2]))
