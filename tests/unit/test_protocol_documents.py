"""PROTOCOL.md says what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from protocol_parties import make_contract

from overlap.identity import ALL_KINDS, MOST, ROLES
from overlap.identity.compose import JOINT, compose
from overlap.identity.facts import COLUMNS, read_facts
from overlap.match import COUNT_KINDS, NAME_KINDS, SAME_NAME_KINDS
from overlap.protocol import DEFAULT, MAX_SIZE_BOUND, PROTOCOLS, Contract, Header, Protocol, frame_size
from overlap.protocol.body import MAX_CONTRACT
from overlap.protocol.frame import HEADER_SIZE, MAX_CHECKPOINT
from overlap.protocol.sum_body import MAX_AMOUNTS

TEXT = (Path(__file__).resolve().parents[2] / "overlap" / "PROTOCOL.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after the heading, its own heading left out."""
    lines = TEXT.split(f"\n{heading}\n", 1)[1].split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def quoted(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


def test_the_table_of_states_is_the_table_of_steps() -> None:
    told = {(row[0].strip("`"), *row[1:3]): row[3] for row in rows("## States")}
    assert told == steps(PROTOCOLS["dh-2hash/1"]) == steps(PROTOCOLS["dh-count/1"])


def steps(protocol: Protocol) -> dict[tuple[str, ...], str]:
    """(role, state, message) to the next state, by walking through the protocol."""
    found = {}
    for role in ("starter", "responder"):
        state = "begun"
        while message := protocol.next_message(role, state):
            found[role, state, message] = state = protocol.state_after(role, message)
    return found


def test_the_table_of_levels_is_the_table_of_protocols() -> None:
    assert {quoted(row[0])[0]: quoted(row[1])[0] for row in rows("## What it does")} == DEFAULT


def test_every_header_field_is_described() -> None:
    table = rows("`signing` key with purpose `frame`, over the header.")
    described = [name for row in table for name in quoted(row[0])]
    assert described == [*(field.name for field in fields(Header)), "body_length", "body", "body_key"]


def test_every_contract_field_is_described() -> None:
    described = [name for row in rows("## The contract") for name in quoted(row[0])]
    assert described == [field.name for field in fields(Contract)]


def test_the_table_of_tiers_is_the_table_of_kinds() -> None:
    table = [(quoted(row[0])[0], row[1], row[2], row[3]) for row in rows("## From matches to tiers")]
    assert table == [(kind.name, kind.tier, f"{kind.right / 1000:.3f}", kind.says) for kind in ALL_KINDS]


def test_what_a_hit_of_each_kind_tells_is_described() -> None:
    table = rows("### What a shared account tells")
    assert [quoted(row[0])[0] for row in table] == [kind.name for kind in ALL_KINDS]
    assert all(told and accident for _, told, accident in table)


def test_the_kinds_that_make_duplicates_and_rivals_are_named() -> None:
    text = " ".join(TEXT.split("**Rivals** are other own accounts")[1].split())
    duplicates, names = text.split("unless they are", 1)[1].split("Equal names are no such reason", 1)
    assert tuple(quoted(duplicates)) == SAME_NAME_KINDS
    assert tuple(quoted(names.split(", which say", 1)[0])) == NAME_KINDS


def test_the_number_of_identifiers_of_an_account_is_described() -> None:
    assert f"({MOST} unless they say otherwise)" in TEXT
    assert f"joined by `{JOINT}`" in TEXT


#: What the table of role marks calls a side, and an account that is so.
SIDES = {
    "a country": {"country": "US"},
    "no country": {},
    "no country, a city": {"city": "Portland"},
    "neither": {},
    "the brand alone": {"name": "Accenture", "city": "Dublin"},
    "the brand and general words": {"name": "Accenture Services", "city": "Dublin"},
    "the initials": {"name": "IBM", "city": "Armonk"},
    "the words": {"name": "International Business Machines", "city": "Armonk"},
}


@pytest.mark.parametrize("row", rows("#### Role marks"), ids="-".join)
def test_the_table_of_role_marks_is_what_compose_does(row: list[str]) -> None:
    kind = quoted(row[0])[0]
    made = []
    for role, side in zip(ROLES, row[1:3], strict=True):
        cells = {"name": "Tanglewood Brewing"} | SIDES[side]
        account = read_facts([cells.get(column, "") for column in COLUMNS], [])
        made.append({value for _, value in compose(account, frozenset({kind}), role, 99)})
    marks = [value.split(JOINT)[-1] for value in made[0] & made[1]]
    assert len(marks) == (0 if row[3].startswith("nothing") else 1)
    described = quoted(row[3]) if marks else []
    assert [mark for mark in marks if mark] == [mark for mark in described if mark in ROLES]


def test_the_limits_are_the_constants() -> None:
    numbers = [int(re.sub(r"\D", "", row[1])) for row in rows("## Limits")]
    assert numbers == [MAX_SIZE_BOUND, MAX_AMOUNTS, MAX_CONTRACT, HEADER_SIZE, MAX_CHECKPOINT]


def test_the_order_of_kinds_of_level_counts_is_described() -> None:
    sentence = TEXT.split("Each side submits *one* identifier for each account", 1)[1].split(".", 1)[0]
    assert tuple(quoted(sentence)) == COUNT_KINDS


def test_the_file_sizes_are_as_the_formulas_say() -> None:
    contract, counting = make_contract(7, 5), make_contract(7, 5, "counts")
    assert frame_size(contract, "start") == 5328 + 8 + len(contract.to_bytes()) + 32 * 7
    assert frame_size(contract, "reply") == 5328 + 32 * 7 + 10 * 5
    assert frame_size(contract, "finish") == 5328 + 16 * 5
    assert frame_size(counting, "finish") == 5328 + 8
