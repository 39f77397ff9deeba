"""What a party knows about its own accounts beyond its CRM: further names and domains, and parents.

A further domain stands beside the account's own. A further name makes the account appear once more, under
that name and with all its other cells, and what that row gives belongs to the account: an account is found by
an old name in just the ways in which it is found by its own. A parent is one of the own accounts, or any
company, which then stands behind the accounts as a row of its own (`outside`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from overlap.identity.batch import Progress
from overlap.identity.compose import ROLES
from overlap.identity.domain import normalise_cell
from overlap.identity.facts import Drop
from overlap.identity.identifiers import Identified, identify
from overlap.identity.kinds import KINDS, MOST
from overlap.identity.parents import Positions, plain, read_parents
from overlap.records import ACCOUNT_COLUMNS, Rejected

UNKNOWN: Final = "its account is not in the list"
SEVERAL: Final = "more than one account fits"
SECOND_PARENT: Final = "an earlier row gives its account another parent"

#: Column of an account to the column of an alias that says it of a parent.
_PARENT: Final = {
    "name": "parent_name",
    "website": "parent_domain",
    "country": "parent_country",
    "city": "parent_city",
    "lei": "parent_lei",
    "duns": "parent_duns",
    "vat": "parent_vat",
    "registration_number": "parent_registration_number",
}
#: A place alone names no company.
_NAMING: Final = tuple(column for field, column in _PARENT.items() if field not in ("country", "city"))

Row = Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """Accounts and what an alias file adds, all tables of records.ACCOUNT_COLUMNS.

    `accounts` are the list's own, with further domains; they go into identifiers only, never into a share.
    `renamed` has a row for each further name, of the account at `holders` (int64). `outside` are parents that
    the list does not have. `parents` (int64) is for each account the position of its parent, counted through
    accounts and then outside, -1 without one. `rejected` are rows of the alias file that were not used.
    """

    accounts: pd.DataFrame
    renamed: pd.DataFrame
    holders: Positions
    outside: pd.DataFrame
    parents: Positions
    rejected: tuple[Rejected, ...]


def know(accounts: pd.DataFrame, aliases: pd.DataFrame | None = None) -> Known:
    """`accounts` (records.ACCOUNT_COLUMNS) with what `aliases` (records.ALIAS_COLUMNS) say of them."""
    parents = read_parents(accounts)
    nothing = accounts.iloc[:0]
    if aliases is None or aliases.empty:
        return Known(accounts, nothing, np.empty(0, np.int64), nothing, parents, ())
    rows = [{str(name): value for name, value in row.items()} for row in aliases.to_dict("records")]
    found = find_accounts(accounts, rows)
    rejected = [
        Rejected(int(row["row"]), UNKNOWN if not fit else SEVERAL)
        for row, fit in zip(rows, found, strict=True)
        if len(fit) != 1
    ]
    taken = [(fit[0], row) for row, fit in zip(rows, found, strict=True) if len(fit) == 1]
    accounts = _with_domains(accounts, taken)
    renamed, holders = _renamed(accounts, taken)
    stated = _Stated(accounts, parents)
    rejected += [Rejected(int(row["row"]), SECOND_PARENT) for at, row in taken if not stated.take(at, row)]
    ordered = tuple(sorted(rejected, key=lambda one: one.row))
    return Known(accounts, renamed, holders, stated.outside(), stated.parents, ordered)


def identify_known(
    known: Known,
    kinds: Sequence[str] = KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    *,
    role: str = ROLES[0],
    most: int = MOST,
) -> Identified:
    """As `identify`, under all names of the accounts; `most` bounds what one name of an account gives.

    `dropped` counts the cells of the accounts, and under `alias_name` and `aliases` what of the alias file
    gave nothing.
    """
    found = identify(known.accounts, kinds, progress, processes, role=role, most=most)
    dropped: Counter[Drop] = Counter(("aliases", one.reason) for one in known.rejected)
    frame = found.frame
    if len(known.renamed):
        more = identify(known.renamed, kinds, None, processes, role=role, most=most)
        dropped += Counter(
            {("alias_name", why): count for (at, why), count in more.dropped.items() if at == "name"}
        )
        frame = joined(frame, more.frame.assign(account=known.holders[more.frame["account"]]))
    return Identified(frame, dict(sorted({**found.dropped, **dropped}.items())))


def joined(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Two tables of IDENTIFIER_COLUMNS as one, in order of kind and then account, no row twice."""
    frame = pd.concat([one, other], ignore_index=True).drop_duplicates()
    rank = frame["kind"].map({kind: at for at, kind in enumerate(KINDS)})
    order = np.lexsort((frame["account"].to_numpy(), rank.to_numpy()))
    return frame.iloc[order].reset_index(drop=True)


