"""Every account of identifiers_2.json, in both roles: the specification of what both parties must compute.

Two parties meet only where their programs make the same bytes of the same account. So whoever changes a
line of what this file expects has changed the normaliser, and raises its version. `<own>` stands for the
role of the side that makes the identifiers, `<peer>` for the other; the identifiers stand in the order in
which a bound cuts them off. Names and numbers are made up or public; the expected values were read one by
one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from overlap.identity import KINDS, MOST, NORMALISER, ROLES, identify
from overlap.identity.compose import compose
from overlap.identity.facts import COLUMNS, Drop, read_facts
from overlap.identity.kinds import probe_accounts
from overlap.records import ACCOUNT_COLUMNS

PATH = Path(__file__).parent / "identifiers_2.json"
DOCUMENT: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = DOCUMENT["vectors"]


def expected(vector: dict[str, Any], role: str) -> list[tuple[str, str]]:
    other = ROLES[1 - ROLES.index(role)]
    return [
        (kind, value.replace("<own>", role).replace("<peer>", other)) for kind, value in vector["identifiers"]
    ]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: ascii(v["account"].get("name", ""))[:40])
def test_an_account_gives_the_identifiers_of_its_vector(vector: dict[str, Any], role: str) -> None:
    drops: list[Drop] = []
    facts = read_facts([vector["account"].get(column, "") for column in COLUMNS], drops)
    assert compose(facts, frozenset(KINDS), role, 1_000) == expected(vector, role)
    assert sorted(set(drops)) == [tuple(drop) for drop in vector["dropped"]]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("most", [MOST, 1_000])
def test_a_batch_gives_the_identifiers_of_the_vectors(role: str, most: int) -> None:
    cells = [dict.fromkeys(ACCOUNT_COLUMNS, "") | vector["account"] for vector in VECTORS]
    found = identify(pd.DataFrame(cells, dtype="str"), role=role, most=most).frame
    rows = set(zip(found["account"], found["kind"], found["value"], strict=True))
    assert rows == {
        (at, kind, value)
        for at, vector in enumerate(VECTORS)
        for kind, value in expected(vector, role)[:most]
    }
    assert len(found) == len(rows)


def test_the_vectors_are_of_this_normaliser_and_reach_every_kind() -> None:
    assert (DOCUMENT["format"], DOCUMENT["normaliser"]) == ("overlap-vectors/1", NORMALISER)
    assert PATH.stem == f"identifiers_{NORMALISER}"
    assert len(VECTORS) > 55
    assert {kind for vector in VECTORS for kind, _ in vector["identifiers"]} == set(KINDS)


def test_the_digest_asks_exactly_the_accounts_of_the_vectors() -> None:
    rows = [tuple(vector["account"].get(column, "") for column in COLUMNS) for vector in VECTORS]
    assert list(probe_accounts()) == rows
