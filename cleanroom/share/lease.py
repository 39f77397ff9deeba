"""Answering a request with the holder's halves, and opening records with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from cleanroom.share.grant import NONCE, Share, record_context
from cleanroom.share.request import Request, read_numbers
from cleanroom.share.sealed import (
    SealedFormat,
    describe,
    open_file,
    read_document,
    read_header,
    seal_file,
    sign_document,
)
from cleanroom.share.terms import Record, Terms, holder_half, key_commitment, record_key
from overlap import canonical
from overlap.errors import Expired, ForgedFile, MalformedFile, Refused, WrongRun
from overlap.keys import Card, OneTimeKey, PartyKeys, decrypt

#: 100,000 halves with their numbers are below 8 MB.
LEASE_LIMIT_BYTES: Final = 16 * 2**20

#: The header names the request in clear, an id that says nothing, so that its key can be found.
LEASE_FORMAT: Final = SealedFormat(
    b"overlap-lease/1\n", frozenset({"request"}), LEASE_LIMIT_BYTES, "the lease"
)

#: Seconds by which two honest clocks may differ; a recipient's clock further behind the lease was set back.
CLOCK_SKEW_SECONDS: Final = 300

_HINT: Final = "make a new request"
_SHAPE: Final = {
    "checkpoint": str,
    "end": int,
    "halves": list,
    "issued": int,
    "purpose": str,
    "records": list,
    "request": str,
    "share": str,
    "terms": str,
}
_ID = re.compile(r"[0-9a-f]{32}")
_HALF = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class MadeLease:
    """A new lease: its file, what it opens, and its last second plus one."""

    file: bytes
    share: str
    records: tuple[int, ...]
    end: int


@dataclass(frozen=True, slots=True)
class Opened:
    """What a lease opened: records by number, their purpose and end, and the holder's newest checkpoint."""

    records: dict[int, Record]
    purpose: str
    end: int
    checkpoint: str


def make_lease(
    request: Request, terms: Terms, half: bytes, keys: PartyKeys, now: int, *, seconds: int, checkpoint: str
) -> MadeLease:
    """The halves of the requested records, signed by the holder's `keys` and sealed to the request's key.

    It ends `seconds` after `now`, or with the share. Whether the request is allowed is decided before; here
    only Expired and Refused by time remain.
    """
    terms.require_open(now)
    end, binding = min(terms.until, now + seconds), terms.digest
    value = {
        "checkpoint": checkpoint,
        "end": end,
        "halves": [holder_half(half, binding, number).hex() for number in request.records],
        "issued": now,
        "purpose": request.purpose,
        "records": list(request.records),
        "request": request.request,
        "share": terms.share,
        "terms": binding.hex(),
    }
    body = sign_document(value, "signing", b"lease", keys)
    file = seal_file(LEASE_FORMAT, {"request": request.request}, body, request.one_time)
    return MadeLease(file, terms.share, request.records, end)


def lease_request(data: bytes) -> str:
    """The id of the request that a lease file answers: which key of the vault opens it."""
    request = read_header(LEASE_FORMAT, data)["request"]
    if not _ID.fullmatch(request):
        raise MalformedFile("the header of the lease is not one of version 1", _HINT)
    return request


def open_records(share: Share, lease: bytes, key: OneTimeKey, now: int, holder: Card) -> Opened:
    """The records that `lease`, signed by `holder`, opens at `now`.

    Raises Expired from the end of lease or share on, Refused before the share begins or when this clock is
    behind the lease, WrongRun for a lease of another share, ForgedFile when a signature, seal, commitment or
    record does not hold; then no value is returned at all.
    """
    if share.terms.holder != holder.digest.hex():
        raise WrongRun("another party holds the half of this share", "ask the lease-holder of its terms")
    request = lease_request(lease)
    body = open_file(LEASE_FORMAT, lease, key)
    value = read_document(body, "signing", b"lease", holder, "the lease")
    value = describe(value, _SHAPE, "the lease")
    _check_lease(value, request, share.terms)
    _check_time(value, share.terms, now)
    numbers = read_numbers(value["records"], "the lease")
    halves = [
        bytes.fromhex(half) for half in value["halves"] if isinstance(half, str) and _HALF.fullmatch(half)
    ]
    if not len(numbers) == len(halves) == len(value["halves"]) or numbers[-1] >= share.terms.count:
        raise MalformedFile("the lease does not have one half a record", _HINT)
    binding = share.terms.digest
    records = {
        number: _open_record(share, binding, number, half)
        for number, half in zip(numbers, halves, strict=True)
    }
    return Opened(records, value["purpose"], value["end"], value["checkpoint"])


def _check_lease(value: dict[str, Any], request: str, terms: Terms) -> None:
    if (value["share"], value["terms"]) != (terms.share, terms.digest.hex()):
        raise WrongRun("the lease is of another share", _HINT)
    if value["request"] != request or value["purpose"] not in terms.purposes:
        raise WrongRun("the lease answers another request", _HINT)
    if not terms.not_before <= value["issued"] < value["end"] <= terms.until:
        raise ForgedFile("the lease is outside the time of its share", _HINT)


def _check_time(value: dict[str, Any], terms: Terms, now: int) -> None:
    terms.require_open(now)
    if now >= value["end"]:
        raise Expired("the lease has ended", _HINT)
    if now < value["issued"] - CLOCK_SKEW_SECONDS:
        raise Refused("this machine's clock is behind the time of the lease", "set the clock and try again")


def _open_record(share: Share, binding: bytes, number: int, half: bytes) -> Record:
    key = record_key(share.half, half, binding, number)
    if key_commitment(key, binding, number) != share.commitments[number]:
        raise ForgedFile("the lease's half does not fit the grant", "tell the granting party, and ask again")
    padded = decrypt(key, NONCE, share.ciphertexts[number], record_context(binding, number), "a record")
    length = int.from_bytes(padded[:4], "big")
    text, rest = padded[4 : 4 + length], padded[4 + length :]
    if len(text) != length or any(rest):
        raise MalformedFile("a record is not padded as it should be", "ask for the share again")
    values = canonical.decode(text, "a record")
    values = describe(values, dict.fromkeys(share.terms.fields, str), "a record")
    return Record(share.tokens[number], values)
