"""Cells of agreed pairs: the same on both sides, each pair in exactly one, and what they do to the bytes."""

from __future__ import annotations

import pandas as pd
import pytest

from cleanroom.session.match.pairing import Cell, cells_of, in_cells, is_whole
from overlap import match
from overlap.errors import Refused
from overlap.protocol import Matches, encode_identifier

C, OPEN, P = "customers", "open_opportunities", "prospects"


def identifiers(*rows: tuple[int, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account", "kind", "value"])
    return frame.astype({"kind": "str", "value": "str"})


@pytest.mark.parametrize(
    ("pairs", "cells"),
    [
        ([(C, P)], [Cell((C,), (P,))]),
        ([(C, P), (P, C)], [Cell((C,), (P,)), Cell((P,), (C,))]),
        ([(C, C), (C, P), (P, C), (P, P)], [Cell((C, P), (C, P))]),
        ([(C, C), (C, P)], [Cell((C,), (C, P))]),
        # One against two: whoever is grouped, two cells; the proposer's populations are.
        ([(C, C), (C, P), (P, P)], [Cell((C,), (C, P)), Cell((P,), (P,))]),
        # Three populations of the proposer differ, those of the accepter in two ways only.
        (
            [(C, C), (OPEN, C), (OPEN, P), (P, P)],
            [Cell((C, OPEN), (C,)), Cell((OPEN, P), (P,))],
        ),
    ],
)
def test_the_cells_of_some_pairs(pairs: list[tuple[str, str]], cells: list[Cell]) -> None:
    assert list(cells_of(pairs)) == cells
    assert cells_of(list(reversed(pairs))) == cells_of(pairs)


def test_the_label_stands_inside_the_bytes_and_only_where_there_are_cells() -> None:
    frame = identifiers((0, "domain", "a.com"), (1, "domain", "a.com"), (1, "name", "a"))
    plain = match.distinct(frame).encoded
    assert plain == [encode_identifier("domain", "a.com"), encode_identifier("name", "a")]
    populations = pd.Series([C, P])
    paired = match.distinct(in_cells(frame, populations, [(C, P), (P, C)], "proposer", "overlaps"))
    assert paired.encoded == [
        encode_identifier("domain", "a.com", f"{C}:{P}"),
        encode_identifier("domain", "a.com", f"{P}:{C}"),
        encode_identifier("name", "a", f"{P}:{C}"),
    ]
    kind, value, label = b"domain", b"a.com", f"{C}:{P}".encode()
    parts = b"".join(len(part).to_bytes(8, "big") + part for part in (kind, value, label))
    assert paired.encoded[0] == parts
    assert not set(paired.encoded) & set(plain)
    assert paired.holders["account"].tolist() == [0, 1, 1]


def test_all_pairs_or_none_need_no_cell() -> None:
    assert is_whole([], [C], [P])
    assert is_whole([(C, C), (C, P)], [C], [P, C])
    assert not is_whole([(C, C)], [C], [P, C])
    # A population that stands in no pair takes part in nothing.
    frame = in_cells(identifiers((0, "domain", "a.com")), pd.Series([OPEN]), [(C, C)], "proposer", "overlaps")
    assert frame.empty and "cell" in frame


def test_what_matched_in_two_cells_is_one_plain_identifier_with_two_tokens() -> None:
    pairs = [(C, C), (OPEN, C), (OPEN, P), (P, P)]
    frame = identifiers((0, "domain", "a.com"), (1, "domain", "a.com"))
    listed = match.distinct(in_cells(frame, pd.Series([OPEN, C]), pairs, "proposer", "overlaps"))
    assert len(listed.encoded) == 2
    tokens = [b"\1" * 16, b"\2" * 16]
    hits = match.find_hits(listed, Matches.of([0, 1], tokens, 2, 2))
    assert list(hits.columns) == [
        "account", "position", "token", "kind", "value", "held_by", "tier", "telling"
    ]  # fmt: skip
    assert set(hits["kind"]) == {"domain"} and set(hits["value"]) == {"a.com"}
    assert set(hits["position"]) == {0} and set(hits["held_by"]) == {2}
    assert sorted(zip(hits["account"], hits["token"], strict=True)) == [
        (0, tokens[0].hex()), (0, tokens[1].hex()), (1, tokens[0].hex())
    ]  # fmt: skip
    # A holder that did not match in its cell is no rival: no agreed pair leads to it.
    alone = match.find_hits(listed, Matches.of([1], tokens[1:], 2, 2))
    assert alone["account"].tolist() == [0] and alone["held_by"].tolist() == [1]


@pytest.mark.parametrize("level", ["counts", "sum"])
def test_numbers_count_nobody_twice(level: str) -> None:
    frame, populations = identifiers((0, "domain", "a.com")), pd.Series([C])
    in_cells(frame, populations, [(C, P), (P, C)], "proposer", level)
    with pytest.raises(Refused, match=r"terms\.pairs"):
        in_cells(frame, populations, [(C, C), (C, P), (P, P)], "proposer", level)
