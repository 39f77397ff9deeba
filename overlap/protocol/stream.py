"""The body of a frame as a stream: chunks that are encrypted one by one and read once, from front to back.

A chunk is 2^20 bytes, the last one what is left, each AES-256-GCM under the frame's own key with its number
as nonce. So neither side holds a whole body in memory, however long the list. The key stands in the signed
and sealed header, and so does the digest of the whole body, which is compared when the last byte is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, Self

from overlap import keys
from overlap.errors import ForgedFile, MalformedFile

CHUNK: Final = 2**20
#: Bytes that encryption adds to a chunk.
CHUNK_TAG: Final = 16

_ASSOCIATED: Final = b"overlap-frame/1 chunk"
_AGAIN: Final = "ask the sender for the file again"


def stream_size(length: int) -> int:
    """Bytes of the encrypted chunks of a body of `length` bytes."""
    return length + -(-length // CHUNK) * CHUNK_TAG


def write_chunks(pieces: Iterable[bytes], key: bytes, out: BinaryIO) -> tuple[int, bytes]:
    """Write the body that `pieces` make up; its length and SHA-256. One key serves one body."""
    digest, length = hashlib.sha256(), 0
    for number, chunk in enumerate(_chunks(pieces)):
        digest.update(chunk)
        length += len(chunk)
        out.write(keys.encrypt(key, _nonce(number), chunk, _ASSOCIATED))
    return length, digest.digest()


def read_chunks(source: BinaryIO, key: bytes, length: int) -> Iterator[bytes]:
    """The chunks of a body of `length` bytes; ForgedFile for one that was altered."""
    for number in range(-(-length // CHUNK)):
        size = min(CHUNK, length - number * CHUNK)
        data = source.read(size + CHUNK_TAG)
        yield keys.decrypt(key, _nonce(number), data, _ASSOCIATED, "the frame")


class Body:
    """A body of `length` bytes, read once from front to back; `left` of them are not read yet."""

    def __init__(self, chunks: Iterator[bytes], length: int, digest: bytes) -> None:
        self.left, self._expected = length, digest
        self._chunks, self._digest, self._ahead = chunks, hashlib.sha256(), b""

    @classmethod
    def of(cls, data: bytes) -> Self:
        """A body that is in memory already."""
        return cls(iter((data,) if data else ()), len(data), hashlib.sha256(data).digest())

    def read(self, count: int) -> bytes:
        """The next `count` bytes. MalformedFile when fewer are left, ForgedFile when they were altered."""
        if not 0 <= count <= self.left:
            raise MalformedFile("the body of the frame is cut short", _AGAIN)
        pieces, missing = [], count
        while missing:
            if not self._ahead:
                self._ahead = next(self._chunks)
                self._digest.update(self._ahead)
            pieces.append(self._ahead[:missing])
            self._ahead = self._ahead[missing:]
            missing -= len(pieces[-1])
        self.left -= count
        if count and not self.left and self._digest.digest() != self._expected:
            raise ForgedFile("the body of the frame is not the one that its sender signed", _AGAIN)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_rest(self) -> bytes:
        """All bytes that are left."""
        return self.read(self.left)


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of CHUNK, the last one shorter; no empty one."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        view, at = memoryview(piece), 0
        while at < len(view):
            part = view[at : at + CHUNK - size]
            kept.append(bytes(part))
            at, size = at + len(part), size + len(part)
            if size == CHUNK:
                yield b"".join(kept)
                kept, size = [], 0
    if size:
        yield b"".join(kept)


def _nonce(number: int) -> bytes:
    return number.to_bytes(keys.NONCE_BYTES, "big")
