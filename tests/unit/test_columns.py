"""Pieces of one size: every answer is that of plain Python, also where first bytes agree."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocol_parties import stream

from overlap.protocol.columns import (
    are_ascending,
    fill_up,
    find_pieces,
    read_pieces,
    sort_order,
    sort_pieces,
    split,
)

#: Few different bytes at few places, so that pieces agree in their first eight bytes, or altogether.
PIECES = st.lists(
    st.tuples(st.sampled_from([0, 255]), st.sampled_from([0, 1, 128, 255])).map(
        lambda ends: bytes([ends[0]]) + bytes(7) + bytes([0, ends[1]])
    ),
    max_size=12,
)


def joined(pieces: list[bytes]) -> np.ndarray:
    return read_pieces(b"".join(pieces), 10)


@settings(deadline=None)
@given(PIECES)
def test_sorting_is_that_of_bytes(pieces: list[bytes]) -> None:
    assert split(sort_pieces(joined(pieces)).tobytes(), 10) == sorted(pieces)
    assert [pieces[at] for at in sort_order(joined(pieces))] == sorted(pieces)


@settings(deadline=None)
@given(PIECES)
def test_ascending_means_distinct_and_sorted(pieces: list[bytes]) -> None:
    assert are_ascending(joined(pieces)) == all(a < b for a, b in itertools.pairwise(pieces))
    assert are_ascending(joined(sorted(set(pieces))))


@settings(deadline=None)
@given(wanted=PIECES, listed=PIECES)
def test_what_is_found_is_what_is_there(wanted: list[bytes], listed: list[bytes]) -> None:
    listed = sorted(set(listed))
    found, places = find_pieces(joined(wanted), joined(listed))
    assert found.tolist() == [piece in listed for piece in wanted]
    assert all(listed[at] == piece for at, piece, here in zip(places, wanted, found, strict=True) if here)


@pytest.mark.parametrize("count", [3, 4, 500])
def test_filling_up_keeps_the_pieces_and_gives_distinct_ones_in_order(count: int) -> None:
    pieces = [bytes(10), b"\xff" * 10, bytes(9) + b"\1"]
    filled = fill_up(joined(pieces), count, stream("fill"))
    assert are_ascending(filled) and len(filled) == count
    assert set(pieces) <= set(split(filled.tobytes(), 10))


def test_a_repeated_random_piece_is_drawn_again() -> None:
    draws = [bytes(10), bytes(10), b"\1" * 10]
    filled = fill_up(joined([bytes(10)]), 2, lambda size: draws.pop(0) if size == 10 else b"")
    assert split(filled.tobytes(), 10) == [bytes(10), b"\1" * 10]
