"""Which populations may meet: the agreed pairs, as cells that keep all other identifiers apart.

The pairs are a relation between the populations of two sides. It is cut into cells, each some populations of
one side with some of the other, all of which may meet, so that every agreed pair lies in exactly one cell and
no other pair in any: populations of one side with the same partners make one cell with these. An account
enters its identifiers once for each cell in which its population stands, with the cell's label inside the
bytes (`overlap.protocol.encode_identifier`), so those of a pair that was not agreed never meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from overlap.errors import Refused

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, order=True)
class Cell:
    """Populations of the proposer and of the accepter, both sorted, each of which may meet each."""

    proposer: tuple[str, ...]
    accepter: tuple[str, ...]

    @property
    def label(self) -> str:
        """The same text on both sides: the populations, which have neither "+" nor ":" in their names."""
        return f"{'+'.join(self.proposer)}:{'+'.join(self.accepter)}"

    def side(self, role: str) -> tuple[str, ...]:
        """The populations of "proposer" or "accepter"."""
        return {"proposer": self.proposer, "accepter": self.accepter}[role]


def cells_of(pairs: Pairs) -> tuple[Cell, ...]:
    """The cells of agreed pairs (proposer's population, accepter's), sorted; both sides find the same.

    Populations of that side are grouped which gives fewer cells, the proposer's where both give as many.
    """
    agreed = sorted(set(pairs))
    by_proposer = [Cell(group, met) for group, met in _grouped(agreed)]
    by_accepter = [Cell(met, group) for group, met in _grouped([(theirs, ours) for ours, theirs in agreed])]
    fewest = by_accepter if len(by_accepter) < len(by_proposer) else by_proposer
    return tuple(sorted(fewest))


def _grouped(pairs: Pairs) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """First populations of equal partners, and these partners."""
    met: dict[str, set[str]] = {}
    for one, other in pairs:
        met.setdefault(one, set()).add(other)
    groups: dict[tuple[str, ...], list[str]] = {}
    for one, others in sorted(met.items()):
        groups.setdefault(tuple(sorted(others)), []).append(one)
    return [(tuple(group), others) for others, group in groups.items()]


def is_whole(pairs: Pairs, proposer: Sequence[str], accepter: Sequence[str]) -> bool:
    """Whether each population of one side may meet each of the other, so that no cell is needed."""
    return not pairs or set(pairs) == {(ours, theirs) for ours in proposer for theirs in accepter}


def in_cells(
    identifiers: pd.DataFrame, populations: pd.Series, pairs: Pairs, role: str, level: str
) -> pd.DataFrame:
    """`identifiers` (IDENTIFIER_COLUMNS) with the column `cell`, a row for each cell of its account.

    `populations` are those of the accounts by position, `role` is our side of the agreement. Refused at a
    level of numbers when a population stands in several cells, for what it shares would be counted in each.
    """
    cells = cells_of(pairs)
    standing = pd.DataFrame(
        [(population, cell.label) for cell in cells for population in cell.side(role)],
        columns=["population", "cell"],
    )
    _require_countable(cells, level)
    of_account = identifiers.assign(
        population=populations.to_numpy()[identifiers["account"].to_numpy()],
        order=range(len(identifiers)),
    )
    spread = of_account.merge(standing, on="population").sort_values(["order", "cell"], kind="stable")
    return spread[[*identifiers.columns, "cell"]].reset_index(drop=True)


def _require_countable(cells: Sequence[Cell], level: str) -> None:
    if level == "overlaps":
        return
    for role in ("proposer", "accepter"):
        standing = [population for cell in cells for population in cell.side(role)]
        if len(standing) != len(set(standing)):
            raise Refused(
                f"clause terms.pairs: at level {level} a population in several cells would be counted twice",
                "agree on pairs in which the populations of one side all meet the same ones, or on none",
            )
