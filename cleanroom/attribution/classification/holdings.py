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

    `proven` is the second of a grade that may win, NEVER of the others. `own_keys` are sorted keys of the
    same form, with our own proven second (`own`) by the clocks that the partner believes.
    """

    keys: np.ndarray
    proven: np.ndarray
    grade: np.ndarray
    partners: int
    own_keys: np.ndarray
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

    def own_at(self, account: np.ndarray, partner: np.ndarray) -> np.ndarray:
        """Our own proven second for each, NEVER where there is none."""
        own = Holdings(self.own_keys, self.own, self.own, self.partners, self.own_keys, self.own)
        return own.proven_at(account, partner)


def read_holdings(pipeline: Pipeline, numbers: dict[str, int], deals: Deals, finder: Finder) -> Holdings:
    """The holdings of a pipeline on accounts that have deals; UsageError for an unknown grade."""
    accounts = {name: number for number, name in enumerate(deals.account_ids.to_pylist()) if name}
    best: dict[int, Holding] = {}
    doubtful: list[str] = []
    partners = max(len(numbers), 1)
    if {one.grade for one in pipeline.holdings} - set(GRADES):
        raise UsageError("a holding has an unknown grade", f"use one of {', '.join(GRADES)}")
    number = {
        name: numbers[pipeline.book.partner(name)] for name in {one.partner for one in pipeline.holdings}
    }
    for one in pipeline.holdings:
        account = accounts.get(one.account)
        if account is None:
            continue
        key = account * partners + number[one.partner]
        known = best.setdefault(key, one)
        if known is not one and (known.grade, known.committed_at) != (one.grade, one.committed_at):
            doubtful.append(one.account)
            best[key] = Holding(one.partner, one.account, "contradicted", None)
    finder.add("holding", "two-partners-one-id", *_listed(doubtful))
    names = sorted(best)
    chosen: Sequence[Holding] = [best[name] for name in names]
    grades = {name: at for at, name in enumerate(GRADES)}
    own = _own(pipeline, numbers, accounts, partners)
    own_keys = np.array(sorted(own), np.int64)
    return Holdings(
        np.array(names, np.int64),
        np.array([_proven(one) for one in chosen], np.int64),
        np.array([grades[one.grade] for one in chosen], np.int64),
        partners,
        own_keys,
        np.array([own[int(key)] for key in own_keys], np.int64),
    )


def _own(
    pipeline: Pipeline, numbers: dict[str, int], accounts: dict[str, int], partners: int
) -> dict[int, int]:
    """Our own earliest proven second by key, for partners that occur."""
    found: dict[int, int] = {}
    for name, holdings in pipeline.own.items():
        partner = numbers.get(pipeline.book.partner(name))
        for one in holdings if partner is not None else ():
            account, second = accounts.get(one.account), _proven(one)
            if account is not None and second != NEVER:
                key = account * partners + (partner or 0)
                found[key] = min(found.get(key, second), second)
    return found


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
    proven, own = holdings.proven_at(account, partner), holdings.own_at(account, partner)
    held = (proven != NEVER) & (proven <= deals.created[1][deal])
    held &= (own == NEVER) | (proven < own)
    return np.asarray(~required[deals.version[deal]] | held)
