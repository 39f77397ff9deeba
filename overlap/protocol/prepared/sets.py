"""Sorted sets of tags as arrays: a million of them are compared without a Python object for each.

A set is an array of numpy's fixed byte strings, ascending. They compare as bytes do: all have one length, so
that numpy's filling up with zero bytes changes nothing. No single item is taken out, for that would drop the
zero bytes at its end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from overlap.keys import RandomBytes

Tags = npt.NDArray[np.bytes_]
Places = npt.NDArray[np.uint32]

_PREFIX: Final = 8


def read_tags(data: bytes | memoryview, size: int) -> Tags:
    """The tags of `size` bytes (at least 8) in `data`, without a copy."""
    return np.frombuffer(data, dtype=f"S{size}")


def join_tags(tags: Iterable[bytes], size: int) -> Tags:
    """The tags of `size` bytes each, in their order."""
    return read_tags(b"".join(tags), size)


def is_ascending(tags: Tags) -> bool:
    """True when the tags are distinct and sorted."""
    return bool((tags[:-1] < tags[1:]).all())


def fill_up(tags: Tags, count: int, random: RandomBytes) -> Tags:
    """`tags` and random ones, `count` distinct tags in all, ascending: the order hides which are real."""
    size = tags.dtype.itemsize
    filled = _distinct(tags)
    while missing := count - len(filled):
        filled = _distinct(np.concatenate([filled, read_tags(random(missing * size), size)]))
    return filled


def find(tags: Tags, wanted: Tags) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """For each of `wanted` whether it is in the set `tags`, and where."""
    found, at = np.zeros(len(wanted), bool), np.zeros(len(wanted), np.int64)
    if not len(tags) or not len(wanted):
        return found, at
    # Neighbours are looked up one after the other: several times faster than jumping about in the set.
    order = np.argsort(_prefixes(wanted))
    sorted_at = np.searchsorted(tags, wanted[order])
    at[order] = np.minimum(sorted_at, len(tags) - 1)
    found = tags[at] == wanted
    return found, at


def _distinct(tags: Tags) -> Tags:
    ordered = np.sort(tags)
    keep = np.ones(len(ordered), bool)
    keep[1:] = ordered[1:] != ordered[:-1]
    return ordered[keep]


def _prefixes(tags: Tags) -> npt.NDArray[np.uint64]:
    rows = np.ascontiguousarray(tags).view(np.uint8).reshape(-1, tags.dtype.itemsize)
    return np.ascontiguousarray(rows[:, :_PREFIX]).view(">u8").ravel().astype(np.uint64)
