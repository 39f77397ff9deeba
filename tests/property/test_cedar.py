"""Cedar, given our export, answers every question as `decide` does.

The export lists what is allowed, `decide` what is refused, and Cedar is nobody's code of ours.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import cedarpy
import pytest
from cedar import ask_cedar, cedar_request
from random_policies import random_policy, random_question

from cleanroom.agreement import (
    ACTIONS,
    CEDAR_SCHEMA,
    FIELDS,
    PURPOSES,
    Request,
    SignedAgreement,
    decide,
    export_cedar,
    policy_names,
    policy_text,
    stand_in,
)
from overlap.records import STANDARD_POPULATIONS
from tests.agreement_parties import make_signed

STRANGER = "stranger"
SEED = 20261122


def compare(signed: SignedAgreement, questions: list[tuple[Request, Any]]) -> int:
    """How many were allowed; fails where the two evaluators differ."""
    requests = [cedar_request(signed, request, now) for request, now in questions]
    ours = [decide(signed, request, now).allowed for request, now in questions]
    theirs = ask_cedar(export_cedar(signed), requests)
    differing = [
        question for question, one, two in zip(questions, ours, theirs, strict=True) if one is not two
    ]
    assert differing == []
    # With the schema, what is no question at all is refused before it is decided.
    assert ask_cedar(export_cedar(signed), requests, CEDAR_SCHEMA) == ours
    return sum(ours)


@pytest.mark.parametrize(
    ("agreements", "questions"), [(25, 40), pytest.param(100, 100, marks=pytest.mark.slow)]
)
def test_random_questions_about_random_agreements(agreements: int, questions: int) -> None:
    source = random.Random(SEED + agreements)
    allowed = 0
    for _ in range(agreements):
        signed = make_signed(random_policy(source))
        allowed += compare(signed, [random_question(source, signed) for _ in range(questions)])
    # Both answers occur often, so the comparison means something.
    assert 0.2 < allowed / (agreements * questions) < 0.8


@pytest.mark.parametrize("name", policy_names())
def test_shipped_policies_in_the_seconds_around_start_and_end(name: str) -> None:
    """Agreed and other actions, parties, fields, populations and purposes, where answers change with time."""
    signed = stand_in(policy_text(name))
    side, terms = signed.agreement.proposer, signed.agreement.terms
    fields = (*side.fields[:1], *side.fields[-1:], *sorted(set(FIELDS) - {*side.fields})[:1], None)
    purposes = (terms.purposes[0], *sorted(set(PURPOSES) - {*terms.purposes})[:1], None)
    moments = [moment + step for moment in (signed.not_before, signed.until) for step in (-1, 0, 1)]
    every = itertools.product(
        (*ACTIONS, "write"),
        ("proposer", "accepter", STRANGER),
        fields,
        (*STANDARD_POPULATIONS, None),
        purposes,
        moments,
    )
    questions = [(Request(*parts), now) for *parts, now in every]
    allowed = [(request, now) for request, now in questions if decide(signed, request, now).allowed]
    assert compare(signed, questions) == len(allowed)
    # The period is half-open: three of the six seconds.
    assert {now for _, now in allowed} == {signed.not_before, signed.not_before + 1, signed.until - 1}


@pytest.mark.parametrize("name", policy_names())
def test_the_export_is_what_its_schema_describes(name: str) -> None:
    result = cedarpy.validate_policies(export_cedar(stand_in(policy_text(name))), CEDAR_SCHEMA)
    assert result.validation_passed, [str(error) for error in result.errors]


def test_random_agreements_fit_the_schema_too() -> None:
    source = random.Random(SEED)
    for _ in range(20):
        exported = export_cedar(make_signed(random_policy(source)))
        assert cedarpy.validate_policies(exported, CEDAR_SCHEMA).validation_passed


def test_a_permit_says_which_clause_it_comes_from() -> None:
    signed = stand_in(policy_text("territory-planning"))
    policies = cedarpy.policies_to_json_str(export_cedar(signed))
    for clause in ("proposer.fields", "accepter.populations", "terms.exportable"):
        assert f'"clause":"{clause}"' in policies.replace(" ", "")
