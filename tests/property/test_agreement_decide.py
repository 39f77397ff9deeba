"""`decide` agrees with an independent evaluator that knows nothing but the TOML and the acceptance time.

The naive evaluator lists everything that is allowed as a set of tuples; what is not in the set is refused.
"""

from __future__ import annotations

import random
import tomllib
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanroom.agreement import PURPOSES, Request, SignedAgreement, decide, policy_names, policy_text
from tests.agreement_parties import ACCEPTED, make_signed

FIELDS = ("name", "city", "owner", "phone", "population", "id", "row", "*")
POPULATIONS = ("customers", "open_opportunities", "prospects", "partners_2", "all")
PARTIES = ("northwind", "contoso", "stranger")
ACTIONS = ("match", "grant", "disclose", "read", "export", "write")

Allowed = set[tuple[str, str, str | None, str | None, str | None, str | None]]


def partners_of(population: str, mine: str, document: dict[str, Any]) -> list[str | None]:
    """What may stand beside a population of the side `mine` as the peer's; None for a request without one."""
    other = "accepter" if mine == "proposer" else "proposer"
    found: list[str | None] = [None]
    for peer in document[other]["populations"]:
        # A pair is written with the proposer's population first.
        pair = f"{population}:{peer}" if mine == "proposer" else f"{peer}:{population}"
        if pair in document["terms"].get("pairs", [pair]):
            found.append(peer)
    return found


def list_allowed(signed: SignedAgreement) -> tuple[Allowed, int, int]:
    """Every allowed (action, party, field, population, purpose, peer's population), the first second, the
    second of the end."""
    document = tomllib.loads(signed.agreement.text.decode())
    terms = document["terms"]
    allowed: Allowed = set()
    for mine, other in (("proposer", "accepter"), ("accepter", "proposer")):
        me, them = document[mine]["party"], document[other]["party"]
        fields = document[mine].get("fields", [])
        for population in document[mine]["populations"]:
            partners = partners_of(population, mine, document)
            allowed |= {("match", me, None, population, None, peer) for peer in partners}
            for field, purpose in product(fields, terms["purposes"]):
                actions = [
                    ("grant", me),
                    ("read", them),
                    *([("export", them)] if terms["exportable"] else []),
                ]
                allowed |= {(*who, field, population, purpose, peer) for who in actions for peer in partners}
                if terms["level"] == "all":
                    allowed.add(("disclose", me, field, population, purpose, None))
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
    def names(source: tuple[str, ...]) -> list[str]:
        return draw(st.lists(st.sampled_from(source), min_size=1, max_size=3, unique=True))

    level = draw(st.sampled_from(["overlaps", "overlaps", "all", "counts"]))
    shows = level != "counts"
    sides = [(names(POPULATIONS[:4]), names(FIELDS[:5]) if shows else []) for _ in range(2)]
    tables = [
        f"[{role}]\npopulations = {toml(populations)}\nsize_bound = 4_096\n"
        + (f"fields = {toml(fields)}\n" if shows else "")
        for role, (populations, fields) in zip(("proposer", "accepter"), sides, strict=True)
    ]
    start = draw(st.sampled_from(['"acceptance"', "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"]))
    end = draw(st.sampled_from(['"30 days"', '"2 weeks"', '"731 days"', "2027-01-01T00:00:00Z"]))
    exportable = shows and draw(st.booleans())
    more = ""
    if any(set(one) != set(other) for one, other in zip(*sides, strict=True)):
        more += 'asymmetry = "as drawn"\n'
    pairs = [f"{one}:{other}" for one in sides[0][0] for other in sides[1][0]]
    if shows and draw(st.booleans()):
        kept = [pair for pair in pairs if draw(st.booleans())]
        for at, populations in enumerate(side[0] for side in sides):
            left = [name for name in populations if name not in {pair.split(":")[at] for pair in kept}]
            kept += [next(pair for pair in pairs if pair.split(":")[at] == name) for name in left]
        more += f"pairs = {toml(sorted(set(kept)))}\n"
    return (
        f'format = "overlap-policy/1"\ntitle = "T"\n{"".join(tables)}[terms]\nlevel = "{level}"\n'
        f'starter = "accepter"\npurposes = {toml(names(PURPOSES))}\nnot_before = {start}\nuntil = {end}\n'
        f"minimum_count = 1\nrun_budget = 1\nexportable = {str(exportable).lower()}\n"
        f'candidates = false\nveto = "none"\nrelations = ["same_entity"]\n{more}'
    )


def toml(names: list[str]) -> str:
    return str(names).replace("'", '"')


def compare(signed: SignedAgreement, source: random.Random, requests: int) -> int:
    """Compare the two on random requests, biased towards allowed ones; the number that were allowed."""
    allowed, start, end = list_allowed(signed)
    assert (signed.not_before, signed.until) == (start, end)
    listed = sorted(allowed, key=repr)
    moments = (start - 1, start, start + 1, end - 1, end, end + 1, 0, 2**40, (start + end) // 2)
    passed = 0
    for _ in range(requests):
        parts = list(source.choice(listed))
        for place, values in enumerate((ACTIONS, PARTIES, FIELDS, POPULATIONS, PURPOSES, POPULATIONS)):
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
