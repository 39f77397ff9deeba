"""How sure an audit makes, and how likely a "held first" is a lucky guess: exact binomials."""

from __future__ import annotations

from math import comb, exp, expm1, lgamma, log, log1p
from typing import Final

from overlap.errors import UsageError

__all__ = ["CONFIDENCE", "draws_needed", "guess_chance", "lower_bound"]

CONFIDENCE: Final = 0.95
#: Halvings of an interval; the bound then has all digits of a float.
_STEPS: Final = 80


def lower_bound(good: int, draws: int, confidence: float = CONFIDENCE) -> float:
    """The one-sided Clopper-Pearson bound: the share that is good at least, given `good` of `draws`.

    The smallest share p with P[Binomial(draws, p) >= good] >= 1 - confidence; without failure that is
    (1 - confidence)^(1 / draws). 0 when nothing was drawn or nothing was good.
    """
    if not 0 <= good <= draws or not 0 < confidence < 1:
        raise UsageError(
            "a bound needs 0 <= good <= draws and a confidence between 0 and 1", "see the docstring"
        )
    if good == 0:
        return 0.0
    if good == draws:
        return exp(log(1 - confidence) / draws)
    low, high = 0.0, good / draws
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_least(good, draws, middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def draws_needed(share: float, confidence: float = CONFIDENCE) -> int:
    """The fewest draws that, all good, show a share of `share` at least."""
    if not 0 < share < 1:
        raise UsageError("a share lies between 0 and 1", "give 0.95 for 95 %")
    draws = max(1, int(log(1 - confidence) / log(share)) - 1)
    while share**draws > 1 - confidence:
        draws += 1
    return draws


def guess_chance(leaves: int, genuine: float, targets: int, universe: int) -> tuple[float, float]:
    """What guessing could have given: the chance that one committed guess is on a target list, and how many
    of the hits are expected to be guesses.

    `leaves` are committed, at least a share `genuine` of them is real (from an audit), so at most the rest
    are guesses drawn from a `universe` of firms of which `targets` are on the other side's list. The first
    number is P[at least one hit] = 1 - C(universe - targets, guesses) / C(universe, guesses).
    """
    if not (0 <= genuine <= 1 and 0 <= targets <= universe and leaves >= 0 and universe > 0):
        raise UsageError("a chance needs targets <= universe and a share of 0 to 1", "see the docstring")
    guesses = min(universe, leaves - int(leaves * genuine))
    expected = guesses * targets / universe
    if guesses > universe - targets:
        return 1.0, expected
    if universe < 1000:
        return 1 - comb(universe - targets, guesses) / comb(universe, guesses), expected
    none = _log_comb(universe - targets, guesses) - _log_comb(universe, guesses)
    return -expm1(none), expected


def _at_least(good: int, draws: int, share: float) -> float:
    """P[Binomial(draws, share) >= good]."""
    if share <= 0:
        return 0.0
    terms = [
        _log_comb(draws, hits) + hits * log(share) + (draws - hits) * log1p(-share)
        for hits in range(good, draws + 1)
    ]
    return sum(map(exp, terms))


def _log_comb(whole: int, part: int) -> float:
    return lgamma(whole + 1) - lgamma(part + 1) - lgamma(whole - part + 1)
