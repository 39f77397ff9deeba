"""From a CRM export to a table: dialects, CRM profiles, populations, rejected rows.

    file or DataFrame ─text, workbook, columnar→ Candidate ─header, profiles→ Understanding ─draft→ Table

A bad row is a `Rejected` with its number and a reason; a bad file is one `BadInput`. Names are loaded on
first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overlap.ingest.accounts import read_accounts
    from overlap.ingest.actions import read_actions, read_territories
    from overlap.ingest.aliases import read_aliases
    from overlap.ingest.opportunities import read_opportunities
    from overlap.ingest.pairs import read_pairs
    from overlap.ingest.populations import PopulationRule, parse_where
    from overlap.ingest.profiles import PROFILES
    from overlap.ingest.rejected import write_rejected

__all__ = [
    "PROFILES",
    "PopulationRule",
    "parse_where",
    "read_accounts",
    "read_actions",
    "read_aliases",
    "read_opportunities",
    "read_pairs",
    "read_territories",
    "write_rejected",
]

_HOMES = {
    "PROFILES": "overlap.ingest.profiles",
    "PopulationRule": "overlap.ingest.populations",
    "parse_where": "overlap.ingest.populations",
    "read_accounts": "overlap.ingest.accounts",
    "read_actions": "overlap.ingest.actions",
    "read_aliases": "overlap.ingest.aliases",
    "read_opportunities": "overlap.ingest.opportunities",
    "read_pairs": "overlap.ingest.pairs",
    "read_territories": "overlap.ingest.actions",
    "write_rejected": "overlap.ingest.rejected",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overlap.ingest' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
