"""Which pairs are the same company, which only look so, and how a result compares to that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.demo.accounts import Account

#: By which clean keys a true pair can be found at all, easiest first.
EVIDENCE: Final = ("domain and name", "domain only", "name only", "number only", "nothing equal")

Pair = tuple[str, str]


@dataclass(frozen=True)
class Truth:
    """`pairs` are the same company, with the evidence that both rows still show. `near_misses` are different
    companies whose names begin alike, with the reason: "same group" or "same brand"."""

    pairs: Mapping[Pair, str]
    near_misses: Mapping[Pair, str]


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of distinct pairs. Precision and recall are in [0, 1], and 1 where nothing was to be counted."""

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True)
class Score:
    """A result against the truth: all pairs, each tier by itself (recall is its share of all true pairs),
    each kind of evidence (`found` equals `right` there), and how many near misses were taken for matches."""

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
    """`result` is rows of left id, right id and tier; a pair that is in two tiers counts in the first."""
    tiers: dict[Pair, str] = {}
    for left, right, tier in result:
        tiers.setdefault((left, right), tier)
    return Score(
        total=_figures(tiers, truth),
        by_tier={
            tier: _figures([pair for pair in tiers if tiers[pair] == tier], truth)
            for tier in dict.fromkeys(tiers.values())
        },
        by_evidence={kind: _found_by(kind, tiers, truth) for kind in EVIDENCE},
        near_misses=sum(pair in truth.near_misses for pair in tiers),
    )


def _figures(pairs: Collection[Pair], truth: Truth) -> Figures:
    return Figures(len(pairs), sum(pair in truth.pairs for pair in pairs), len(truth.pairs))


def _found_by(kind: str, tiers: Collection[Pair], truth: Truth) -> Figures:
    having = [pair for pair, evidence in truth.pairs.items() if evidence == kind]
    found = sum(pair in tiers for pair in having)
    return Figures(found, found, len(having))


def _evidence(ours: Account, theirs: Account) -> str:
    kinds = {key.partition(":")[0] for key in ours.keys & theirs.keys}
    if "domain" in kinds:
        return "domain and name" if "name" in kinds else "domain only"
    return "name only" if "name" in kinds else "number only" if kinds else "nothing equal"
