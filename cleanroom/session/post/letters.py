"""Letters: what one party tells the other outside a run, signed, padded and sealed.

    overlap-letter/1\\n
    HPKE( header: canonical JSON \\n, body, signature: 64 bytes, zero bytes up to a bucket )

The header names kind, sender, recipient, time and the length of the body, shows the sender's log by its
newest checkpoint, and brings the newest checkpoint of the recipient's log that the sender has cosigned. The
signature is over header and body. Sizes are rounded up to one of a few buckets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from cleanroom.session.audit.witnessing import keep_own_cosigned
from cleanroom.session.match.frames import checkpoint_for, keep_peer_checkpoint, peer_record
from cleanroom.session.party import Party
from overlap import canonical
from overlap.errors import MalformedFile, WrongRun
from overlap.keys import Card

LETTER_LINE: Final = b"overlap-letter/1\n"
INFO: Final = b"overlap-letter/1"
PURPOSE: Final = b"letter"
KINDS: Final = (
    "commitment",
    "claims",
    "revocation",
    "review",
    "preparation",
    "update",
    "checkpoint",
    "forget",
)

#: Bytes of a letter: the proofs of some 200,000 claims.
LETTER_LIMIT: Final = 2**29
#: Bytes of the smallest letter inside its seal; larger ones are padded to a multiple of an eighth.
LEAST: Final = 8192
_SIGNATURE = 64
_FIELDS = {"body_length", "checkpoint", "cosigned", "kind", "recipient", "sender", "time"}


@dataclass(frozen=True)
class Letter:
    """A letter as read: who sent it, when (unix seconds by the sender's clock), and what it holds.

    `checkpoint` is the note of the sender's log, checked.
    """

    partner: str
    kind: str
    time: int
    body: bytes
    checkpoint: str = ""


def padded_size(length: int) -> int:
    """The bucket for `length` bytes: powers of two cut into eighths, so that at most 12.5 % is padding."""
    if length <= LEAST:
        return LEAST
    step = 1 << max(0, (length - 1).bit_length() - 4)
    return -(-length // step) * step


def write_letter(party: Party, partner: str, kind: str, body: bytes) -> bytes:
    """A letter of `kind` to a verified partner."""
    assert kind in KINDS
    card = party.verified_card_of(partner)
    header = {
        "kind": kind,
        "sender": party.keys.card.digest.hex(),
        "recipient": card.digest.hex(),
        "time": party.now,
        "body_length": len(body),
        "checkpoint": checkpoint_for(party, partner),
        "cosigned": peer_record(party, partner)["cosigned"],
    }
    signed = canonical.encode(header) + b"\n" + body
    plaintext = signed + party.keys.sign("signing", PURPOSE, signed)
    return LETTER_LINE + card.seal(INFO, plaintext.ljust(padded_size(len(plaintext)), b"\0"))


def read_letter(party: Party, data: bytes) -> Letter:
    """The letter in `data`, from a verified partner to us.

    Raises MalformedFile, ForgedFile, WrongRun for another recipient, and Unverified; ForgedFile also when its
    log is not the one that it showed before, Refused when ours is not the one that it has cosigned.
    """
    if not data.startswith(LETTER_LINE) or len(data) > LETTER_LIMIT:
        raise MalformedFile(
            "this is not a letter of version 1",
            "see what it is with 'overlap inspect', or ask for the file again",
        )
    plaintext = party.keys.open_sealed(INFO, data[len(LETTER_LINE) :], "the letter")
    line, _, rest = plaintext.partition(b"\n")
    header = _header(line)
    end = len(line) + 1 + header["body_length"]
    if padded_size(end + _SIGNATURE) != len(plaintext) or plaintext[end + _SIGNATURE :].strip(b"\0"):
        raise MalformedFile("the letter is not as long as its header says", "ask for the file again")
    partner = party.partner_with(header["sender"])
    card: Card = party.verified_card_of(partner)
    card.verify("signing", PURPOSE, plaintext[:end], plaintext[end : end + _SIGNATURE], "the letter")
    if header["recipient"] != party.keys.card.digest.hex():
        raise WrongRun("the letter is for another card", "exchange your present cards again")
    party.time_with(partner, header["time"])
    if header["kind"] != "revocation":  # It waits for nothing, whatever is wrong with a log.
        keep_peer_checkpoint(party, partner, header["checkpoint"], header["time"])
        keep_own_cosigned(party, partner, header["cosigned"])
    body = rest[: header["body_length"]]
    return Letter(partner, header["kind"], header["time"], body, header["checkpoint"])


def _header(line: bytes) -> dict[str, Any]:
    header = canonical.decode(line, "the letter's header")
    good = (
        isinstance(header, dict)
        and set(header) == _FIELDS
        and header["kind"] in KINDS
        and all(type(header[name]) is int and header[name] >= 0 for name in ("time", "body_length"))
        and all(isinstance(header[name], str) for name in ("checkpoint", "cosigned", "recipient", "sender"))
    )
    if not good:
        raise MalformedFile("the letter's header is not of version 1", "ask for the file again")
    assert isinstance(header, dict)
    return header
