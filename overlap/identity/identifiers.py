"""From accounts to identifiers: every account's match keys, one row each, and what was dropped and why.

Each account is worked through on its own, by the same functions that normalise a single value, so a batch
gives the same bytes as one account after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from overlap.errors import UsageError
from overlap.identity.batch import Progress, identified
from overlap.identity.compose import ROLES
from overlap.identity.facts import Drop
from overlap.identity.kinds import KIND, KINDS, MOST
from overlap.identity.worker import Packed, Wanted
from overlap.records import IDENTIFIER_COLUMNS

Part = tuple[int, np.ndarray[Any, np.dtype[np.int64]], Any]


@dataclass(frozen=True)
class Identified:
    """`frame` has records.IDENTIFIER_COLUMNS, in order of kind and then account, no row twice.

    `dropped` counts by (column, reason) the cells that gave nothing; empty cells are not counted.
    """

    frame: pd.DataFrame
    dropped: Mapping[Drop, int]


def identify(
    accounts: pd.DataFrame,
    kinds: Sequence[str] = KINDS,
    progress: Progress | None = None,
    processes: int | None = None,
    *,
    role: str = ROLES[0],
    most: int = MOST,
) -> Identified:
    """The identifiers of `accounts` (records.ACCOUNT_COLUMNS) of the kinds asked for, but those of groups.

    `role` is ours in the run, "starter" or "responder": identifiers about what only one side has differ by
    it. `most` bounds the identifiers of one account, those of most yield first.

    `progress` is called with what is done, how much, and of how much. `processes` (by default one for each
    usable processor) work on many accounts. Raises UsageError for an unknown kind or role, or `most` below 1.
    """
    if not set(kinds) <= set(KIND):
        raise UsageError("an unknown kind of identifier", "use some of " + ", ".join(KINDS))
    if role not in ROLES:
        raise UsageError("an unknown role in a run", "use one of " + ", ".join(ROLES))
    if most < 1:
        raise UsageError("no identifiers for an account", "allow one at least")
    wanted = Wanted(tuple(kind for kind in KINDS if kind in kinds), role, most)
    dropped: Counter[Drop] = Counter()
    parts: dict[str, list[Part]] = {kind: [] for kind in wanted.kinds}
    for start, made in identified(accounts, wanted, processes, progress):
        dropped.update(made.dropped)
        for kind, packed in made.values.items():
            if packed.positions:
                positions = np.frombuffer(packed.positions, np.int64) + start
                parts[kind].append((start, positions, _texts(packed)))
    return Identified(_frame(parts), dict(sorted(dropped.items())))


def _texts(packed: Packed) -> Any:
    """Texts as Arrow holds them: a tenth of the memory that as many Python texts need."""
    lengths = np.frombuffer(packed.lengths, np.int64)
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return pa.LargeStringArray.from_buffers(len(lengths), pa.py_buffer(offsets), pa.py_buffer(packed.texts))


def _frame(parts: Mapping[str, list[Part]]) -> pd.DataFrame:
    ordered = [(kind, *part) for kind, some in parts.items() for part in sorted(some, key=lambda one: one[0])]
    texts = pa.chunked_array([values for *_, values in ordered], pa.large_string())
    sizes = {kind: sum(len(accounts) for _, accounts, _ in some) for kind, some in parts.items()}
    names = pa.chunked_array(
        [pa.repeat(pa.scalar(kind, pa.large_string()), size) for kind, size in sizes.items()],
        pa.large_string(),
    )
    accounts = [accounts for _, _, accounts, _ in ordered]
    return pd.DataFrame(
        {
            "account": np.concatenate(accounts) if accounts else np.empty(0, dtype=np.int64),
            "kind": pd.array(names, dtype="str"),
            "value": pd.array(texts, dtype="str"),
        }
    )[list(IDENTIFIER_COLUMNS)]
