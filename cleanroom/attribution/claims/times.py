"""When an epoch of a claims log was there at the latest: by witnesses, a countersignature, a token, a
receipt.

Each kind is enough alone: m of the witnesses that both named (the m-th smallest time, safe while fewer than
m of them collude), the judging party's own cosignature, a token of the agreed time authority, or the
receipt in the judging party's own log. A later checkpoint covers every earlier epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cleanroom.attribution.claims.history import owner_key, read_head
from cleanroom.log import Note, NoteKey
from overlap.errors import BadPeerFile
from overlap.keys import Card, verify_timestamp

__all__ = ["TIME_KINDS", "Clocks", "Proven", "Stamped", "TimeFault", "epoch_times", "stamped_text"]

#: How a time is proven; the first two of three kinds make a claim `witnessed`, a receipt makes it `logged`.
TIME_KINDS: Final = ("witnesses", "countersignature", "token", "receipt")


class TimeFault(Exception):
    """Times that cannot be; the argument is a code of FAILURES."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """Whose clocks the judging party believes. `own` are its own keys as a witness, present and earlier."""

    own: tuple[NoteKey, ...] = ()
    witnesses: tuple[NoteKey, ...] = ()
    needed: int = 0
    authority: str = ""
    counts_from: int = 0


@dataclass(frozen=True, slots=True)
class Stamped:
    """A checkpoint with the cosignatures that came in, and the reply of a time authority or b""."""

    note: Note
    token: bytes = b""


@dataclass(frozen=True, slots=True, order=True)
class Proven:
    """At `time` (unix seconds) at the latest; `kind` is one of TIME_KINDS."""

    time: int
    kind: str

    @property
    def witnessed(self) -> bool:
        """Whether more than our own records say so."""
        return self.kind != "receipt"


def stamped_text(note: Note) -> bytes:
    """What a time authority signs: the checkpoint with its owner's signature, before any cosignature."""
    return Note(note.text, note.signatures[:1]).to_text().encode()


def epoch_times(
    checkpoints: Sequence[Stamped], receipts: Mapping[int, int], clocks: Clocks, epochs: Iterable[int]
) -> dict[int, Proven]:
    """For each of `epochs` that has one, the earliest proven time.

    `checkpoints` rise in size and are signed by the log's owner; `receipts` maps an epoch to the second at
    which our own log recorded it. Raises TimeFault with a code.
    """
    said = _said(checkpoints, clocks)
    found = [(epoch, Proven(second, "receipt")) for epoch, second in receipts.items()]
    for number, one in enumerate(checkpoints):
        size = read_head(one.note)[1]
        found += [(size, proven) for proven in _of(one, {key: said[key][number] for key in said}, clocks)]
    times: dict[int, Proven] = {}
    for epoch in epochs:
        covering = [proven for size, proven in found if size >= epoch]
        if covering:
            first = min(covering)
            times[epoch] = Proven(max(first.time, clocks.counts_from), first.kind)
    return times


def signed_by_owner(note: Note, origin: str, cards: Sequence[Card]) -> Card | None:
    """The card of the owner that signed this checkpoint, if any; ForgedFile when a signature is false."""
    for card in cards:
        if note.signed_by(owner_key(origin, card)) is not None:
            return card
    return None


def _said(checkpoints: Sequence[Stamped], clocks: Clocks) -> dict[NoteKey, list[int | None]]:
    """The time that each key states for each checkpoint; nobody says a later time for a shorter log."""
    said: dict[NoteKey, list[int | None]] = {}
    for key in {*clocks.witnesses, *clocks.own}:
        try:
            said[key] = [one.note.signed_by(key) for one in checkpoints]
        except BadPeerFile as error:
            raise TimeFault("cosignature-altered") from error
        times = [time for time in said[key] if time is not None]
        if times != sorted(times):
            raise TimeFault("time-goes-back")
    return said


def _of(one: Stamped, said: Mapping[NoteKey, int | None], clocks: Clocks) -> list[Proven]:
    """What one checkpoint proves, given the time that each key states below it."""
    known = sorted(time for key in clocks.witnesses if (time := said[key]) is not None)
    ours = [time for key in clocks.own if (time := said[key]) is not None]
    found = [Proven(min(ours), "countersignature")] if ours else []
    if clocks.needed and len(known) >= clocks.needed:
        found.append(Proven(known[clocks.needed - 1], "witnesses"))
    if one.token and clocks.authority:
        try:
            found.append(
                Proven(verify_timestamp(one.token, stamped_text(one.note), clocks.authority), "token")
            )
        except BadPeerFile as error:
            raise TimeFault("token-altered") from error
    return found
