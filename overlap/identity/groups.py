"""The group of an account: identifiers of its ultimate parent, made beside its own.

An account belongs to the group of the account at the top above it (parents.py), which is itself where nothing
is above it. The group's identifiers are the surest of those that its top has: a number in a register, a
website and name, a name and its place, at most MOST_OF_GROUP. Their value is the kind and the value that the
top has as an account, general words beyond a website left out, so the evidence is the same; their own kind
keeps them from ever meeting an account's.

Two accounts of one group meet when both lists, or alias files, lead to the same top. Where one party holds
the parent and the other only a subsidiary without its parent, nothing meets. Nothing is concluded from equal
websites or words in names: only a parent that somebody wrote down makes a group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from overlap.identity.aliases import Known
from overlap.identity.batch import Progress
from overlap.identity.compose import JOINT
from overlap.identity.domain import normalise_domain
from overlap.identity.identifiers import identify
from overlap.identity.kinds import GROUP_KINDS
from overlap.identity.parents import NONE, Positions, find_roots
from overlap.records import IDENTIFIER_COLUMNS

#: Kinds of the account at the top to the kind of its group's identifier. ISINs and tickers are missing: a
#: company has several, so two parties often hold different ones.
SOURCES: Final = {
    "lei": "group_number",
    "duns": "group_number",
    "registration": "group_number",
    "vat": "group_number",
    "domain_name": "group_domain",
    "name_country": "group_name",
    "name_city": "group_name",
}
#: Identifiers of a group for an account at most.
MOST_OF_GROUP: Final = 2

#: Enough for every source, further websites and further names.
_ALL: Final = 16
#: Columns that no source reads; without them the second pass over the tops is short.
_UNREAD: Final = {"postcode": "", "phone": "", "linkedin": "", "isin": "", "ticker": ""}


def with_groups(
    identifiers: pd.DataFrame,
    known: Known,
    kinds: Sequence[str],
    progress: Progress | None = None,
    processes: int | None = None,
) -> pd.DataFrame:
    """`identifiers` (IDENTIFIER_COLUMNS) and behind them those of groups, of the group kinds in `kinds`.

    Without such a kind it is the same table. A veto is applied before: the number of a subsidiary keeps it
    apart from other accounts, not from its group.
    """
    wanted = [kind for kind in GROUP_KINDS if kind in kinds]
    if not wanted:
        return identifiers
    parents = np.append(known.parents, np.full(len(known.outside), NONE, np.int64))
    roots = find_roots(parents).roots[: len(known.accounts)]
    tops, group = np.unique(roots, return_inverse=True)
    of_tops = _of_tops(known, tops, wanted, progress, processes)
    members = pd.DataFrame({"group": group.astype(np.int64), "member": np.arange(len(group), dtype=np.int64)})
    spread = of_tops.merge(members, left_on="account", right_on="group")
    spread = spread.assign(account=spread["member"], rank=spread["kind"].map(GROUP_KINDS.index))
    spread = spread.sort_values(["rank", "account"], kind="stable")[list(IDENTIFIER_COLUMNS)]
    return pd.concat([identifiers, spread], ignore_index=True)


def _of_tops(
    known: Known, tops: Positions, wanted: Sequence[str], progress: Progress | None, processes: int | None
) -> pd.DataFrame:
    """The group identifiers of the accounts at the top, `account` being the place in `tops`."""
    nodes = known.accounts
    if len(known.outside):
        nodes = pd.concat([nodes, known.outside], ignore_index=True)
    return identify_tops(nodes.iloc[tops], tops >= len(known.accounts), wanted, progress, processes)


def identify_tops(
    tops: pd.DataFrame,
    outside: np.ndarray,
    wanted: Sequence[str],
    progress: Progress | None = None,
    processes: int | None = None,
) -> pd.DataFrame:
    """The group identifiers (IDENTIFIER_COLUMNS) of accounts at the top, each worked through on its own.

    `account` is the place in `tops` (records.ACCOUNT_COLUMNS), and the rows stand in its order. `outside`
    (bool) are parents of an alias file, `wanted` some of GROUP_KINDS.
    """
    rows = tops.reset_index(drop=True).assign(**_UNREAD)
    sources = [kind for kind, group in SOURCES.items() if group in wanted]
    found = identify(rows, sources, progress, processes, most=_ALL).frame
    # General words beyond the website ("Holding", "Energy") tell companies apart and not tops of groups.
    short = found["value"].str.split(JOINT, regex=False).str[:2].str.join(JOINT)
    found = found.assign(value=found["value"].where(found["kind"] != "domain_name", short).astype("str"))
    found = found.drop_duplicates()
    found = pd.concat([found, _by_website(rows, outside, sources)], ignore_index=True)
    order = {kind: at for at, kind in enumerate(SOURCES)}
    found = found.assign(
        kind=found["kind"].map(SOURCES).astype("str"),
        value=found["kind"] + JOINT + found["value"],
        order=found["kind"].map(order),
    ).sort_values(["account", "order"], kind="stable")
    # The first of each kind before a second of any: two numbers say less than a number and a website.
    turn = found.groupby(["account", "kind"], sort=False).cumcount()
    found = found.assign(turn=turn, rank=found["kind"].map(GROUP_KINDS.index))
    found = found.sort_values(["account", "turn", "rank"], kind="stable")
    return found[found.groupby("account").cumcount() < MOST_OF_GROUP][list(IDENTIFIER_COLUMNS)]


def _by_website(rows: pd.DataFrame, outside: np.ndarray, sources: Sequence[str]) -> pd.DataFrame:
    """Parents of an alias file known by a website alone: they are taken to be called like it."""
    if "domain_name" not in sources:
        outside = np.zeros(len(rows), bool)
    places = np.flatnonzero(outside & (rows["name"] == "").to_numpy(bool))
    domains = [normalise_domain(text).value for text in rows["website"].iloc[places].tolist()]
    usable = [(at, domain + JOINT) for at, domain in zip(places.tolist(), domains, strict=True) if domain]
    return pd.DataFrame(
        {
            "account": np.array([at for at, _ in usable], dtype=np.int64),
            "kind": pd.Series(["domain_name"] * len(usable), dtype="str"),
            "value": pd.Series([value for _, value in usable], dtype="str"),
        }
    )
