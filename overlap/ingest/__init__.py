"""From a CRM export to a table: dialects, CRM profiles, populations, rejected rows.

    file or DataFrame ─text, workbook, columnar→ Candidate ─header, profiles→ Understanding ─draft→ Table

A bad row is a `Rejected` with its number and a reason; a bad file is one `BadInput`. Names are loaded on
first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.ingest.accounts import read_accounts
    from overlap.ingest.actions import read_actions, read_territories
    from overlap.ingest.aliases import read_aliases
    from overlap.ingest.attributions import read_attributions
    from overlap.ingest.opportunities import read_opportunities
    from overlap.ingest.pairs import read_pairs
    from overlap.ingest.populations import PopulationRule, parse_where
    from overlap.ingest.profiles import PROFILES
    from overlap.ingest.rejected import write_rejected
    from overlap.ingest.restrictions import PRIVATE, RESTRICTED, partners_of, read_restrictions
    from overlap.ingest.stages import read_stages
    from overlap.ingest.zones import zone_of

__all__ = [
    "PRIVATE",
    "PROFILES",
    "RESTRICTED",
    "PopulationRule",
    "parse_where",
    "partners_of",
    "read_accounts",
    "read_actions",
    "read_aliases",
    "read_attributions",
    "read_opportunities",
    "read_pairs",
    "read_restrictions",
    "read_stages",
    "read_territories",
    "write_rejected",
    "zone_of",
]

_HOMES = {
    "PRIVATE": "restrictions",
    "PROFILES": "profiles",
    "PopulationRule": "populations",
    "RESTRICTED": "restrictions",
    "parse_where": "populations",
    "partners_of": "restrictions",
    "read_accounts": "accounts",
    "read_actions": "actions",
    "read_aliases": "aliases",
    "read_attributions": "attributions",
    "read_opportunities": "opportunities",
    "read_pairs": "pairs",
    "read_restrictions": "restrictions",
    "read_stages": "stages",
    "read_territories": "actions",
    "write_rejected": "rejected",
    "zone_of": "zones",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
