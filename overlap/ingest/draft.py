"""One export on its way to a Table: its columns by field, and row by row a verdict.

The rows that a filter asks for are judged in the order in which the reasons are given; the first that holds
is the one reported. A row can only be a repeat of a row that is itself taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from overlap.errors import BadInput
from overlap.ingest.header import Kind, understand
from overlap.ingest.pile import Column
from overlap.ingest.populations import PopulationRule, Where, holds_one_of, populations
from overlap.ingest.source import open_source
from overlap.records import Rejected, Source, Table

#: Cells of a deleted-flag that mean yes.
TRUE: Final = ("true", "1", "yes", "t", "y")

DELETED: Final = "deleted in the CRM"
REPEATED: Final = "its id is that of an earlier row"


@dataclass(frozen=True)
class Draft:
    """Columns by field, row numbers, and what has been left behind on the way."""

    columns: Mapping[str, Column]
    rows: np.ndarray
    rejected: tuple[Rejected, ...]
    source: Source
    left_out: int = 0
    populations: np.ndarray | None = None

    def column(self, field: str) -> Column:
        """The text of a field, empty where the file has no column for it."""
        return self.columns.get(field, constant("", len(self.rows)))

    def filled(self, *fields: str) -> np.ndarray:
        """Which rows have text in at least one of the fields."""
        found = np.zeros(len(self.rows), bool)
        for field in fields:
            if field in self.columns:
                found |= mask(pc.not_equal(self.columns[field], ""))
        return found

    def with_columns(self, **columns: Column) -> Draft:
        return replace(self, columns={**self.columns, **columns})

    def keep(self, chosen: np.ndarray) -> Draft:
        """Only the chosen rows; whoever calls says where the others went."""
        if chosen.all():
            return self
        kept = pa.array(chosen)
        return replace(
            self,
            columns={field: column.filter(kept) for field, column in self.columns.items()},
            rows=self.rows[chosen],
            populations=None if self.populations is None else self.populations[chosen],
        )


def make_draft(
    source: Any,
    kind: Kind,
    *,
    mapping: Mapping[str, str] | None,
    profile: str | None,
    where: Where | None,
    rules: Sequence[PopulationRule] = (),
) -> Draft:
    """The rows asked for, with their columns named.

    Raises BadInput and UsageError as `open_source` and `understand` do, and BadInput for a file without rows.
    """
    opened = open_source(source)
    found = understand(opened, kind, mapping, profile)
    filters = {found.column(name): values for name, values in (where or {}).items()}
    ruled = [found.column(rule.column) for rule in rules]
    positions = sorted({*found.positions.values(), *filters, *ruled})
    records = found.candidate.read(found.header, positions)
    if not len(records.rows) and not records.rejected:
        raise BadInput("the file has a header row and nothing below it", "export it again with its rows")
    texts = dict(zip(positions, records.columns, strict=True))
    asked = np.ones(len(records.rows), bool)
    for position, values in filters.items():
        asked &= holds_one_of(texts[position], values)
    named = populations(rules, [texts[position] for position in ruled]) if rules else None
    if named is not None:
        asked &= named != ""
    draft = Draft(
        {field: texts[position] for field, position in found.positions.items()},
        records.rows,
        records.rejected,
        Source(
            found.profile,
            opened.encoding,
            found.candidate.delimiter,
            found.header + 1,
            found.mapping(),
            opened.digest,
        ),
        int((~asked).sum()),
        named,
    )
    return draft.keep(asked)


def judge(draft: Draft, reasons: Sequence[tuple[str, np.ndarray]]) -> Draft:
    """The draft without deleted rows, rows for which one of `reasons` holds, and repeats of an earlier id."""
    deleted = (DELETED, holds_one_of(draft.column("deleted"), TRUE))
    verdict = np.zeros(len(draft.rows), np.int8)
    ordered = [deleted, *reasons]
    for number, (_, holds) in enumerate(ordered, start=1):
        verdict[(verdict == 0) & holds] = number
    if "id" in draft.columns:
        taken = np.flatnonzero(verdict == 0)
        ids = pd.Series(draft.columns["id"].take(pa.array(taken)).to_pandas())
        verdict[taken[ids.duplicated().to_numpy()]] = len(ordered) + 1
    texts = ["", *(reason for reason, _ in ordered), REPEATED]
    bad = [Rejected(int(draft.rows[i]), texts[verdict[i]]) for i in np.flatnonzero(verdict)]
    return replace(draft.keep(verdict == 0), rejected=(*draft.rejected, *bad))


def finish(draft: Draft, columns: Sequence[str], unreadable: Mapping[str, int]) -> Table:
    """The table with exactly `columns`, rejected rows in row order."""
    arrays = {name: draft.column(name) for name in columns if name != "row"}
    frame = pa.table(arrays).to_pandas().astype("str")
    frame.insert(0, "row", draft.rows.astype(np.int64))
    rejected = tuple(sorted(draft.rejected, key=lambda each: each.row))
    counts = {name: count for name, count in unreadable.items() if count}
    return Table(frame, rejected, draft.source, draft.left_out, counts)


def constant(text: str, size: int) -> Column:
    """A column of `size` times the same text."""
    return pa.chunked_array([pa.repeat(pa.scalar(text, pa.large_string()), size)])


def mask(column: Any) -> np.ndarray:
    """A boolean column as a numpy array."""
    return np.asarray(column.to_numpy(), dtype=bool)
