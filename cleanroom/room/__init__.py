"""The room: neutral ground between parties. It relays what it cannot read, holds halves, and witnesses.

gate           every request passes here: signed, not seen before, within quota; every answer is signed
registry       cards, invitations, members
relay          messages on their way
leases         halves of shares, read by read, until their end
witness        the room's log of each pair, and what the parties cosigned of it
counting       the third role of a count: lists come in, blurred numbers go out
house          all of it in one folder; serving runs it, backup saves it
signatures     signed requests and answers, the same for both sides

Names are loaded on first use: whoever needs no room needs none of the packages of the extra `room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
    from cleanroom.room.backup import backup_room, restore_room
    from cleanroom.room.house import create_room, invite_here, open_room, room_card
    from cleanroom.room.pairs import pair_origin
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
    "LISTS",
    "NONCE_BYTES",
    "WINDOW_SECONDS",
    "Address",
    "HttpRequest",
    "Quotas",
    "Signer",
    "backup_room",
    "card_signer",
    "choose_address",
    "create_room",
    "invite_here",
    "member_keyid",
    "member_signer",
    "open_result",
    "open_room",
    "pair_origin",
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
    "LISTS": "sealed_counts",
    "NONCE_BYTES": "signatures",
    "WINDOW_SECONDS": "signatures",
    "Address": "serving",
    "HttpRequest": "signatures",
    "Quotas": "quotas",
    "Signer": "signatures",
    "backup_room": "backup",
    "card_signer": "signatures",
    "choose_address": "serving",
    "create_room": "house",
    "invite_here": "house",
    "member_keyid": "signatures",
    "member_signer": "signatures",
    "open_result": "sealed_counts",
    "open_room": "house",
    "pair_origin": "pairs",
    "restore_room": "backup",
    "room_card": "house",
    "seal_list": "sealed_counts",
    "serve_room": "serving",
    "sign_request": "signatures",
    "verify_answer": "signatures",
}

__getattr__ = load_from(__name__, _HOMES)
