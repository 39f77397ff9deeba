"""The parts of a contract that are no single value: the sides, and the terms of levels that need more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: Whole currency units of an amount at most; the sum over the largest list then is below 2^64.
MAX_AMOUNT: Final = 10**12


@dataclass(frozen=True, slots=True)
class Side:
    """One party's part: its name, card digest (hex), populations, declared identifier bound, claim root."""

    party: str
    card: str
    populations: tuple[str, ...]
    size_bound: int
    claim_root: str  # hex, or "" when this side has committed no claims
    claim_leaves: int

    @staticmethod
    def read(value: dict[str, Any]) -> Side:
        """The side in decoded JSON; TypeError or ValueError when it is none."""
        side = Side(**(value | {"populations": tuple(value["populations"])}))
        _require_texts(side.party, side.card, side.claim_root, *side.populations)
        _require_numbers(0, side.size_bound, side.claim_leaves)
        return side


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is summed at level `sum`. The responder has the amounts, in whole units of `currency`.

    Each is rounded to a multiple of `granule` before it is encrypted and is at most `maximum`, a multiple of
    `granule`. The sum over fewer than `minimum` identifiers is withheld. `of` says in a word what the amounts
    are.
    """

    of: str
    currency: str
    granule: int
    maximum: int
    minimum: int

    @staticmethod
    def read(value: dict[str, Any]) -> Amounts:
        """The amounts in decoded JSON; TypeError or ValueError when they are none."""
        amounts = Amounts(**value)
        _require_texts(amounts.of, amounts.currency)
        _require_numbers(1, amounts.granule, amounts.maximum, amounts.minimum)
        if amounts.maximum % amounts.granule or amounts.maximum > MAX_AMOUNT:
            raise ValueError("the largest amount is no multiple of the granule, or too large")
        return amounts

    @property
    def most_units(self) -> int:
        """Granules in the largest amount."""
        return self.maximum // self.granule

    def units(self, amount: int) -> int:
        """`amount` in granules, rounded to the nearest, a half up."""
        return (2 * amount + self.granule) // (2 * self.granule)


@dataclass(frozen=True, slots=True)
class Counting:
    """What a third party counts, and how it blurs the counts before anybody sees one.

    `room` is its card digest (hex). `starter_bounds` and `responder_bounds` declare the identifiers of each
    population, in the order of the sides' `populations`; they add up to the sides' `size_bound`. Noise is
    drawn for epsilon = `epsilon` / `epsilon_of`; a number below `minimum` is withheld.
    """

    room: str
    starter_bounds: tuple[int, ...]
    responder_bounds: tuple[int, ...]
    minimum: int
    epsilon: int
    epsilon_of: int

    @staticmethod
    def read(value: dict[str, Any]) -> Counting:
        """The counting in decoded JSON; TypeError or ValueError when it is none."""
        bounds = {name: tuple(value[name]) for name in ("starter_bounds", "responder_bounds")}
        counting = Counting(**(value | bounds))
        _require_texts(counting.room)
        _require_numbers(0, *counting.starter_bounds, *counting.responder_bounds)
        _require_numbers(1, counting.minimum, counting.epsilon, counting.epsilon_of)
        return counting


def _require_texts(*values: Any) -> None:
    if not all(isinstance(value, str) for value in values):
        raise ValueError("a text is none")


def _require_numbers(least: int, *values: Any) -> None:
    if not all(type(value) is int and value >= least for value in values):
        raise ValueError("a number is none, or too small")
