"""Own accounts that carry one same value, and how many companies the list may really hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity import JOINT, explains, normalise_name
from overlap.quality.assumptions import NUMBERS
from overlap.quality.quality import Doubles, Group

#: Groups shown of each kind, and row numbers of a group.
LARGEST: Final = 3
ROWS: Final = 5

#: Least size of a group to how it is called.
SIZES: Final = ((10, "10 and more"), (4, "4 to 9"), (3, "3"), (2, "2"))

#: Composites with the whole name: accounts that share one are one company, however their names are written.
SAME: Final = ("domain_name", "name_phone", "name_postcode", "name_city", "name_country")

#: Kinds whose value begins with the normalised name, and signs between the parts of a marked domain_name.
_NAMED: Final = ("name_country", "name", "bare_name")
_MARKED: Final = 3

#: A name alone, as normalised; it makes no group to show.
NAME: Final = "name"


def carriers(accounts: pd.DataFrame, identifiers: pd.DataFrame) -> pd.DataFrame:
    """One row for each own account that shares a value with another: what, value, account, row, name, told.

    `what` is as in `Doubles`, or NAME; `name` is the normalised name, or the name as written where there is
    none; `told` says of a domain whether that name explains it.
    """
    normalised = _names(accounts, identifiers)
    written = accounts["name"].to_numpy(dtype=object)
    kept = identifiers[identifiers["kind"].isin([*NUMBERS, *SAME])]
    # The second writing of a name_phone and the marked ones of a domain_name only ever meet a peer's.
    kept = kept[(kept["kind"] != "domain_name") | (kept["value"].str.count("[|]") < _MARKED)]
    kept = kept[(kept["kind"] != "name_phone") | ~kept.duplicated(["kind", "account"])]
    named = np.flatnonzero(normalised != "")
    names = pd.DataFrame({"account": named, "kind": NAME, "value": pd.array(normalised[named], dtype="str")})
    table = pd.concat([kept, _domains(identifiers), names], ignore_index=True)
    table = table.rename(columns={"kind": "what"}).drop_duplicates(["what", "value", "account"])
    table = table[table.duplicated(["what", "value"], keep=False)]
    at = table["account"].to_numpy(np.int64)
    shown = np.where(normalised != "", normalised, written)[at]
    table = table.assign(row=row_labels(accounts)[at], name=shown)
    # Only where several names share a domain does it matter whose it is.
    names = table.groupby(["what", "value"], sort=False)["name"].transform("nunique")
    asked = ((table["what"] == "domain") & (names > 1)).to_numpy(bool)
    told = np.zeros(len(table), dtype=bool)
    told[asked] = list(map(explains, written[at[asked]].tolist(), table["value"][asked].tolist()))
    return table.assign(told=told).reset_index(drop=True)


def row_labels(accounts: pd.DataFrame) -> np.ndarray[Any, Any]:
    """The row number of each account as text, with its population where two files have the same number."""
    labels = accounts["row"].astype("str")
    if accounts["row"].duplicated().any():
        labels = accounts["population"] + " " + labels
    written: np.ndarray[Any, Any] = labels.to_numpy(dtype=object)
    return written


def doubles(table: pd.DataFrame) -> tuple[Doubles, ...]:
    """The groups of each kind in the table of `carriers`; a bare name alone makes no group."""
    shown = table[table["what"] != NAME]
    return tuple(_doubles(str(what), rows) for what, rows in shown.groupby("what", sort=False))


def surplus(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Accounts (positions) that are another one's double: equal name and website, place or phone.

    One account of each group, the first, is none.
    """
    edges = table[table["what"].isin(SAME)]
    extra: np.ndarray[Any, Any] = np.unique(edges[edges.duplicated(["what", "value"])]["account"].to_numpy())
    return extra


def strangers(table: pd.DataFrame, what: Iterable[str]) -> pd.DataFrame:
    """The rows of `table` whose account has another name than the one that its group belongs to.

    A domain belongs to the names that explain it; where none does, and for anything else, to the most
    frequent name.
    """
    part = table[table["what"].isin(list(what)) & (table["name"] != "")]
    counts = part.groupby(["what", "value", "name"], sort=False)["account"].transform("size")
    # Of equally frequent names it is that of the first row.
    ranked = part.assign(count=-counts, other=~part["told"])
    ranked = ranked.sort_values(["what", "value", "other", "count", "account"], kind="stable")
    usual = ranked.drop_duplicates(["what", "value"]).set_index(["what", "value"])["name"]
    keys = pd.MultiIndex.from_frame(part[["what", "value"]])
    unusual = (part["name"] != usual.reindex(keys).to_numpy()).to_numpy(bool)
    return part.loc[unusual & ~part["told"].to_numpy(bool)]


def companies(accounts: int, table: pd.DataFrame) -> tuple[int, int]:
    """The least and the most companies: accounts with anything in common are one, or clear doubles only."""
    strict = table[table["what"].isin([*NUMBERS, *SAME])]
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
    """The normalised name of each account, "" without one: from its identifiers where they have it."""
    names = np.full(len(accounts), "", dtype=object)
    known = identifiers[identifiers["kind"].isin(_NAMED)]
    names[known["account"].to_numpy(np.int64)] = _first_parts(known["value"])
    rest = np.flatnonzero(names == "")
    codes, cells = pd.factorize(accounts["name"].iloc[rest])
    names[rest] = np.array([*(normalise_name(cell).value for cell in cells.tolist()), ""], dtype=object)[
        codes
    ]
    return names


def _domains(identifiers: pd.DataFrame) -> pd.DataFrame:
    """Rows of kind domain; an identifier with the name has the domain, too, where the bound left it out."""
    rows = identifiers[identifiers["kind"].isin(["domain", "domain_name"])]
    return pd.DataFrame(
        {
            "account": rows["account"].to_numpy(np.int64),
            "kind": "domain",
            "value": pd.array(_first_parts(rows["value"]), dtype="str"),
        }
    )


def _first_parts(values: pd.Series) -> list[str]:
    return [value.partition(JOINT)[0] for value in values.tolist()]


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
