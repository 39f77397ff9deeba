"""The index of a log's tree: the root of every full subtree, so that a proof reads some forty hashes.

    overlap-log-tree/1 LF
    32 bytes a full subtree, in the order in which the entries complete them

Entry i completes its own leaf and a subtree for each of the one bits with which i ends, the smallest first;
the subtree of level h that ends with entry i is record 2i - (one bits of i) + h. The index says nothing that
the log does not: every proof made from it is checked against the signed root, and it is made again when it
is missing or wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cleanroom.durable import OWNER_ONLY, write_for_now
from cleanroom.merkle import Frontier, peaks

TREE_LINE: Final = b"overlap-log-tree/1\n"
HASH_BYTES: Final = 32

_BINARY: Final = getattr(os, "O_BINARY", 0)
#: Hashes that are written at once while an index is made again.
_PIECE: Final = 2**16


class SubtreeIndex:
    """The index file of one log. Nothing in it is trusted before a proof made from it holds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fits(self, frontier: Frontier) -> bool:
        """Whether the file has the records of this many entries and ends in the same full subtrees."""
        try:
            with IndexReader(self.path) as reader:
                return peaks(frontier.size, reader.node) == frontier.peaks
        except OSError:
            return False

    def add(self, size: int, nodes: Iterable[bytes]) -> None:
        """Write the subtrees that entry number `size` completes; not flushed, it can be made again."""
        descriptor = os.open(self.path, os.O_WRONLY | _BINARY)
        try:
            os.lseek(descriptor, _offset(0, size), os.SEEK_SET)
            os.write(descriptor, b"".join(nodes))
        finally:
            os.close(descriptor)

    def rebuild(self, leaves: Iterable[bytes]) -> Frontier:
        """Make the file again from all leaf hashes; the tree that they give."""
        write_for_now(self.path, TREE_LINE)
        frontier, nodes = Frontier(), list[bytes]()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | _BINARY, OWNER_ONLY)
        with os.fdopen(descriptor, "ab") as file:
            for leaf in leaves:
                nodes += frontier.completed(leaf)
                frontier = frontier.append(leaf)
                if len(nodes) >= _PIECE:
                    file.write(b"".join(nodes))
                    nodes.clear()
            file.write(b"".join(nodes))
        return frontier


class IndexReader:
    """An index file open for reading; OSError when there is none, or it ends before what is asked."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)

    def __enter__(self) -> IndexReader:
        if self._file.read(len(TREE_LINE)) != TREE_LINE:
            self._file.close()
            raise OSError("no index of a tree of version 1")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def node(self, level: int, position: int) -> bytes:
        """The root of the full subtree of 2^level leaves from leaf position * 2^level on."""
        self._file.seek(_offset(level, ((position + 1) << level) - 1))
        found = self._file.read(HASH_BYTES)
        if len(found) != HASH_BYTES:
            raise OSError("the index of a tree ends too early")
        return found


def _offset(level: int, last: int) -> int:
    """Where the subtree of this level stands whose last leaf is number `last`."""
    return len(TREE_LINE) + HASH_BYTES * (2 * last - last.bit_count() + level)
