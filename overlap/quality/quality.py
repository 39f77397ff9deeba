"""What the quality report says: counts, shares and own row numbers, no name and no value of an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from overlap.quality.model import Estimate


@dataclass(frozen=True, slots=True)
class Coverage:
    """Accounts with at least one usable identifier of a kind, of all (`share`), and its distinct values."""

    kind: str
    accounts: int
    share: float
    values: int


@dataclass(frozen=True, slots=True)
class Drop:
    """Filled cells of a column, or addresses in them, that nothing could be made of, by the reason."""

    column: str
    reason: str
    cells: int


@dataclass(frozen=True, slots=True)
class Filled:
    """How many accounts have anything in a field."""

    field: str
    accounts: int
    share: float


@dataclass(frozen=True, slots=True)
class Group:
    """Own accounts that carry one value: how many, how many different names, the first row numbers.

    A row number is a text, with the population before it where two imported files have the same number.
    """

    accounts: int
    names: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubles:
    """Values of a kind that several own accounts carry.

    `what` is a kind. `sizes` counts groups by their size ("2", "3", "4 to 9",
    "10 and more"). `differing` groups have accounts of more than one name.
    """

    what: str
    groups: int
    accounts: int
    differing: int
    sizes: Mapping[str, int]
    largest: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Accounts by the best that a match on them can become."""

    released: int
    candidate: int
    nothing: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Accounts last changed (or created, where no change is known) before the day `limit` (ISO 8601).

    `by_creation` of the stale ones have no date of a change. `oldest` is the earliest day that was looked at.
    """

    limit: str
    stale: int
    by_creation: int
    undated: int
    oldest: str


@dataclass(frozen=True, slots=True)
class Repair:
    """Something to do, and what it gains by itself, in points: accounts for every 100 shared ones.

    `found` and `released` are matches won, `avoided` wrong or double ones not made. `rows` are the first row
    numbers as a spreadsheet shows them (see `Group`). A repair whose gain the model cannot say has zeros.
    """

    what: str
    accounts: int
    rows: tuple[str, ...]
    instruction: str
    found: float = 0.0
    released: float = 0.0
    avoided: float = 0.0

    @property
    def gain(self) -> float:
        """What the repairs are ordered by."""
        return max(self.found, self.released) + self.avoided


@dataclass(frozen=True, slots=True)
class Quality:
    """What a list is worth for matching, on `today` (ISO 8601), and what to repair first.

    `websites` counts accounts by why their website is no identifier; `companies` is the least and the most
    number of companies that the list may hold; `orphans` are accounts whose parent is not in the list.
    """

    today: str
    accounts: int
    left_out: int
    rejected: Mapping[str, int]
    unreadable: Mapping[str, int]
    coverage: tuple[Coverage, ...]
    uncounted: tuple[str, ...]
    drops: tuple[Drop, ...]
    filled: tuple[Filled, ...]
    websites: Mapping[str, int]
    by_mail: int
    reach: Reach
    doubles: tuple[Doubles, ...]
    companies: tuple[int, int]
    orphans: int
    freshness: Freshness
    estimate: Estimate | None
    repairs: tuple[Repair, ...]
