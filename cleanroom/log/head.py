"""The head of a log: where it ends. It lies beside the log and notices entries removed from the end.

A head is signed by the owner, but anybody who holds the log can make one for any beginning of it: it guards
against accidents. Against a cut on purpose stand the checkpoints that the peer holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cleanroom import merkle
from cleanroom.log.checkpoint import Checkpoint
from cleanroom.log.entry import Entry
from cleanroom.log.lines import read_checkpoint_line
from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card

HEAD_LINE: Final = b"overlap-log-head/1\n"


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: byte offset, frontier, the last entry's time, and the signed checkpoint."""

    offset: int
    frontier: merkle.Frontier
    time: int
    checkpoint: Checkpoint

    def to_bytes(self) -> bytes:
        value = {
            "offset": self.offset,
            "peaks": [peak.hex() for peak in self.frontier.peaks],
            "signature": self.checkpoint.signature.hex(),
            "size": self.frontier.size,
            "time": self.time,
        }
        return HEAD_LINE + canonical.encode(value) + b"\n"

    @staticmethod
    def from_bytes(data: bytes, origin: str, owner: Card) -> Head | None:
        """The head in a file, signed by the owner of the log `origin`; None for any other bytes."""
        try:
            if not data.startswith(HEAD_LINE) or not data.endswith(b"\n"):
                return None
            value = canonical.decode(data[len(HEAD_LINE) : -1], "the head of the log")
            head = _from_fields(value, origin)
            if head.to_bytes() != data:
                return None
            head.checkpoint.verify(owner)
        except (MalformedFile, ForgedFile, KeyError, TypeError, ValueError):
            return None
        return head

    def ends(self, last: list[bytes]) -> bool:
        """Whether the last two lines of a log are the entry and checkpoint that this head is about."""
        if self.frontier.size == 0 or len(last) < 2:
            return self.frontier.size == 0 and not last
        try:
            entry = Entry.from_bytes(last[0][:-1])
            below = read_checkpoint_line(last[1], self.checkpoint.origin)
        except MalformedFile:
            return False
        same_leaf = below.leaf == merkle.leaf_hash(last[0][:-1])
        return same_leaf and below.checkpoint == self.checkpoint and entry.time == self.time


def _from_fields(value: Any, origin: str) -> Head:
    frontier = merkle.Frontier(value["size"], tuple(bytes.fromhex(peak) for peak in value["peaks"]))
    if not all(type(value[name]) is int and value[name] >= 0 for name in ("offset", "size", "time")):
        raise ValueError("a head holds counts")
    checkpoint = Checkpoint(origin, frontier.size, frontier.root(), bytes.fromhex(value["signature"]))
    return Head(value["offset"], frontier, value["time"], checkpoint)
