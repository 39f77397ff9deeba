"""Identifiers on their way into buckets: in memory, or in files of a folder where the list is too long."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np

from overlap import canonical
from overlap.protocol.columns import Pieces, Places
from overlap.protocol.contract import Contract


class Spool:
    """Lists of identifiers with their places in the whole list, by bucket; each list is read once.

    With a folder (which exists) nothing stays in memory; a list's file is removed when it has been read. What
    lies there is our own plaintext, as in the tables that it was made from.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[int, tuple[list[int], list[bytes]]] = {}

    def add(self, bucket: int, places: list[int], identifiers: list[bytes]) -> None:
        """Put more identifiers into a bucket."""
        if self._folder is None:
            kept = self._kept.setdefault(bucket, ([], []))
            kept[0].extend(places)
            kept[1].extend(identifiers)
            return
        with self._file(bucket).open("ab") as file:
            file.write(array("I", [len(places)]).tobytes())
            file.write(array("I", places).tobytes() + array("I", map(len, identifiers)).tobytes())
            file.write(b"".join(identifiers))

    def take(self, bucket: int) -> tuple[list[int], list[bytes]]:
        """The places and identifiers of a bucket, in the order in which they were added; empty afterwards."""
        if self._folder is None:
            return self._kept.pop(bucket, ([], []))
        places: list[int] = []
        identifiers: list[bytes] = []
        if self._file(bucket).exists():
            with self._file(bucket).open("rb") as file:
                for more, added in _blocks(file):
                    places.extend(more)
                    identifiers.extend(added)
            self._file(bucket).unlink()
        return places, identifiers

    def _file(self, bucket: int) -> Path:
        assert self._folder is not None
        return self._folder / f"list.{bucket}"


def place_all(contract: Contract, run: bytes, identifiers: Iterable[bytes], count: int) -> Places:
    """The bucket (from 0) of each of `count` encoded identifiers in a run (16 bytes)."""
    key = canonical.digest(b"overlap-bucket/1", contract.digest, run)
    keyed = hashlib.blake2b(key=key, digest_size=8)

    def hashes() -> Iterable[int]:
        for identifier in identifiers:
            state = keyed.copy()
            state.update(identifier)
            yield int.from_bytes(state.digest(), "big")

    high = np.fromiter(hashes(), dtype=np.uint64, count=count) >> np.uint64(32)
    return (high * np.uint64(contract.buckets) >> np.uint64(32)).astype(np.int64)


def place_digests(contract: Contract, digests: Pieces) -> Places:
    """The bucket (from 0) of each identifier, from its digest of 16 bytes: the last four choose."""
    words = np.ascontiguousarray(digests).view("<u4")[:, 3].astype(np.uint64)
    return (words * np.uint64(contract.buckets) >> np.uint64(32)).astype(np.int64)


def _blocks(file: BinaryIO) -> Iterator[tuple[array[int], list[bytes]]]:
    while head := file.read(4):
        count = array("I", head)[0]
        places, sizes = (array("I", file.read(4 * count)) for _ in range(2))
        data = file.read(sum(sizes))
        yield places, [data[start:end] for start, end in pairwise((0, *accumulate(sizes)))]
