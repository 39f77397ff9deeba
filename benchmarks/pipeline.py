"""A pipeline of any size, from a seed: deals, stage history, actions, holdings. No company is real.

Deals are created over four years; a third is open. Actions fall around the life of their deal: before it,
during it, late in it and after; a tenth names an account only, some lack proof, some were logged late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cleanroom.attribution.holding import Holding

#: 2026-11-22T10:00:00Z
NOW = 1_795_341_600
TODAY = NOW // 86_400
TYPES = np.array(
    [
        *("registered-lead", "introduction", "joint-discovery", "demo", "recommendation"),
        *("technical-validation", "security-review", "implementation-scoping", "co-marketing", "Golf Day"),
    ],
    dtype=object,
)
STAGES = np.array(["Discovery", "Proposal", "Negotiation", "Contract Sent"], dtype=object)


@dataclass(frozen=True)
class Made:
    """The tables of `cleanroom.attribution.classification.Pipeline`."""

    opportunities: pd.DataFrame
    actions: pd.DataFrame
    stages: pd.DataFrame
    holdings: list[Holding]


def make(actions: int, deals: int, partners: int, seed: int = 1, *, one_deal: bool = False) -> Made:
    """Tables of that size; `one_deal` puts all actions on the first deal."""
    rng = np.random.default_rng(seed)
    accounts = max(1, deals * 7 // 10)
    account = rng.integers(0, accounts, deals)
    created = TODAY - rng.integers(30, 4 * 365, deals)
    length = rng.integers(20, 300, deals)
    closed = created + length
    is_open = closed > TODAY
    opportunities = _frame(
        {
            "row": np.arange(2, deals + 2),
            "id": _named("O", np.arange(deals)),
            "account_id": _named("A", account),
            "status": np.where(is_open, "open", np.where(rng.random(deals) < 0.4, "won", "lost")),
            "stage": STAGES[rng.integers(0, len(STAGES), deals)],
            "amount": rng.integers(1_000, 500_000, deals).astype(str),
            "currency": np.array(["EUR", "USD", "JPY"], object)[rng.integers(0, 3, deals)],
            "created": _days(created),
            "closed": np.where(is_open, "", _days(closed)),
        }
    )
    stages = _stages(rng, created, np.minimum(closed, TODAY))
    deal = np.zeros(actions, np.int64) if one_deal else rng.integers(0, deals, actions)
    rows = _actions(rng, deal, account[deal], created[deal], length[deal], partners)
    chosen = rng.integers(0, accounts, min(200_000, deals))
    held = rng.integers(0, partners, len(chosen))
    times = NOW - rng.integers(0, 6 * 365 * 86_400, len(chosen))
    seen = {
        (f"partner-{p:05}", f"A{a:07}"): int(t)
        for p, a, t in zip(held.tolist(), chosen.tolist(), times.tolist(), strict=True)
    }
    holdings = [Holding(p, a, "witnessed", t, "ab" * 32) for (p, a), t in seen.items()]
    return Made(opportunities, rows, stages, holdings)


def _actions(
    rng: np.random.Generator,
    deal: np.ndarray,
    account: np.ndarray,
    created: np.ndarray,
    length: np.ndarray,
    partners: int,
) -> pd.DataFrame:
    count = len(deal)
    happened = np.minimum(created + (rng.random(count) * (length + 60)).astype(int) - 45, TODAY)
    on_account = rng.random(count) < 0.1
    logged = np.minimum(happened + rng.integers(0, 12, count), TODAY)
    seconds = rng.integers(0, 86_400, count)
    exact = rng.random(count) < 0.5
    return _frame(
        {
            "row": np.arange(2, count + 2),
            "id": _named("act-", np.arange(count)),
            "opportunity_id": np.where(on_account, "", _named("O", deal)),
            "account_id": np.where(on_account, _named("A", account), ""),
            "partner": _named("partner-", rng.integers(0, partners, count), 5),
            "type": TYPES[rng.integers(0, len(TYPES), count)],
            "date": np.where(exact & (happened < TODAY), _moments(happened, seconds), _days(happened)),
            "proof": np.where(rng.random(count) < 0.9, _named("mail:", np.arange(count)), ""),
            "owner": np.where(rng.random(count) < 0.95, "jo", ""),
            "next_step": "call",
            "role": "influence",
            "due": "",
            "logged": _days(logged),
        }
    )


def _stages(rng: np.random.Generator, created: np.ndarray, end: np.ndarray) -> pd.DataFrame:
    deals, count = len(created), len(STAGES)
    shares = np.sort(rng.random((deals, count - 1)), axis=1)
    entered = created[:, None] + np.concatenate(
        [np.zeros((deals, 1), int), (shares * (end - created)[:, None]).astype(int)], axis=1
    )
    return _frame(
        {
            "row": np.arange(2, deals * count + 2),
            "opportunity_id": _named("O", np.repeat(np.arange(deals), count)),
            "stage": np.tile(STAGES, deals),
            "entered": _days(entered.ravel()),
        }
    )


def _named(prefix: str, numbers: np.ndarray, width: int = 7) -> np.ndarray:
    return (prefix + pd.Series(numbers).astype(str).str.zfill(width)).to_numpy(object)


def _days(days: np.ndarray) -> np.ndarray:
    return np.datetime_as_string(days.astype("datetime64[D]")).astype(object)


def _moments(days: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    texts = np.datetime_as_string((days * 86_400 + seconds).astype("datetime64[s]"))
    return (pd.Series(texts) + "Z").to_numpy(object)


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.astype({name: "str" for name in columns if name != "row"})
