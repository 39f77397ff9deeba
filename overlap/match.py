"""From identifiers to the list that is matched, and from matches to the overlap.

Everything here is decided on the own side alone: how much evidence the matched identifiers of an account are
(`RULES`), and whether another own account could be meant as well (`rivals`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from overlap.identity import KINDS, normalise_name
from overlap.protocol import encode_identifier
from overlap.protocol.dh import Matches
from overlap.records import OVERLAP_COLUMNS, TIERS

NUMBER_KINDS: Final = ("lei", "duns", "vat", "registration")

#: Level `counts` matches one identifier of each account. The order is by how likely *both* sides have the
#: kind filled, not by how precise it is: an account whose two sides choose different kinds is not counted.
#: Nearly every account of an export has a website, most have a country beside the name, few have a number.
COUNT_KINDS: Final = ("domain", "name_country", "name", *NUMBER_KINDS)


@dataclass(frozen=True, slots=True)
class Rule:
    """When all of `needs` are matched for an account: its tier, and the chance to be the same company.

    A need is a kind, or "supported": a matched domain resembles the own name, or "long_name": a matched name
    has two words at least.
    """

    needs: tuple[str, ...]
    tier: str
    confidence: float


#: The first rule whose needs are all there decides. The confidences are set by judgement, from how
#: identifiers of each kind go wrong: shared websites, groups under one VAT number, common names.
RULES: Final = (
    Rule(("lei",), "exact", 0.999),
    Rule(("duns",), "exact", 0.995),
    Rule(("vat",), "exact", 0.99),
    Rule(("registration",), "exact", 0.99),
    Rule(("domain", "name_country"), "exact", 0.985),
    Rule(("domain", "name"), "exact", 0.97),
    Rule(("domain", "supported"), "strong", 0.92),
    Rule(("name_country",), "strong", 0.88),
    Rule(("name", "long_name"), "strong", 0.80),
    Rule(("domain",), "candidate", 0.70),
    Rule(("name",), "candidate", 0.50),
)
_NEEDS: Final = tuple(dict.fromkeys(need for rule in RULES for need in rule.needs))


@dataclass(frozen=True)
class Distinct:
    """The one list of a run, and the way back from it to accounts.

    `frame` has the columns `kind` and `value`, one distinct identifier a row; `encoded` are the same as
    bytes. `holders` has one row for each account and identifier: `position` (int64, the row of `frame`),
    `account` (int64) and `supported` (bool).
    """

    frame: pd.DataFrame
    encoded: list[bytes]
    holders: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Rivalry:
    rivals: int
    one_name: bool


def distinct(identifiers: pd.DataFrame) -> Distinct:
    """The distinct identifiers of a table of `IDENTIFIER_COLUMNS`, in order of first appearance."""
    keys = identifiers[["kind", "value"]]
    frame = keys.drop_duplicates().reset_index(drop=True)
    holders = pd.DataFrame(
        {
            "position": keys.groupby(["kind", "value"], sort=False).ngroup().to_numpy(np.int64),
            "account": identifiers["account"].to_numpy(np.int64),
            "supported": identifiers["supported"].to_numpy(bool),
        }
    )
    holders = holders.groupby(["position", "account"], as_index=False)["supported"].max()
    encoded = [
        encode_identifier(kind, value) for kind, value in zip(frame["kind"], frame["value"], strict=True)
    ]
    return Distinct(frame, encoded, holders)


def choose_one(identifiers: pd.DataFrame) -> pd.DataFrame:
    """One row of `IDENTIFIER_COLUMNS` for each account that has any, for level `counts`.

    The first kind of `COUNT_KINDS` decides, then whether the identifier is supported, then the order of the
    table. Two accounts may choose the same identifier; `distinct` then counts them once.
    """
    ranked = identifiers.assign(
        rank=identifiers["kind"].map({kind: at for at, kind in enumerate(COUNT_KINDS)}),
        unsupported=~identifiers["supported"].to_numpy(bool),
    ).sort_values(["account", "rank", "unsupported"], kind="stable")
    return ranked.drop_duplicates("account")[list(identifiers.columns)].reset_index(drop=True)


def find_hits(distinct: Distinct, matches: Matches, kinds: Sequence[str] = KINDS) -> pd.DataFrame:
    """One row for each own account and matched identifier, best first within an account.

    Columns: account (int64), position (int64), token (hex), kind, value, supported (bool), held_by (int64,
    own accounts that carry the identifier).
    """
    matched = pd.DataFrame(
        {
            "position": np.array(matches.positions, dtype=np.int64),
            "token": pd.Series([token.hex() for token in matches.tokens], dtype="str"),
        }
    )
    hits = distinct.holders.merge(matched, on="position").merge(
        distinct.frame, left_on="position", right_index=True
    )
    hits["held_by"] = hits.groupby("position")["account"].transform("size").astype(np.int64)
    rank = hits["kind"].map({kind: at for at, kind in enumerate(kinds)})
    hits = hits.assign(rank=rank, unsupported=~hits["supported"].to_numpy(bool))
    hits = hits.sort_values(["account", "rank", "held_by", "unsupported", "position"], kind="stable")
    columns = ["account", "position", "token", "kind", "value", "supported", "held_by"]
    return hits[columns].reset_index(drop=True)


def all_tokens(distinct: Distinct, matches: Matches, kinds: Sequence[str] = KINDS) -> pd.DataFrame:
    """Every pair token of every matched own account: columns account, token, kind, best first."""
    return find_hits(distinct, matches, kinds)[["account", "token", "kind"]]


def resolve(
    accounts: pd.DataFrame, distinct: Distinct, matches: Matches, kinds: Sequence[str] = KINDS
) -> pd.DataFrame:
    """The overlap: one row of `OVERLAP_COLUMNS` for each matched own account, sorted by account.

    Token and kind are those of its best identifier: first in `kinds`, then carried by the fewest own
    accounts. `rivals` counts the other own accounts that carry every matched identifier of this one, so that
    nothing tells them apart. An account with rivals is a `candidate`, its confidence shared among them,
    unless all have one normalised name: then they are duplicates of one company and keep the tier. Equal
    names are no such reason where the name is all that matched.
    """
    hits = find_hits(distinct, matches, kinds)
    overlap = hits.drop_duplicates("account")[["account", "token", "kind"]].reset_index(drop=True)
    judged = weigh(hits, ["account"])
    rivalry = _find_rivals(hits, accounts)
    rivals = np.array([rivalry[account].rivals for account in overlap["account"]], dtype=np.int64)
    one_name = np.array([rivalry[account].one_name for account in overlap["account"]], dtype=bool)
    unclear = (rivals > 0) & (~one_name | (overlap["kind"] == "name").to_numpy(bool))
    tier = np.where(unclear, len(TIERS) - 1, judged["tier"].to_numpy())
    confidence = judged["confidence"].to_numpy() / np.where(unclear, 1 + rivals, 1)
    overlap = overlap.assign(tier=tier_names(tier), confidence=confidence, rivals=rivals)
    return overlap[list(OVERLAP_COLUMNS)]


def weigh(hits: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """What `RULES` says about each group of hits.

    `hits` has the columns kind, value, supported and those of `by`. Returns one row for each group, sorted by
    `by`: tier (int64, a position in `TIERS`) and confidence (float64).
    """
    kind = hits["kind"]
    flags = pd.DataFrame({need: (kind == need).to_numpy(bool) for need in _NEEDS})
    flags["supported"] = ((kind == "domain") & hits["supported"]).to_numpy(bool)
    flags["long_name"] = ((kind == "name") & hits["value"].str.contains(" ", regex=False)).to_numpy(bool)
    keys = [hits[column].to_numpy() for column in by]
    present = flags.groupby(keys).max()
    met = [present[list(rule.needs)].all(axis=1).to_numpy() for rule in RULES]
    tiers = [TIERS.index(rule.tier) for rule in RULES]
    return pd.DataFrame(
        {
            "tier": np.select(met, tiers, default=len(TIERS) - 1).astype(np.int64),
            "confidence": np.select(met, [rule.confidence for rule in RULES], default=0.0),
        },
        index=present.index,
    )


def tier_names(tiers: np.ndarray) -> pd.Series:
    """Positions in `TIERS` as their names."""
    return pd.Series([TIERS[tier] for tier in tiers], dtype="str")


def _find_rivals(hits: pd.DataFrame, accounts: pd.DataFrame) -> Mapping[int, _Rivalry]:
    """For each account of `hits`, the own accounts that carry all of its matched identifiers too."""
    holders: dict[int, set[int]] = {}
    carried: dict[int, list[int]] = {}
    for account, position in zip(hits["account"], hits["position"], strict=True):
        holders.setdefault(position, set()).add(account)
        carried.setdefault(account, []).append(position)
    names: dict[int, str] = {}
    known: dict[tuple[int, ...], _Rivalry] = {}
    found = {}
    for account, positions in carried.items():
        signature = tuple(sorted(positions, key=lambda position: (len(holders[position]), position)))
        if signature not in known:
            same = set.intersection(*(holders[position] for position in signature))
            known[signature] = _Rivalry(len(same) - 1, len(same) > 1 and _share_name(same, accounts, names))
        found[account] = known[signature]
    return found


def _share_name(same: set[int], accounts: pd.DataFrame, names: dict[int, str]) -> bool:
    column = accounts["name"]
    for account in same - names.keys():
        names[account] = normalise_name(column.iloc[account]).value
    found = {names[account] for account in same}
    return len(found) == 1 and found != {""}
