"""Policies, requests and times at random, from a seed: what two evaluators are compared on."""

from __future__ import annotations

import json
import random
from typing import Any

from cleanroom.agreement import ACTIONS, FIELDS, PURPOSES, Request, SignedAgreement

POPULATIONS = ("customers", "open_opportunities", "prospects", "partners_2", "leads")
#: What is in no list: the words somebody would try.
STRANGE = ("id", "row", "*", "", "all", "Name", "name/", "customers/name", "co-sell ", "every")


def random_policy(source: random.Random) -> str:
    """The text of a policy that the parser takes."""
    level = source.choice(("overlaps", "overlaps", "overlaps", "counts"))
    lines = ['format = "overlap-policy/1"', 'title = "T"']
    for role in ("proposer", "accepter"):
        lines += [f"[{role}]", f"populations = {_some(source, POPULATIONS)}", "size_bound = 4_096"]
        lines += [f"fields = {_some(source, FIELDS)}"] * (level == "overlaps")
    exportable = level == "overlaps" and source.random() < 0.5
    start = source.choice(('"acceptance"', "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"))
    end = source.choice(('"30 days"', '"2 weeks"', '"731 days"', "2027-01-01T00:00:00Z"))
    lines += [
        "[terms]",
        f'level = "{level}"',
        'starter = "accepter"',
        f"purposes = {_some(source, PURPOSES)}",
        f"not_before = {start}",
        f"until = {end}",
        "minimum_count = 1",
        "run_budget = 1",
        f"exportable = {str(exportable).lower()}",
        "candidates = false",
        'veto = "none"',
        'relations = ["same_entity"]',
    ]
    return "\n".join(lines) + "\n"


def random_question(source: random.Random, signed: SignedAgreement) -> tuple[Request, Any]:
    """A request and a time; about half are allowed, and about half of the rest miss by one part."""
    agreement = signed.agreement
    names = [agreement.proposer.party, agreement.accepter.party]
    role = source.choice(("proposer", "accepter"))
    action = source.choice(ACTIONS)
    owner = role if action in ("match", "grant") else {"proposer": "accepter", "accepter": "proposer"}[role]
    side = agreement.side(owner)
    parts: dict[str, Any] = {
        "action": action,
        "party": agreement.side(role).party,
        "population": source.choice(side.populations),
        "field": None if action == "match" else source.choice(side.fields or FIELDS),
        "purpose": None if action == "match" else source.choice(agreement.terms.purposes),
    }
    start, end = signed.not_before, signed.until
    now: Any = source.choice((start, start + 1, source.randrange(start, end), end - 1))
    values: dict[str, tuple[Any, ...]] = {
        "action": (*ACTIONS, "write", "disclose", ""),
        "party": (*names, "stranger", "Northwind", ""),
        "population": (*POPULATIONS, *STRANGE, None),
        "field": (*FIELDS, *STRANGE, None),
        "purpose": (*PURPOSES, *STRANGE, None),
    }
    for part, choices in values.items():
        if source.random() < 0.12:
            parts[part] = source.choice(choices)
    if source.random() < 0.2:
        now = source.choice((start - 1, end, end + 1, 0, 2**40, -1, True, None, "2026-12-01T00:00:00Z"))
    return Request(**parts), now


def _some(source: random.Random, words: tuple[str, ...]) -> str:
    return json.dumps(source.sample(words, source.randint(1, min(4, len(words)))))
