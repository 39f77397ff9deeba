"""Holdings as arrays: for each (partner, account) the proven second, and which partners it lets source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cleanroom.attribution.classification.deals import Deals
from cleanroom.attribution.classification.findings import Finder
from cleanroom.attribution.classification.pipeline import Pipeline
from cleanroom.attribution.classification.times import NEVER
from cleanroom.attribution.holding import GRADES, WINNING, Holding
from overlap.errors import UsageError


@dataclass(frozen=True)
class Holdings:
    """One entry a (account, partner), sorted by both as one key: account times `partners` plus partner.

    `proven` is the second of a grade that may win, NEVER of the others; `own` is our own proven second for
    each account (as in Deals), NEVER without.
    """

    keys: np.ndarray
    proven: np.ndarray
    grade: np.ndarray
    partners: int
    own: np.ndarray

    def find(self, account: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """The entry for each, -1 where there is none."""
        wanted = account * self.partners + partner
        at = np.searchsorted(self.keys, wanted)
        found = (at < len(self.keys)) & (account >= 0)
        found[found] &= self.keys[at[found]] == wanted[found]
        return np.where(found, at, -1)

    def proven_at(self, account: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """The proven second for each, NEVER where there is none."""
        at = self.find(account, partner)
        return np.where(at >= 0, self.proven[at], NEVER) if len(self.keys) else np.full(len(at), NEVER)


def read_holdings(pipeline: Pipeline, numbers: dict[str, int], deals: Deals, finder: Finder) -> Holdings:
    """The holdings of a pipeline on accounts that have deals; UsageError for an unknown grade."""
    accounts = {name: number for number, name in enumerate(deals.account_ids.to_pylist()) if name}
    own = np.full(max(len(deals.account_ids), 1), NEVER, np.int64)
    best: dict[int, Holding] = {}
    doubtful: list[str] = []
    partners = max(len(numbers), 1)
    for one in pipeline.holdings:
        if one.grade not in GRADES:
            raise UsageError("a holding has an unknown grade", f"use one of {', '.join(GRADES)}")
        account = accounts.get(one.account)
        if account is None:
            continue
        if not one.partner:
            if _proven(one) != NEVER:
                own[account] = _proven(one) if own[account] == NEVER else min(own[account], _proven(one))
            continue
        key = account * partners + numbers[pipeline.book.partner(one.partner)]
        known = best.setdefault(key, one)
        if (known.grade, known.committed_at) != (one.grade, one.committed_at):
            doubtful.append(one.account)
            best[key] = Holding(one.partner, one.account, "contradicted", None)
    finder.add("holding", "two-partners-one-id", *_listed(doubtful))
    keys = np.array(sorted(best), np.int64)
    chosen: Sequence[Holding] = [best[int(key)] for key in keys]
    return Holdings(
        keys,
        np.array([_proven(one) for one in chosen], np.int64),
        np.array([GRADES.index(one.grade) for one in chosen], np.int64),
        partners,
        own,
    )


def _proven(one: Holding) -> int:
    return one.committed_at if one.grade in WINNING and one.committed_at is not None else NEVER


def _listed(accounts: list[str]) -> tuple[pa.Array, np.ndarray, np.ndarray]:
    names = sorted(set(accounts))
    rows = np.zeros(len(names), np.int64)
    return pa.array(names, pa.large_string()), rows, np.ones(len(names), bool)


def may_source(
    holdings: Holdings, deals: Deals, required: np.ndarray, partner: np.ndarray, deal: np.ndarray
) -> np.ndarray:
    """Whether the rules' demand for a holding is met: proven by the deal's creation, and before our own.

    `required` says for each version whether it demands one; partner and deal are taken one by one.
    """
    account = deals.account[deal]
    proven, own = holdings.proven_at(account, partner), holdings.own[np.maximum(account, 0)]
    held = (proven != NEVER) & (proven <= deals.created[1][deal])
    held &= (own == NEVER) | (proven < own) | (account < 0)
    return np.asarray(~required[deals.version[deal]] | held)
