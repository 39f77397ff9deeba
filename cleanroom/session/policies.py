"""Policies and agreements as files that security reads: what is unwise in one, what changes between two."""

from __future__ import annotations

from cleanroom.agreement import Agreement, Change, Finding, Policy, compare, lint, parse, parse_policy
from cleanroom.session.agreements import read_policy


def lint_policy(policy: str, now: int) -> list[Finding]:
    """The findings in a shipped policy or a file."""
    return lint(read_policy(policy), now)


def compare_policies(old: str, new: str) -> list[Change]:
    """What the second would change of the first; each is a shipped policy or a file. Raises BadInput."""
    return compare(_document(old), _document(new))


def _document(policy: str) -> Policy | Agreement:
    text = read_policy(policy)
    return parse(text, peer=False) if text.startswith(b'format = "overlap-agreement/') else parse_policy(text)
