"""A deposit: the half of a new share and its signed grant, given to a room that will hold the leases.

Sealed to the room and signed by the grantor. The room learns the terms and the digests in the grant; the half
opens nothing without the recipient's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from cleanroom.share.grant import MadeShare, read_grant
from cleanroom.share.sealed import SealedFormat, describe, open_file, seal_file
from cleanroom.share.terms import Terms
from overlap import canonical
from overlap.errors import MalformedFile, UsageError, WrongRun
from overlap.keys import KEY_BYTES, Card, PartyKeys

#: The statement of the largest grant with its padding.
DEPOSIT_LIMIT_BYTES: Final = 80 * 2**20

DEPOSIT_FORMAT: Final = SealedFormat(b"overlap-deposit/1\n", frozenset(), DEPOSIT_LIMIT_BYTES, "the deposit")

_PURPOSE: Final = b"deposit"
_SIGNATURE_BYTES: Final = 64
_HINT: Final = "grant the share again"
_SHAPE: Final = {"half": str, "room": str, "statement": int}
_HALF = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")


@dataclass(frozen=True)
class Deposit:
    """What a room takes over: terms and half of a share, and the grant that the grantor has signed."""

    terms: Terms
    half: bytes = field(repr=False)
    statement: bytes = field(repr=False)


def make_deposit(made: MadeShare, keys: PartyKeys, room: Card) -> bytes:
    """The half of `made` sealed to `room`; UsageError when its terms name another grantor or holder."""
    if (made.terms.grantor, made.terms.holder) != (keys.card.digest.hex(), room.digest.hex()):
        raise UsageError("the terms name another lease-holder", _HINT)
    head = {"half": made.half.hex(), "room": room.digest.hex(), "statement": len(made.statement)}
    document = canonical.encode(head) + b"\n" + made.statement
    body = keys.sign("signing", _PURPOSE, document) + document
    return seal_file(DEPOSIT_FORMAT, {}, body, room.sealing)


def read_deposit(data: bytes, keys: PartyKeys, grantor: Card) -> Deposit:
    """The deposit in a file sealed to `keys`, the room's, and signed by `grantor`.

    Raises MalformedFile, ForgedFile, or WrongRun when it is of another grantor or for another holder.
    """
    body = open_file(DEPOSIT_FORMAT, data, keys)
    signature, document = body[:_SIGNATURE_BYTES], body[_SIGNATURE_BYTES:]
    grantor.verify("signing", _PURPOSE, document, signature, "the deposit")
    head, _, statement = document.partition(b"\n")
    value = describe(canonical.decode(head, "the deposit"), _SHAPE, "the deposit")
    if not _HALF.fullmatch(value["half"]) or value["statement"] != len(statement):
        raise MalformedFile("the half or the grant of the deposit is not what it should be", _HINT)
    terms, _ = read_grant(statement, grantor)
    own = keys.card.digest.hex()
    if (terms.grantor, terms.holder, value["room"]) != (grantor.digest.hex(), own, own):
        raise WrongRun("the deposit is of another party or for another holder", _HINT)
    return Deposit(terms, bytes.fromhex(value["half"]), statement)
