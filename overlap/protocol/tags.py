"""Tags and pair tokens: what is compared in place of group elements.

Each is SHA-256 over length-prefixed parts, as `overlap.canonical.digest` writes them; the parts that a whole
batch shares are hashed once. Tags are looked up in plain sets: each is either public (the peer made it or
will see it) or compared on this machine only, so no comparison here needs constant time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Final

from overlap import canonical
from overlap.protocol.body import ELEMENT_SIZE, TOKEN_SIZE
from overlap.protocol.contract import Contract
from overlap.protocol.identifier import prefixed

_ELEMENT_LENGTH: Final = ELEMENT_SIZE.to_bytes(8, "big")


def make_tags(
    contract: Contract, role: str, size: int, pairs: Iterable[tuple[bytes, bytes]]
) -> Iterator[bytes]:
    """T(role, identifier, K) = SHA-256(suite, contract digest, role, kind, identifier, K), `size` bytes each.

    `pairs` are encoded identifiers and K = u(b * H(identifier)). The suite's version ends the hashed suite
    name, so a later format cannot meet this one. The shape is Finalize of RFC 9497 with the public terms in
    front.
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
    """Pair tokens: SHA-256("overlap-pair-token/1", transcript, kind, identifier, K), 16 bytes each."""
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
