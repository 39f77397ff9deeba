"""Asking to read records: a small signed file with a sealing key that serves one answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from cleanroom.receipts import GRANT, countersignature
from cleanroom.share.grant import Share
from cleanroom.share.sealed import SealedFormat, describe, open_file, read_document, seal_file, sign_document
from cleanroom.share.terms import Terms
from overlap.errors import MalformedFile, Refused, UsageError, WrongRun
from overlap.keys import Card, OneTimeKey, PartyKeys, RandomBytes

#: A request for every one of 100,000 records by number is below 1 MB.
REQUEST_LIMIT_BYTES: Final = 2 * 2**20

REQUEST_FORMAT: Final = SealedFormat(b"overlap-request/1\n", frozenset(), REQUEST_LIMIT_BYTES, "the request")

_HINT: Final = "ask the sender for a new request"
_SHAPE: Final = {
    "checkpoint": str,
    "countersignature": str,
    "holder": str,
    "one_time": str,
    "purpose": str,
    "records": list,
    "request": str,
    "requester": str,
    "share": str,
    "terms": str,
    "time": int,
}
_ID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{2432}")
_SIGNATURE = re.compile(r"([0-9a-f]{128})?")


@dataclass(frozen=True, slots=True)
class Request:
    """What a recipient asks: records by number, for a purpose, at its own time, answered to `one_time`.

    `checkpoint` is the newest note of the holder's log that the recipient holds, or "";
    `countersignature` is the recipient's signature (64 bytes) of the grant, or empty.
    """

    request: str
    share: str
    terms: str
    requester: str
    holder: str
    records: tuple[int, ...]
    purpose: str
    time: int
    checkpoint: str
    countersignature: bytes
    one_time: bytes


@dataclass(frozen=True)
class MadeRequest:
    """A new request: its file, its id (also the name of its key in the vault), and the key for the answer."""

    file: bytes
    request: str
    key: OneTimeKey = field(repr=False)


def make_request(
    share: Share,
    records: Sequence[int] | None,
    purpose: str,
    keys: PartyKeys,
    now: int,
    *,
    holder: Card,
    random: RandomBytes,
    checkpoint: str = "",
) -> MadeRequest:
    """Ask `holder` for `records` of the share by number (None: all) for `purpose`; countersign the grant.

    Raises WrongRun when another party holds the share's half, Expired or Refused when the share cannot be
    open or is not for this purpose, UsageError when it has no such record.
    """
    if share.terms.holder != holder.digest.hex():
        raise WrongRun("another party holds the half of this share", "ask the lease-holder of its terms")
    share.terms.require_open(now)
    wanted = range(share.terms.count) if records is None else sorted(set(records))
    if purpose not in share.terms.purposes:
        raise Refused(
            "the share may not be used for this purpose",
            f"its purposes are: {', '.join(share.terms.purposes)}",
        )
    if not wanted or wanted[0] < 0 or wanted[-1] >= share.terms.count:
        raise UsageError("the share has no such record", "number records from 0")
    key, request = OneTimeKey.generate(random), random(16).hex()
    value = {
        "checkpoint": checkpoint,
        "countersignature": countersignature(share.statement, [share.grantor], GRANT, keys).hex(),
        "holder": share.terms.holder,
        "one_time": key.public.hex(),
        "purpose": purpose,
        "records": list(wanted),
        "request": request,
        "requester": keys.card.digest.hex(),
        "share": share.terms.share,
        "terms": share.terms.digest.hex(),
        "time": now,
    }
    body = sign_document(value, "requests", b"request", keys)
    return MadeRequest(seal_file(REQUEST_FORMAT, {}, body, holder.sealing), request, key)


def read_request(data: bytes, keys: PartyKeys, sender: Card) -> Request:
    """The request in a file sealed to `keys`, the lease-holder's, and signed by `sender`.

    Raises MalformedFile, ForgedFile, or WrongRun when it is of or for another party.
    """
    body = open_file(REQUEST_FORMAT, data, keys)
    value = read_document(body, "requests", b"request", sender, "the request")
    value = describe(value, _SHAPE, "the request")
    if (value["requester"], value["holder"]) != (sender.digest.hex(), keys.card.digest.hex()):
        raise WrongRun("the request is between other parties or cards", _HINT)
    if not _ID.fullmatch(value["request"]) or not _KEY.fullmatch(value["one_time"]) or value["time"] < 0:
        raise MalformedFile("the request's id, key or time is not what it should be", _HINT)
    if not _SIGNATURE.fullmatch(value["countersignature"]):
        raise MalformedFile("the request's countersignature is not what it should be", _HINT)
    value["countersignature"] = bytes.fromhex(value["countersignature"])
    value["records"] = read_numbers(value["records"], "the request")
    value["one_time"] = bytes.fromhex(value["one_time"])
    return Request(**value)


def check_request(request: Request, terms: Terms, now: int) -> None:
    """Return when `request` is one that `terms` allow at `now`.

    Raises WrongRun for other terms, MalformedFile for a record that is not there, Expired from the end on,
    Refused before the beginning or for a purpose the terms do not name.
    """
    if (request.share, request.terms) != (terms.share, terms.digest.hex()):
        raise WrongRun("the request is about another share", _HINT)
    if request.requester != terms.recipient:
        raise WrongRun("the request is not by the share's recipient", _HINT)
    if request.records[-1] >= terms.count:
        raise MalformedFile("the request names a record that the share does not have", _HINT)
    terms.require_open(now)
    if request.purpose not in terms.purposes:
        raise Refused("the share may not be used for the purpose of the request", _HINT)


def read_numbers(value: list[Any], what: str) -> tuple[int, ...]:
    """Record numbers, at least one, each from 0 and larger than the one before; else MalformedFile."""
    if not value or not all(type(number) is int for number in value) or value[0] < 0:
        raise MalformedFile(f"the record numbers of {what} are not what they should be", _HINT)
    if any(above >= below for above, below in pairwise(value)):
        raise MalformedFile(f"the record numbers of {what} are not in order", _HINT)
    return tuple(value)
