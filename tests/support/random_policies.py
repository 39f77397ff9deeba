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
    level = source.choice(("overlaps", "overlaps", "all", "all", "counts"))
    shows = level != "counts"
    lines = ['format = "overlap-policy/1"', 'title = "T"']
    populations = [_some(source, POPULATIONS) for _ in range(2)]
    fields = [_some(source, FIELDS) if shows else [] for _ in range(2)]
    for at, role in enumerate(("proposer", "accepter")):
        lines += [f"[{role}]", f"populations = {json.dumps(populations[at])}", "size_bound = 4_096"]
        lines += [f"fields = {json.dumps(fields[at])}"] * shows
    exportable = shows and source.random() < 0.5
    start = source.choice(('"acceptance"', "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"))
    end = source.choice(('"30 days"', '"2 weeks"', '"731 days"', "2027-01-01T00:00:00Z"))
    lines += [
        "[terms]",
        f'level = "{level}"',
        'starter = "accepter"',
        f"purposes = {json.dumps(_some(source, PURPOSES))}",
        f"not_before = {start}",
        f"until = {end}",
        "minimum_count = 1",
        "run_budget = 1",
        f"exportable = {str(exportable).lower()}",
        "candidates = false",
        'veto = "none"',
        'relations = ["same_entity"]',
    ]
    if {*populations[0]} != {*populations[1]} or {*fields[0]} != {*fields[1]}:
        lines.append('asymmetry = "as drawn"')
    if shows and source.random() < 0.6:
        lines.append(f"pairs = {json.dumps(_pairs(source, *populations), indent=2)}")
    return "\n".join(lines) + "\n"


def random_question(source: random.Random, signed: SignedAgreement) -> tuple[Request, Any]:
    """A request and a time; about half are allowed, and about half of the rest miss by one part."""
    agreement = signed.agreement
    names = [agreement.proposer.party, agreement.accepter.party]
    role = source.choice(("proposer", "accepter"))
    action = source.choice(ACTIONS)
    owner = (
        role
        if action in ("match", "grant", "disclose")
        else {"proposer": "accepter", "accepter": "proposer"}[role]
    )
    side = agreement.side(owner)
    parts: dict[str, Any] = {
        "action": action,
        "party": agreement.side(role).party,
        "population": source.choice(side.populations),
        "field": None if action == "match" else source.choice(side.fields or FIELDS),
        "purpose": None if action == "match" else source.choice(agreement.terms.purposes),
        "peer_population": None,
    }
    if action != "disclose" and source.random() < 0.6:
        other = agreement.side({"proposer": "accepter", "accepter": "proposer"}[owner])
        parts["peer_population"] = source.choice(other.populations)
    start, end = signed.not_before, signed.until
    now: Any = source.choice((start, start + 1, source.randrange(start, end), end - 1))
    values: dict[str, tuple[Any, ...]] = {
        "action": (*ACTIONS, "write", ""),
        "party": (*names, "stranger", "Northwind", ""),
        "population": (*POPULATIONS, *STRANGE, None),
        "field": (*FIELDS, *STRANGE, None),
        "purpose": (*PURPOSES, *STRANGE, None),
        "peer_population": (*POPULATIONS, *STRANGE, None),
    }
    for part, choices in values.items():
        if source.random() < 0.12:
            parts[part] = source.choice(choices)
    if source.random() < 0.2:
        now = source.choice((start - 1, end, end + 1, 0, 2**40, -1, True, None, "2026-12-01T00:00:00Z"))
    return Request(**parts), now


def _pairs(source: random.Random, ours: list[str], theirs: list[str]) -> list[str]:
    """Some of all pairs, in which every population stands at least once."""
    kept = {(one, source.choice(theirs)) for one in ours} | {(source.choice(ours), two) for two in theirs}
    return [f"{one}:{two}" for one, two in sorted(kept)]


def _some(source: random.Random, words: tuple[str, ...]) -> list[str]:
    return source.sample(words, source.randint(1, min(4, len(words))))
