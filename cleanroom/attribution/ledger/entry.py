"""The money ledger: append-only lines, each with the digest of the one before, so that nothing is slipped in.

    overlap-ledger/1 LF
    {"body":{…},"kind":"close","prev":"…","sequence":0,"time":1795341600} LF

Canonical JSON; `prev` is SHA-256 over the line before without its line feed, of the first entry over the
first line. The digest of the last line is the head: who keeps it notices any change of what came before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from overlap import canonical
from overlap.errors import BadInput, MalformedFile

__all__ = ["ENTRY_KINDS", "LEDGER_LINE", "Entry", "head_of", "make_entry", "read_ledger"]

LEDGER_LINE: Final = b"overlap-ledger/1"

ENTRY_KINDS: Final = (
    "approver",
    "close",
    "confirmation",
    "decision",
    "dispute",
    "events",
    "override",
    "payment",
    "plan",
    "run",
)

_FIELDS: Final = {"body", "kind", "prev", "sequence", "time"}
_HINT: Final = "restore the ledger from a backup; 'overlap pay replay' says where it broke"


@dataclass(frozen=True)
class Entry:
    """One entry: what happened (`kind`, `body`) at `time` (unix seconds); `digest` (hex) is of its line."""

    sequence: int
    time: int
    kind: str
    body: Mapping[str, Any]
    prev: str
    digest: str
    line: bytes


def make_entry(head: str, sequence: int, time: int, kind: str, body: Mapping[str, Any]) -> Entry:
    """The entry that follows `head`. Texts, whole numbers, lists and objects; floats are refused."""
    assert kind in ENTRY_KINDS
    fields = {"body": dict(body), "kind": kind, "prev": head, "sequence": sequence, "time": time}
    line = canonical.encode(fields)
    return Entry(sequence, time, kind, body, head, hashlib.sha256(line).hexdigest(), line)


def head_of(entries: Sequence[Entry]) -> str:
    """The digest of the last entry, hex; of an empty ledger that of its first line."""
    return entries[-1].digest if entries else hashlib.sha256(LEDGER_LINE).hexdigest()


def read_ledger(data: bytes) -> list[Entry]:
    """The entries of a ledger file, each chained to the one before; BadInput, naming the line, otherwise."""
    lines = data.split(b"\n")
    if lines[0] != LEDGER_LINE or lines[-1] != b"":
        raise BadInput("the money ledger is cut short or of another version", _HINT)
    entries: list[Entry] = []
    head, last = head_of(()), 0
    for number, line in enumerate(lines[1:-1], start=2):
        try:
            value = canonical.decode(line, "the entry")
        except MalformedFile as error:
            raise _broken(number) from error
        if not isinstance(value, dict) or set(value) != _FIELDS or not isinstance(value["body"], dict):
            raise _broken(number)
        times = type(value["time"]) is int and value["time"] >= last
        chained = value["prev"] == head and value["sequence"] == len(entries)
        if not (times and chained and value["kind"] in ENTRY_KINDS):
            raise _broken(number)
        head, last = hashlib.sha256(line).hexdigest(), value["time"]
        entries.append(
            Entry(value["sequence"], last, value["kind"], value["body"], value["prev"], head, line)
        )
    return entries


def _broken(number: int) -> BadInput:
    return BadInput(f"the money ledger was altered at line {number}", _HINT)
