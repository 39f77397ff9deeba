"""Stage history: which stage an opportunity entered when, one change a row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from overlap.ingest.draft import finish, judge, make_draft
from overlap.ingest.header import STAGES
from overlap.ingest.moments import NO_ZONE, moments
from overlap.ingest.populations import Where
from overlap.ingest.values import plain_ids
from overlap.ingest.zones import zone_of
from overlap.records import STAGE_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_OPPORTUNITY = "no opportunity id"
NO_STAGE = "no stage"
NO_DAY = "no day, or one that cannot be read"


def read_stages(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
    zone: str = "",
) -> Table:
    """The stage history of a file or DataFrame, as records.STAGE_COLUMNS.

    `entered` is a UTC day or instant; a row without one is rejected, as is a time without a zone while `zone`
    (an offset or an IANA name) is "". Raises BadInput and UsageError as `read_accounts` does.
    """
    draft = make_draft(source, STAGES, mapping=mapping, profile=profile, where=where)
    profile = draft.source.profile
    entered, _, zoneless = moments(draft.column("entered"), profile, zone_of(zone))
    draft = draft.with_columns(
        entered=entered, opportunity_id=plain_ids(draft.column("opportunity_id"), profile)
    )
    reasons = [
        (NO_OPPORTUNITY, ~draft.filled("opportunity_id")),
        (NO_STAGE, ~draft.filled("stage")),
        (NO_ZONE, zoneless),
        (NO_DAY, ~draft.filled("entered")),
    ]
    return finish(judge(draft, reasons), STAGE_COLUMNS, {})
