"""Accounts: one company a row, with at least something to recognise it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.ingest.dates import iso_days
from overlap.ingest.draft import Draft, constant, finish, judge, make_draft, mask
from overlap.ingest.header import ACCOUNTS
from overlap.ingest.pile import Column
from overlap.ingest.populations import PopulationRule, Where, checked_rules, is_population
from overlap.ingest.values import broken_salesforce_ids, plain_duns, plain_ids, scientific, unwrap
from overlap.records import ACCOUNT_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_ID = "no id"
ROUNDED_ID = "its id was rounded by a spreadsheet"
BROKEN_ID = "its Salesforce id fails its own checksum: letter case was changed"
NOTHING_TO_MATCH = "neither a name nor a website nor a registration number"
BAD_POPULATION = "its population is not a name of a-z, 0-9 and '_'"

_NUMBERS = ("lei", "vat", "registration_number", "isin", "ticker", "linkedin")


def read_accounts(
    source: str | Path | pd.DataFrame,
    *,
    population: str | Sequence[PopulationRule] = "customers",
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
) -> Table:
    """The accounts of a CSV, TSV, XLSX or Parquet file or a DataFrame, as records.ACCOUNT_COLUMNS.

    `population` is one name for all rows (rows that name their own in a column `population` keep it) or
    rules, the first that fits deciding; `where` is a filter (column to values, see `parse_where`). Rows that
    no rule fits or the filter leaves out are counted in `left_out`. `mapping` gives the column of a field
    ("" for none), `profile` one of PROFILES; both are found out when not given. Without an id column the
    row number is the id. `created` and `modified` become ISO days, "" where unreadable.

    Raises BadInput for a file that cannot be read as accounts, UsageError for an unknown column, field,
    profile or population.
    """
    rules = checked_rules(population)
    draft = make_draft(source, ACCOUNTS, mapping=mapping, profile=profile, where=where, rules=rules)
    draft = _plain(draft)
    draft = draft.with_columns(
        population=_populations(draft, population if isinstance(population, str) else "")
    )
    matchable = draft.filled("name", "website", "domains", "duns", *_NUMBERS)
    reasons = [
        *id_faults(draft),
        (BAD_POPULATION, ~_well_named(draft.columns["population"])),
        (NOTHING_TO_MATCH, ~matchable),
    ]
    draft = with_ids(judge(draft, reasons))
    unreadable = {}
    for field in ("created", "modified"):
        column, unreadable[field] = iso_days(draft.column(field), draft.source.profile)
        draft = draft.with_columns(**{field: column})
    return finish(draft, ACCOUNT_COLUMNS, unreadable)


def id_faults(draft: Draft) -> list[tuple[str, np.ndarray]]:
    """The reasons why an id column can make a row unusable; none where the file has no id column."""
    if "id" not in draft.columns:
        return []
    ids = draft.columns["id"]
    return [
        (NO_ID, ~draft.filled("id")),
        (ROUNDED_ID, scientific(ids)),
        (BROKEN_ID, broken_salesforce_ids(ids, draft.source.profile)),
    ]


def with_ids(draft: Draft) -> Draft:
    """The draft with an id for each row: its row number where the file has no id column."""
    if "id" in draft.columns:
        return draft
    return draft.with_columns(id=pa.chunked_array([pc.cast(pa.array(draft.rows), pa.large_string())]))


def _plain(draft: Draft) -> Draft:
    plain: dict[str, Column] = {}
    for field in draft.columns:
        column = draft.columns[field]
        if field in ("id", "parent_id"):
            plain[field] = plain_ids(column, draft.source.profile)
        elif field == "duns":
            plain[field] = plain_duns(column)
        elif field in _NUMBERS:
            plain[field] = unwrap(column)
    draft = draft.with_columns(**plain)
    return draft.with_columns(ticker=_listings(draft)) if "exchange" in draft.columns else draft


def _listings(draft: Draft) -> Column:
    """Tickers behind the exchange that stands in a column of its own, where they name none themselves."""
    tickers, exchanges = draft.column("ticker"), draft.column("exchange")
    alone = pc.and_(pc.not_equal(exchanges, ""), pc.not_equal(tickers, ""))
    alone = pc.and_not(alone, pc.match_substring_regex(tickers, "[: ]"))
    return pc.if_else(
        alone, pc.binary_join_element_wise(exchanges, tickers, pa.scalar(":", pa.large_string())), tickers
    )


def _populations(draft: Draft, default: str) -> Column:
    if draft.populations is not None:
        return pa.chunked_array([pa.array(draft.populations, pa.large_string())])
    if "population" not in draft.columns:
        return constant(default, len(draft.rows))
    own = draft.columns["population"]
    return pc.if_else(pc.equal(own, ""), default, own)


def _well_named(column: Column) -> np.ndarray:
    names = [name for name in pc.unique(column).to_pylist() if is_population(name)]
    return mask(pc.is_in(column, value_set=pa.array(names, pa.large_string())))
