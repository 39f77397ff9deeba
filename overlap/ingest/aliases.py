"""Further names and domains of own accounts, and their parents: one statement about an account a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from overlap.ingest.draft import finish, judge, make_draft
from overlap.ingest.header import ALIASES_OF_ACCOUNTS
from overlap.ingest.populations import Where
from overlap.ingest.values import plain_duns, plain_ids, unwrap
from overlap.records import ALIAS_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_ACCOUNT: Final = "it names no account: neither an id nor a name nor a domain"
NOTHING_SAID: Final = "neither a further name or domain nor a parent"

_NUMBERS: Final = ("parent_lei", "parent_vat", "parent_registration_number")


def read_aliases(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
) -> Table:
    """The alias file of a party or a DataFrame of it, as records.ALIAS_COLUMNS.

    Whether the accounts exist is seen when they are looked up (`identity.know`). Raises BadInput and
    UsageError as `read_accounts` does.
    """
    draft = make_draft(source, ALIASES_OF_ACCOUNTS, mapping=mapping, profile=profile, where=where)
    columns = draft.columns
    plain = {
        field: plain_ids(columns[field], draft.source.profile)
        for field in ("account_id", "parent_id")
        if field in columns
    }
    plain |= {field: unwrap(columns[field]) for field in _NUMBERS if field in columns}
    if "parent_duns" in columns:
        plain["parent_duns"] = plain_duns(columns["parent_duns"])
    draft = draft.with_columns(**plain)
    of_whom, what = ALIASES_OF_ACCOUNTS.needs
    reasons = [(NO_ACCOUNT, ~draft.filled(*of_whom)), (NOTHING_SAID, ~draft.filled(*what))]
    return finish(judge(draft, reasons), ALIAS_COLUMNS, {})
