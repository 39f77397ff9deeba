"""Which pairs are the same company, which only look so, and how a result compares to that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.demo.accounts import Account
from overlap import evaluation
from overlap.evaluation import Figures

#: By which clean keys a true pair can be found at all, easiest first.
EVIDENCE: Final = ("domain and name", "domain only", "name only", "number only", "nothing equal")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Truth:
    """`pairs` are the same company, with the evidence that both rows still show. `near_misses` are different
    companies whose names begin alike, with the reason: "same group" or "same brand"."""

    pairs: Mapping[Pair, str]
    near_misses: Mapping[Pair, str]


@dataclass(frozen=True)
class Score:
    """A result against the truth: all pairs, each tier found (recall is its share of all true pairs), each
    kind of evidence (`found` equals `right` there), and how many near misses were taken for matches."""

    total: Figures
    by_tier: Mapping[str, Figures]
    by_evidence: Mapping[str, Figures]
    near_misses: int


def compare(left: Sequence[Account], right: Sequence[Account]) -> Truth:
    """The truth about two lists of accounts; every row of a company pairs with every row of the same one."""
    by_brand = defaultdict(list)
    for account in right:
        by_brand[account.company.brand].append(account)
    pairs: dict[Pair, str] = {}
    near_misses: dict[Pair, str] = {}
    for ours in left:
        for theirs in by_brand[ours.company.brand]:
            if ours.company.number == theirs.company.number:
                pairs[ours.id, theirs.id] = _evidence(ours, theirs)
            else:
                related = ours.company.group == theirs.company.group
                near_misses[ours.id, theirs.id] = "same group" if related else "same brand"
    return Truth(pairs, near_misses)


def score(result: Iterable[tuple[str, str, str]], truth: Truth) -> Score:
    """`result` is rows of left id, right id and tier; a pair in two tiers counts in the better one."""
    rows = list(result)
    pairs = {(left, right) for left, right, _ in rows}
    scored = evaluation.score(rows, truth.pairs)
    return Score(
        total=scored.total,
        by_tier={tier: figures for tier, figures in scored.tiers.items() if figures.found},
        by_evidence={kind: _found_by(kind, pairs, truth) for kind in EVIDENCE},
        near_misses=sum(pair in truth.near_misses for pair in pairs),
    )


def _found_by(kind: str, pairs: Collection[Pair], truth: Truth) -> Figures:
    having = {pair for pair, evidence in truth.pairs.items() if evidence == kind}
    return evaluation.count_pairs(having.intersection(pairs), having)


def _evidence(ours: Account, theirs: Account) -> str:
    kinds = {key.partition(":")[0] for key in ours.keys & theirs.keys}
    if "domain" in kinds:
        return "domain and name" if "name" in kinds else "domain only"
    return "name only" if "name" in kinds else "number only" if kinds else "nothing equal"
