"""Every vector of identity_2.json, on its own path and in a batch.

The expected values follow from the rules in overlap/identity and from public examples: the numbers are the
documented examples of python-stdnum (for ISO 6166, too) and of the registers, the Kawasaki and Cook Islands
hosts are cases of the Public Suffix List's own test data, and the names are made up.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from overlap.identity import KINDS, NORMALISER, identify, normaliser_digest
from overlap.identity.kinds import normalise, probes
from overlap.identity.place import PLACES
from overlap.records import ACCOUNT_COLUMNS

DOCUMENT: dict[str, Any] = json.loads((Path(__file__).parent / "identity_2.json").read_text(encoding="utf-8"))
VECTORS: list[dict[str, str]] = DOCUMENT["vectors"]
#: Kind of a vector to the column that its texts stand in, and kinds of identifiers that hold the value alone;
#: test_identifiers.py has the composites.
COLUMNS = {
    "domain": "website",
    "mail": "email",
    "name": "name",
    "linkedin": "linkedin",
    "lei": "lei",
    "isin": "isin",
    "duns": "duns",
    "vat": "vat",
    "registration": "registration_number",
    "ticker": "ticker",
}
ALONE = {"mail": "domain", "name": "bare_name"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['kind']}-{v['text'][:24]!a}")
def test_normalising_a_text_gives_the_value_or_the_reason_of_its_vector(vector: dict[str, str]) -> None:
    outcome = normalise(vector["kind"], vector["text"], vector["country"])
    assert (outcome.value, outcome.reason) == (vector["value"], vector["reason"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['kind']}-{v['text'][:24]!a}")
def test_a_vector_has_either_a_value_or_a_reason(vector: dict[str, str]) -> None:
    assert bool(vector["value"]) != bool(vector["reason"])


def test_the_vectors_are_of_this_normaliser() -> None:
    assert DOCUMENT["format"] == "overlap-vectors/1"
    assert DOCUMENT["normaliser"] == NORMALISER


def test_the_digest_asks_exactly_the_inputs_of_the_vectors() -> None:
    asked = [probe for probe in probes() if probe[0] not in PLACES]
    assert asked == [(v["kind"], v["text"], v["country"]) for v in VECTORS]
    assert len(normaliser_digest()) == 64


def test_a_batch_gives_the_values_of_the_vectors() -> None:
    usable = [v for v in VECTORS if v["kind"] in COLUMNS and v["reason"] != "more than one address"]
    assert len(usable) > 250
    cells = [
        dict.fromkeys(ACCOUNT_COLUMNS, "") | {"country": v["country"], COLUMNS[v["kind"]]: v["text"]}
        for v in usable
    ]
    kinds = [ALONE.get(v["kind"], v["kind"]) for v in usable]
    found = identify(pd.DataFrame(cells, dtype="str"), kinds=sorted(set(kinds))).frame
    expected = {
        (row, kind, v["value"]) for row, (kind, v) in enumerate(zip(kinds, usable, strict=True)) if v["value"]
    }
    rows = zip(found["account"], found["kind"], found["value"], strict=True)
    # A website may hold the page at LinkedIn; its own vectors say which.
    assert {row for row in rows if row[1] == kinds[row[0]]} == expected
    assert set(kinds) <= set(KINDS)
