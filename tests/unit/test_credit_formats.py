"""What FORMATS.md says about claims, credit and exports is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from cleanroom.attribution import FAILURES, GRADES, REASONS, TIME_KINDS, classification, observed
from cleanroom.export import LEFT_OUT, MANIFEST_FORMAT, TARGETS
from cleanroom.export.target import ACCOUNT_FIELDS, HUBSPOT_FIELDS, PAIR_FIELDS, PAIR_KEY
from cleanroom.report import MATRIX_COLUMNS

TEXT = (Path(__file__).parents[2] / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")
NAMES = (
    *FAILURES,
    *GRADES,
    *TIME_KINDS,
    *classification.STATUS_COLUMNS,
    *classification.HEADLINE_COLUMNS,
    *classification.FINDING_COLUMNS,
    *classification.STATUSES,
    *LEFT_OUT,
    *observed.LEFT_OUT,
    *ACCOUNT_FIELDS,
    *HUBSPOT_FIELDS,
    *PAIR_FIELDS,
    PAIR_KEY,
    MANIFEST_FORMAT,
    *MATRIX_COLUMNS,
)


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_every_name_of_a_format_is_described(name):
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_described_in_the_words_of_the_ledger(reason):
    assert f"| `{reason}` | {REASONS[reason]} |" in TEXT


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_described(target):
    assert f"**{target}**" in TEXT


@pytest.mark.parametrize("words", [classification.RULES, classification.FINDINGS], ids=["rules", "findings"])
def test_every_rule_and_finding_is_described_in_its_own_words(words):
    assert not [code for code, text in words.items() if f"| `{code}` | {text} |" not in TEXT]
