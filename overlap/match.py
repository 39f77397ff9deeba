"""From identifiers to the list that is matched, and from matches to the overlap.

Everything here is decided on the own side alone: how much evidence the matched identifiers of an account are
(`RULES`), and whether another own account could be meant as well (`rivals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from overlap.identity import KINDS, explains, normalise_name
from overlap.protocol import encode_identifier
from overlap.protocol.dh import Matches
from overlap.records import OVERLAP_COLUMNS, TIERS

NUMBER_KINDS: Final = ("lei", "isin", "duns", "vat", "registration", "ticker")

#: Level `counts` matches one identifier of each account. The order is by how likely *both* sides have the
#: kind filled, not by how precise it is: an account whose two sides choose different kinds is not counted.
#: Nearly every account of an export has a website, most have a country beside the name, few have a number.
COUNT_KINDS: Final = ("domain", "name_country", "name", *NUMBER_KINDS)


@dataclass(frozen=True, slots=True)
class Rule:
    """When all of `needs` are matched for an account: its tier, and the chance to be the same company.

    A need is a kind, or "supported": a matched domain is explained by the own name; "long_name": a matched
    name has two words at least; "no_country": the own account has no country, so that a name without its
    country is all that could match. With a country, the name alone says that the peer's differs or is
    missing.
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
    Rule(("name", "long_name", "no_country"), "strong", 0.80),
    Rule(("isin",), "candidate", 0.85),
    Rule(("ticker",), "candidate", 0.80),
    Rule(("domain",), "candidate", 0.70),
    Rule(("name",), "candidate", 0.50),
)
_NEEDS: Final = tuple(dict.fromkeys(need for rule in RULES for need in rule.needs))


@dataclass(frozen=True)
class Distinct:
    """The one list of a run, and the way back from it to accounts.

    `frame` has the columns `kind` and `value`, one distinct identifier a row; `encoded` are the same as
    bytes. `holders` has one row for each account and identifier: `position` (int64, the row of `frame`) and
    `account` (int64).
    """

    frame: pd.DataFrame
    encoded: list[bytes]
    holders: pd.DataFrame


def distinct(identifiers: pd.DataFrame) -> Distinct:
    """The distinct identifiers of a table of `IDENTIFIER_COLUMNS`, in order of first appearance."""
    keys = identifiers[["kind", "value"]]
    frame = keys.drop_duplicates().reset_index(drop=True)
    holders = pd.DataFrame(
        {
            "position": keys.groupby(["kind", "value"], sort=False).ngroup().to_numpy(np.int64),
            "account": identifiers["account"].to_numpy(np.int64),
        }
    )
    holders = holders.drop_duplicates().sort_values(["position", "account"], ignore_index=True)
    encoded = list(map(encode_identifier, frame["kind"].tolist(), frame["value"].tolist()))
    return Distinct(frame, encoded, holders)


def choose_one(identifiers: pd.DataFrame) -> pd.DataFrame:
    """One row of `IDENTIFIER_COLUMNS` for each account that has any, for level `counts`.

    The first kind of `COUNT_KINDS` decides, then the order of the table. Two accounts may choose the same
    identifier; `distinct` then counts them once.
    """
    ranked = identifiers.assign(
        rank=identifiers["kind"].map({kind: at for at, kind in enumerate(COUNT_KINDS)})
    ).sort_values(["account", "rank"], kind="stable")
    return ranked.drop_duplicates("account")[list(identifiers.columns)].reset_index(drop=True)


