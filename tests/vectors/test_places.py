"""Every vector of places_2.json, alone and as a batch of accounts gives it.

The expected values follow from the rules in overlap/identity. Postcodes and phones are of public offices,
stations and hotels or invented; cities are facts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from overlap.identity import NORMALISER, identify
from overlap.identity.kinds import normalise, probes
from overlap.identity.place import PLACES
from overlap.records import ACCOUNT_COLUMNS

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "places_2.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, str]] = DOCUMENT["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['kind']}-{v['text'][:24]!a}-{v['country']}")
def test_normalising_a_text_gives_the_value_or_the_reason_of_its_vector(vector: dict[str, str]) -> None:
    outcome = normalise(vector["kind"], vector["text"], vector["country"])
    assert (outcome.value, outcome.reason) == (vector["value"], vector["reason"])
    assert bool(outcome.value) != bool(outcome.reason)


@pytest.mark.parametrize("kind", PLACES)
def test_a_batch_gives_the_values_of_the_vectors(kind: str) -> None:
    vectors = [v for v in VECTORS if v["kind"] == kind]
    cells = [{"name": "Zyxwvu", "country": v["country"], kind: v["text"]} for v in vectors]
    assert len(cells) > 40
    table = pd.DataFrame([dict.fromkeys(ACCOUNT_COLUMNS, "") | cell for cell in cells], dtype="str")
    found = identify(table, kinds=(f"name_{kind}",))
    assert dict(zip(found.frame["account"], found.frame["value"], strict=True)) == {
        at: f"zyxwvu|{v['value']}" for at, v in enumerate(vectors) if v["value"]
    }
    reasons = [v["reason"] for v in vectors if v["reason"] not in ("", "empty")]
    assert {reason: count for (column, reason), count in found.dropped.items() if column == kind} == {
        reason: reasons.count(reason) for reason in reasons
    }


def test_the_vectors_are_of_this_normaliser() -> None:
    assert DOCUMENT["format"] == "overlap-vectors/1"
    assert DOCUMENT["normaliser"] == NORMALISER


def test_the_digest_asks_exactly_the_inputs_of_the_vectors() -> None:
    asked = [probe for probe in probes() if probe[0] in PLACES]
    assert asked == [(v["kind"], v["text"], v["country"]) for v in VECTORS]
