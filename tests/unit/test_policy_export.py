"""What the exports say is what the policy says, in the words of each language."""

from __future__ import annotations

import json
import random
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from json_schema import violations
from random_policies import random_policy

from cleanroom.agreement import (
    CEDAR_SCHEMA,
    Request,
    decide,
    export_json,
    export_odrl,
    permits,
    policy_names,
    policy_text,
    stand_in,
)
from cleanroom.cli.app import overlap
from overlap import canonical
from tests.agreement_parties import CONTOSO, NORTHWIND, make_signed

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs" / "schema" / "policy.json").read_text(encoding="utf-8"))

#: Terms of the ODRL 2.2 vocabulary (W3C Recommendation, 15 February 2018).
ODRL_OPERANDS = {"dateTime", "purpose", "urn:overlap:odrl:1:matchedWith"}
ODRL_OPERATORS = {"gteq", "lt", "isAnyOf"}
ODRL_ACTIONS = {"read", "extract", "delete", "distribute"}


def every_signed() -> list[Any]:
    texts = [policy_text(name) for name in policy_names()]
    source = random.Random(20261122)
    drawn = (make_signed(random_policy(source)) for _ in range(6))
    return [*map(stand_in, texts), *(make_signed(text.decode()) for text in texts), *drawn]


def test_the_schema_is_what_the_code_says() -> None:
    spec = spec_from_file_location("make_schema", ROOT / "docs" / "make_schema.py")
    assert spec is not None and spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    assert made.schema() == SCHEMA, "run 'python -m docs.make_schema'"


@pytest.mark.parametrize("signed", every_signed(), ids=lambda signed: signed.agreement.title[:10])
def test_the_json_fits_its_schema_and_is_canonical(signed: Any) -> None:
    text = export_json(signed)
    document = canonical.decode(text.rstrip("\n").encode(), "the export")
    assert violations(SCHEMA, document) == []
    assert document["terms"]["level"] == signed.agreement.terms.level


def test_the_schema_refuses_what_is_not_an_export() -> None:
    document = json.loads(export_json(stand_in(policy_text("co-sell"))))
    broken = [
        document | {"extra": 1},
        {name: value for name, value in document.items() if name != "end"},
        document | {"end": "tomorrow"},
        document | {"permits": [document["permits"][0] | {"action": "write"}]},
        document | {"terms": document["terms"] | {"minimum_count": 0}},
        document | {"terms": document["terms"] | {"exportable": 1}},
    ]
    assert all(violations(SCHEMA, one) for one in broken)


@pytest.mark.parametrize("name", policy_names())
def test_every_cell_of_a_permit_is_decided_as_allowed(name: str) -> None:
    signed = stand_in(policy_text(name))
    found = 0
    for permit in permits(signed):
        for population, field in permit.cells:
            for purpose in permit.purposes or (None,):
                for peer in (None, *permit.peers):
                    request = Request(permit.action, permit.role, field or None, population, purpose, peer)
                    decision = decide(signed, request, signed.not_before)
                    assert (
                        decision.allowed
                        and decision.clause.partition(".")[2] == permit.clause.partition(".")[2]
                    )
                    found += 1
    assert found


def test_promises_are_a_duty_and_a_prohibition_in_odrl() -> None:
    promised = json.loads(export_odrl(stand_in(policy_text("territory-planning"))))
    assert [rule["action"] for rule in promised["obligation"]] == ["delete", "delete"]
    assert [rule["action"] for rule in promised["prohibition"]] == ["distribute", "distribute"]
    until = promised["obligation"][0]["constraint"][0]
    assert (until["operator"], until["rightOperand"]["@value"]) == ("gteq", "2026-06-30T00:00:00Z")
    assert "obligation" not in json.loads(export_odrl(stand_in(policy_text("co-sell"))))


@pytest.mark.parametrize("signed", every_signed(), ids=lambda signed: signed.agreement.title[:10])
def test_odrl_uses_the_words_of_the_recommendation(signed: Any) -> None:
    document = json.loads(export_odrl(signed))
    named = bool(signed.agreement.proposer.card)
    assert document["@type"] == ("Agreement" if named else "Set")
    assert document["@context"] == "http://www.w3.org/ns/odrl.jsonld"
    rules = [rule for kind in ("permission", "obligation", "prohibition") for rule in document.get(kind, [])]
    for rule in rules:
        assert rule["action"] in ODRL_ACTIONS or rule["action"].startswith(document["profile"])
        assert rule["assigner"] != rule["assignee"] and rule["target"]
        for constraint in rule.get("constraint", []):
            assert constraint["leftOperand"] in ODRL_OPERANDS
            assert constraint["operator"] in ODRL_OPERATORS
    assert len({rule["uid"] for rule in rules}) == len(rules)
    for permission in document["permission"]:
        ends = [one["rightOperand"]["@value"] for one in permission["constraint"] if one["operator"] == "lt"]
        assert len(ends) == 1


def test_odrl_names_parties_by_their_cards() -> None:
    document = json.loads(export_odrl(make_signed(policy_text("co-sell").decode())))
    assert document["assigner"] == f"urn:overlap:card:{NORTHWIND.card.digest.hex()}"
    assert document["assignee"] == f"urn:overlap:card:{CONTOSO.card.digest.hex()}"
    read = next(rule for rule in document["permission"] if rule["uid"].endswith("proposer.read"))
    assert read["assigner"] == document["assignee"] and read["assignee"] == document["assigner"]
    assert any(target.endswith("#contoso/customers/owner") for target in read["target"])


def test_the_command_prints_or_writes(tmp_path: Path) -> None:
    def call(*words: str) -> str:
        done = CliRunner().invoke(overlap, ["policy", "export", *words])
        assert done.exit_code == 0, done.output
        return done.output

    accepted = ("--accepted", "2026-01-01")
    out = tmp_path / "deep" / "co-sell.cedar"
    text = call("co-sell", "--format", "cedar", *accepted)
    assert call("co-sell", "--format", "cedar", *accepted, "--out", str(out)) == f"written  {out}\n"
    assert out.read_text() == text
    assert '@id("proposer.read")' in text and 'datetime("2026-04-01T00:00:00Z")' in text
    assert call("co-sell", "--format", "cedar-schema") == CEDAR_SCHEMA
    assert json.loads(call("co-sell", "--format", "json", *accepted))["end"] == "2026-04-01T00:00:00Z"
    assert json.loads(call("co-sell", "--format", "odrl"))["@type"] == "Set"
