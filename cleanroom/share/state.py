"""What a lease-holder must remember of its shares besides the halves; the caller keeps it on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cleanroom.share.sealed import describe
from cleanroom.share.terms import Terms
from overlap import canonical
from overlap.errors import MalformedFile

STATE_LINE: Final = b"overlap-shares/1\n"

#: Why a share is closed; "" while it is open.
REASONS: Final = ("", "end", "revocation")

_HINT: Final = "restore the file from a backup"
_STATE_SHAPE: Final = {"announced": str, "peer_time": int, "position": int, "shown": str}
_SHAPE: Final = {
    "closed": int,
    "countersigned": int,
    "destroyed": int,
    "last": int,
    "read": list,
    "reason": str,
    "requests": list,
    "source": str,
    "terms": dict,
}


@dataclass(frozen=True, slots=True)
class Held:
    """One share: records read (numbers, sorted), requests answered, and how and when it ended.

    `countersigned` is when the recipient's signature of the grant was kept, `last` when the last lease was
    given, `closed` when no lease was given any more, `destroyed` when the half was; 0 while that is not so.
    `source` says what confirmed the end before the destruction: "peer", "operator", or "" for a revocation.
    """

    terms: Terms
    read: tuple[int, ...] = ()
    requests: tuple[str, ...] = ()
    reason: str = ""
    closed: int = 0
    destroyed: int = 0
    source: str = ""
    countersigned: int = 0
    last: int = 0

    @property
    def leases_left(self) -> int | None:
        """How many more leases the read budget allows; None without a budget."""
        budget = self.terms.read_budget
        return max(0, budget - len(self.requests)) if budget else None

    def with_read(self, records: tuple[int, ...], request: str, time: int) -> Held:
        """The share after one more lease at `time`."""
        read = tuple(sorted({*self.read, *records}))
        return replace(self, read=read, requests=(*self.requests, request), last=time)


@dataclass(frozen=True, slots=True)
class HolderState:
    """All shares that one party holds leases for with one peer, and the highest time the peer has signed.

    `position` is the size of the log when the last lease was given, of the share `announced`: its entry comes
    next. `shown` is the newest checkpoint of the log that the peer has shown, or "".
    """

    shares: Mapping[str, Held] = field(default_factory=dict)
    peer_time: int = 0
    position: int = 0
    announced: str = ""
    shown: str = ""

    def with_share(self, held: Held) -> HolderState:
        """The state with this share added or replaced."""
        return replace(self, shares={**self.shares, held.terms.share: held})

    def to_bytes(self) -> bytes:
        shares = [
            {
                "closed": held.closed,
                "countersigned": held.countersigned,
                "destroyed": held.destroyed,
                "last": held.last,
                "read": list(held.read),
                "reason": held.reason,
                "requests": list(held.requests),
                "source": held.source,
                "terms": held.terms.to_fields(),
            }
            for held in self.shares.values()
        ]
        rest = {name: getattr(self, name) for name in _STATE_SHAPE}
        return STATE_LINE + canonical.encode(rest | {"shares": shares}) + b"\n"

    @staticmethod
    def from_bytes(data: bytes) -> HolderState:
        """The inverse; MalformedFile for anything else."""
        what = "the record of shares"
        if not data.startswith(STATE_LINE) or not data.endswith(b"\n"):
            raise MalformedFile(f"{what} is not one of version 1", _HINT)
        value = canonical.decode(data[len(STATE_LINE) : -1], what)
        value = describe(value, _STATE_SHAPE | {"shares": list}, what)
        held = [_held(describe(item, _SHAPE, what)) for item in value["shares"]]
        rest = {name: value[name] for name in _STATE_SHAPE}
        state = HolderState({one.terms.share: one for one in held}, **rest)
        if state.to_bytes() != data or any(one.reason not in REASONS for one in held):
            raise MalformedFile(f"{what} is not in canonical form", _HINT)
        return state


def _held(value: dict[str, Any]) -> Held:
    return Held(
        Terms.from_fields(value["terms"]),
        tuple(value["read"]),
        tuple(value["requests"]),
        value["reason"],
        value["closed"],
        value["destroyed"],
        value["source"],
        value["countersigned"],
        value["last"],
    )
