"""Over any agreed pairs, what meets in the bytes is exactly what a plain model pairs."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_parties import make_contract, run_both

from cleanroom.session.match.pairing import cells_of, in_cells, is_whole
from overlap.match import Distinct, distinct

POPULATIONS = ("customers", "open_opportunities", "prospects", "former")
PAIRS = st.sets(st.tuples(st.sampled_from(POPULATIONS), st.sampled_from(POPULATIONS)), min_size=1)
#: Accounts: the population of each, and which of a few values it has.
LISTS = st.lists(st.tuples(st.sampled_from(POPULATIONS), st.sets(st.integers(0, 5), max_size=3)), max_size=12)
Pairs = set[tuple[str, str]]
Accounts = list[tuple[str, set[int]]]


def listed(accounts: Accounts, pairs: Pairs, role: str) -> Distinct:
    rows = [
        (at, "domain", f"{value}.com") for at, (_, values) in enumerate(accounts) for value in sorted(values)
    ]
    frame = pd.DataFrame(rows, columns=["account", "kind", "value"]).astype({"kind": "str", "value": "str"})
    frame = frame.astype({"account": "int64"})
    sides = [sorted({pair[at] for pair in pairs}) for at in (0, 1)]
    if is_whole(sorted(pairs), *sides):
        populations = sides[0 if role == "proposer" else 1]
        return distinct(frame[np.array([accounts[at][0] in populations for at in frame["account"]], bool)])
    populations = pd.Series([population for population, _ in accounts], dtype="str")
    return distinct(in_cells(frame, populations, sorted(pairs), role, "overlaps"))


def met(ours: Distinct, theirs: Distinct) -> set[tuple[int, int]]:
    """Account pairs that hold equal bytes."""
    holders = []
    for side in (ours, theirs):
        found: dict[bytes, set[int]] = {}
        for position, account in zip(side.holders["position"], side.holders["account"], strict=True):
            found.setdefault(side.encoded[position], set()).add(account)
        holders.append(found)
    return {pair for data in holders[0].keys() & holders[1].keys()
            for pair in product(holders[0][data], holders[1][data])}  # fmt: skip


def plain(ours: Accounts, theirs: Accounts, pairs: Pairs) -> set[tuple[int, int]]:
    return {
        (one, other)
        for (one, (population, values)), (other, (their_population, their_values)) in product(
            enumerate(ours), enumerate(theirs)
        )
        if (population, their_population) in pairs and values & their_values
    }


@settings(max_examples=150, deadline=None)
@given(pairs=PAIRS, ours=LISTS, theirs=LISTS)
def test_only_agreed_pairs_meet_and_all_of_them(pairs: Pairs, ours: Accounts, theirs: Accounts) -> None:
    mine, peers = listed(ours, pairs, "proposer"), listed(theirs, pairs, "accepter")
    assert met(mine, peers) == plain(ours, theirs, pairs)


@settings(max_examples=150, deadline=None)
@given(pairs=PAIRS)
def test_the_cells_cut_the_pairs_and_a_side_finds_them_whatever_the_order(pairs: Pairs) -> None:
    cells = cells_of(sorted(pairs))
    covered = [pair for cell in cells for pair in product(cell.proposer, cell.accepter)]
    assert sorted(covered) == sorted(pairs)
    assert cells_of(sorted(pairs, reverse=True)) == cells
    assert len({cell.label for cell in cells}) == len(cells)
    # Seen from the other side they are as few: neither side pays for the order of the names.
    turned = cells_of([(theirs, ours) for ours, theirs in pairs])
    assert len(turned) == len(cells)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(pairs=PAIRS, ours=LISTS, theirs=LISTS)
def test_so_it_is_over_the_whole_protocol(pairs: Pairs, ours: Accounts, theirs: Accounts) -> None:
    mine, peers = listed(ours, pairs, "proposer"), listed(theirs, pairs, "accepter")
    contract = make_contract(len(mine.encoded) + 1, len(peers.encoded) + 1)
    left, right = run_both(contract, mine.encoded, peers.encoded, "pairs")
    tokens = dict(zip(left.tokens, left.positions, strict=True))
    found = set()
    for token, position in zip(right.tokens, right.positions, strict=True):
        held = mine.holders.loc[mine.holders["position"] == tokens[token], "account"]
        found |= set(product(held, peers.holders.loc[peers.holders["position"] == position, "account"]))
    assert found == plain(ours, theirs, pairs)
