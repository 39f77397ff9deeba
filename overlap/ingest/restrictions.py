"""Own accounts that take part in no match, or only in those with some partners: one rule a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.ingest.draft import finish, judge, make_draft, mask
from overlap.ingest.header import RESTRICTIONS
from overlap.ingest.populations import Where
from overlap.ingest.values import plain_ids
from overlap.records import ACCOUNT_COLUMNS, RESTRICTION_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

#: In no match and in no share.
PRIVATE: Final = "private"
#: Only in those with the partners of its row.
RESTRICTED: Final = "restricted"

NO_ACCOUNT: Final = "it names no account: neither an id, a name, a domain nor a column and its value"
TWO_WAYS: Final = "it names an account and a condition; give each a row of its own"
HALF_CONDITION: Final = "a condition has a column and a value"
NO_COLUMN: Final = "accounts have no column of this name"
NO_RULE: Final = "its rule is neither private nor restricted"
NO_PARTNER: Final = "restricted without a partner that may still match; write private"
PARTNER_OF_PRIVATE: Final = "a private account is for no partner; write restricted"

_CONDITIONS: Final = tuple(name for name in ACCOUNT_COLUMNS if name != "row")


def read_restrictions(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
) -> Table:
    """The rules of a file or DataFrame, as records.RESTRICTION_COLUMNS.

    `rule` and `column` are in small letters; which accounts a rule is about is seen when it is applied.
    Raises BadInput and UsageError as `read_accounts` does.
    """
    draft = make_draft(source, RESTRICTIONS, mapping=mapping, profile=profile, where=where)
    plain = {field: pc.utf8_lower(draft.column(field)) for field in ("rule", "column")}
    if "account_id" in draft.columns:
        plain["account_id"] = plain_ids(draft.columns["account_id"], draft.source.profile)
    draft = draft.with_columns(**plain)
    named = draft.filled("account_id", "account_name", "account_domain")
    column, value = draft.filled("column"), draft.filled("value")
    partners = np.array([bool(partners_of(text)) for text in draft.column("partners").to_pylist()], bool)
    private = _is_one_of(draft.column("rule"), (PRIVATE,))
    reasons = [
        (NO_ACCOUNT, ~named & ~column & ~value),
        (TWO_WAYS, named & (column | value)),
        (HALF_CONDITION, column != value),
        (NO_COLUMN, column & ~_is_one_of(draft.column("column"), _CONDITIONS)),
        (NO_RULE, ~_is_one_of(draft.column("rule"), (PRIVATE, RESTRICTED))),
        (NO_PARTNER, ~private & ~partners),
        (PARTNER_OF_PRIVATE, private & partners),
    ]
    return finish(judge(draft, reasons), RESTRICTION_COLUMNS, {})


def partners_of(cell: str) -> tuple[str, ...]:
    """The names of partners in a cell, separated by ";"."""
    return tuple(name for name in (part.strip() for part in cell.split(";")) if name)


def _is_one_of(column: pa.ChunkedArray, words: tuple[str, ...]) -> np.ndarray:
    return mask(pc.is_in(column, value_set=pa.array(words, pa.large_string())))
