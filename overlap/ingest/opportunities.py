"""Opportunities: one deal a row, open, won or lost, on an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.errors import UsageError
from overlap.ingest.accounts import id_faults, with_ids
from overlap.ingest.amounts import currencies, may_be_in, plain_amounts
from overlap.ingest.draft import TRUE, Draft, finish, judge, make_draft, mask
from overlap.ingest.header import OPPORTUNITIES
from overlap.ingest.moments import utc_days
from overlap.ingest.pile import Column
from overlap.ingest.populations import Where, holds_one_of
from overlap.ingest.values import by_distinct, plain_ids
from overlap.records import OPPORTUNITY_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_ACCOUNT = "no account id"
NO_STATUS = "neither its stage nor a flag says whether it is open, won or lost"

_CODE = re.compile("[A-Z]{3}")
_WON = re.compile(r"\bwon\b|closedwon|\bgewonnen\b|\bgagnée?\b|\bganad[ao]\b")
_LOST = re.compile(
    r"\blost\b|closedlost|\bverloren\b|\bperdue?\b|\bperdid[ao]\b|\babandoned\b|\bdisqualified\b"
)
_CLOSED = re.compile(r"closed|cancell?ed")


def read_opportunities(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
    currency: str = "",
) -> Table:
    """The opportunities of a file or DataFrame, as records.OPPORTUNITY_COLUMNS.

    `status` comes from a status column, else from the flags closed and won, else from the stage's name.
    `amount` is plain decimal text, `created` and `closed` are ISO days (a time with a zone is
    the UTC day it falls on, one without is the day written); a cell that cannot be read is "" and
    counted in `unreadable`, and its row is kept: a missing date leaves a later decision open, it does not
    undo the deal. `currency` falls back to the code written beside the amount, and from there to the argument
    of that name (an ISO 4217 code): that of a CRM which has one for all and writes it nowhere. An amount
    beside which another sign than that currency's is written keeps none.

    Raises BadInput and UsageError as `read_accounts` does.
    """
    if currency and not _CODE.fullmatch(currency):
        raise UsageError("a currency is a code of ISO 4217", "for example --currency EUR")
    draft = make_draft(source, OPPORTUNITIES, mapping=mapping, profile=profile, where=where)
    profile = draft.source.profile
    ids = {
        field: plain_ids(draft.columns[field], profile)
        for field in ("id", "account_id")
        if field in draft.columns
    }
    draft = draft.with_columns(**ids, status=_status(draft))
    reasons = [
        *id_faults(draft),
        (NO_ACCOUNT, ~draft.filled("account_id")),
        (NO_STATUS, ~draft.filled("status")),
    ]
    draft = with_ids(judge(draft, reasons))
    unreadable = {}
    written = draft.column("amount")
    if "currency" not in draft.columns:
        draft = draft.with_columns(currency=currencies(written))
    if currency:
        lacks = ~draft.filled("currency") & draft.filled("amount") & may_be_in(written, currency)
        own = pa.chunked_array([pa.repeat(pa.scalar(currency, pa.large_string()), len(lacks))])
        draft = draft.with_columns(
            currency=pc.if_else(pa.array(lacks), own, draft.column("currency").cast(pa.large_string()))
        )
    amounts, unreadable["amount"] = plain_amounts(written)
    draft = draft.with_columns(amount=amounts)
    for field in ("created", "closed"):
        column, unreadable[field] = utc_days(draft.column(field), profile)
        draft = draft.with_columns(**{field: column})
    return finish(draft, OPPORTUNITY_COLUMNS, unreadable)


def _status(draft: Draft) -> Column:
    """open, won or lost for each row, "" where nothing says."""
    by_stage, _ = by_distinct(draft.column("stage"), lambda texts: [stage_status(text) for text in texts])
    found = np.asarray(by_stage.to_pylist(), dtype=object)
    if "is_closed" in draft.columns or "is_won" in draft.columns:
        found = _status_by_flags(draft, found)
    own = pc.utf8_lower(draft.column("status"))
    said = mask(pc.is_in(own, value_set=pa.array(("open", "won", "lost"), pa.large_string())))
    found[said] = np.asarray(own.to_pylist(), dtype=object)[said]
    return pa.chunked_array([pa.array(found, pa.large_string())])


def _status_by_flags(draft: Draft, by_stage: np.ndarray) -> np.ndarray:
    won = holds_one_of(draft.column("is_won"), TRUE)
    closed = holds_one_of(draft.column("is_closed"), TRUE)
    says_closed, says_won = draft.filled("is_closed"), draft.filled("is_won")
    found = by_stage.copy()
    # A flag that is empty or absent leaves the stage to speak.
    found[says_closed & ~closed] = "open"
    found[says_closed & closed & says_won & ~won] = "lost"
    found[says_closed & closed & (found == "open")] = ""
    found[won] = "won"
    return found


def stage_status(stage: str) -> str:
    """What a stage's name says; "" when it says closed but not how."""
    plain = stage.casefold()
    if _LOST.search(plain):
        return "lost"
    if _WON.search(plain):
        return "won"
    return "" if _CLOSED.search(plain) else "open"
