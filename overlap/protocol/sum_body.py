"""The bodies of level `sum`; X and Y are the declared bounds of starter and responder.

    start    X elements, ascending
    reply    X elements, ascending · key, 384 bytes
             Y rows, ascending: list tag · encrypted amount, 768 bytes
    total    count, 8 bytes · encrypted sum, 768 bytes
    finish   sum in granules, 8 bytes · its opening, 384 bytes

A row that fills the list up encrypts 0. A withheld sum is a count of 0 and an encrypted 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from overlap import paillier
from overlap.errors import ForgedFile, MalformedFile
from overlap.protocol import body
from overlap.protocol.body import COUNT_SIZE, ELEMENT_SIZE, finish_bound, list_tag_size
from overlap.protocol.columns import split
from overlap.protocol.contract import Contract

#: Identifiers that the side with the amounts may declare: a minute of encryption, and 204 MB in one file.
MAX_AMOUNTS: Final = 2**18
AT_FAULT: Final = "the peer's software is at fault; start a new run"


def part_size(contract: Contract, step: str) -> int:
    """Bytes of the body of `step` ("start", "reply", "total" or "finish")."""
    if step == "reply":
        row = list_tag_size(contract) + paillier.CIPHERTEXT_SIZE
        rows = contract.responder.size_bound * row
        return contract.starter.size_bound * ELEMENT_SIZE + paillier.KEY_SIZE + rows
    if step == "total":
        return COUNT_SIZE + paillier.CIPHERTEXT_SIZE
    return COUNT_SIZE + paillier.KEY_SIZE if step == "finish" else body.part_size(contract, step)


def write_reply(elements: bytes, key: paillier.PublicKey, rows: Sequence[bytes]) -> bytes:
    """The body of `reply`; `elements` and `rows` are ascending, as many as declared."""
    return elements + key.to_bytes() + b"".join(rows)


def read_reply(contract: Contract, data: bytes) -> tuple[bytes, paillier.PublicKey, dict[bytes, bytes]]:
    """The re-blinded elements, joined, the key, and the encrypted amount of each list tag."""
    _require_size(contract, "reply", data)
    end = contract.starter.size_bound * ELEMENT_SIZE
    elements, size = data[:end], list_tag_size(contract)
    body.require_ascending(elements, ELEMENT_SIZE, "elements of the reply")
    rows = split(data[end + paillier.KEY_SIZE :], size + paillier.CIPHERTEXT_SIZE)
    tags = [row[:size] for row in rows]
    body.require_ascending(b"".join(tags), size, "tags of the reply")
    key = paillier.read_public_key(data[end : end + paillier.KEY_SIZE])
    return elements, key, dict(zip(tags, (row[size:] for row in rows), strict=True))


def write_total(count: int, ciphertext: bytes) -> bytes:
    """The body of `total`; a withheld sum is a count of 0 and an encrypted 0."""
    return count.to_bytes(COUNT_SIZE, "big") + ciphertext


def read_total(contract: Contract, data: bytes, submitted: int) -> tuple[int, bytes]:
    """The count and the encrypted sum of a `total`; ForgedFile for a count that no intact peer tells."""
    _require_size(contract, "total", data)
    count = int.from_bytes(data[:COUNT_SIZE], "big")
    minimum = contract.amounts.minimum if contract.amounts else 0
    if count > min(finish_bound(contract), submitted) or 0 < count < minimum:
        raise ForgedFile("the peer's count is above what we submitted or below the minimum", AT_FAULT)
    return count, data[COUNT_SIZE:]


def write_finish(units: int, opening: bytes) -> bytes:
    """The body of `finish`."""
    return units.to_bytes(COUNT_SIZE, "big") + opening


def read_finish(contract: Contract, data: bytes) -> tuple[int, bytes]:
    """The sum in granules and its opening, from a `finish`."""
    _require_size(contract, "finish", data)
    return int.from_bytes(data[:COUNT_SIZE], "big"), data[COUNT_SIZE:]


def _require_size(contract: Contract, step: str, data: bytes) -> None:
    if len(data) != part_size(contract, step):
        raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", AT_FAULT)
