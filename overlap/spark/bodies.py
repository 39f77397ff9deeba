"""The body of a message that arrives in pieces: its parts to Parquet, its digest and its size on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

from overlap.protocol.columns import split
from overlap.spark.jobs import cut


class Incoming:
    """A body read once, from front to back."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._ahead = b""
        self._state = hashlib.sha256()
        self.size = 0

    def take(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes, in pieces; fewer when the body ends before."""
        while size and (piece := self._ahead or next(self._pieces, b"")):
            taken, self._ahead = piece[:size], piece[size:]
            size -= len(taken)
            self.size += len(taken)
            self._state.update(taken)
            yield taken

    def finish(self) -> bytes:
        """The SHA-256 of the whole body, after what is left has been read; `size` is then its own."""
        for piece in (self._ahead, *self._pieces):
            self.size += len(piece)
            self._state.update(piece)
        self._ahead = b""
        return self._state.digest()


class Ascending:
    """Whether the items of a body ascend strictly, noted while they pass."""

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        self._pieces, self._size = pieces, size
        self.holds = True

    def __iter__(self) -> Iterator[bytes]:
        last = b""
        for piece in cut(self._pieces, self._size):
            items = split(piece, self._size)
            # Nothing is below the empty value, so the first item always passes.
            self.holds &= all(first < second for first, second in pairwise([last, *items]))
            last = items[-1]
            yield piece


def digest_of(pieces: Iterable[bytes]) -> bytes:
    """The SHA-256 of a body of ours."""
    state = hashlib.sha256()
    for piece in pieces:
        state.update(piece)
    return state.digest()
