"""The JSON documents of a room's API. Unknown fields are refused; digests, keys and ids are hex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cleanroom.room.carrier import KINDS

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
DigestPath = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
IdPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Role = Literal["admin", "operator", "auditor", "viewer"]
if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(KINDS)]
#: Unix seconds, or a size: below the largest whole number that every JSON reader keeps.
Whole = Annotated[int, Field(ge=0, lt=2**53)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(BaseModel):
    """Why the answer is no (RFC 9457), with the two lines that a command prints."""

    type: str
    title: str
    status: int
    what: str
    hint: str
    exit_code: int
    error: str
    time: int
    offset: int | None = None


class Health(_Model):
    """That the room answers, and its time."""

    status: Literal["ok"]
    time: int


class Invitation(_Model):
    """A card that may be registered until `expires`."""

    card: Digest
    expires: Whole


class NewMember(_Model):
    """A key (Ed25519, hex) that is to sign for the caller's party."""

    key: Digest
    role: Role


class KeyId(_Model):
    """The id of a member's key: its SHA-256."""

    keyid: Digest


class Member(_Model):
    """Who signs for the caller's party; `suspended` since a restore until an admin names the key again."""

    keyid: Digest
    key: Digest
    role: Role
    state: Literal["active", "suspended"]


class Announcement(_Model):
    """A message that is to be uploaded."""

    recipient: Digest
    kind: Kind
    size: Annotated[int, Field(ge=1, le=2**40)]
    sha256: Digest


class Upload(_Model):
    """Where to go on with the upload of a message."""

    id: str
    offset: int


class InboxMessage(_Model):
    """A message that waits for the caller."""

    id: str
    sender: Digest
    kind: Kind
    size: int
    sha256: Digest
    time: int


class ShareId(_Model):
    """The id of a deposited share."""

    id: str


class Ended(_Model):
    """The room's statements about a share that was revoked, in base 64."""

    notice: str
    attestation: str


class ShareStatus(_Model):
    """A share as its parties see it. Times are 0 while it is not so; statements are base 64."""

    share: str
    records: int
    read: int
    reason: Literal["", "end", "revocation"]
    closed: int
    destroyed: int
    until: int
    countersigned: int
    notice: str | None
    attestation: str | None


class LogEntry(_Model):
    """One line of the log, and the salt that opens what it commits to."""

    entry: str
    salt: str


class LogEntries(_Model):
    """Entries of the room's log of the caller and a peer, from number `from` on."""

    origin: str
    size: int
    start: Annotated[int, Field(alias="from")]
    entries: list[LogEntry]


class Consistency(_Model):
    """That the log, as `checkpoint` signs it, begins with its first `first` entries (RFC 9162)."""

    first: int
    size: int
    proof: list[str]
    checkpoint: str
