"""From identifiers to the list that is matched, and from matches to the overlap.

Everything here is decided on the own side alone: what the matched identifiers of an account are worth
(`identity.ALL_KINDS`), whether another own account could be meant as well (`rivals`), and which of its
identifiers may link it with an account of the peer's (`telling`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from overlap.identity import KIND, KINDS, normalise_name, read_parents
from overlap.protocol import Matches, encode_identifier
from overlap.records import OVERLAP_COLUMNS, TIERS

#: Level `counts` matches one identifier of each account. The order is by how likely *both* sides have the
#: kind and agree on it, not by how precise it is: an account whose two sides choose different kinds is not
#: counted. Nearly every account of an export has a website, most have a country beside the name, few have a
#: number.
COUNT_KINDS: Final = (
    "domain_name",
    "name_country",
    "name_city",
    "name",
    "name_phone",
    "name_postcode",
    "lei",
    "duns",
    "registration",
    "vat",
    "isin",
    "ticker",
    "linkedin",
    "domain_word",
)

#: The name is all that these say, so that own accounts of one name are rivals and not duplicates.
NAME_KINDS: Final = ("name_country", "name", "close_country", "bare_name")
#: Composites with the name: own accounts that share one are duplicates, whatever their full names are.
SAME_NAME_KINDS: Final = ("domain_name", "name_phone", "name_postcode", "name_city")

_CANDIDATE: Final = TIERS.index("candidate")


@dataclass(frozen=True)
class Distinct:
    """The one list of a run, and the way back from it to accounts.

    `frame` has the columns `kind` and `value`, one distinct identifier a row, and `cell` where only some
    populations may meet: then one identifier has a row for each of its cells. `encoded` are the same as
    bytes. `holders` has one row for each account and identifier: `position` (int64, the row of `frame`) and
    `account` (int64).
    """

    frame: pd.DataFrame
    encoded: list[bytes]
    holders: pd.DataFrame


def distinct(identifiers: pd.DataFrame) -> Distinct:
    """The distinct identifiers of a table of `IDENTIFIER_COLUMNS`, in order of first appearance.

    A column `cell` beside them is part of an identifier: it stands inside the bytes.
    """
    columns = ["kind", "value", *(["cell"] if "cell" in identifiers else [])]
    keys = identifiers[columns]
    frame = keys.drop_duplicates().reset_index(drop=True)
    holders = pd.DataFrame(
        {
            "position": keys.groupby(columns, sort=False).ngroup().to_numpy(np.int64),
            "account": identifiers["account"].to_numpy(np.int64),
        }
    )
    holders = holders.drop_duplicates().sort_values(["position", "account"], ignore_index=True)
    encoded = list(map(encode_identifier, *(frame[column].tolist() for column in columns)))
    return Distinct(frame, encoded, holders)


def choose_one(identifiers: pd.DataFrame) -> pd.DataFrame:
    """One row of `IDENTIFIER_COLUMNS` for each account that has any, for level `counts`.

    The first kind of `COUNT_KINDS` decides, then the order of the table. Two accounts may choose the same
    identifier; `distinct` then counts them once. A name marked with a role is not chosen: the peer's account
    could meet it only by choosing another of its own, so one that has a country is matched by that.
    """
    marked = identifiers["kind"].eq("name") & ~identifiers["value"].str.endswith("|")
    identifiers = identifiers[~marked]
    ranks = identifiers["kind"].map({kind: at for at, kind in enumerate(COUNT_KINDS)})
    ranked = identifiers.assign(rank=ranks).dropna(subset="rank")
    ranked = ranked.sort_values(["account", "rank"], kind="stable")
    return ranked.drop_duplicates("account")[list(identifiers.columns)].reset_index(drop=True)


def matched_holders(distinct: Distinct, matches: Matches, kinds: Sequence[str]) -> pd.DataFrame:
    """One row for each own account and matched identifier of `kinds`, in no order.

    Columns: position (int64), account (int64), token (hex), kind, value, and held_by (int64): the own
    accounts that carry the identifier. What matched in several cells has one position there, and a token for
    each, so that whatever judges accounts sees plain identifiers.
    """
    matched = pd.DataFrame(
        {
            "position": np.array(matches.positions, dtype=np.int64),
            "token": pd.Series([token.hex() for token in matches.tokens], dtype="str"),
        }
    )
    of_kinds = distinct.frame[distinct.frame["kind"].isin(list(kinds))]
    hits = distinct.holders.merge(matched, on="position").merge(
        of_kinds, left_on="position", right_index=True
    )
    if "cell" in of_kinds:
        hits["position"] = hits.groupby(["kind", "value"])["position"].transform("min")
        hits = hits.drop(columns="cell")
        hits["held_by"] = hits.groupby("position")["account"].transform("nunique").astype(np.int64)
        return hits
    hits["held_by"] = hits.groupby("position")["account"].transform("size").astype(np.int64)
    return hits


def find_hits(distinct: Distinct, matches: Matches) -> pd.DataFrame:
    """One row for each own account and matched identifier, best first within an account.

    Columns: account (int64), position (int64), token (hex), kind, value, held_by (int64, own accounts that
    carry the identifier), tier (int64, a position in `TIERS`: what the identifier alone is worth here), and
    telling (bool): whether it may link its account with one of the peer's. A candidate's kind tells nothing
    about an account that something better matched, nor beside a better candidate. Identifiers of groups are
    not among them (`relation.find_group_hits`): they link no accounts as the same.
    """
    hits = matched_holders(distinct, matches, KINDS)
    rank = hits["kind"].map({kind: at for at, kind in enumerate(KINDS)})
    tier = hits["kind"].map({kind: TIERS.index(KIND[kind].tier) for kind in KINDS}).astype(np.int64)
    tier = tier.mask(hits["kind"].isin(NAME_KINDS) & (hits["held_by"] > 1), _CANDIDATE)
    hits = hits.assign(rank=rank, tier=tier).sort_values(
        ["account", "tier", "rank", "held_by", "position"], kind="stable"
    )
    released = hits["tier"] < _CANDIDATE
    any_released = released.groupby(hits["account"]).transform("any")
    best = hits["rank"] == hits.groupby("account")["rank"].transform("first")
    hits = hits.assign(telling=(released | (best & ~any_released)).astype(bool))
    columns = ["account", "position", "token", "kind", "value", "held_by", "tier", "telling"]
    return hits[columns].reset_index(drop=True)


def resolve(accounts: pd.DataFrame, hits: pd.DataFrame) -> pd.DataFrame:
    """The overlap: one row of `OVERLAP_COLUMNS` for each matched own account, sorted by account.

    `hits` is `find_hits`. Token and kind are those of its best identifier: of the best tier, then first in
    `KINDS`, then carried by the fewest own accounts. Tier, confidence and rivals are as in `judge`.
    """
    telling = hits[hits["telling"]]
    overlap = telling.drop_duplicates("account")[["account", "token", "kind"]].reset_index(drop=True)
    judged = judge(telling, ["account"], hits, accounts)
    overlap = overlap.assign(
        tier=tier_names(judged["tier"].to_numpy()),
        confidence=judged["confidence"].to_numpy(),
        rivals=judged["rivals"].to_numpy(),
    )
    return overlap[list(OVERLAP_COLUMNS)]


def judge(
    evidence: pd.DataFrame,
    by: Sequence[str],
    hits: pd.DataFrame,
    accounts: pd.DataFrame,
    own: str = "account",
) -> pd.DataFrame:
    """What each group of matched identifiers is worth to this side.

    `evidence` has the columns position, kind, tier and those of `by`, which name the group: an account, or an
    account and one of the peer's; `own` is the name of ours. `hits` is `find_hits` of this side. Returns one
    row for each group, sorted by `by`: tier (int64, a position in `TIERS`), confidence (float64) and rivals
    (int64).

    The best identifier decides: the tier is its own, the confidence what its kind was measured to be right.
    `rivals` counts the other own accounts that carry every identifier of the group, so that nothing tells
    them apart. With rivals it is a `candidate`, its confidence shared among them, unless they are duplicates
    of one company: all have one normalised name, or an identifier of the group holds the name. Equal names
    are no such reason where the name is all that matched. Where one of them is above this account in the own
    hierarchy and has another name, that one is meant: "Acme" above "Acme Energy", both at acme.com.
    """
    ranks = {kind: at for at, kind in enumerate(KINDS)}
    ordered = evidence.assign(rank=evidence["kind"].map(ranks)).sort_values(
        [*by, "tier", "rank"], kind="stable"
    )
    best = ordered.drop_duplicates(list(by))
    signatures, carriers = _signatures(evidence, by), _carriers(hits)
    rivals, one_name = _count_rivals(signatures, carriers, accounts)
    below = _has_one_above(best[own].tolist(), signatures, carriers, accounts)
    kind = best["kind"]
    holds_name = ordered.assign(holds_name=ordered["kind"].isin(SAME_NAME_KINDS))
    same_name = holds_name.groupby(list(by))["holds_name"].any().to_numpy(bool)
    alike = same_name | (one_name & ~kind.isin(NAME_KINDS).to_numpy())
    unclear = (rivals > 0) & (~alike | below)
    right = kind.map({kind: KIND[kind].right / 1000 for kind in KINDS}).to_numpy(np.float64)
    return pd.DataFrame(
        {
            "tier": np.where(unclear, _CANDIDATE, best["tier"].to_numpy()),
            "confidence": right / np.where(unclear, 1 + rivals, 1),
            "rivals": rivals,
        },
        index=pd.MultiIndex.from_frame(best[list(by)]) if len(by) > 1 else pd.Index(best[by[0]]),
    )


def tier_names(tiers: np.ndarray) -> pd.Series:
    """Positions in `TIERS` as their names."""
    return pd.Series([TIERS[tier] for tier in tiers], dtype="str")


def _signatures(evidence: pd.DataFrame, by: Sequence[str]) -> list[tuple[int, ...]]:
    """The ascending positions of each group, in the order of `by`."""
    group = evidence.groupby(list(by)).ngroup().to_numpy()
    order = np.lexsort((evidence["position"].to_numpy(), group))
    positions = evidence["position"].to_numpy()[order].tolist()
    edges = [0, *(np.flatnonzero(np.diff(group[order])) + 1).tolist(), len(positions)]
    return [tuple(positions[start:end]) for start, end in pairwise(edges) if end > start]


def _carriers(hits: pd.DataFrame) -> dict[int, set[int]]:
    """The own accounts that carry each matched identifier, by its position."""
    carriers: dict[int, set[int]] = {}
    for account, position in zip(hits["account"].tolist(), hits["position"].tolist(), strict=True):
        carriers.setdefault(position, set()).add(account)
    return carriers


def _has_one_above(
    own: Sequence[int],
    signatures: Sequence[tuple[int, ...]],
    carriers: Mapping[int, set[int]],
    accounts: pd.DataFrame,
) -> np.ndarray:
    """For each own account and its signature, whether one above it, with another name, carries it all too."""
    found = np.zeros(len(own), bool)
    parents = read_parents(accounts)
    if not (parents >= 0).any():
        return found
    names = _Names(accounts["name"].tolist(), {})
    for place, (account, signature) in enumerate(zip(own, signatures, strict=True)):
        seen, above = {account}, int(parents[account])
        while above >= 0 and above not in seen:
            if all(above in carriers[position] for position in signature):
                found[place] |= not names.are_one({account, above})
            seen.add(above)
            above = int(parents[above])
    return found


def _count_rivals(
    signatures: Sequence[tuple[int, ...]], carriers: Mapping[int, set[int]], accounts: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """For each signature, how many own accounts but one carry it all, and whether they have one name."""
    names = _Names(accounts["name"].tolist(), {})
    known: dict[tuple[int, ...], tuple[int, bool]] = {}
    for signature in signatures:
        if signature not in known:
            # The smallest set first: a website of thousands of accounts costs nothing beside a rare number.
            sets = sorted((carriers[position] for position in signature), key=len)
            same = set.intersection(*sets)
            known[signature] = len(same) - 1, len(same) > 1 and names.are_one(same)
    rivals = np.array([known[signature][0] for signature in signatures], dtype=np.int64)
    return rivals, np.array([known[signature][1] for signature in signatures], dtype=bool)


@dataclass(frozen=True, slots=True)
class _Names:
    """Names as written, by account, and their normalised form once it was asked for."""

    written: list[str]
    normalised: dict[str, str]

    def are_one(self, accounts: set[int]) -> bool:
        found: set[str] = set()
        for account in accounts:
            text = self.written[account]
            if text not in self.normalised:
                self.normalised[text] = normalise_name(text).value
            found.add(self.normalised[text])
            if len(found) > 1:
                return False
        return found != {""}
