"""What partners did on opportunities, and who works which territory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from overlap.ingest.accounts import id_faults, with_ids
from overlap.ingest.draft import Draft, finish, judge, make_draft, mask
from overlap.ingest.header import ACTIONS, TERRITORIES
from overlap.ingest.moments import NO_ZONE, moments, utc_days
from overlap.ingest.populations import Where
from overlap.ingest.values import plain_ids
from overlap.ingest.zones import zone_of
from overlap.records import ACTION_COLUMNS, OURS, OUTCOMES, TERRITORY_COLUMNS, THEIRS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

#: Fields of an action that are days or times.
MOMENTS = ("date", "logged", "responded", "looped_back")
#: Those that decide credit.
DECIDING = ("date", "logged")

OTHER_DIRECTION = "its direction is neither 'ours' nor 'theirs'"
NO_SUBJECT = "neither an opportunity id nor an account id"
NO_ACCOUNT = "no account id"
NO_TERRITORY = "neither a territory id nor a territory name"


def read_actions(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
    zone: str = "",
) -> Table:
    """The partner actions of a file or DataFrame, as records.ACTION_COLUMNS.

    The fields of MOMENTS are UTC days or instants, `due` is a day; each is "" and counted in `unreadable`
    where it cannot be read. A row whose `date` or `logged` is a time without a zone is rejected, unless
    `zone` (an offset or an IANA name) says where it was written; in the other two, which decide no credit,
    such a time counts as unreadable. `direction` is "theirs" where the row says nothing, and a row that says
    anything else than "theirs" or "ours" is rejected; `outcome` is kept for "ours" alone. Without an id
    column the row number is the id. Raises BadInput and UsageError as `read_accounts` does.
    """
    draft = make_draft(source, ACTIONS, mapping=mapping, profile=profile, where=where)
    draft = _plain_ids(draft)
    profile, here = draft.source.profile, zone_of(zone)
    subject = draft.filled("opportunity_id", "account_id")
    zoneless = np.zeros(len(draft.rows), bool)
    written = {name: draft.filled(name) for name in (*MOMENTS, "due")}
    for name in MOMENTS:
        column, _, without = moments(draft.column(name), profile, here)
        draft = draft.with_columns(**{name: column})
        if name in DECIDING:
            zoneless |= without
    draft = draft.with_columns(due=utc_days(draft.column("due"), profile)[0])
    lost = {name: written[name] & ~draft.filled(name) & ~zoneless for name in written}
    draft, lost["outcome"], unknown = _with_direction(draft)
    rows = draft.rows
    reasons = [*id_faults(draft), (NO_SUBJECT, ~subject), (OTHER_DIRECTION, unknown), (NO_ZONE, zoneless)]
    draft = with_ids(judge(draft, reasons))
    kept = np.isin(rows, draft.rows)
    unreadable = {name: int((lost[name] & kept).sum()) for name in lost}
    return finish(draft, ACTION_COLUMNS, unreadable)


def read_territories(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
) -> Table:
    """The territory assignments of a file or DataFrame, as records.TERRITORY_COLUMNS.

    An account may be in several territories. Raises BadInput and UsageError as `read_accounts` does.
    """
    draft = make_draft(source, TERRITORIES, mapping=mapping, profile=profile, where=where)
    draft = _plain_ids(draft)
    reasons = [
        (NO_ACCOUNT, ~draft.filled("account_id")),
        (NO_TERRITORY, ~draft.filled("territory_id", "territory_name")),
    ]
    return finish(judge(draft, reasons), TERRITORY_COLUMNS, {})


def _with_direction(draft: Draft) -> tuple[Draft, np.ndarray, np.ndarray]:
    """The draft with `direction` and `outcome` in their words; which rows have an outcome that is none, and
    which a direction that is none."""
    said = pc.utf8_lower(pc.utf8_trim_whitespace(draft.column("direction")))
    ours = mask(pc.equal(said, OURS))
    unknown = ~(ours | mask(pc.is_in(said, value_set=pa.array(["", THEIRS], said.type))))
    outcome = pc.utf8_lower(pc.utf8_trim_whitespace(draft.column("outcome")))
    known = mask(pc.is_in(outcome, value_set=pa.array(OUTCOMES, outcome.type)))
    wrong = ours & ~known & mask(pc.not_equal(outcome, ""))
    empty = pa.scalar("", outcome.type)
    draft = draft.with_columns(
        direction=pc.if_else(pa.array(ours), pa.scalar(OURS, said.type), pa.scalar(THEIRS, said.type)),
        outcome=pc.if_else(pa.array(ours & known), outcome, empty),
    )
    return draft, wrong, unknown


def _plain_ids(draft: Draft) -> Draft:
    fields = {"id", "opportunity_id", "account_id"} & set(draft.columns)
    return draft.with_columns(
        **{field: plain_ids(draft.columns[field], draft.source.profile) for field in sorted(fields)}
    )
