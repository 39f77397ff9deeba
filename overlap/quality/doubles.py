"""Own accounts that carry one same value, and how many companies the list may really hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.quality.assumptions import NUMBERS
from overlap.quality.quality import Doubles, Group

#: Groups shown of each kind, and row numbers of a group.
LARGEST: Final = 3
ROWS: Final = 5

#: Least size of a group to how it is called.
SIZES: Final = ((10, "10 and more"), (4, "4 to 9"), (3, "3"), (2, "2"))

DOMAIN_AND_NAME: Final = "domain and name"


def carriers(accounts: pd.DataFrame, identifiers: pd.DataFrame) -> pd.DataFrame:
    """One row for each own account that shares a value with another: what, value, account, row, name.

    `what` is as in `Doubles`; `name` is the normalised name, or the name as written where there is none.
    """
    names = _names(accounts, identifiers)
    kept = identifiers[identifiers["kind"].isin([*NUMBERS, "domain", "name_country", "name"])]
    parts = [kept.rename(columns={"kind": "what"}), _with_names(kept, names)]
    table = pd.concat(parts, ignore_index=True).drop_duplicates(["what", "value", "account"])
    table = table[table.duplicated(["what", "value"], keep=False)]
    at = table["account"].to_numpy(np.int64)
    return table.assign(row=row_labels(accounts)[at], name=names[at]).reset_index(drop=True)


def row_labels(accounts: pd.DataFrame) -> np.ndarray[Any, Any]:
    """The row number of each account as text, with its population where two files have the same number."""
    labels = accounts["row"].astype("str")
    if accounts["row"].duplicated().any():
        labels = accounts["population"] + " " + labels
    written: np.ndarray[Any, Any] = labels.to_numpy(dtype=object)
    return written


def doubles(table: pd.DataFrame) -> tuple[Doubles, ...]:
    """The groups of each kind in the table of `carriers`; a bare name alone makes no group."""
    shown = table[table["what"] != "name"]
    return tuple(_doubles(str(what), rows) for what, rows in shown.groupby("what", sort=False))


def surplus(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Accounts (positions) that are another one's double: equal number, name and country, domain and name.

    One account of each group, the first, is none.
    """
    edges = table[table["what"].isin([DOMAIN_AND_NAME, "name_country"])]
    extra: np.ndarray[Any, Any] = np.unique(edges[edges.duplicated(["what", "value"])]["account"].to_numpy())
    return extra


def strangers(table: pd.DataFrame, what: Iterable[str]) -> pd.DataFrame:
    """The rows of `table` whose account has another name than most accounts of its group."""
    part = table[table["what"].isin(list(what)) & (table["name"] != "")]
    counts = part.groupby(["what", "value", "name"], sort=False)["account"].transform("size")
    # The most frequent name of a group is its own; of equally frequent ones that of its first row.
    ranked = part.assign(count=-counts).sort_values(["what", "value", "count", "account"], kind="stable")
    usual = ranked.drop_duplicates(["what", "value"]).set_index(["what", "value"])["name"]
    keys = pd.MultiIndex.from_frame(part[["what", "value"]])
    unusual = (part["name"] != usual.reindex(keys).to_numpy()).to_numpy(bool)
    return part.loc[unusual]


def companies(accounts: int, table: pd.DataFrame) -> tuple[int, int]:
    """The least and the most companies: accounts with anything in common are one, or clear doubles only."""
    strict = table[table["what"].isin([*NUMBERS, DOMAIN_AND_NAME, "name_country"])]
    return _components(accounts, table), _components(accounts, strict)


def _doubles(what: str, rows: pd.DataFrame) -> Doubles:
    groups = rows.groupby("value", sort=False).agg(
        accounts=("account", "size"), names=("name", "nunique"), first=("account", "min")
    )
    order = groups.sort_values(["accounts", "first"], ascending=[False, True], kind="stable")
    largest = []
    for value, (size, names, _first) in zip(
        order.index[:LARGEST], order.to_numpy()[:LARGEST].tolist(), strict=True
    ):
        own = rows[rows["value"] == value].sort_values("account")["row"].tolist()[:ROWS]
        largest.append(Group(int(size), int(names), tuple(own)))
    sizes = groups["accounts"].to_numpy(np.int64)
    counted: dict[str, int] = {}
    rest = np.ones(len(sizes), dtype=bool)
    for least, label in SIZES:
        here = rest & (sizes >= least)
        counted[label] = int(here.sum())
        rest &= ~here
    differing = int((groups["names"] > 1).sum())
    ordered = {label: counted[label] for _, label in reversed(SIZES)}
    return Doubles(what, len(groups), rows["account"].nunique(), differing, ordered, tuple(largest))


def _names(accounts: pd.DataFrame, identifiers: pd.DataFrame) -> np.ndarray[Any, Any]:
    names: np.ndarray[Any, Any] = accounts["name"].to_numpy(dtype=object).copy()
    known = identifiers[identifiers["kind"] == "name"].drop_duplicates("account")
    names[known["account"].to_numpy(np.int64)] = known["value"].to_numpy(dtype=object)
    return names


def _with_names(identifiers: pd.DataFrame, names: np.ndarray[Any, Any]) -> pd.DataFrame:
    """Domain and name of an account as one value; two domains of it are two."""
    domains = identifiers[identifiers["kind"] == "domain"]
    own = pd.Series(names[domains["account"].to_numpy(np.int64)], index=domains.index, dtype="str")
    joined = domains.assign(what=DOMAIN_AND_NAME, value=domains["value"] + "|" + own)
    return joined[own != ""][["account", "what", "value"]]


def _components(accounts: int, table: pd.DataFrame) -> int:
    """How many sets the accounts fall into when those with a common value belong together (union-find)."""
    parents = list(range(accounts))

    def top(node: int) -> int:
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    groups = table.groupby(["what", "value"], sort=False)["account"]
    joined = 0
    for first, other in zip(groups.transform("first").tolist(), table["account"].tolist(), strict=True):
        one, two = top(first), top(other)
        if one != two:
            parents[two] = one
            joined += 1
    return accounts - joined
