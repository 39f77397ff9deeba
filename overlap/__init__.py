"""Overlap: find the accounts two companies share, and nothing else.

One party's own machine: plaintext accounts in, an overlap out. Nothing here reads a clock, opens a socket or
touches a database file. Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from overlap.errors import BadInput, BadPeerFile, OverlapError, Refused, UsageError
    from overlap.evaluation import evaluate
    from overlap.ingest import read_accounts
    from overlap.records import Rejected, Table
    from overlap.simulation import simulate

__all__ = [
    "BadInput",
    "BadPeerFile",
    "OverlapError",
    "Refused",
    "Rejected",
    "Table",
    "UsageError",
    "evaluate",
    "read_accounts",
    "simulate",
]

_HOMES = {
    "BadInput": "errors",
    "BadPeerFile": "errors",
    "OverlapError": "errors",
    "Refused": "errors",
    "Rejected": "records",
    "Table": "records",
    "UsageError": "errors",
    "evaluate": "evaluation",
    "read_accounts": "ingest",
    "simulate": "simulation",
}


__getattr__ = load_from(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
