"""Write docs/schema/policy.json, the JSON Schema of `overlap policy export --format json`:
`python -m docs.make_schema`. A test compares the two, and every export with it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cleanroom.agreement import ACTIONS, FIELDS, PURPOSES, ROLES
from cleanroom.agreement import document as limits
from cleanroom.agreement.export_json import EXPORT_FORMAT
from overlap.records import AMOUNT_SOURCES

PLACE = Path(__file__).resolve().parent / "schema" / "policy.json"

WORD = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
PARTY = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
MOMENT = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"}
CLAUSE = {"type": "string", "pattern": "^(proposer|accepter|terms)[.][a-z_]+$"}


def number(low: int, high: int, what: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high, "description": what}


def choice(words: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def listed(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


def table(what: str, properties: dict[str, Any]) -> dict[str, Any]:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "description": what,
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def may_be_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def schema() -> dict[str, Any]:
    """The whole document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:overlap:schema:policy-export:1",
        "title": "What a policy or an agreement of Overlap allows",
        **table("The document that 'overlap policy export --format json' writes.", properties()),
    }


def properties() -> dict[str, Any]:
    return {
        "format": {"const": EXPORT_FORMAT},
        "kind": choice(("policy", "agreement")),
        "digest": DIGEST | {"description": "SHA-256 of the text that this was made from."},
        "title": {"type": "string", "minLength": 1, "maxLength": limits.TITLE_LIMIT},
        "proposer": side(),
        "accepter": side(),
        "terms": terms(),
        "room": may_be_null(room()),
        "renews": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
        "proposed": may_be_null(MOMENT),
        "software": may_be_null(software()),
        "accepted": MOMENT | {"description": "Of a policy: when it is taken as accepted."},
        "start": MOMENT | {"description": "In force from this second on."},
        "end": MOMENT | {"description": "In force up to but excluding this second."},
        "permits": listed(permit()),
    }


def side() -> dict[str, Any]:
    return table(
        "One side, and what it gives.",
        {
            "party": PARTY,
            "card": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
            "populations": listed(WORD, 1),
            "fields": listed(choice(FIELDS)),
            "preset": {"type": "string", "pattern": "^([a-z][a-z0-9-]{0,39}(@[0-9a-f]{64})?)?$"},
            "size_bound": number(1, limits.SIZE_BOUND_LIMIT, "identifiers"),
        },
    )


def terms() -> dict[str, Any]:
    return table(
        "The rules for both sides, under the names of the text.",
        {
            "level": choice(limits.LEVELS),
            "starter": choice(ROLES),
            "purposes": listed(choice(PURPOSES), 1),
            "not_before": may_be_null(MOMENT),
            "until": may_be_null(MOMENT),
            "duration": may_be_null(number(0, limits.PERIOD_LIMIT, "seconds from acceptance")),
            "minimum_count": number(1, limits.MINIMUM_COUNT_LIMIT, "accounts"),
            "run_budget": number(1, limits.RUN_BUDGET_LIMIT, "runs"),
            "exportable": {"type": "boolean"},
            "candidates": {"type": "boolean"},
            "veto": choice(limits.VETOES),
            "relations": listed(choice(limits.RELATIONS), 1),
            "protocol": choice(limits.METHODS),
            "amounts": may_be_null(amounts()),
            "prepared": may_be_null(prepared()),
            "pairs": listed({"type": "array", "items": WORD, "minItems": 2, "maxItems": 2})
            | {"description": "[proposer's population, accepter's]; empty: each is compared with each."},
            "budget_period": number(0, limits.PERIOD_LIMIT, "seconds; 0: the life of the agreement"),
            "max_export_age": number(0, limits.PERIOD_LIMIT, "seconds; 0: no limit"),
            "read_budget": number(0, limits.READ_BUDGET_LIMIT, "leases for a share; 0: no limit"),
            "obligations": listed(choice(limits.OBLIGATIONS)),
            "asymmetry": {"type": "string", "maxLength": limits.REASON_LIMIT},
            "lease_holder": choice(limits.LEASE_HOLDERS),
            "counting": may_be_null(counting()),
        },
    )


def amounts() -> dict[str, Any]:
    return table(
        "What is summed at level sum.",
        {
            "held_by": choice(ROLES),
            "of": choice(tuple(AMOUNT_SOURCES)),
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            "granule": number(1, limits.AMOUNT_LIMIT, "currency units"),
            "maximum": number(1, limits.AMOUNT_LIMIT, "currency units"),
        },
    )


def counting() -> dict[str, Any]:
    bounds = {"type": "array", "items": number(1, limits.SIZE_BOUND_LIMIT, "identifiers"), "minItems": 1}
    return table(
        "How a room counts: with noise for epsilon / epsilon_of in each run.",
        {
            "epsilon": number(1, 999, "numerator"),
            "epsilon_of": number(1, 999, "denominator"),
            "proposer_bounds": bounds,
            "accepter_bounds": bounds,
        },
    )


def room() -> dict[str, Any]:
    return table("The third party.", {"party": PARTY, "card": DIGEST})


def prepared() -> dict[str, Any]:
    return table(
        "How a list may be prepared once for all runs.",
        {
            "changes": number(1, limits.PREPARED_BOUND_LIMIT, "identifiers"),
            "updates": number(1, limits.UPDATES_LIMIT, "updates"),
            "queries": number(1, limits.PREPARED_BOUND_LIMIT, "identifiers"),
            "evaluations": number(1, limits.EVALUATIONS_LIMIT, "elements"),
        },
    )


def software() -> dict[str, Any]:
    label = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$"}
    return table(
        "What has to be equal on both machines.",
        {
            "protocol": label,
            "kinds": listed(WORD, 1),
            "false_hits": {"type": "array", "items": number(0, 1000, "hits in a thousand")},
            "most": number(1, limits.MOST_LIMIT, "identifiers"),
            "normaliser": label,
            "normaliser_digest": DIGEST,
            "data_digest": DIGEST,
        },
    )


def permit() -> dict[str, Any]:
    cell = table(
        "A field of a population; null where whole accounts are meant.",
        {"population": WORD, "field": may_be_null(choice(FIELDS))},
    )
    return table(
        "What a party may do from start to end. Whatever no permit allows is denied.",
        {
            "party": PARTY | {"description": "Who may."},
            "action": choice(ACTIONS),
            "owner": PARTY | {"description": "Whose accounts."},
            "cells": listed(cell, 1),
            "purposes": listed(choice(PURPOSES))
            | {"description": "One of these has to be named; where there are none, none."},
            "peers": listed(WORD)
            | {"description": "One of these may be named as the other side's population, no other."},
            "clause": CLAUSE | {"description": "The place in the text that says so."},
        },
    )


if __name__ == "__main__":
    PLACE.parent.mkdir(exist_ok=True)
    PLACE.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8", newline="\n")
