"""Parcels: files that are not sealed by their own format, sealed for their way.

    overlap-parcel/1\\n
    HPKE( length of the content: 8 bytes, content, zero bytes up to a bucket )

A parcel hides its content from who carries it, and says nothing about who made it: the command that reads the
content finds out.
"""

from __future__ import annotations

from typing import Final

from cleanroom.session.post.letters import padded_size
from overlap.errors import MalformedFile
from overlap.keys import Card, PartyKeys

PARCEL_LINE: Final = b"overlap-parcel/1\n"
INFO: Final = b"overlap-parcel/1"
_LENGTH: Final = 8


def is_parcel(data: bytes) -> bool:
    """Whether these bytes begin as a parcel does; nothing that goes into one begins so."""
    return data.startswith(PARCEL_LINE)


def make_parcel(recipient: Card, content: bytes) -> bytes:
    """The content sealed to the recipient, its length rounded up to a bucket."""
    plain = len(content).to_bytes(_LENGTH, "big") + content
    return PARCEL_LINE + recipient.seal(INFO, plain.ljust(padded_size(len(plain)), b"\0"))


def open_parcel(keys: PartyKeys, data: bytes) -> bytes:
    """What is in a parcel for us. Raises MalformedFile or ForgedFile."""
    if not is_parcel(data):
        raise MalformedFile("this is not a parcel of version 1", "ask the partner to send it again")
    plain = keys.open_sealed(INFO, data[len(PARCEL_LINE) :], "the parcel")
    end = _LENGTH + int.from_bytes(plain[:_LENGTH], "big")
    if padded_size(end) != len(plain) or plain[end:].strip(b"\0"):
        raise MalformedFile("the parcel is not as long as it says", "ask the partner to send it again")
    return plain[_LENGTH:end]
