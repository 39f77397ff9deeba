"""Many pieces of one size, tags or elements: sorted, compared and found without a Python object for each.

Pieces are rows of bytes. They are compared by their first eight bytes as a number, which differ in what
honest parties send; where two agree in those, whole pieces decide, so that every answer is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from overlap.keys import RandomBytes

#: Shape (n, size), uint8; a size is 8 at least.
Pieces = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


def read_pieces(data: bytes | memoryview, size: int) -> Pieces:
    """The pieces of `size` bytes in `data`, without a copy."""
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, size)


def split(data: bytes, size: int) -> list[bytes]:
    """The pieces of `size` bytes in `data` as bytes objects."""
    pieces: list[bytes] = np.frombuffer(data, f"V{size}").tolist()
    return pieces


def sort_order(pieces: Pieces) -> Places:
    """The positions of the pieces in ascending order, as bytes are compared."""
    heads = _heads(pieces)
    order = np.argsort(heads)
    ordered = heads[order]
    return np.lexsort(pieces.T[::-1]) if (ordered[1:] == ordered[:-1]).any() else order


def sort_pieces(pieces: Pieces) -> Pieces:
    """The pieces in ascending order."""
    return _pick(pieces, sort_order(pieces))


def are_ascending(pieces: Pieces) -> bool:
    """Whether the pieces are distinct and sorted."""
    heads = _heads(pieces)
    if (heads[1:] < heads[:-1]).any():
        return False
    ties = np.flatnonzero(heads[1:] == heads[:-1])
    return all(pieces[at].tobytes() < pieces[at + 1].tobytes() for at in ties)


def find_pieces(wanted: Pieces, listed: Pieces) -> tuple[npt.NDArray[np.bool_], Places]:
    """For each of `wanted` whether it is among `listed`, which are sorted, and at which place."""
    found, places = np.zeros(len(wanted), dtype=np.bool_), np.zeros(len(wanted), dtype=np.int64)
    if not len(listed):
        return found, places
    heads, others = _heads(wanted), _heads(listed)
    # Neighbours are looked up one after the other: several times faster than jumping about in the list.
    order = np.argsort(heads)
    ordered = heads[order]
    at = np.searchsorted(others, ordered)
    # Behind the end of the list stands nothing that is larger than all of it.
    near = np.flatnonzero(others.take(at, mode="clip") == ordered)
    rows, starts = order[near], at[near]
    same = _same_tails(wanted, rows, listed, starts)
    found[rows[same]], places[rows[same]] = True, starts[same]
    # Two of the list may begin alike; then ours can be the second.
    for row, start in zip(rows[~same].tolist(), starts[~same].tolist(), strict=True):
        for place in range(start + 1, len(listed)):
            if others[place] != heads[row]:
                break
            if (listed[place] == wanted[row]).all():
                found[row], places[row] = True, place
    return found, places


def fill_up(pieces: Pieces, count: int, random: RandomBytes) -> Pieces:
    """`pieces` and random ones, `count` distinct ones in all, ascending: the order hides which are real."""
    size = pieces.shape[1]
    filled = pieces
    while True:
        more = read_pieces(random(max(0, count - len(filled)) * size), size)
        filled = _distinct(np.concatenate([filled, more]))
        if len(filled) == count:
            return filled


def _distinct(pieces: Pieces) -> Pieces:
    order = sort_order(pieces)
    ordered, heads = _pick(pieces, order), _heads(pieces)[order]
    ties = np.flatnonzero(heads[1:] == heads[:-1])
    repeated = ties[(ordered[ties] == ordered[ties + 1]).all(axis=1)]
    return np.delete(ordered, repeated, axis=0) if len(repeated) else ordered


def _pick(pieces: Pieces, places: Places) -> Pieces:
    """The pieces at these places. Pieces of 16 bytes go as one number each, which numpy moves fastest."""
    if pieces.shape[1] != 16:
        return np.ascontiguousarray(pieces[places])
    items = np.ascontiguousarray(pieces).view(np.complex128).ravel()
    return items.take(places, mode="wrap").view(np.uint8).reshape(-1, 16)


def _same_tails(ones: Pieces, places: Places, others: Pieces, starts: Places) -> npt.NDArray[np.bool_]:
    """Whether what follows the first eight bytes is the same, for each pair of places."""
    same: npt.NDArray[np.bool_]
    if ones.shape[1] != 16:
        same = (ones[places, 8:] == others[starts, 8:]).all(axis=1)
        return same
    tails = (np.ascontiguousarray(each).view(np.uint64)[:, 1] for each in (ones, others))
    tails_of_ones, tails_of_others = tails
    same = tails_of_ones[places] == tails_of_others[starts]
    return same


def _heads(pieces: Pieces) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each piece as a number that sorts as they do."""
    return np.ascontiguousarray(pieces[:, :8]).view(">u8").ravel().astype(np.uint64)
