"""Groups by any hierarchy, however broken: the same in any order of the rows, and nobody else's business."""

from __future__ import annotations

import numpy as np
import pandas as pd
from companies import account_table
from hypothesis import given, settings
from hypothesis import strategies as st

from overlap.identity import GROUP_KINDS, identify, know, read_parents, with_groups
from overlap.identity.parents import find_roots

#: Parents by id, among them the own one, cycles of any length, ids that nobody has, and none.
HIERARCHIES = st.lists(st.integers(-2, 12), max_size=10)


def rows_of(parents: list[int]) -> list[dict[str, str]]:
    return [
        {
            "id": f"id{at}",
            "name": f"Quollbrook{at} Vexmoor",
            "website": f"quollbrook{at}.com",
            "country": "DE",
            "parent_id": "" if parent < 0 else f"id{parent}",
        }
        for at, parent in enumerate(parents)
    ]


def tops(rows: list[dict[str, str]]) -> dict[str, str]:
    """Id to the id at the top."""
    roots = find_roots(read_parents(account_table(rows))).roots
    return {row["id"]: rows[root]["id"] for row, root in zip(rows, roots.tolist(), strict=True)}


def climb(parents: list[int], at: int) -> int:
    """The specification, one step at a time."""
    seen: list[int] = []
    while at not in seen:
        seen.append(at)
        above = parents[at]
        if not 0 <= above < len(parents):
            return at
        at = above
    return next(node for node in seen if node in seen[seen.index(at) :])


@settings(deadline=None)
@given(HIERARCHIES)
def test_the_top_is_where_single_steps_lead(parents: list[int]) -> None:
    expected = {f"id{at}": f"id{climb(parents, at)}" for at in range(len(parents))}
    assert tops(rows_of(parents)) == expected


@settings(deadline=None)
@given(HIERARCHIES)
def test_whoever_is_at_a_top_is_at_its_own(parents: list[int]) -> None:
    found = find_roots(np.array([at if 0 <= at < len(parents) else -1 for at in parents], dtype=np.int64))
    assert (found.roots[found.roots] == found.roots).all()
    assert (found.roots[found.circular] == np.flatnonzero(found.circular)).all()


@settings(max_examples=25, deadline=None)
@given(HIERARCHIES, st.data())
def test_the_order_of_the_rows_changes_no_group(parents: list[int], data: st.DataObject) -> None:
    rows = rows_of(parents)
    shuffled = data.draw(st.permutations(rows))
    assert tops(rows) == tops(shuffled)
    assert carried(rows) == carried(shuffled)


@settings(max_examples=25, deadline=None)
@given(HIERARCHIES)
def test_a_stranger_changes_nobodys_group(parents: list[int]) -> None:
    rows = rows_of(parents)
    stranger = {"id": "stranger", "name": "Ildathra", "website": "ildathra.com", "country": "SE"}
    before, after = carried(rows), carried([stranger, *rows])
    assert {name: values for name, values in after.items() if name != "stranger"} == before


@settings(deadline=None)
@given(st.integers(0, 8))
def test_without_parents_everybody_is_a_group_alone(size: int) -> None:
    rows = rows_of([-1] * size)
    assert tops(rows) == {row["id"]: row["id"] for row in rows}
    groups = carried(rows)
    assert len({frozenset(values) for values in groups.values()}) == size
    assert all(groups.values())


def carried(rows: list[dict[str, str]]) -> dict[str, set[tuple[str, str]]]:
    """Id to the group identifiers of the account."""
    accounts = account_table(rows)
    frame: pd.DataFrame = with_groups(identify(accounts.iloc[:0]).frame, know(accounts), GROUP_KINDS)
    found: dict[str, set[tuple[str, str]]] = {row["id"]: set() for row in rows}
    for account, kind, value in frame.itertuples(index=False):
        found[rows[account]["id"]].add((kind, value))
    return found
