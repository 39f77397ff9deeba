"""The log that a room keeps of us and a partner, as far as it has shown it: it must go on from what we saw.

rooms/ROOM.PARTNER.log    the room's newest checkpoint of it, as a note
rooms/ROOM.PARTNER.theirs the newest that the room has shown to the partner, from its letters

What we have seen we cosign, so that a room that was restored cannot give leases as if nothing had happened.
A room that shows each party a log of its own is found out by the letters: what it has shown to the partner
must be a part of what it shows to us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cleanroom.log import Checkpoint, cosign, read_checkpoint
from cleanroom.merkle import verify_consistency
from cleanroom.session.party import Party
from cleanroom.session.room.rooms import room_cards
from overlap.errors import BadPeerFile, ForgedFile, MalformedFile
from overlap.keys import Card

if TYPE_CHECKING:
    from cleanroom.room import RoomClient

_HINT = "keep what you have and tell who runs the room"

#: How often two proofs are asked for while the log of a busy pair grows between them.
_ATTEMPTS: Final = 5


def newest_room_checkpoint(party: Party, room: Card, partner: str) -> str:
    """The room's newest checkpoint of its log of us and the partner, as a note; "" before it showed one."""
    place = _place(room, partner)
    return str(party.folder.read_record(*place)["checkpoint"]) if party.folder.path(*place).is_file() else ""


def keep_room_checkpoint(party: Party, room: Card, partner: str, note: str) -> None:
    """Keep a checkpoint that came with a lease. ForgedFile when it is of another log than those before."""
    newest = _read(party, room, partner, note)
    if known := newest_room_checkpoint(party, room, partner):
        before = _read(party, room, partner, known)
        if newest.size == before.size and newest.root != before.root:
            raise _forked()
        if newest.size <= before.size:
            return
    party.folder.write_record({"checkpoint": note}, *_place(room, partner))


def watch_room_log(party: Party, client: RoomClient, room: Card, partner: str) -> None:
    """Have the room prove that its log goes on from what it showed before; keep and cosign where it is now.

    Raises ForgedFile when it does not.
    """
    peer = party.card_of(partner).digest.hex()
    _require_no_fork(party, client, room, partner)
    known = newest_room_checkpoint(party, room, partner)
    before = _read(party, room, partner, known) if known else None
    if before is None or before.size == 0:
        note = client.ask("GET", f"/v1/logs/{peer}/checkpoint").body.decode("utf-8", errors="replace")
        newest = _read(party, room, partner, note)
    else:
        newest, note = _proven(party, client, room, partner, before)
    party.folder.write_record({"checkpoint": note}, *_place(room, partner))
    if newest.size and note != known:
        cosigned = cosign(newest, party.keys, party.now).to_note(room, party.keys.card)
        client.ask("POST", f"/v1/logs/{peer}/cosignatures", cosigned.encode())


def room_notes(party: Party, partner: str) -> list[str]:
    """What rooms have shown us of their logs of us and the partner, for a letter to it."""
    notes = [newest_room_checkpoint(party, room, partner) for room in room_cards(party)]
    return [note for note in notes if note]


def take_room_notes(party: Party, partner: str, notes: list[Any]) -> list[str]:
    """Keep what rooms of ours have shown to the partner, by its letter; a line for each log that forked.

    A note that none of our rooms has signed says nothing, so that nobody can accuse a room.
    """
    lines = []
    for room in room_cards(party):
        for note in notes:
            try:
                theirs = _read(party, room, partner, note if isinstance(note, str) else "")
            except BadPeerFile:
                continue
            kept, ours = _theirs(party, room, partner), newest_room_checkpoint(party, room, partner)
            known = [kept, _read(party, room, partner, ours) if ours else None]
            forked = any(one and one.size == theirs.size and one.root != theirs.root for one in known)
            if forked:
                party.note(partner, "checkpoint", refused=1, shown=str(note).encode())
                lines.append(f"the room {room.party} shows its log of us two in two histories: {_HINT}")
            if forked or kept is None or theirs.size > kept.size:
                party.folder.write_record({"checkpoint": note}, *_place_of_theirs(room, partner))
    return lines


def _require_no_fork(party: Party, client: RoomClient, room: Card, partner: str) -> None:
    """ForgedFile unless what the room showed the partner and what it showed us are parts of one log."""
    theirs, known = _theirs(party, room, partner), newest_room_checkpoint(party, room, partner)
    if theirs is None or not theirs.size or not known:
        return
    ours = _read(party, room, partner, known)
    for _ in range(_ATTEMPTS if ours.size else 0):
        # Two proofs to one root; the log may grow between them.
        one, _note = _proven(party, client, room, partner, theirs)
        other, _note = _proven(party, client, room, partner, ours)
        if (one.size, one.root) == (other.size, other.root):
            return
    if ours.size:
        raise _forked()


def _proven(
    party: Party, client: RoomClient, room: Card, partner: str, before: Checkpoint
) -> tuple[Checkpoint, str]:
    """The room's newest checkpoint, and its note, once the room has proven that it goes on from `before`."""
    peer = party.card_of(partner).digest.hex()
    told = client.ask("GET", f"/v1/logs/{peer}/consistency?first={before.size}").json()
    try:
        note, proof = str(told["checkpoint"]), [bytes.fromhex(node) for node in told["proof"]]
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedFile("the room's proof about its log cannot be read", _HINT) from error
    newest = _read(party, room, partner, note)
    if not verify_consistency(before.size, newest.size, before.root, newest.root, proof):
        raise _forked()
    return newest, note


def _theirs(party: Party, room: Card, partner: str) -> Checkpoint | None:
    place = _place_of_theirs(room, partner)
    if not party.folder.path(*place).is_file():
        return None
    return _read(party, room, partner, str(party.folder.read_record(*place)["checkpoint"]))


def _read(party: Party, room: Card, partner: str, note: str) -> Checkpoint:
    from cleanroom.room import pair_origin

    sides = party.keys.card.digest.hex(), party.card_of(partner).digest.hex()
    return read_checkpoint(note, pair_origin(room.digest.hex(), *sides), room)


def _place(room: Card, partner: str) -> tuple[str, str]:
    return "rooms", f"{room.party}.{partner}.log"


def _place_of_theirs(room: Card, partner: str) -> tuple[str, str]:
    return "rooms", f"{room.party}.{partner}.theirs"


def _forked() -> ForgedFile:
    return ForgedFile("the room's log does not go on from what the room showed before", _HINT)
