"""What an export is worth before anything is shared: from a file, or from what is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from cleanroom.report import quality_page
from cleanroom.session.accounts.imports import own_accounts
from cleanroom.session.folder import Folder, write_whole
from overlap import ingest
from overlap.errors import UsageError
from overlap.identity import identify
from overlap.quality import Quality, assess, row_labels


@dataclass(frozen=True)
class Assessed:
    """A quality report, what it is about, and the account names by row number, for those who ask for them."""

    quality: Quality
    source: str
    names: Mapping[str, str]


def assess_export(
    source: Path,
    now: int,
    *,
    population: str = "customers",
    mapping: Mapping[str, str] | None = None,
    profile: str | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
) -> Assessed:
    """The quality of an export that is not imported. Raises UsageError or BadInput."""
    table = ingest.read_accounts(source, population=population, mapping=mapping, profile=profile, where=where)
    quality = assess(
        table.frame,
        identify(table.frame),
        datetime.fromtimestamp(now, UTC).date(),
        rejected=table.rejected,
        left_out=table.left_out,
        unreadable=table.unreadable,
    )
    return Assessed(quality, source.name, _names(table.frame))


def assess_imports(folder: Folder, now: int, population: str | None) -> Assessed:
    """The quality of the imported accounts of a population, or of all. Raises UsageError for none."""
    folder.require_party()
    accounts = own_accounts(folder, (population,) if population else None)
    if accounts.empty:
        raise UsageError(
            "no accounts are imported" + (" as this population" if population else ""),
            "run 'overlap import FILE' first, or name an export: 'overlap quality FILE'",
        )
    quality = assess(accounts, identify(accounts), datetime.fromtimestamp(now, UTC).date())
    return Assessed(quality, population or "all imported accounts", _names(accounts))


def write_page(assessed: Assessed, place: Path, *, names: bool) -> None:
    """The report as one HTML file; account names only with `names`."""
    shown = assessed.names if names else {}
    write_whole(place, quality_page(assessed.quality, assessed.source, shown).encode())


def _names(accounts: pd.DataFrame) -> Mapping[str, str]:
    return dict(zip(row_labels(accounts).tolist(), accounts["name"].tolist(), strict=True))
