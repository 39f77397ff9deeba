"""The complete blind protocol over two lists whose common accounts are known, and how right it was."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from overlap.engine import Progress
from overlap.errors import BadInput, UsageError
from overlap.evaluation.figures import Figures, Pair, Score, count_pairs, score
from overlap.evaluation.halving import HALVES, Half, halves
from overlap.identity import CANDIDATE_KINDS, KINDS, MOST
from overlap.ingest import read_accounts, read_pairs
from overlap.keys import RandomBytes
from overlap.records import ACCOUNT_COLUMNS
from overlap.simulation import Simulation, simulate_in_full

#: A path, an export as a DataFrame, or accounts as `read_accounts` gives them.
Source: TypeAlias = str | Path | pd.DataFrame


@dataclass(frozen=True)
class Evaluation:
    """What a simulated run found, beside what was there to find; pairs of numbers are left first.

    `accounts`, `identifiers` (distinct ones, which are what a run costs) and `rejected` (rows that are no
    accounts) count each side; with a `half` ("first" or "second", else ""), the rejected rows are still those
    of the whole file. `score` has the tiers, `kinds` the pairs whose best evidence was that kind. `absent`
    counts true pairs that name an id which is not in the lists; they are among the true pairs, so that an
    account which could not be read counts as missed. `denied` counts the pairs that the list of known pairs
    labels 0 (both accounts are here), `different` those of them that were found.

    `pairs` has the columns of a simulation, `true` the known pairs, `left` and `right` the accounts.
    """

    accounts: tuple[int, int]
    rejected: tuple[int, int]
    identifiers: tuple[int, int]
    absent: int
    denied: int
    different: int
    half: str
    candidates: bool
    score: Score
    kinds: Mapping[str, Figures]
    pairs: pd.DataFrame = field(repr=False)
    true: frozenset[Pair] = field(repr=False)
    left: pd.DataFrame = field(repr=False)
    right: pd.DataFrame = field(repr=False)

    @property
    def identifiers_per_account(self) -> tuple[float, float]:
        """The mean of each side; 0 for a side without accounts."""
        left, right = (
            identifiers / accounts if accounts else 0.0
            for identifiers, accounts in zip(self.identifiers, self.accounts, strict=True)
        )
        return left, right

    @property
    def candidate_recall(self) -> float:
        """The share of true pairs that were found in any tier: what a review could reach at most."""
        return self.score.total.recall


@dataclass(frozen=True)
class _List:
    accounts: pd.DataFrame
    profile: str
    rejected: int


@dataclass(frozen=True)
class _Known:
    true: frozenset[Pair]
    denied: frozenset[Pair]


def evaluate(
    left: Source,
    right: Source,
    gold: Source,
    *,
    candidates: bool = True,
    half: str = "",
    seed: int = 0,
    kinds: Sequence[str] = KINDS,
    most: int = MOST,
    progress: Progress | None = None,
    processes: int | None = None,
    random: RandomBytes = secrets.token_bytes,
) -> Evaluation:
    """Match two lists over the complete protocol and compare with `gold`, their known common accounts.

    `gold` has two columns of ids, one pair a row (see `read_pairs`), one to one or many to many. The rule is
    pair by pair: a found pair is right when it is in `gold` and wrong when it is not, a pair of `gold` that
    was not found is missed, and a pair in several tiers counts in its best one. So `gold` must be complete.
    Pairs labelled 0 are not in it. `half` takes only the "first" or "second" half of the accounts (`halves`,
    by `seed`); `candidates=False` matches no kind that only makes candidates; `most` bounds the identifiers
    of an account.

    Raises BadInput when a file cannot be read, when `gold` names no true pair, or when most of its ids are
    not in the lists; UsageError for another `half`.
    """
    if half not in ("", *HALVES):
        raise UsageError("there is no such half", f"choose one of {', '.join(HALVES)}")
    ours, theirs = _read(left), _read(right)
    known = _read_gold(gold, ours, theirs)
    part = Half(ours.accounts, theirs.accounts, known.true)
    if half:
        part = halves(part.left, part.right, part.true, seed)[HALVES.index(half)]
    wanted = [kind for kind in kinds if candidates or kind not in CANDIDATE_KINDS]
    run = _match(part, wanted, most, progress, processes, random)
    pairs = run.pairs
    left_ids, right_ids = set(part.left["id"]), set(part.right["id"])
    denied = {(one, other) for one, other in known.denied if one in left_ids and other in right_ids}
    found = list(zip(pairs["left_id"], pairs["right_id"], strict=True))
    return Evaluation(
        accounts=run.accounts,
        rejected=(ours.rejected, theirs.rejected),
        identifiers=run.identifiers,
        absent=_absent(part.true, left_ids, right_ids),
        denied=len(denied),
        different=len(denied.intersection(found)),
        half=half,
        candidates=candidates,
        score=score(((*pair, tier) for pair, tier in zip(found, pairs["tier"], strict=True)), part.true),
        kinds=_by_kind(pairs, part.true),
        pairs=pairs,
        true=part.true,
        left=part.left,
        right=part.right,
    )


def _match(
    part: Half,
    kinds: Sequence[str],
    most: int,
    progress: Progress | None,
    processes: int | None,
    random: RandomBytes,
) -> Simulation:
    """The only place that runs a match; there is no other way to pairs here than the whole protocol."""
    return simulate_in_full(
        part.left, part.right, kinds=kinds, most=most, progress=progress, processes=processes, random=random
    )


def _by_kind(pairs: pd.DataFrame, true: frozenset[Pair]) -> dict[str, Figures]:
    """The figures of each kind, the most frequent first."""
    return {
        str(kind): count_pairs(set(zip(rows["left_id"], rows["right_id"], strict=True)), true)
        for kind, rows in sorted(pairs.groupby("kind"), key=lambda group: (-len(group[1]), group[0]))
    }


def _read(source: Source) -> _List:
    if isinstance(source, pd.DataFrame) and tuple(source.columns) == ACCOUNT_COLUMNS:
        return _List(source, "generic", 0)
    table = read_accounts(source)
    return _List(table.frame, table.source.profile, len(table.rejected))


def _read_gold(gold: Source, left: _List, right: _List) -> _Known:
    """The known pairs, checked against the lists that they speak of."""
    table = read_pairs(gold, profiles=(left.profile, right.profile))
    known = table.frame
    labelled = {
        label: frozenset(zip(rows["left_id"], rows["right_id"], strict=True))
        for label, rows in known.groupby("label")
    }
    true = labelled.get("1", frozenset())
    if not true:
        raise BadInput("the list of known pairs names no true pair", "give pairs of ids, one pair a row")
    ids = set(left.accounts["id"]), set(right.accounts["id"])
    header = table.source.mapping
    if header["left_id"] in ids[0] and header["right_id"] in ids[1]:
        raise BadInput("the list of known pairs has no header row", "put left_id,right_id above the pairs")
    absent = _absent(true, *ids)
    if 2 * absent > len(true):
        swapped = 2 * _absent(true, ids[1], ids[0]) <= len(true)
        hint = (
            "the two columns of ids, or the two lists, look swapped"
            if swapped
            else ("check that its first column has ids of the left list, its second ids of the right one")
        )
        raise BadInput(f"{absent:,} of {len(true):,} known pairs name an id that is not in the lists", hint)
    return _Known(true, labelled.get("0", frozenset()) - true)


def _absent(pairs: Iterable[Pair], left: Collection[str], right: Collection[str]) -> int:
    return sum(one not in left or other not in right for one, other in pairs)
