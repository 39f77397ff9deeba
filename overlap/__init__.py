"""Overlap: find the accounts two companies share, and nothing else.

One party's own machine: plaintext accounts in, an overlap out. Nothing here reads a clock, opens a socket or
touches a database file. Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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
    "BadInput": "overlap.errors",
    "BadPeerFile": "overlap.errors",
    "OverlapError": "overlap.errors",
    "Refused": "overlap.errors",
    "Rejected": "overlap.records",
    "Table": "overlap.records",
    "UsageError": "overlap.errors",
    "evaluate": "overlap.evaluation",
    "read_accounts": "overlap.ingest",
    "simulate": "overlap.simulation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'overlap' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
