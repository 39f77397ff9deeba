"""The program of a worker process of this room: rows of accounts in, their identifiers out.

    task    kinds wanted, role, identifiers an account at most, columns of cells (None for an empty column)
    answer  for each kind the positions of the accounts and the values; and why cells gave nothing, how often

Both are `marshal`, the fastest form of plain texts and tuples: both ends are this program in this version.
Values travel as one text, from which the parent makes an Arrow array without a Python object for each.
"""

from __future__ import annotations

import gc
import marshal
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

from overlap.engine import serve
from overlap.identity.compose import compose
from overlap.identity.facts import Drop, read_facts

#: A column's cells, or None when all are empty.
Columns = Sequence[Sequence[str] | None]


class Wanted(NamedTuple):
    """What identifiers are asked for: `most` an account at most, made for a `role` in the run."""

    kinds: tuple[str, ...]
    role: str
    most: int


class Packed(NamedTuple):
    """Values and their accounts: positions in the batch and lengths in bytes (int64 each), texts in UTF-8."""

    positions: bytes
    lengths: bytes
    texts: bytes


class Made(NamedTuple):
    """Kind to its values, and (column, reason) to how often."""

    values: dict[str, Packed]
    dropped: dict[Drop, int]


def identify_rows(wanted: Wanted, columns: Columns, rows: int) -> Made:
    """The identifiers of `rows` accounts whose cells are in `columns`, one for each of facts.COLUMNS."""
    kinds = frozenset(wanted.kinds)
    values: dict[str, tuple[list[int], list[str]]] = {kind: ([], []) for kind in wanted.kinds}
    drops: list[Drop] = []
    cells = [repeat("", rows) if column is None else column for column in columns]
    for position, row in enumerate(zip(*cells, strict=True)):
        for kind, value in compose(read_facts(row, drops), kinds, wanted.role, wanted.most):
            positions, texts = values[kind]
            positions.append(position)
            texts.append(value)
    return Made({kind: _packed(*made) for kind, made in values.items()}, dict(Counter(drops)))


def _packed(positions: list[int], values: list[str]) -> Packed:
    texts = "".join(values)
    if texts.isascii():
        lengths = array("q", map(len, values))
    else:
        lengths = array("q", (len(value.encode()) for value in values))
    return Packed(array("q", positions).tobytes(), lengths.tobytes(), texts.encode())


def write_task(wanted: Wanted, columns: Columns, rows: int) -> bytes:
    """The task for these rows."""
    task: Any = tuple(wanted), list(columns), rows
    return marshal.dumps(task)


def read_answer(answer: bytes) -> Made:
    """What `perform` found."""
    made: Any = marshal.loads(answer)  # noqa: S302 - our own worker wrote it, over a private pipe
    values, dropped = made
    return Made({kind: Packed(*packed) for kind, packed in values.items()}, dropped)


def perform(task: bytes) -> bytes:
    """The answer to a task."""
    wanted, columns, rows = marshal.loads(task)  # noqa: S302 - our own parent wrote it
    values, dropped = identify_rows(Wanted(*wanted), columns, rows)
    made: Any = {kind: tuple(packed) for kind, packed in values.items()}, dropped
    return marshal.dumps(made)


if __name__ == "__main__":
    # Nothing here makes cycles, and looking for them takes time.
    gc.disable()
    serve(perform)
