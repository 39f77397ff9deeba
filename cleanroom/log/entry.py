"""One entry of the log: what happened, when, and facts that give nothing away.

A fact is a count, in clear, or bytes, of which only a salted digest is written. The salt is 32 random bytes
an entry and stays with the owner, so a digest can be neither guessed nor compared with another entry's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import MalformedFile, UsageError

KINDS: Final = (
    "agreement",
    "checkpoint",
    "commitment",
    "destruction",
    "expiry",
    "export",
    "forget",
    "grant",
    "lease",
    "message",
    "preparation",
    "receipt",
    "release",
    "request",
    "review",
    "revocation",
    "rotation",
    "run",
    "unfinished",
)

#: Bytes of random salt an entry: an unguessable value stays unguessable whatever is committed to.
SALT_BYTES: Final = 32

#: Facts an entry; enough for every kind, few enough that a line stays below LINE_LIMIT_BYTES.
FACT_LIMIT: Final = 32

#: Bytes a line of the log; FACT_LIMIT facts of the longest name with a digest each need less.
LINE_LIMIT_BYTES: Final = 8_192

Facts = Mapping[str, int | bytes]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """`time` is in unix seconds and never before the entry above; `clock_behind` is by how many seconds the
    clock was behind that entry's time when this one was written, 0 as a rule."""

    sequence: int
    time: int
    clock_behind: int
    kind: str
    counts: Mapping[str, int]
    digests: Mapping[str, str]

    def to_bytes(self) -> bytes:
        """The entry's line without its line feed; its leaf hash is over these bytes."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return canonical.encode(fields | {"counts": dict(self.counts), "digests": dict(self.digests)})

    @staticmethod
    def from_bytes(data: bytes) -> Entry:
        """The entry in such bytes; MalformedFile for an unknown kind, field or form."""
        if len(data) <= LINE_LIMIT_BYTES:
            value = canonical.decode(data, "an entry of the log")
            if _is_entry(value):
                return Entry(**value)
        raise MalformedFile("an entry of the log is not one of version 1", "ask for the log again")


def make_entry(*, sequence: int, kind: str, facts: Facts, now: int, last_time: int, salt: bytes) -> Entry:
    """The entry for an event at `now`; UsageError for an unknown kind or a fact without a proper name."""
    if kind not in KINDS:
        raise UsageError("an event of an unknown kind cannot be logged", f"use one of: {', '.join(KINDS)}")
    if len(facts) > FACT_LIMIT or not all(_NAME.fullmatch(name) for name in facts):
        raise UsageError("the facts of an event are too many or badly named", "name facts like 'records'")
    counts = {name: value for name, value in facts.items() if not isinstance(value, bytes)}
    if not all(_is_count(value) for value in counts.values()):
        raise UsageError("a count in the log is a whole number from 0", "pass bytes for anything else")
    digests = {
        name: commitment(salt, name, value).hex() for name, value in facts.items() if isinstance(value, bytes)
    }
    return Entry(sequence, max(now, last_time), max(0, last_time - now), kind, counts, digests)


def commitment(salt: bytes, name: str, value: bytes) -> bytes:
    """What an entry says about a fact of bytes: SHA-256 over the length-prefixed salt, name and value."""
    return canonical.digest(salt, name.encode(), value)


def bucket(count: int) -> int:
    """The upper edge of the count's bucket (0, 1, 2, 5, 10, 20, 50, …): logged where the count would tell."""
    edge = 1
    while count > edge:
        edge = edge * 5 // 2 if str(edge).startswith("2") else edge * 2
    return edge if count else 0


def _is_entry(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != set(Entry.__slots__):
        return False
    counts, digests = value["counts"], value["digests"]
    return (
        all(_is_count(value[name]) for name in ("sequence", "time", "clock_behind"))
        and value["kind"] in KINDS
        and isinstance(counts, dict)
        and isinstance(digests, dict)
        and len(counts) + len(digests) <= FACT_LIMIT
        and all(_NAME.fullmatch(name) for name in (*counts, *digests))
        and all(_is_count(count) for count in counts.values())
        and all(isinstance(digest, str) and _DIGEST.fullmatch(digest) for digest in digests.values())
    )


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0
