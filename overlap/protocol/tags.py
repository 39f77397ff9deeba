"""Tags and pair tokens: what is compared in place of group elements.

Each is SHA-256 over length-prefixed parts, as `overlap.canonical.digest` writes them; the parts that a whole
batch shares are hashed once. Tags are looked up in plain sets: each is either public (the peer made it or
will see it) or compared on this machine only, so no comparison here needs constant time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from overlap import canonical
from overlap.protocol.body import CONFIRM_SIZE, ELEMENT_SIZE, TOKEN_SIZE
from overlap.protocol.columns import Pieces, read_pieces
from overlap.protocol.contract import Contract
from overlap.protocol.identifier import LENGTH, prefixed

_ELEMENT_LENGTH: Final = ELEMENT_SIZE.to_bytes(8, "big")


#: Bytes of a digest that is cut into a list tag, at most 16 bytes in front, and a confirm tag behind.
PAIR_SIZE: Final = 32


def make_pair_tags(
    contract: Contract, identifiers: Iterable[bytes], keys: Iterable[bytes], size: int
) -> tuple[Pieces, Pieces]:
    """List tags of `size` bytes and confirm tags of each encoded identifier and its K = u(b * H(identifier)).

    Both are cut from SHA-256(suite, contract digest, "pair", kind, identifier, K), the list tag from its
    front, the confirm tag from its end. They do not overlap, so that neither says anything of the other, and
    nobody without identifier and K can compute one. The suite's version ends the hashed suite name, so that a
    later format cannot meet this one. The shape is Finalize of RFC 9497 with the public terms in front.
    ValueError for a size that would make them overlap.
    """
    if size > PAIR_SIZE - CONFIRM_SIZE:
        raise ValueError("list and confirm tag would overlap")
    copy, digests = _start(contract.suite.encode(), contract.digest, b"pair").copy, []
    for identifier, key in zip(identifiers, keys, strict=True):
        state = copy()
        state.update(identifier + _ELEMENT_LENGTH + key)
        digests.append(state.digest())
    pairs = read_pieces(b"".join(digests), PAIR_SIZE)
    return pairs[:, :size], pairs[:, PAIR_SIZE - CONFIRM_SIZE :]


def make_pair_tokens(transcript: bytes, confirm: Sequence[bytes]) -> list[bytes]:
    """Pair tokens: SHA-256("overlap-pair-token/2", transcript, confirm tag), 16 bytes each.

    A confirm tag is known to nobody but the two sides, and to both of them for a match.
    """
    head = b"".join(map(prefixed, (b"overlap-pair-token/2", transcript)))
    head += CONFIRM_SIZE.to_bytes(LENGTH, "big")
    return [hashlib.sha256(head + tag).digest()[:TOKEN_SIZE] for tag in confirm]


def make_tags(
    contract: Contract, role: str, size: int, pairs: Iterable[tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """SHA-256(suite, contract digest, role, kind, identifier, K), `size` bytes each, for prepared lists.

    `pairs` are encoded identifiers and K = u(b * H(identifier)), where K outlives the run.
    """
    start = _start(contract.suite.encode(), contract.digest, role.encode())
    return _finish(start, size, pairs)


def make_count_tags(
    contract: Contract, size: int, keys: Iterable[bytes], role: str = "count"
) -> Iterator[bytes]:
    """SHA-256(suite, contract digest, role, K): without the identifier, which the starter cannot place."""
    start = _start(contract.suite.encode(), contract.digest, role.encode())
    return _finish(start, size, ((b"", key) for key in keys))


def make_prepared_tags(
    suite: str, preparation: bytes, version: int, size: int, pairs: Iterable[tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """SHA-256(suite, preparation digest, "prepared", version, kind, identifier, K), `size` bytes each.

    They belong to a preparation and one version of its list, not to a run.
    """
    start = _start(suite.encode(), preparation, b"prepared", version.to_bytes(8, "big"))
    return _finish(start, size, pairs)


def make_tokens(transcript: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Pair tokens: SHA-256("overlap-pair-token/1", transcript, kind, identifier, K), 16 bytes, likewise."""
    return _finish(_start(b"overlap-pair-token/1", transcript), TOKEN_SIZE, pairs)


def transcript_digest(contract: Contract, run: bytes, start: bytes, reply: bytes) -> bytes:
    """The digest of everything both sides have seen when the starter learns its matches."""
    bodies = (hashlib.sha256(body).digest() for body in (start, reply))
    return canonical.digest(run, contract.digest, *bodies)


def _start(*parts: bytes) -> hashlib._Hash:
    return hashlib.sha256(b"".join(map(prefixed, parts)))


def _finish(start: hashlib._Hash, size: int, pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for identifier, key in pairs:
        state = start.copy()
        state.update(identifier + _ELEMENT_LENGTH + key)
        yield state.digest()[:size]
