"""What a share is bound to, and the keys of its records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from overlap import canonical
from overlap.errors import Expired, MalformedFile, Refused, UsageError
from overlap.keys import hkdf

#: Records a share: a grant's statement carries two digests a record and stays below its own limit.
RECORD_LIMIT: Final = 100_000

_FORMAT: Final = b"overlap-terms/1\n"
_ID = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RUN = re.compile(r"[0-9a-f]{2,128}")
#: What a share covers: the matched accounts of a run, or every account of the agreed populations.
SCOPES: Final = ("matched", "all")

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Terms:
    """A share's terms. Digests and ids are hex; times are whole unix seconds UTC, open from `not_before` and
    closed from `until` on; `count` is the number of records. `holder` is the card of who answers requests,
    the grantor's own or a room's. `run` is "" when `scope` is "all". `read_budget` is the number of leases,
    0 for no limit. Raises UsageError for anything else."""

    share: str
    agreement: str
    grantor: str
    recipient: str
    holder: str
    run: str
    purposes: tuple[str, ...]
    fields: tuple[str, ...]
    not_before: int
    until: int
    exportable: bool
    count: int
    scope: str = "matched"
    read_budget: int = 0

    def __post_init__(self) -> None:
        digests = (self.agreement, self.grantor, self.recipient, self.holder)
        numbers = (self.not_before, self.until, self.count, self.read_budget)
        words = (*self.purposes, *self.fields)
        if not (
            all(isinstance(text, str) for text in (self.share, self.run, *digests, *words))
            and all(type(number) is int for number in numbers)
            and type(self.exportable) is bool
            and _ID.fullmatch(self.share)
            and self.scope in SCOPES
            and (_RUN.fullmatch(self.run) if self.scope == "matched" else self.run == "")
            and all(_DIGEST.fullmatch(digest) for digest in digests)
            and all(_WORD.fullmatch(word) for word in words)
            and all(0 < len(set(group)) == len(group) for group in (self.purposes, self.fields))
            and 0 <= self.not_before < self.until
            and 0 < self.count <= RECORD_LIMIT
            and self.read_budget >= 0
        ):
            raise UsageError("the terms of the share are not what they should be", "grant the share again")

    @property
    def digest(self) -> bytes:
        """SHA-256 that binds every key, ciphertext, request and lease of the share to these terms."""
        return canonical.digest(_FORMAT, canonical.encode(asdict(self)))

    def to_fields(self) -> dict[str, Any]:
        """The terms as a canonical JSON object."""
        return asdict(self) | {"purposes": list(self.purposes), "fields": list(self.fields)}

    @staticmethod
    def from_fields(value: Any) -> Terms:
        """The inverse; MalformedFile for an unknown, missing or mistyped field."""
        try:
            if set(value) != {field.name for field in fields(Terms)}:
                raise ValueError("other fields")
            lists = {name: tuple(value[name]) for name in ("purposes", "fields")}
            if not all(isinstance(value[name], list) for name in lists):
                raise ValueError("not a list")
            return Terms(**(value | lists))
        except (TypeError, ValueError, UsageError) as error:
            raise MalformedFile(
                "the terms of the share are not those of version 1", "ask for the share again"
            ) from error

    def require_open(self, now: int) -> None:
        """Return when `now` is inside the share's time; Expired from `until` on, Refused before it begins."""
        if now >= self.until:
            raise Expired("the share has ended", "agree on a new share; what has ended is not opened again")
        if now < self.not_before:
            raise Refused("the share has not begun", "wait until its first second")


@dataclass(frozen=True, slots=True)
class Record:
    """One shared account: the pair tokens (32 hex digits) that name it, and a text for every field."""

    tokens: tuple[str, ...]
    values: Mapping[str, str]


def holder_half(half: bytes, terms: bytes, number: int) -> bytes:
    """What the lease-holder sends for one read of record `number`, 32 bytes."""
    return hkdf(half, b"overlap-holder-half/1\n" + terms + number.to_bytes(8, "big"))


def record_key(recipient_half: bytes, held: bytes, terms: bytes, number: int) -> bytes:
    """The AES-256 key of record `number` from the recipient's share half and the holder's half of it."""
    place = terms + number.to_bytes(8, "big")
    own = hkdf(recipient_half, b"overlap-recipient-half/1\n" + place)
    return hkdf(own + held, b"overlap-record-key/1\n" + place)


def key_commitment(key: bytes, terms: bytes, number: int) -> bytes:
    """What the signed grant says about a record's key: GCM alone does not commit to one."""
    return canonical.digest(b"overlap-key-commitment/1\n", terms, number.to_bytes(8, "big"), key)
