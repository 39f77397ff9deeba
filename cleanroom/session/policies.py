"""Policies and agreements as files that security reads: what is unwise in one, what changes between two."""

from __future__ import annotations

from cleanroom.agreement import Change, Finding, compare, lint, parse_document
from cleanroom.session.agreements import read_policy


def lint_policy(policy: str, now: int) -> list[Finding]:
    """The findings in a shipped policy or a file."""
    return lint(read_policy(policy), now)


def compare_policies(old: str, new: str) -> list[Change]:
    """What the second would change of the first; each is a shipped policy or a file. Raises BadInput."""
    return compare(*(parse_document(read_policy(policy)) for policy in (old, new)))
