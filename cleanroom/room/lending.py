"""A room as lease-holder, seen from its parties: what they ask of it about a share.

Statements are given out as they came; whoever uses them checks the room's signature below them.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from typing import Any

from cleanroom.room.client import RoomClient
from overlap.errors import MalformedFile, WrongRun

_REASONS = ("", "end", "revocation")
_NUMBERS = ("records", "read", "closed", "destroyed", "until", "countersigned")


@dataclass(frozen=True)
class LentShare:
    """How a share stands, by the room's word. Times are unix seconds, 0 for what has not happened.

    `notice` and `attestation` are signed statements, b"" while there are none.
    """

    records: int
    read: int
    reason: str
    closed: int
    destroyed: int
    until: int
    countersigned: int
    notice: bytes
    attestation: bytes


class RoomLeases:
    """The shares whose halves lie in one room."""

    def __init__(self, client: RoomClient) -> None:
        self._client = client

    def deposit(self, share: str, data: bytes) -> None:
        """Give the room the half of a new share; the same deposit again changes nothing."""
        told = self._client.ask("POST", "/v1/shares", data, _OCTETS).json()
        if not isinstance(told, dict) or told.get("id") != share:
            raise WrongRun("the room took another share over than the one granted", "grant the share again")

    def lease(self, share: str, request: bytes) -> bytes:
        """The lease that answers a request; Refused, Expired or BadPeerFile as the room says."""
        return self._client.ask("POST", f"/v1/shares/{share}/leases", request, _OCTETS).body

    def revoke(self, share: str) -> LentShare:
        """End a share at once, and how it stands then."""
        self._client.ask("POST", f"/v1/shares/{share}/revocation")
        return self.stands(share)

    def stands(self, share: str) -> LentShare:
        """How a share stands."""
        told = self._client.ask("GET", f"/v1/shares/{share}").json()
        good = isinstance(told, dict) and told.get("share") == share and told.get("reason") in _REASONS
        if not good or any(type(told.get(name)) is not int or told[name] < 0 for name in _NUMBERS):
            raise MalformedFile("what the room says of a share is not what it should be", "tell its operator")
        numbers = {name: told[name] for name in _NUMBERS}
        return LentShare(
            **numbers,
            reason=told["reason"],
            notice=_statement(told.get("notice")),
            attestation=_statement(told.get("attestation")),
        )


_OCTETS = {"Content-Type": "application/octet-stream"}


def _statement(text: Any) -> bytes:
    if text is None:
        return b""
    try:
        return b64decode(text, validate=True)
    except (Error, TypeError, ValueError) as error:
        raise MalformedFile("a statement of the room cannot be read", "tell its operator") from error
