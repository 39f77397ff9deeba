"""How accounts are related that are not the same: own accounts of a group in which the peer has one as well.

What is found here stands in tables of its own, and the overlap never holds it: whatever releases, credits or
exports accounts of the overlap cannot take one company of a group for another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from overlap.identity import GROUP_KINDS, KIND
from overlap.match import Distinct, matched_holders
from overlap.protocol import Matches
from overlap.records import GROUP_COLUMNS

SAME_ENTITY: Final = "same entity"
SAME_GROUP: Final = "same group"
#: Stands where a pair of the same company has its tier, and is none of `records.TIERS`.
GROUP_TIER: Final = "group"


@dataclass(frozen=True)
class Holding:
    """One side of a run: the ids of its accounts by position, its list, and what of it matched."""

    ids: pd.Series
    distinct: Distinct
    matches: Matches


def find_group_hits(distinct: Distinct, matches: Matches) -> pd.DataFrame:
    """One row for each own account and matched identifier of its group, best kind first within an account.

    Columns: account (int64), position (int64), token (hex), kind, and held_by (int64): the own accounts that
    carry it.
    """
    hits = matched_holders(distinct, matches, GROUP_KINDS)
    hits["rank"] = hits["kind"].map(GROUP_KINDS.index)
    hits = hits.sort_values(["account", "rank", "position"], kind="stable")
    return hits[["account", "position", "token", "kind", "held_by"]].reset_index(drop=True)


def resolve_groups(hits: pd.DataFrame, overlap: pd.DataFrame) -> pd.DataFrame:
    """One row of `GROUP_COLUMNS` for each own account of a shared group, sorted by account.

    `hits` is `find_group_hits`. Accounts of the `overlap` (`match.resolve`) are left out in whatever tier:
    what may be the same company waits for its review.
    """
    rest = hits[~hits["account"].isin(overlap["account"])].drop_duplicates("account")
    rest = rest.assign(confidence=_right(rest["kind"]), members=rest["held_by"])
    return rest[list(GROUP_COLUMNS)].reset_index(drop=True)


def with_relation(
    pairs: pd.DataFrame, left: Holding, right: Holding, most: int, kinds: Sequence[str]
) -> tuple[pd.DataFrame, int]:
    """`pairs` of the same company, those of one group besides, and the column `relation`.

    A pair that any identifier of accounts links stays what it is, a candidate too. `most` bounds the pairs
    that one token may name; the number of tokens that were left out by it comes second. Without a group kind
    in `kinds` the pairs are given back unchanged.
    """
    if not set(kinds) & set(GROUP_KINDS):
        return pairs, 0
    ours, theirs = (find_group_hits(side.distinct, side.matches) for side in (left, right))
    sizes = ours.groupby("token").size().mul(theirs.groupby("token").size(), fill_value=0)
    crowded = sizes.index[sizes > most]
    ours = ours[~ours["token"].isin(crowded)]
    shared = ours.merge(theirs[["token", "account"]], on="token", suffixes=("_left", "_right"))
    related = pd.DataFrame(
        {
            "left_id": pd.array(left.ids.to_numpy()[shared["account_left"]], "str"),
            "right_id": pd.array(right.ids.to_numpy()[shared["account_right"]], "str"),
            "kind": shared["kind"],
            "tier": GROUP_TIER,
            "confidence": _right(shared["kind"]),
            "relation": SAME_GROUP,
            "rank": shared["kind"].map(GROUP_KINDS.index),
        }
    )
    both = ["left_id", "right_id"]
    related = related.sort_values([*both, "rank"], kind="stable").drop_duplicates(both)
    known = pd.MultiIndex.from_frame(pairs[both])
    related = related[~pd.MultiIndex.from_frame(related[both]).isin(known)].drop(columns="rank")
    result = pd.concat([pairs.assign(relation=SAME_ENTITY), related], ignore_index=True)
    texts = {name: "str" for name in (*both, "kind", "tier", "relation")}
    result = result.astype(texts).sort_values(both, kind="stable").reset_index(drop=True)
    return result, len(crowded)


def _right(kinds: pd.Series) -> pd.Series:
    return kinds.map({kind: KIND[kind].right / 1000 for kind in GROUP_KINDS}).astype(np.float64)
