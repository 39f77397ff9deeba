"""Noticing that what a lease-holder remembers, its log or its vault came back from an old copy.

Three things must agree before anything is leased: the record of shares, the log, and the mark beside the half
in the vault, each at least as new as the others say. That finds an old copy of any one or two of them; the
peer's newest checkpoint, signed with its request, finds an old copy of all three.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from cleanroom.log import Checkpoint, Entry, Facts, commitment, read_checkpoint
from cleanroom.share.state import HolderState
from overlap.errors import BadInput, Refused
from overlap.keys import KEY_BYTES, Card, RandomBytes

_ENDS: Final = ("destruction", "expiry", "revocation")
_MARK_BYTES: Final = 8
_HINT: Final = "restore the newest copy, or revoke the shares and grant them again"


class HolderLog(Protocol):
    """The log in which a lease-holder writes what it does with one pair of parties; `Log` is one."""

    origin: str

    @property
    def last_time(self) -> int: ...

    def head(self) -> Checkpoint: ...

    def append(self, kind: str, facts: Facts, now: int, random: RandomBytes) -> Entry: ...

    def entries(self, first: int = 0) -> Iterator[Entry]: ...

    def salt(self, sequence: int) -> bytes: ...

    def require_contains(self, checkpoint: Checkpoint) -> None: ...


def secret_of(half: bytes, position: int) -> bytes:
    """What the vault keeps of a share: its half, and the size of the log after its last lease or its end."""
    return half + position.to_bytes(_MARK_BYTES, "big")


def read_secret(secret: bytes) -> tuple[bytes, int]:
    """Half and mark; BadInput for anything else."""
    if len(secret) != KEY_BYTES + _MARK_BYTES:
        raise BadInput("the half of a share in the vault is not what it should be", "grant the share again")
    return secret[:KEY_BYTES], int.from_bytes(secret[KEY_BYTES:], "big")


def require_newest(log: HolderLog, state: HolderState, mark: int) -> None:
    """Return when log, state and the `mark` in the vault agree; Refused when one is older than another."""
    if log.head().size < max(mark, state.position):
        raise Refused("our log is older than the last read or end: it was restored", _HINT)
    if mark > state.position + 1:
        raise Refused("our record of shares is older than the last read or end: it was restored", _HINT)
    leases = 0
    for entry in log.entries(state.position):
        share = _share_of(log, entry, state) if entry.kind in (*_ENDS, "lease") else ""
        leases += entry.kind == "lease"
        unknown = entry.kind == "lease" and (leases > 1 or not share or share != state.announced)
        if unknown or (share and entry.kind in _ENDS and not state.shares[share].reason):
            raise Refused("our record of shares is older than our log: it was restored", _HINT)


def newest_shown(log: HolderLog, owner: Card, before: str, now: str) -> str:
    """The newer of the checkpoints that the peer shows `now` and has shown `before`, both in the log; or "".

    Raises Refused when it does not, or when a peer that has shown one shows none any more.
    """
    if before and not now:
        raise Refused(
            "the request has no checkpoint of our log, although an earlier one had",
            "ask the partner for a request made in its newest folder",
        )
    shown = {note: read_checkpoint(note, log.origin, owner) for note in (before, now) if note}
    for checkpoint in shown.values():
        log.require_contains(checkpoint)
    return max(shown, key=lambda note: shown[note].size, default="")


def _share_of(log: HolderLog, entry: Entry, state: HolderState) -> str:
    """Which of the shares an entry is about, by opening its digest; "" when about none of them."""
    salt = log.salt(entry.sequence)
    for share in state.shares:
        if commitment(salt, "share", bytes.fromhex(share)).hex() == entry.digests.get("share"):
            return share
    return ""