def find_accounts(accounts: pd.DataFrame, rows: Sequence[Row]) -> list[list[int]]:
    """For each row the positions of the accounts that fit: by id, or by all of name and domain that is given.

    A row has the fields account_id, account_name and account_domain; an empty one names nothing.
    """
    ids = _places(accounts["id"], {row["account_id"] for row in rows})
    named = [row for row in rows if not row["account_id"]]
    names = _places(plain(accounts["name"]), {_plain(row["account_name"]) for row in named})
    wanted = {domain for row in named for domain in normalise_cell(row["account_domain"])[0]}
    domains = _by_domain(accounts, wanted) if wanted else {}
    found = []
    for row in rows:
        fits = []
        if row["account_id"]:
            fits.append(ids.get(row["account_id"], set()))
        else:
            if row["account_name"]:
                fits.append(names.get(_plain(row["account_name"]), set()))
            if row["account_domain"]:
                values = normalise_cell(row["account_domain"])[0]
                fits.append(set().union(*(domains.get(value, set()) for value in values)))
        found.append(sorted(set.intersection(*fits)) if fits else [])
    return found


def _places(column: pd.Series, wanted: set[str]) -> dict[str, set[int]]:
    """For each wanted text but the empty one the positions at which the column holds it."""
    at = np.flatnonzero(column.isin(list(wanted - {""})).to_numpy(bool))
    places: dict[str, set[int]] = {}
    for position, text in zip(at.tolist(), column.iloc[at].tolist(), strict=True):
        places.setdefault(text, set()).add(position)
    return places


def _by_domain(accounts: pd.DataFrame, wanted: set[str]) -> dict[str, set[int]]:
    places: dict[str, set[int]] = {}
    for column in ("website", "domains"):
        for position, cell in enumerate(accounts[column].tolist()):
            for value in normalise_cell(cell)[0] if cell else ():
                if value in wanted:
                    places.setdefault(value, set()).add(position)
    return places


def _plain(text: str) -> str:
    return text.strip().casefold()


def _with_domains(accounts: pd.DataFrame, taken: Sequence[tuple[int, Row]]) -> pd.DataFrame:
    further: dict[int, list[str]] = {}
    for at, row in taken:
        if row["alias_domain"]:
            further.setdefault(at, []).append(row["alias_domain"])
    cells: dict[int, str] = {at: accounts["domains"].iat[at] for at in further}
    domains = accounts["domains"].to_numpy(dtype=object, copy=True)
    for at, more in further.items():
        domains[at] = ";".join(text for text in (cells[at], *more) if text)
    return accounts.assign(domains=pd.array(domains, "str")) if further else accounts


def _renamed(accounts: pd.DataFrame, taken: Sequence[tuple[int, Row]]) -> tuple[pd.DataFrame, Positions]:
    """One row for each further name, its own domain, if it came with one, in front of the account's."""
    names = {(at, row["alias_name"]): row["alias_domain"] for at, row in taken if row["alias_name"]}
    holders = np.array([at for at, _ in names], dtype=np.int64)
    rows = accounts.iloc[holders].reset_index(drop=True)
    fronts = pd.Series(list(names.values()), index=rows.index, dtype="str")
    behind = (rows["website"] + ";" + rows["domains"]).str.strip(";")
    return rows.assign(
        name=pd.array([name for _, name in names], "str"),
        website=rows["website"].where(fronts == "", fronts).astype("str"),
        domains=rows["domains"].where(fronts == "", behind).astype("str"),
    ), holders


class _Stated:
    """The parents of accounts, those of the alias file in place of those of the CRM."""

    def __init__(self, accounts: pd.DataFrame, parents: Positions) -> None:
        self.parents = parents.copy()
        self._accounts = accounts
        self._ids = {text: at for at, text in enumerate(accounts["id"].tolist())}
        self._names: dict[str, set[int]] = {}
        self._said: dict[int, int | tuple[str, ...]] = {}
        self._outside: dict[tuple[str, ...], int] = {}

    def take(self, at: int, row: Row) -> bool:
        """Note the parent that a row gives to the account, if any; whether it fits what was said before."""
        parent = self._parent(row)
        if parent is None:
            return True
        if self._said.setdefault(at, parent) != parent:
            return False
        self.parents[at] = parent if isinstance(parent, int) else self._place(parent)
        return True

    def outside(self) -> pd.DataFrame:
        """The parents that are no own accounts."""
        cells: dict[str, Any] = {name: [""] * len(self._outside) for name in ACCOUNT_COLUMNS}
        cells |= {field: [key[at] for key in self._outside] for at, field in enumerate(_PARENT)}
        frame = pd.DataFrame(cells, dtype="str")
        return frame.assign(row=np.zeros(len(frame), np.int64))[list(ACCOUNT_COLUMNS)]

    def _parent(self, row: Row) -> int | tuple[str, ...] | None:
        """The position of an own account, or what is said of another company, or None."""
        if row["parent_id"] in self._ids and row["parent_id"]:
            return self._ids[row["parent_id"]]
        if not any(row[column] for column in _NAMING):
            return None
        named = self._own(row["parent_name"])
        return min(named) if len(named) == 1 else tuple(row[column] for column in _PARENT.values())

    def _place(self, company: tuple[str, ...]) -> int:
        return self._outside.setdefault(company, len(self._accounts) + len(self._outside))

    def _own(self, name: str) -> set[int]:
        if name and not self._names:
            for at, text in enumerate(plain(self._accounts["name"]).tolist()):
                self._names.setdefault(text, set()).add(at)
        return self._names.get(_plain(name), set()) if name else set()
