"""Files that go to one key: a first line, a header, and a padded body that nobody between can read.

    FIRST LINE \\n  header: canonical JSON \\n  HPKE(key, info = both lines, padded body)

Base mode does not say who sealed, so every body carries a signature that names its reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from overlap import canonical
from overlap.errors import MalformedFile
from overlap.keys import SEAL_SUITE, Card, PartyKeys, seal_to

#: No body is shorter than this, so that small files do not tell their kind or content by their size.
PADDED_MINIMUM_BYTES: Final = 4_096

#: A header is a suite and an id; the limit bounds the search for its end.
HEADER_LIMIT_BYTES: Final = 256

_SIGNATURE_BYTES: Final = 64
_HINT: Final = "ask the sender for the file again"
_OTHER: Final = "see what it is with 'overlap inspect', or ask the sender for the file again"


@dataclass(frozen=True, slots=True)
class SealedFormat:
    """One kind of file: its first line, the names in its header, its limit in bytes, and what to call it."""

    line: bytes
    names: frozenset[str]
    limit: int
    what: str


class Opens(Protocol):
    """A secret key that opens what was sealed to it."""

    def open_sealed(self, info: bytes, sealed: bytes, what: str) -> bytes: ...


def padded_length(length: int) -> int:
    """The size up to which `length` bytes are padded: Padmé (Nikitin et al., 2019), at most 12 % more."""
    length = max(length, PADDED_MINIMUM_BYTES)
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def seal_file(kind: SealedFormat, header: dict[str, str], body: bytes, public: bytes) -> bytes:
    """The file: `body` padded and sealed to `public`."""
    opening = kind.line + canonical.encode(header | {"suite": SEAL_SUITE}) + b"\n"
    framed = len(body).to_bytes(8, "big") + body
    return opening + seal_to(public, opening, framed.ljust(padded_length(len(framed)), b"\0"))


def read_header(kind: SealedFormat, data: bytes) -> dict[str, str]:
    """The header's texts; MalformedFile for another version, suite, form or size."""
    if len(data) > kind.limit:
        raise MalformedFile(f"{kind.what} is larger than {kind.limit} bytes", _HINT)
    end = data.find(b"\n", len(kind.line), len(kind.line) + HEADER_LIMIT_BYTES)
    if not data.startswith(kind.line) or end < 0:
        raise MalformedFile(f"{kind.what} is not one of version 1", _OTHER)
    header = canonical.decode(data[len(kind.line) : end], f"the header of {kind.what}")
    header = describe(header, dict.fromkeys((*kind.names, "suite"), str), f"the header of {kind.what}")
    if header["suite"] != SEAL_SUITE:
        raise MalformedFile(f"{kind.what} is of another suite", _HINT)
    return header


def open_file(kind: SealedFormat, data: bytes, key: Opens) -> bytes:
    """The body. Raises MalformedFile for another form, ForgedFile when `key` does not open it."""
    read_header(kind, data)
    end = data.index(b"\n", len(kind.line)) + 1
    padded = key.open_sealed(data[:end], data[end:], kind.what)
    length = int.from_bytes(padded[:8], "big")
    body, rest = padded[8 : 8 + length], padded[8 + length :]
    if len(body) != length or len(padded) != padded_length(8 + length) or any(rest):
        raise MalformedFile(f"{kind.what} is not padded as it should be", _HINT)
    return body


def sign_document(value: dict[str, Any], use: str, purpose: bytes, keys: PartyKeys) -> bytes:
    """Canonical JSON and a signature by the `use` key: the body of a request or lease."""
    document = canonical.encode(value)
    return keys.sign(use, purpose, document) + document


def read_document(body: bytes, use: str, purpose: bytes, sender: Card, what: str) -> Any:
    """The inverse, checked; ForgedFile when it is not by `sender`, MalformedFile when not canonical."""
    signature, document = body[:_SIGNATURE_BYTES], body[_SIGNATURE_BYTES:]
    sender.verify(use, purpose, document, signature, what)
    return canonical.decode(document, what)


def describe(value: Any, shape: Mapping[str, type], what: str) -> dict[str, Any]:
    """`value` when it is an object with exactly these fields of these types; else MalformedFile."""
    if not isinstance(value, dict) or set(value) != set(shape):
        raise MalformedFile(f"{what} does not have the fields of version 1", _HINT)
    for name, kind in shape.items():
        if type(value[name]) is not kind:
            raise MalformedFile(f"field {name} of {what} is not what it should be", _HINT)
    return value
