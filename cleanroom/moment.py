"""The one way in which a second is written for people and files: RFC 3339 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def moment_of(second: int) -> str:
    """Unix seconds as RFC 3339 in UTC, such as 2026-11-22T10:00:00Z."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
