"""`decide` agrees with an independent evaluator that knows nothing but the TOML and the acceptance time.

The naive evaluator lists everything that is allowed as a set of tuples; what is not in the set is refused.
"""

from __future__ import annotations

import random
import tomllib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.agreement import PURPOSES, Request, SignedAgreement, decide, policy_names, policy_text
from tests.agreement_parties import ACCEPTED, make_signed

FIELDS = ("name", "city", "owner", "phone", "population", "id", "row", "*")
POPULATIONS = ("customers", "open_opportunities", "prospects", "partners_2", "all")
PARTIES = ("northwind", "contoso", "stranger")
ACTIONS = ("match", "grant", "read", "export", "write")

Allowed = set[tuple[str, str, str | None, str | None, str | None]]


def list_allowed(signed: SignedAgreement) -> tuple[Allowed, int, int]:
    """Every allowed (action, party, field, population, purpose), the first second, the second of the end."""
    document = tomllib.loads(signed.agreement.text.decode())
    terms, allowed = document["terms"], set()
    for mine, other in (("proposer", "accepter"), ("accepter", "proposer")):
        me, them = document[mine]["party"], document[other]["party"]
        for population in document[mine]["populations"]:
            allowed.add(("match", me, None, population, None))
            for field in document[mine].get("fields", []):
                for purpose in terms["purposes"]:
                    allowed.add(("grant", me, field, population, purpose))
                    allowed.add(("read", them, field, population, purpose))
                    if terms["exportable"]:
                        allowed.add(("export", them, field, population, purpose))
    start = ACCEPTED
    if terms["not_before"] != "acceptance":
        start = max(start, int(terms["not_before"].timestamp()))
    if isinstance(terms["until"], str):
        number, unit = terms["until"].split()
        length = timedelta(**{unit if unit.endswith("s") else unit + "s": int(number)})
        return allowed, start, ACCEPTED + int(length.total_seconds())
    return allowed, start, int(terms["until"].timestamp())


@st.composite
def policies(draw: st.DrawFn) -> str:
    def names(source: tuple[str, ...]) -> str:
        chosen = draw(st.lists(st.sampled_from(source), min_size=1, max_size=3, unique=True))
        return str(chosen).replace("'", '"')

    level = draw(st.sampled_from(["overlaps", "overlaps", "counts"]))
    sides = [
        f"[{role}]\npopulations = {names(POPULATIONS[:4])}\nsize_bound = 4_096\n"
        + (f"fields = {names(FIELDS[:5])}\n" if level == "overlaps" else "")
        for role in ("proposer", "accepter")
    ]
    start = draw(st.sampled_from(['"acceptance"', "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"]))
    end = draw(st.sampled_from(['"30 days"', '"2 weeks"', '"731 days"', "2027-01-01T00:00:00Z"]))
    exportable = level == "overlaps" and draw(st.booleans())
    return (
        f'format = "overlap-policy/1"\ntitle = "T"\n{"".join(sides)}[terms]\nlevel = "{level}"\n'
        f'starter = "accepter"\npurposes = {names(PURPOSES)}\nnot_before = {start}\nuntil = {end}\n'
        f"minimum_count = 1\nrun_budget = 1\nexportable = {str(exportable).lower()}\n"
        'candidates = false\nveto = "none"\nrelations = ["same_entity"]\n'
    )


def compare(signed: SignedAgreement, source: random.Random, requests: int) -> int:
    """Compare the two on random requests, biased towards allowed ones; the number that were allowed."""
    allowed, start, end = list_allowed(signed)
    assert (signed.not_before, signed.until) == (start, end)
    listed = sorted(allowed, key=repr)
    moments = (start - 1, start, start + 1, end - 1, end, end + 1, 0, 2**40, (start + end) // 2)
    passed = 0
    for _ in range(requests):
        parts = list(source.choice(listed))
        for place, values in enumerate((ACTIONS, PARTIES, FIELDS, POPULATIONS, PURPOSES)):
            if source.random() < 0.15:
                parts[place] = source.choice([*values, None] if place > 1 else values)
        now = source.choice(moments)
        action, party, *rest = parts
        assert action is not None
        assert party is not None
        expected = tuple(parts) in allowed and start <= now < end
        decision = decide(signed, Request(action, party, *rest), now)
        assert decision.allowed is expected, (parts, now, decision)
        passed += expected
    return passed


@settings(max_examples=40, deadline=None)
@given(policy=policies(), seed=st.integers(0, 2**32))
def test_random_agreements_are_decided_as_the_naive_evaluator_does(policy: str, seed: int) -> None:
    compare(make_signed(policy), random.Random(seed), 200)


@pytest.mark.parametrize("name", policy_names())
def test_shipped_policies_are_decided_as_the_naive_evaluator_does(name: str) -> None:
    passed = compare(make_signed(policy_text(name).decode()), random.Random(20261122), 4000)
    assert 500 < passed < 3500  # Both answers occur often, so the comparison means something.
