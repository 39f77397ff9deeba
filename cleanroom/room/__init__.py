"""The room: neutral ground between parties. It relays what it cannot read, holds halves, and witnesses.

gate           every request passes here: signed, not seen before, within quota; every answer is signed
registry       cards, invitations, members
relay          messages on their way
leases         halves of shares, read by read, until their end
witness        the room's log of each pair, and what the parties cosigned of it
counting       the third role of a count: lists come in, blurred numbers go out
house          all of it in one folder; serving runs it, backup saves it
signatures     signed requests and answers, the same for both sides
carrier        what takes files to others; a shared folder as one
lending        what parties ask of a room that holds halves of their shares
client         a party's side: requests to a room, and the room as a carrier

Names are loaded on first use: whoever needs no room needs none of the packages of the extra `room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.room.backup import backup_room, restore_room
    from cleanroom.room.carrier import KINDS, OPEN_KINDS, Carrier, FolderCarrier, Waiting, limit_of
    from cleanroom.room.client import RoomClient, read_room_card
    from cleanroom.room.house import create_room, invite_here, open_room, room_card
    from cleanroom.room.lending import LentShare, RoomLeases
    from cleanroom.room.pairs import pair_origin
    from cleanroom.room.piecewise import RoomCarrier
    from cleanroom.room.quotas import Quotas
    from cleanroom.room.sealed_counts import COUNT_LIMIT_BYTES, LISTS, open_result, seal_list
    from cleanroom.room.serving import Address, choose_address, serve_room
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
    "COUNT_LIMIT_BYTES",
    "KINDS",
    "LISTS",
    "NONCE_BYTES",
    "OPEN_KINDS",
    "WINDOW_SECONDS",
    "Address",
    "Carrier",
    "FolderCarrier",
    "HttpRequest",
    "LentShare",
    "Quotas",
    "RoomCarrier",
    "RoomClient",
    "RoomLeases",
    "Signer",
    "Waiting",
    "backup_room",
    "card_signer",
    "choose_address",
    "create_room",
    "invite_here",
    "limit_of",
    "member_keyid",
    "member_signer",
    "open_result",
    "open_room",
    "pair_origin",
    "read_room_card",
    "restore_room",
    "room_card",
    "seal_list",
    "serve_room",
    "sign_request",
    "verify_answer",
]

_HOMES = {
    "AHEAD_SECONDS": "signatures",
    "COUNT_LIMIT_BYTES": "sealed_counts",
    "KINDS": "carrier",
    "LISTS": "sealed_counts",
    "NONCE_BYTES": "signatures",
    "OPEN_KINDS": "carrier",
    "WINDOW_SECONDS": "signatures",
    "Address": "serving",
    "Carrier": "carrier",
    "FolderCarrier": "carrier",
    "HttpRequest": "signatures",
    "LentShare": "lending",
    "Quotas": "quotas",
    "RoomCarrier": "piecewise",
    "RoomClient": "client",
    "RoomLeases": "lending",
    "Signer": "signatures",
    "Waiting": "carrier",
    "backup_room": "backup",
    "card_signer": "signatures",
    "choose_address": "serving",
    "create_room": "house",
    "invite_here": "house",
    "limit_of": "carrier",
    "member_keyid": "signatures",
    "member_signer": "signatures",
    "open_result": "sealed_counts",
    "open_room": "house",
    "pair_origin": "pairs",
    "read_room_card": "client",
    "restore_room": "backup",
    "room_card": "house",
    "seal_list": "sealed_counts",
    "serve_room": "serving",
    "sign_request": "signatures",
    "verify_answer": "signatures",
}

__getattr__ = load_from(__name__, _HOMES)
