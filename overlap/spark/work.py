"""What executors do with Arrow batches. Each is a callable of plain fields, importable on every executor.

A secret is a broadcast variable, read when the first batch comes. Nothing here raises an error over the data:
a refused element is a row, because Spark writes the text of an error into its event log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from overlap.group import ELEMENT_BYTES, Fault, find_fault, hash_to_group, try_multiply
from overlap.protocol import Contract
from overlap.protocol.body import CONFIRM_SIZE
from overlap.protocol.columns import split
from overlap.protocol.spool import place_all
from overlap.protocol.tags import make_pair_tags, make_pair_tokens
from overlap.spark.jobs import Batches

PLACED: Final = "position long, identifier binary, bucket int"
BLINDED: Final = "position long, element binary"
JUDGED: Final = "place long, element binary, reason string"
KEYED: Final = "position long, identifier binary, key binary"
TAGGED: Final = "position long, tag binary"
CONFIRMED: Final = "position long, confirm binary, token binary"


@dataclass(frozen=True)
class Place:
    """(position, identifier) with the bucket of a run into which the identifier falls."""

    contract: bytes
    run: bytes

    def __call__(self, batches: Batches) -> Batches:
        contract = Contract.from_bytes(self.contract)
        for batch in batches:
            buckets = place_all(contract, self.run, batch.column(1).to_pylist(), len(batch))
            yield batch.append_column("bucket", pa.array(buckets, pa.int32()))


@dataclass(frozen=True)
class Blind:
    """(position, identifier, dummy) to (position, element): u(scalar * H(message)).

    `secret` is the scalar and the seed of the dummies: a row without an identifier is the dummy of that
    number, made as `overlap.group.dummy_messages` makes it.
    """

    secret: Any

    def __call__(self, batches: Batches) -> Batches:
        scalar, seed = self.secret.value[:32], self.secret.value[32:]
        for batch in batches:
            messages = [
                seed + dummy.to_bytes(8, "big") if identifier is None else identifier
                for identifier, dummy in zip(*(batch.column(at).to_pylist() for at in (1, 2)), strict=True)
            ]
            elements = _multiplied(scalar, hash_to_group(messages))
            yield pa.record_batch({"position": batch.column(0), "element": pa.array(elements, pa.binary())})


@dataclass(frozen=True)
class Judge:
    """Pieces of a peer's elements to one row an element, or to the first fault of a piece.

    With a secret scalar the elements of a faultless piece are multiplied by it, so that no element outside
    the group ever meets the scalar.
    """

    secret: Any = None

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            for start, piece in zip(*(batch.column(at).to_pylist() for at in (0, 1)), strict=True):
                yield self._judged(start, piece)

    def _judged(self, start: int, piece: bytes) -> pa.RecordBatch:
        found = find_fault(piece)
        if found is None and self.secret is not None:
            product = try_multiply(self.secret.value, piece)
            found = product if isinstance(product, Fault) else None
            piece = piece if isinstance(product, Fault) else product
        places = [start + found.position] if found else range(start, start + len(piece) // ELEMENT_BYTES)
        return pa.record_batch(
            {
                "place": pa.array(places, pa.int64()),
                "element": pa.array([None] if found else split(piece, ELEMENT_BYTES), pa.binary()),
                "reason": pa.array([found.reason if found else None] * len(places), pa.string()),
            }
        )


@dataclass(frozen=True)
class Multiply:
    """(position, identifier, element) to (position, identifier, key); the elements have been judged."""

    secret: Any

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            keys = _multiplied(self.secret.value, b"".join(batch.column(2).to_pylist()))
            yield _keyed(batch, keys)


@dataclass(frozen=True)
class Evaluate:
    """(position, identifier) to (position, identifier, key): key = u(scalar * H(identifier))."""

    secret: Any

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            yield _keyed(batch, _multiplied(self.secret.value, hash_to_group(batch.column(1).to_pylist())))


@dataclass(frozen=True)
class Tag:
    """(position, identifier, key) to (position, tag): the list tag, `size` bytes."""

    contract: bytes
    size: int

    def __call__(self, batches: Batches) -> Batches:
        contract = Contract.from_bytes(self.contract)
        for batch in batches:
            tags = split(make_pair_tags(contract, *_pairs(batch), self.size)[0].tobytes(), self.size)
            yield pa.record_batch({"position": batch.column(0), "tag": pa.array(tags, pa.binary())})


@dataclass(frozen=True)
class Confirm:
    """(position, identifier, key) to (position, confirm, token)."""

    contract: bytes
    transcript: bytes

    def __call__(self, batches: Batches) -> Batches:
        contract = Contract.from_bytes(self.contract)
        for batch in batches:
            _, tags = make_pair_tags(contract, *_pairs(batch), 0)
            confirm = split(tags.tobytes(), CONFIRM_SIZE)
            tokens = make_pair_tokens(self.transcript, confirm)
            yield pa.record_batch(
                {
                    "position": batch.column(0),
                    "confirm": pa.array(confirm, pa.binary()),
                    "token": pa.array(tokens, pa.binary()),
                }
            )


@dataclass(frozen=True)
class Unpack:
    """Pieces of tags to one row a tag."""

    size: int

    def __call__(self, batches: Batches) -> Batches:
        for batch in batches:
            for piece in batch.column(1).to_pylist():
                yield pa.record_batch({"tag": pa.array(split(piece, self.size), pa.binary())})


def _pairs(batch: pa.RecordBatch) -> tuple[list[bytes], list[bytes]]:
    """Identifiers and keys."""
    return batch.column(1).to_pylist(), batch.column(2).to_pylist()


def _keyed(batch: pa.RecordBatch, keys: list[bytes]) -> pa.RecordBatch:
    key = pa.array(keys, pa.binary())
    return pa.record_batch({"position": batch.column(0), "identifier": batch.column(1), "key": key})


def _multiplied(scalar: bytes, points: bytes) -> list[bytes]:
    product = try_multiply(scalar, points)
    if isinstance(product, Fault):
        # A hash is neutral with a chance of 2^-250, a judged element never; no value is named.
        raise ArithmeticError("a product is the neutral element")
    return split(product, ELEMENT_BYTES)
