"""Who is at the top: the ultimate parent of each account of one list, by the parent that each names.

What CRMs hold is no tree. What is decided here, each the same in any order of the rows:

    a chain                          ends at the account that names no parent
    a parent that the list lacks     the account is at the top itself (an alias file may say more)
    an account that is its parent    is at the top
    a cycle                          nobody says who is at the top, so each account on it is its own; accounts
                                     below belong to the one that they reach first
    an id that several accounts have names nobody
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

Positions = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]

#: Stands for no parent.
NONE = -1


class Roots(NamedTuple):
    """For each node its ultimate parent (int64, itself at the top), and whether it is on a cycle (bool)."""

    roots: Positions
    circular: Mask


def read_parents(accounts: pd.DataFrame) -> Positions:
    """The position of each account's parent in `accounts` (records.ACCOUNT_COLUMNS), NONE without one.

    The cell holds an id, or, as some exports have it, the parent's name: then that of exactly one account,
    letter case and blanks at the ends aside.
    """
    cells = accounts["parent_id"]
    if (cells == "").all():
        return np.full(len(accounts), NONE, np.int64)
    found = _positions(accounts["id"], cells)
    missing = np.flatnonzero((found == NONE) & (cells != "").to_numpy(bool))
    if len(missing):
        found[missing] = _positions(plain(accounts["name"]), plain(cells.iloc[missing]))
    return found


def find_roots(parents: Positions) -> Roots:
    """The node at the top above each, given the position of each node's parent, NONE or itself at the top."""
    nodes = np.arange(len(parents))
    above = np.where(parents == NONE, nodes, parents)
    top = _climb(above)
    circular = np.zeros(len(parents), bool)
    # More steps than there are nodes lead to a top or into a cycle, and from a cycle to all of it.
    circular[top[above[top] != top]] = True
    if circular.any():
        top = _climb(np.where(circular, nodes, above))
    return Roots(top, circular)


def plain(names: pd.Series) -> pd.Series:
    """Names as they are looked up: letter case and blanks at the ends aside."""
    return names.str.strip().str.casefold()


def _climb(above: Positions) -> Positions:
    """Where at least as many steps up as there are nodes lead; each round doubles the steps."""
    for _ in range(len(above).bit_length()):
        further = above[above]
        if np.array_equal(further, above):
            break
        above = further
    return above


def _positions(names: pd.Series, wanted: pd.Series) -> Positions:
    """Where each wanted text stands in `names`; NONE for the empty text and for what is not there once."""
    single = np.flatnonzero(~names.duplicated(keep=False).to_numpy(bool) & (names != "").to_numpy(bool))
    found = pd.Index(names.iloc[single]).get_indexer(pd.Index(wanted))
    return np.where(found == NONE, NONE, np.append(single, NONE)[found]).astype(np.int64)