def find_hits(
    accounts: pd.DataFrame, distinct: Distinct, matches: Matches, kinds: Sequence[str] = KINDS
) -> pd.DataFrame:
    """One row for each own account and matched identifier, best first within an account.

    Columns: account (int64), position (int64), token (hex), kind, value, supported (bool), held_by (int64,
    own accounts that carry the identifier). `supported` says that the account's own name explains the domain,
    and of a name, that its account has no country; identifiers of other kinds speak for themselves.
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
    supported = _supported(hits, accounts, distinct)
    hits = hits.assign(rank=rank, supported=supported, unsupported=~supported)
    hits = hits.sort_values(["account", "rank", "held_by", "unsupported", "position"], kind="stable")
    columns = ["account", "position", "token", "kind", "value", "supported", "held_by"]
    return hits[columns].reset_index(drop=True)


def _supported(hits: pd.DataFrame, accounts: pd.DataFrame, distinct: Distinct) -> np.ndarray:
    kind = hits["kind"].to_numpy()
    held = distinct.frame["kind"].to_numpy()[distinct.holders["position"]]
    placed = distinct.holders["account"][held == "name_country"]
    supported: np.ndarray = ~((kind == "name") & hits["account"].isin(placed).to_numpy(bool))
    domains = hits[kind == "domain"]
    names = accounts["name"].to_numpy()[domains["account"]]
    supported[kind == "domain"] = list(map(explains, names.tolist(), domains["value"].tolist()))
    return supported


def resolve(
    accounts: pd.DataFrame, distinct: Distinct, matches: Matches, kinds: Sequence[str] = KINDS
) -> pd.DataFrame:
    """The overlap: one row of `OVERLAP_COLUMNS` for each matched own account, sorted by account.

    Token and kind are those of its best identifier: first in `kinds`, then carried by the fewest own
    accounts. Tier, confidence and rivals are as in `judge`.
    """
    hits = find_hits(accounts, distinct, matches, kinds)
    overlap = hits.drop_duplicates("account")[["account", "token", "kind"]].reset_index(drop=True)
    judged = judge(hits, ["account"], hits, accounts)
    overlap = overlap.assign(
        tier=tier_names(judged["tier"].to_numpy()),
        confidence=judged["confidence"].to_numpy(),
        rivals=judged["rivals"].to_numpy(),
    )
    return overlap[list(OVERLAP_COLUMNS)]


def judge(
    evidence: pd.DataFrame, by: Sequence[str], hits: pd.DataFrame, accounts: pd.DataFrame
) -> pd.DataFrame:
    """What each group of matched identifiers is worth to this side.

    `evidence` has the columns position, kind, value, supported and those of `by`, which name the group: an
    account, or an account and one of the peer's. `hits` is `find_hits` of this side. Returns one row for each
    group, sorted by `by`: tier (int64, a position in `TIERS`), confidence (float64) and rivals (int64).

    `rivals` counts the other own accounts that carry every identifier of the group, so that nothing tells
    them apart. With rivals it is a `candidate`, its confidence shared among them, unless all have one
    normalised name: then they are duplicates of one company and keep the tier. Equal names are no such reason
    where the name is all that matched.
    """
    judged = _weigh(evidence, by)
    rivals, one_name = _count_rivals(_signatures(evidence, by), hits, accounts)
    unclear = (rivals > 0) & (~one_name | judged["only_name"].to_numpy())
    return pd.DataFrame(
        {
            "tier": np.where(unclear, len(TIERS) - 1, judged["tier"].to_numpy()),
            "confidence": judged["confidence"].to_numpy() / np.where(unclear, 1 + rivals, 1),
            "rivals": rivals,
        },
        index=judged.index,
    )


def tier_names(tiers: np.ndarray) -> pd.Series:
    """Positions in `TIERS` as their names."""
    return pd.Series([TIERS[tier] for tier in tiers], dtype="str")


def _weigh(evidence: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """What `RULES` says about each group, and whether a name is all that it has."""
    kind = evidence["kind"]
    flags = pd.DataFrame({need: (kind == need).to_numpy(bool) for need in _NEEDS})
    flags["supported"] = ((kind == "domain") & evidence["supported"]).to_numpy(bool)
    flags["no_country"] = ((kind == "name") & evidence["supported"]).to_numpy(bool)
    flags["long_name"] = ((kind == "name") & evidence["value"].str.contains(" ", regex=False)).to_numpy(bool)
    flags["more_than_name"] = (kind != "name").to_numpy(bool)
    present = flags.groupby([evidence[column].to_numpy() for column in by]).max()
    met = [present[list(rule.needs)].all(axis=1).to_numpy() for rule in RULES]
    tiers = [TIERS.index(rule.tier) for rule in RULES]
    return pd.DataFrame(
        {
            "tier": np.select(met, tiers, default=len(TIERS) - 1).astype(np.int64),
            "confidence": np.select(met, [rule.confidence for rule in RULES], default=0.0),
            "only_name": ~present["more_than_name"].to_numpy(bool),
        },
        index=present.index,
    )


def _signatures(evidence: pd.DataFrame, by: Sequence[str]) -> list[tuple[int, ...]]:
    """The ascending positions of each group, in the order of `by`."""
    group = evidence.groupby(list(by)).ngroup().to_numpy()
    order = np.lexsort((evidence["position"].to_numpy(), group))
    positions = evidence["position"].to_numpy()[order].tolist()
    edges = [0, *(np.flatnonzero(np.diff(group[order])) + 1).tolist(), len(positions)]
    return [tuple(positions[start:end]) for start, end in pairwise(edges) if end > start]


def _count_rivals(
    signatures: Sequence[tuple[int, ...]], hits: pd.DataFrame, accounts: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """For each signature, how many own accounts but one carry it all, and whether they have one name."""
    carriers: dict[int, set[int]] = {}
    for account, position in zip(hits["account"].tolist(), hits["position"].tolist(), strict=True):
        carriers.setdefault(position, set()).add(account)
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
