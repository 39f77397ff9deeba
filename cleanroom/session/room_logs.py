"""The log that a room keeps of us and a partner, as far as it has shown it: it must go on from what we saw.

rooms/ROOM.PARTNER.log    the room's newest checkpoint of it, as a note

What we have seen we cosign, so that a room that was restored, or that forks its log, cannot give leases as if
nothing had happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleanroom.log import Checkpoint, cosign, read_checkpoint
from cleanroom.merkle import verify_consistency
from cleanroom.session.party import Party
from overlap.errors import ForgedFile, MalformedFile
from overlap.keys import Card

if TYPE_CHECKING:
    from cleanroom.room import RoomClient

_HINT = "keep what you have and tell who runs the room"


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
    known = newest_room_checkpoint(party, room, partner)
    before = _read(party, room, partner, known) if known else None
    if before is None or before.size == 0:
        note = client.ask("GET", f"/v1/logs/{peer}/checkpoint").body.decode("utf-8", errors="replace")
        newest = _read(party, room, partner, note)
    else:
        told = client.ask("GET", f"/v1/logs/{peer}/consistency?first={before.size}").json()
        try:
            note, proof = str(told["checkpoint"]), [bytes.fromhex(node) for node in told["proof"]]
        except (KeyError, TypeError, ValueError) as error:
            raise MalformedFile("the room's proof about its log cannot be read", _HINT) from error
        newest = _read(party, room, partner, note)
        if not verify_consistency(before.size, newest.size, before.root, newest.root, proof):
            raise _forked()
    party.folder.write_record({"checkpoint": note}, *_place(room, partner))
    if newest.size and note != known:
        cosigned = cosign(newest, party.keys, party.now).to_note(room, party.keys.card)
        client.ask("POST", f"/v1/logs/{peer}/cosignatures", cosigned.encode())


def _read(party: Party, room: Card, partner: str, note: str) -> Checkpoint:
    from cleanroom.room import pair_origin

    sides = party.keys.card.digest.hex(), party.card_of(partner).digest.hex()
    return read_checkpoint(note, pair_origin(room.digest.hex(), *sides), room)


def _place(room: Card, partner: str) -> tuple[str, str]:
    return "rooms", f"{room.party}.{partner}.log"


def _forked() -> ForgedFile:
    return ForgedFile("the room's log does not go on from what the room showed before", _HINT)
