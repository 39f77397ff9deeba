"""The bodies of the two protocols by DH, of one bucket each; X and Y are what it may hold of either side.

    start    X elements, ascending
    reply    X elements · Y list tags, ascending
    finish   overlaps: min(X, Y) confirm tags, ascending · counts: the count, 8 bytes, big-endian

The body of a frame has the bodies of all buckets behind each other. In `start` the contract comes first.

An element is a u-coordinate of 32 bytes (RFC 7748). Every list is filled up to its declared bound with
elements or tags that match nothing, so that a body's length says nothing beyond the contract.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import RandomBytes
from overlap.protocol.buckets import part_bounds
from overlap.protocol.columns import Pieces, are_ascending, fill_up, read_pieces
from overlap.protocol.contract import Contract
from overlap.protocol.identifier import LENGTH, prefixed
from overlap.protocol.stream import Body

ELEMENT_SIZE: Final = 32
CONFIRM_SIZE: Final = 16
TOKEN_SIZE: Final = 16
COUNT_SIZE: Final = 8
#: Bytes of a list tag at least, and bits beyond log2 of the number of pairs: one false match in 2^40 runs.
MIN_LIST_TAG_SIZE: Final = 10
STATISTICAL_BITS: Final = 40
#: Bytes of a contract: its texts are names, versions and digests; ten times what the longest one needs.
MAX_CONTRACT: Final = 16_384
#: Identifiers a side may declare: a frame of so many elements has 1 GiB.
MAX_SIZE_BOUND: Final = 2**25

_AGAIN: Final = "the peer's software is at fault; start a new run"


def list_tag_size(contract: Contract) -> int:
    """Bytes of a list tag: max(10, ceil((40 + log2(X * Y)) / 8)) for the declared bounds X and Y."""
    pairs = max(1, contract.starter.size_bound * contract.responder.size_bound)
    bits = STATISTICAL_BITS + (pairs - 1).bit_length()
    return max(MIN_LIST_TAG_SIZE, -(-bits // 8))


def finish_bound(contract: Contract) -> int:
    """The most identifiers of a bucket that both sides can hold."""
    return min(part_bounds(contract))


def part_size(contract: Contract, step: str) -> int:
    """Bytes of one bucket's body of `step` ("start", "reply" or "finish")."""
    starter, responder = part_bounds(contract)
    elements = starter * ELEMENT_SIZE
    if step == "start":
        return elements
    if step == "reply":
        return elements + responder * list_tag_size(contract)
    return COUNT_SIZE if contract.level == "counts" else finish_bound(contract) * CONFIRM_SIZE


def write_contract(contract: Contract) -> bytes:
    """The beginning of the first frame's body."""
    return prefixed(contract.to_bytes())


def read_contract(body: Body) -> Contract:
    """The contract at the beginning of the first frame's body. Raises MalformedFile."""
    length = int.from_bytes(body.read(LENGTH), "big")
    if length > MAX_CONTRACT:
        raise MalformedFile(f"the contract is larger than {MAX_CONTRACT} bytes", _AGAIN)
    return Contract.from_bytes(body.read(length))


def read_start(contract: Contract, body: bytes) -> bytes:
    """The elements of a `start` body, joined."""
    _require_size(contract, "start", body)
    require_ascending(body, ELEMENT_SIZE, "elements of the start frame")
    return body


def read_reply(contract: Contract, body: bytes) -> tuple[bytes, Pieces]:
    """The re-blinded elements, joined, and the list tags of a `reply` body, ascending."""
    _require_size(contract, "reply", body)
    end = part_bounds(contract)[0] * ELEMENT_SIZE
    size = list_tag_size(contract)
    require_ascending(body[end:], size, "tags of the reply frame")
    return body[:end], read_pieces(body[end:], size)


def read_confirm_tags(contract: Contract, body: bytes) -> Pieces:
    """The confirm tags of a `finish` body of level `overlaps`, ascending."""
    _require_size(contract, "finish", body)
    require_ascending(body, CONFIRM_SIZE, "tags of the finish frame")
    return read_pieces(body, CONFIRM_SIZE)


def read_count(contract: Contract, body: bytes) -> int:
    """The count in a `finish` body of level `counts`; ForgedFile when it is above the declared bounds."""
    _require_size(contract, "finish", body)
    count = int.from_bytes(body, "big")
    if count > finish_bound(contract):
        raise ForgedFile("the peer's count is above the declared size bounds", _AGAIN)
    return count


def fill_tags(tags: Iterable[bytes], count: int, size: int, random: RandomBytes) -> bytes:
    """`tags` and random ones, `count` distinct tags of `size` bytes in all, ascending and joined.

    The order hides which tags are real, and where in our list an identifier stands.
    """
    return fill_up(read_pieces(b"".join(tags), size), count, random).tobytes()


def require_possible(contract: Contract, matched: int) -> None:
    """Return when so many matches are possible; else ForgedFile: a tag of the peer's fits two of ours.

    By chance that is rarer than a false match. A peer that searches can make two list tags meet.
    """
    if matched > finish_bound(contract):
        raise ForgedFile("more is matched than the declared size bounds allow", _AGAIN)


def require_ascending(data: bytes, size: int, what: str) -> None:
    """Return when the pieces are distinct and sorted; else MalformedFile. One set has one encoding."""
    if not are_ascending(read_pieces(data, size)):
        raise MalformedFile(f"the {what} are repeated or not in order", _AGAIN)


def _require_size(contract: Contract, step: str, body: bytes) -> None:
    if len(body) != part_size(contract, step):
        raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", _AGAIN)
