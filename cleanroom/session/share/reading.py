"""Reading a share whose half a room holds: the request goes to the room, and its lease opens the share."""

from __future__ import annotations

from pathlib import Path

from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Party
from cleanroom.session.room.rooms import room_at
from cleanroom.session.share.lent_shares import lending_room
from cleanroom.session.share.sharing import OpenedShare, open_share, share_in
from cleanroom.share import REQUEST_LIMIT_BYTES
from overlap.errors import BadPeerFile, Refused


def lending_share(party: Party, source: Path) -> tuple[str, str]:
    """Id of the share in a file, and the address of the joined room that gives its leases; "" for none."""
    _, share = share_in(party, source)
    lent = share.terms.holder != share.terms.grantor
    return share.terms.share, room_at(party, share.terms.holder) if lent else ""


def read_by_room(party: Party, share: str, request: Path) -> OpenedShare:
    """Send a request to the room that holds the half of one of our shares, and open what its lease opens.

    A lease that a killed command has received is used. Raises Unreachable, and then the request is kept; a
    request that is refused is removed.
    """
    lease = party.folder.path("inbox", f"lease-{share}")
    if not lease.is_file():
        partner, held = share_in(party, party.folder.path("shares", "received", share))
        data = read_whole(request, REQUEST_LIMIT_BYTES)
        try:
            with lending_room(party, partner, held.terms.holder) as room:
                write_whole(lease, room.lease(share, data))
        except (BadPeerFile, Refused):
            request.unlink()
            raise
    opened = open_share(party, lease)
    request.unlink()
    lease.unlink()
    return opened
