"""The room: neutral ground between parties. It relays what it cannot read, holds halves, and witnesses.

signatures   signed requests and answers, the same for both sides

Names are loaded on first use: whoever needs no room needs none of the packages of the extra `room`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from overlap.lazy import load_from

if TYPE_CHECKING:
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
    "NONCE_BYTES",
    "WINDOW_SECONDS",
    "HttpRequest",
    "Signer",
    "card_signer",
    "member_keyid",
    "member_signer",
    "sign_request",
    "verify_answer",
]

_HOMES = dict.fromkeys(
    (
        "AHEAD_SECONDS",
        "NONCE_BYTES",
        "WINDOW_SECONDS",
        "HttpRequest",
        "Signer",
        "card_signer",
        "member_keyid",
        "member_signer",
        "sign_request",
        "verify_answer",
    ),
    "signatures",
)

__getattr__ = load_from(__name__, _HOMES)
