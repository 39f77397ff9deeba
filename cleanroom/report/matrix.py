"""The overlap matrix: for each own and each peer population, how many accounts are shared.

Three counts a cell, because the two sides count differently: `ours` own accounts, `theirs` accounts of the
peer, `entities` companies. Own accounts and pair tokens that are connected are one company: two own accounts
that share a token, and two tokens on one own account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from overlap.errors import UsageError
from overlap.records import STANDARD_POPULATIONS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALL", "MATCHED_COLUMNS", "MATRIX_COLUMNS", "UNKNOWN", "matrix", "render_matrix"]

#: One own account and pair token a row, dtype str. `their_population` is "" when not released by the peer;
#: `their_account` names an account of the peer within this frame (any handle), "" when not known.
MATCHED_COLUMNS: Final = ("account", "token", "our_population", "their_population", "their_account")

#: One cell a row: two populations (str) and counts (int64; `theirs` is Int64, missing when not known).
MATRIX_COLUMNS: Final = ("our_population", "their_population", "ours", "theirs", "entities")

#: A population that the peer has not released.
UNKNOWN: Final = "(not released)"
#: The margin over all populations; it counts each account once, so it is no sum.
ALL: Final = "(all)"


def matrix(matched: pd.DataFrame) -> pd.DataFrame:
    """The matrix (`MATRIX_COLUMNS`) of `matched` (`MATCHED_COLUMNS`), with margins, empty cells included.

    Populations come in the standard order, then by name, then UNKNOWN, then ALL. Raises UsageError when a
    column is missing.
    """
    import pandas as pd

    if set(MATCHED_COLUMNS) - set(matched.columns):
        raise UsageError("the matched accounts do not have the columns of a matrix", "see MATCHED_COLUMNS")
    columns = [matched[name] for name in MATCHED_COLUMNS]
    rows = [dict(zip(MATCHED_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]
    entities = _entities(rows)
    cells: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        own, theirs = row["our_population"] or UNKNOWN, row["their_population"] or UNKNOWN
        for cell in ((own, theirs), (own, ALL), (ALL, theirs), (ALL, ALL)):
            cells.setdefault(cell, []).append(row)
    axes = [sorted({cell[side] for cell in cells} | {ALL}, key=_population_order) for side in (0, 1)]
    counts = [
        {"our_population": own, "their_population": theirs} | _count(cells.get((own, theirs), []), entities)
        for own in axes[0]
        for theirs in axes[1]
    ]
    frame = pd.DataFrame(counts, columns=list(MATRIX_COLUMNS))
    types = {"our_population": "str", "their_population": "str", "ours": "int64", "entities": "int64"}
    return frame.astype(types | {"theirs": "Int64"})


def render_matrix(cells: pd.DataFrame, ours: str, theirs: str) -> list[str]:
    """The matrix as lines of plain text; `ours` and `theirs` are the parties' names.

    Each cell reads ours/theirs/entities, a count that is not known reads "?".
    """
    counts = {
        (row["our_population"], row["their_population"]): _cell_text(row)
        for row in cells.to_dict(orient="records")
    }
    rows = list(dict.fromkeys(own for own, _ in counts))
    columns = list(dict.fromkeys(other for _, other in counts))
    table = [
        [f"{ours} \\ {theirs}", *columns],
        *([own, *(counts[own, column] for column in columns)] for own in rows),
    ]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns) + 1)]
    lines = [_table_line(line, widths) for line in table]
    return [
        *lines,
        f"each cell: accounts of {ours} / accounts of {theirs} / companies; {ALL} counts each once",
    ]


def _count(rows: list[dict[str, str]], entities: dict[str, int]) -> dict[str, Any]:
    theirs = {row["their_account"] for row in rows}
    return {
        "ours": len({row["account"] for row in rows}),
        "theirs": None if "" in theirs else len(theirs),
        "entities": len({entities[row["account"]] for row in rows}),
    }


def _entities(rows: Iterable[dict[str, str]]) -> dict[str, int]:
    """Own account to a number for its company: connected accounts and tokens (union-find)."""
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def top(node: tuple[str, str]) -> tuple[str, str]:
        parents.setdefault(node, node)
        for step in _climb(node, parents):
            node = step
        return node

    for row in rows:
        parents[top(("token", row["token"]))] = top(("account", row["account"]))
    numbers: dict[tuple[str, str], int] = {}
    accounts = [name for kind, name in parents if kind == "account"]
    return {name: numbers.setdefault(top(("account", name)), len(numbers)) for name in accounts}


def _climb(
    node: tuple[str, str], parents: dict[tuple[str, str], tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """The nodes above `node`; each visited node is moved up by one, which keeps paths short."""
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
        yield node


def _population_order(name: str) -> tuple[int, str]:
    last = {UNKNOWN: len(STANDARD_POPULATIONS) + 1, ALL: len(STANDARD_POPULATIONS) + 2}
    standard = {known: place for place, known in enumerate(STANDARD_POPULATIONS)}
    return (standard | last).get(name, len(STANDARD_POPULATIONS)), name


def _cell_text(row: dict[Any, Any]) -> str:
    theirs = row["theirs"]
    return f"{row['ours']}/{theirs if isinstance(theirs, int) else '?'}/{row['entities']}"


def _table_line(cells: list[str], widths: list[int]) -> str:
    first, *others = (
        cell.ljust(width) if not place else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()
