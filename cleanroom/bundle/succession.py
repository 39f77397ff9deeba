"""How the logs of a bundle follow each other: by what changes a card, and by what the next log begins with.

A rotation binds the new card to the old one by three signatures, so both are the same party's. A revocation
binds nothing: that the next card is the same party's was found out by phone, and the reader asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cleanroom.bundle.format import Opening
from cleanroom.log import Entry, last_checkpoint
from cleanroom.moment import moment_of
from overlap.errors import BadPeerFile, ForgedFile
from overlap.keys import ROTATION_LINE, Card, read_revocation, read_rotation


@dataclass(frozen=True)
class Before:
    """The cards of both before one of them changed; `unbound` is the one that nothing binds to the next."""

    exporter: Card
    peer: Card
    what: str
    unbound: Card | None = None

    def to_compare(self, number: int) -> dict[str, str]:
        """The fingerprint that the reader has to compare besides the present ones, if any."""
        if self.unbound is None:
            return {}
        return {f"{self.unbound.party} (revoked, old log {number})": self.unbound.fingerprint}


def cards_before(change: bytes, exporter: Card, peer: Card) -> Before:
    """The cards from which `change`, a rotation or revocation, leads to these.

    BadPeerFile when it is forged, or leads to others.
    """
    if change.startswith(ROTATION_LINE):
        rotation = read_rotation(change)
        what = f"{rotation.new.party} rotated its card on {moment_of(rotation.time)}, all signatures"
        if rotation.new == exporter:
            return Before(rotation.old, peer, what)
        if rotation.new == peer:
            return Before(exporter, rotation.old, what)
        raise ForgedFile("the rotation does not lead to the card that comes after it", "ask both for theirs")
    revocation = read_revocation(change)
    dead, time = revocation.card, moment_of(revocation.time)
    if dead.party != peer.party or dead.digest == peer.digest:
        raise ForgedFile("the revocation is not of a card before the present one", "ask both for theirs")
    what = f"{dead.party} revoked its card on {time}; compare that fingerprint too"
    return Before(exporter, dead, what, dead)


@dataclass(frozen=True)
class Ended:
    """An old log by its lines, and the statement after which the next one began."""

    lines: Sequence[bytes]
    origin: str
    owner: Card
    change: bytes


def succession_problems(ended: Ended, first: Entry | None, opening: Opening | None) -> list[str]:
    """Why the log with this first entry and its opening, proven to be in it, does not go on from `ended`."""
    if first is None or opening is None or first.kind != "rotation":
        return ["the log after it does not show from which one it goes on"]
    problems = []
    try:
        last = last_checkpoint(ended.lines, ended.origin)
        note = last.to_note(ended.owner).encode() if last else b""
        entry = Entry.from_bytes(ended.lines[-2].removesuffix(b"\n")) if last else None
    except BadPeerFile:
        return ["its last lines are not those of a log"]
    if opening.facts.get("previous") != note:
        problems.append("it does not end where the next log says: entries are missing or were added")
    if opening.facts.get("statement") != ended.change:
        problems.append("the next log began after another change of cards")
    if entry is not None and first.time < entry.time:
        problems.append("the next log began before it ended")
    return problems
