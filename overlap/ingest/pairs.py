"""Pairs of ids that somebody knows to be the same account: the truth that an evaluation compares to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from overlap.errors import BadInput
from overlap.ingest.draft import TRUE, constant, finish, judge, make_draft
from overlap.ingest.header import PAIRS
from overlap.ingest.populations import holds_one_of
from overlap.ingest.profiles import ALIASES, plain_header
from overlap.ingest.source import open_source
from overlap.ingest.values import plain_ids
from overlap.records import KNOWN_PAIR_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

#: Cells of a label that mean no.
FALSE: Final = ("false", "0", "no", "f", "n")

_SIDES: Final = ("left_id", "right_id")

NO_PAIR: Final = "it does not have an id of both sides"
NO_LABEL: Final = "its label is neither 1 nor 0"


def read_pairs(
    source: str | Path | pd.DataFrame, *, profiles: tuple[str, str] = ("generic", "generic")
) -> Table:
    """Known pairs of a file or DataFrame, as records.KNOWN_PAIR_COLUMNS.

    The columns are found by their names (left_id and right_id, ltable_id and rtable_id, and the like); where
    none is known, the first two are taken. `label` is "1" or "0", and "1" everywhere without a column for
    it. `profiles` are those of the two lists: ids are made plain as theirs were.

    Raises BadInput when the file cannot be read or has no two columns, as `read_accounts` does.
    """
    draft = make_draft(source, PAIRS, mapping=_columns(source), profile=None, where=None)
    ids = {
        side: plain_ids(draft.column(side), profile) for side, profile in zip(_SIDES, profiles, strict=True)
    }
    draft = draft.with_columns(**ids)
    if "label" not in draft.columns:
        draft = draft.with_columns(label=constant("1", len(draft.rows)))
    filled = draft.filled("left_id") & draft.filled("right_id")
    known = holds_one_of(draft.column("label"), (*TRUE, *FALSE))
    draft = judge(draft, [(NO_PAIR, ~filled), (NO_LABEL, ~known)])
    table = finish(draft, KNOWN_PAIR_COLUMNS, {})
    labels = ["1" if same else "0" for same in holds_one_of(draft.column("label"), TRUE)]
    return replace(table, frame=table.frame.assign(label=pd.array(labels, "str")))


def _columns(source: str | Path | pd.DataFrame) -> Mapping[str, str] | None:
    """The first two columns as the ids, when no record names both of them; else None."""
    opened = open_source(source)
    records = [record for candidate in opened.candidates for record in candidate.preview]
    if any(_names_both(record) for record in records):
        return None
    tops = [candidate.preview[0] for candidate in opened.candidates if candidate.preview]
    first, second = next((top for top in tops if len(top) > 1), ["", ""])[:2]
    if not first.strip() or not second.strip() or first == second:
        raise BadInput(
            "the list of known pairs has no two columns with names of their own",
            f"the smallest correct file is: {PAIRS.sample}",
        )
    return {"left_id": first, "right_id": second}


def _names_both(record: Sequence[str]) -> bool:
    names = {plain_header(cell) for cell in record}
    aliases = ALIASES[PAIRS.name]["generic"]
    return all(not names.isdisjoint(aliases[side]) for side in _SIDES)
