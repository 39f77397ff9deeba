"""Two halves of a known truth: thresholds are set on the first and reported on the second."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from overlap.evaluation.figures import Pair

HALVES: Final = ("first", "second")

_Node = tuple[str, str]


@dataclass(frozen=True)
class Half:
    """Accounts of both sides (the columns they came with) and the true pairs among them."""

    left: pd.DataFrame
    right: pd.DataFrame
    true: frozenset[Pair]


def halves(left: pd.DataFrame, right: pd.DataFrame, true: Iterable[Pair], seed: int = 0) -> tuple[Half, Half]:
    """The first and the second half of two lists with a column `id`, the same for the same ids and `seed`.

    A hash of the seed and the left id decides; right accounts go with their true partners, and accounts that
    true pairs link together stay together, so that no true pair is cut. A right account without a partner
    goes by its own id. Nothing else decides, so rows added later do not move the others.
    """
    pairs = frozenset(true)
    heads = _heads(pairs)

    def second(side: str, accounts: pd.DataFrame) -> np.ndarray:
        nodes = [(side, own) for own in accounts["id"]]
        return np.array([_is_second(heads.get(node, node), seed) for node in nodes], bool)

    ours, theirs = second("left", left), second("right", right)
    later = frozenset(pair for pair in pairs if _is_second(heads["left", pair[0]], seed))
    return (
        Half(left[~ours].reset_index(drop=True), right[~theirs].reset_index(drop=True), pairs - later),
        Half(left[ours].reset_index(drop=True), right[theirs].reset_index(drop=True), later),
    )


def _heads(pairs: Iterable[Pair]) -> dict[_Node, _Node]:
    """For each account in a pair, the smallest left account that it is linked to."""
    parents: dict[_Node, _Node] = {}

    def head_of(node: _Node) -> _Node:
        parents.setdefault(node, node)
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    for left, right in pairs:
        one, other = sorted((head_of(("left", left)), head_of(("right", right))))
        parents[other] = one
    return {node: head_of(node) for node in list(parents)}


def _is_second(head: _Node, seed: int) -> bool:
    side, own = head
    return bool(hashlib.sha256(f"{seed}\n{side}\n{own}".encode()).digest()[0] & 1)
