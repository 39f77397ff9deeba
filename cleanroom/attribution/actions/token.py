"""Referral tokens: what a partner hands to a buyer, and the vendor redeems without a portal.

    overlap-referral/1 LF  canonical JSON LF  signature: base64 LF

The vendor signs for the purpose "referral token". A token names no account: whoever redeems it says which
one, and the day of redemption is the date of the action. The vendor's folder knows how often it was redeemed.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass
from typing import Final

from cleanroom.attribution.actions.menu import plain_type
from overlap import canonical
from overlap.errors import ForgedFile, MalformedFile, UsageError
from overlap.keys import Card, PartyKeys, RandomBytes

TOKEN_LINE: Final = b"overlap-referral/1\n"
PURPOSE: Final = b"referral token"

#: Bytes; a token is a few hundred.
TOKEN_LIMIT_BYTES: Final = 4096

#: Uses of one token; more is a campaign.
USES_LIMIT: Final = 10_000

_ID: Final = re.compile("[0-9a-f]{32}")
_HINT: Final = "ask for the token again, as 'overlap actions token make' wrote it"


@dataclass(frozen=True, slots=True)
class Token:
    """A referral by `partner`, good from `made` up to but excluding `until` (unix seconds), `uses` times.

    `vendor` is the digest (hex) of the card that signed, `type` a type of class origin.
    """

    id: str
    vendor: str
    partner: str
    type: str
    made: int
    until: int
    uses: int


def make_token(
    keys: PartyKeys, partner: str, kind: str, made: int, until: int, uses: int, random: RandomBytes
) -> tuple[Token, bytes]:
    """A new token and its bytes; UsageError for an end that is past or a number of uses below 1."""
    if until <= made:
        raise UsageError("the token would have ended before it begins", "give a later --until")
    if not 1 <= uses <= USES_LIMIT:
        raise UsageError(f"a token is good for 1 to {USES_LIMIT:,} uses", "give another --uses")
    if not partner.strip() or len(partner) > 200:
        raise UsageError("a token names its partner", "give --partner")
    token = Token(random(16).hex(), keys.card.digest.hex(), partner, plain_type(kind), made, until, uses)
    body = TOKEN_LINE + canonical.encode(asdict(token)) + b"\n"
    signature = keys.sign("signing", PURPOSE, body)
    return token, body + base64.b64encode(signature) + b"\n"


def read_token(data: bytes, cards: tuple[Card, ...]) -> Token:
    """The token in `data`, signed by one of our own `cards`, present or past.

    Raises MalformedFile for any other form, ForgedFile for another signer or a false signature. Whether it
    has ended or is used up is not looked at.
    """
    if len(data) > TOKEN_LIMIT_BYTES or not data.startswith(TOKEN_LINE):
        raise MalformedFile("this is not a referral token of version 1", _HINT)
    lines = data.split(b"\n")
    if len(lines) != 4 or lines[3]:
        raise MalformedFile("the referral token is not as long as it should be", _HINT)
    value = canonical.decode(lines[1], "the referral token")
    token = _token(value)
    try:
        signature = base64.b64decode(lines[2], validate=True)
    except binascii.Error as error:
        raise MalformedFile("the signature of the referral token is not base 64", _HINT) from error
    if base64.b64encode(signature) != lines[2]:
        raise MalformedFile("the signature of the referral token is not canonical", _HINT)
    card = next((one for one in cards if one.digest.hex() == token.vendor), None)
    if card is None:
        raise ForgedFile("the referral token was not made by us", "redeem it where it was made")
    card.verify("signing", PURPOSE, TOKEN_LINE + lines[1] + b"\n", signature, "the referral token")
    return token


def _token(value: object) -> Token:
    try:
        assert isinstance(value, dict)
        token = Token(**value)
        numbers = all(type(one) is int for one in (token.made, token.until, token.uses))
        words = all(isinstance(one, str) for one in (token.id, token.vendor, token.partner, token.type))
        if not numbers or not words or not _ID.fullmatch(token.id) or token.uses < 1:
            raise ValueError("a field has another form")
    except (AssertionError, TypeError, ValueError) as error:
        raise MalformedFile("the referral token does not have the fields of version 1", _HINT) from error
    return token
