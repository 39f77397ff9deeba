"""The room: neutral ground between parties. It relays what it cannot read, holds halves, and witnesses.

carrier      what takes files to others; a shared folder
client       signed requests to a room, and the room as a carrier
signatures   signed requests and answers, the same for both sides

Names are loaded on first use: whoever needs no room needs none of the packages of the extra `room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.room.carrier import KINDS, OPEN_KINDS, Carrier, FolderCarrier, Waiting, limit_of
    from cleanroom.room.client import RoomCarrier, RoomClient, read_room_card
    from cleanroom.room.signatures import (
        AHEAD_SECONDS,
        NONCE_BYTES,
        WINDOW_SECONDS,
        HttpRequest,
        Signer,
        card_signer,
        member_keyid,
        member_signer,
        sign_request,
        verify_answer,
    )

__all__ = [
    "AHEAD_SECONDS",
    "KINDS",
    "NONCE_BYTES",
    "OPEN_KINDS",
    "WINDOW_SECONDS",
    "Carrier",
    "FolderCarrier",
    "HttpRequest",
    "RoomCarrier",
    "RoomClient",
    "Signer",
    "Waiting",
    "card_signer",
    "limit_of",
    "member_keyid",
    "member_signer",
    "read_room_card",
    "sign_request",
    "verify_answer",
]

_HOMES = {
    "KINDS": "carrier",
    "NONCE_BYTES": "signatures",
    "OPEN_KINDS": "carrier",
    "AHEAD_SECONDS": "signatures",
    "WINDOW_SECONDS": "signatures",
    "Carrier": "carrier",
    "FolderCarrier": "carrier",
    "HttpRequest": "signatures",
    "RoomCarrier": "client",
    "RoomClient": "client",
    "Signer": "signatures",
    "Waiting": "carrier",
    "card_signer": "signatures",
    "limit_of": "carrier",
    "member_keyid": "signatures",
    "member_signer": "signatures",
    "read_room_card": "client",
    "sign_request": "signatures",
    "verify_answer": "signatures",
}

__getattr__ = load_from(__name__, _HOMES)
