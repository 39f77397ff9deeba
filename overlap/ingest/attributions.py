"""What another tool says of partners on opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from overlap.ingest.draft import finish, judge, make_draft
from overlap.ingest.header import ATTRIBUTIONS
from overlap.ingest.populations import Where
from overlap.ingest.values import plain_ids
from overlap.records import ATTRIBUTION_COLUMNS, Table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

NO_DEAL: Final = "no opportunity id"


def read_attributions(
    source: str | Path | pd.DataFrame,
    *,
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Where | None = None,
) -> Table:
    """The rows of another tool's attribution, as records.ATTRIBUTION_COLUMNS, each cell as it was written.

    A row without an opportunity is rejected. Raises BadInput and UsageError as `read_accounts` does.
    """
    draft = make_draft(source, ATTRIBUTIONS, mapping=mapping, profile=profile, where=where)
    ids = plain_ids(draft.column("opportunity_id"), draft.source.profile)
    draft = draft.with_columns(opportunity_id=ids)
    return finish(judge(draft, [(NO_DEAL, ~draft.filled("opportunity_id"))]), ATTRIBUTION_COLUMNS, {})
