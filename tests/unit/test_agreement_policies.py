"""The shipped policies and their README; what they promise is compared with the code."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

import pytest

from cleanroom.agreement import (
    ACCOUNT_LEVELS,
    AGREEMENT_SAMPLE,
    FIELDS,
    LEVELS,
    OBLIGATIONS,
    PERSONAL_FIELDS,
    PURPOSES,
    parse_policy,
    policy_names,
    policy_text,
)
from cleanroom.agreement import document as limits
from overlap.errors import UsageError
from tests.agreement_parties import DAY, make_signed

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "policies" / "README.md").read_text(encoding="utf-8")
FORMATS = (ROOT / "cleanroom" / "FORMATS.md").read_text(encoding="utf-8")


#: Every key that may be left out: the fields of the terms and sides that have a default, and the tables' own.
OPTIONAL = {
    field.name
    for kind in (limits.Terms, limits.PartyTerms, limits.CountingTerms, limits.Agreement)
    for field in dataclasses.fields(kind)
    if field.default is not dataclasses.MISSING
} | {"epsilon", "proposer_bounds", "accepter_bounds"}


def keys_of(document: dict[str, object]) -> set[str]:
    """Every key and table name of a TOML document."""
    inner = (keys_of(value) for value in document.values() if isinstance(value, dict))
    return set(document).union(*inner)


def test_the_shipped_policies_are_those_of_the_folder() -> None:
    assert policy_names() == ("co-sell", "counts-only", "potential-revenue", "territory-planning")
    for name in policy_names():
        assert policy_text(name) == (ROOT / "policies" / f"{name}.toml").read_bytes()


@pytest.mark.parametrize("name", ["", "README", "co-sell.toml", "../pyproject", "../policies/co-sell"])
def test_there_is_no_policy_of_another_name(name: str) -> None:
    with pytest.raises(UsageError, match="no shipped policy"):
        policy_text(name)


@pytest.mark.parametrize("name", policy_names())
def test_a_shipped_policy_can_be_signed_and_has_sane_defaults(name: str) -> None:
    signed = make_signed(policy_text(name).decode())
    agreement, terms = signed.agreement, signed.agreement.terms
    assert signed.until - signed.not_before <= 180 * DAY
    assert terms.minimum_count >= 5
    assert terms.run_budget <= 12
    assert 0 < terms.max_export_age <= 30 * DAY
    assert "no-onward-share" in terms.obligations
    assert bool(terms.read_budget) is (terms.level in ACCOUNT_LEVELS)
    assert (agreement.proposer.populations, agreement.proposer.fields, agreement.proposer.size_bound) == (
        agreement.accepter.populations,
        agreement.accepter.fields,
        agreement.accepter.size_bound,
    )
    if terms.exportable:
        assert not set(agreement.proposer.fields) & set(PERSONAL_FIELDS)
        assert "delete-at-end" in terms.obligations


def test_the_first_contact_shows_numbers_only() -> None:
    assert parse_policy(policy_text("counts-only")).terms.level == "counts"


def test_the_readme_describes_every_key_level_purpose_and_field() -> None:
    words = keys_of(tomllib.loads(AGREEMENT_SAMPLE)) | OPTIONAL | {*LEVELS, *PURPOSES, *FIELDS, *OBLIGATIONS}
    described = {word.strip("[]") for word in re.findall(r"`([^`\s]+)`", README)}
    assert words - described == set()


def test_the_formats_describe_every_key_level_and_purpose() -> None:
    words = keys_of(tomllib.loads(AGREEMENT_SAMPLE)) | OPTIONAL | {*LEVELS, *PURPOSES, *OBLIGATIONS}
    described = {word.strip("[]") for word in re.findall(r"`([^`\s]+)`", FORMATS)} | {"format"}
    assert words - described == set()


def test_the_readme_names_the_fields_that_can_name_a_person() -> None:
    sentence = re.search(r"Of these (.*?) can name a person", README, re.DOTALL)
    assert sentence is not None
    assert tuple(re.findall(r"`(\w+)`", sentence[1])) == PERSONAL_FIELDS


def test_the_readme_has_a_row_for_every_policy_with_its_end() -> None:
    for name in policy_names():
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}.toml` |"))
        days = (parse_policy(policy_text(name)).terms.duration or 0) // DAY
        assert row.endswith(f"| {days} days |")


def test_the_readme_states_the_limits_of_the_code() -> None:
    for text in (
        f"up to {limits.TITLE_LIMIT} characters",
        f"From 1 to {limits.SIZE_BOUND_LIMIT:,}.",
        f"From 1 to {limits.MINIMUM_COUNT_LIMIT:,}.",
        f"From 1 to {limits.RUN_BUDGET_LIMIT}.",
        f"From 1 to {limits.READ_BUDGET_LIMIT:,}.",
        f"At most {limits.PERIOD_LIMIT // DAY} days.",
        f"accepted for {limits.ACCEPTANCE_LIMIT // DAY} days",
    ):
        assert text in README
