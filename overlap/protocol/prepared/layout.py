"""The bodies of a preparation, its updates and its runs.

    preparation   preparation, length-prefixed · responder_bound tags, ascending
    update        state before it, 32 bytes · `changes` tags, ascending
    start         `queries` elements, ascending
    reply         `queries` elements, in that order
    finish        min(bounds) entries: place of a tag 4 bytes, confirm tag 16 bytes; ascending places, then
                  entries of 20 bytes 0xff

Preparation and updates are letters outside a run; the others are the bodies of frames, `start` behind the
contract.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from overlap import canonical
from overlap.errors import MalformedFile, WrongRun
from overlap.protocol.body import CONFIRM_SIZE, ELEMENT_SIZE, finish_bound, require_ascending
from overlap.protocol.columns import Pieces, are_ascending, read_pieces, split
from overlap.protocol.contract import Contract
from overlap.protocol.identifier import prefixed, split_prefixed
from overlap.protocol.prepared.rows import STATE_SIZE, Places
from overlap.protocol.prepared.terms import PLACE_SIZE, Preparation

ENTRY_SIZE: Final = PLACE_SIZE + CONFIRM_SIZE
_NO_ENTRY: Final = b"\xff" * ENTRY_SIZE
_AGAIN: Final = "the peer's software is at fault; start a new run"
_ASK: Final = "ask the sender for the file again"


def part_size(contract: Contract, step: str) -> int:
    """Bytes of the body of `step` ("start", "reply" or "finish")."""
    return finish_bound(contract) * ENTRY_SIZE if step == "finish" else contract.queries * ELEMENT_SIZE


def state_after(state: bytes, body: bytes) -> bytes:
    """The state of the list after `body`, a preparation (then `state` is empty) or an update."""
    return canonical.digest(b"overlap-prepared/1", state, hashlib.sha256(body).digest())


def write_preparation(terms: Preparation, tags: Pieces) -> bytes:
    """The body of a preparation."""
    return prefixed(terms.to_bytes()) + tags.tobytes()


def read_preparation(terms: Preparation, body: bytes) -> bytes:
    """The tags of a preparation, joined.

    ContractMismatch names the field in which it differs from `terms`, before anything else is looked at.
    """
    try:
        theirs, tags = split_prefixed(body)
    except ValueError as error:
        raise MalformedFile("the preparation is cut short", _ASK) from error
    terms.require_equal(Preparation.from_bytes(theirs))
    _require_tags(tags, terms.responder_bound, terms.tag_size, "preparation")
    return tags


def write_update(state: bytes, tags: Pieces) -> bytes:
    """The body of an update to the list in `state`."""
    return state + tags.tobytes()


def read_update(terms: Preparation, state: bytes, body: bytes) -> bytes:
    """The tags of an update to the list in `state`, joined; WrongRun when it is to another state."""
    before, tags = body[:STATE_SIZE], body[STATE_SIZE:]
    if before != state:
        raise WrongRun(
            "the update does not follow what we hold of the list",
            "take in the one before it first; the partner has it: 'overlap match update --again VERSION'",
        )
    _require_tags(tags, terms.changes, terms.tag_size, "update")
    return tags


def read_start(contract: Contract, body: bytes) -> bytes:
    """The elements of a `start` body, joined."""
    _require_size(contract, "start", body)
    require_ascending(body, ELEMENT_SIZE, "elements of the start frame")
    return body


def read_reply(contract: Contract, body: bytes) -> bytes:
    """The elements of a `reply` body, joined."""
    _require_size(contract, "reply", body)
    return body


def write_finish(contract: Contract, places: Places, confirm: list[bytes]) -> bytes:
    """The body of `finish` for matches by ascending places."""
    entries = (place + tag for place, tag in zip(split(_pack(places), PLACE_SIZE), confirm, strict=True))
    return b"".join(entries) + _NO_ENTRY * (finish_bound(contract) - len(confirm))


def read_finish(contract: Contract, tags: int, body: bytes) -> tuple[Places, list[bytes]]:
    """Places and confirm tags of a `finish` body; every place is below `tags`."""
    _require_size(contract, "finish", body)
    entries = split(body, ENTRY_SIZE)
    count = next((at for at, entry in enumerate(entries) if entry == _NO_ENTRY), len(entries))
    places = np.frombuffer(b"".join(entry[:PLACE_SIZE] for entry in entries[:count]), ">u4").astype(np.uint32)
    if any(entry != _NO_ENTRY for entry in entries[count:]):
        raise MalformedFile("the finish frame is not filled up as it must be", _AGAIN)
    if count and (int(places[-1]) >= tags or not (places[:-1] < places[1:]).all()):
        raise MalformedFile("the places in the finish frame are repeated, not in order or too large", _AGAIN)
    return places, [entry[PLACE_SIZE:] for entry in entries[:count]]


def _pack(places: Places) -> bytes:
    return places.astype(">u4").tobytes()


def _require_tags(tags: bytes, count: int, size: int, what: str) -> None:
    if len(tags) != count * size:
        raise MalformedFile(f"the {what} does not have the size that was agreed", _ASK)
    if not are_ascending(read_pieces(tags, size)):
        raise MalformedFile(f"the tags of the {what} are repeated or not in order", _ASK)


def _require_size(contract: Contract, step: str, body: bytes) -> None:
    if len(body) != part_size(contract, step):
        raise MalformedFile(f"the {step} frame does not have the size that the contract fixes", _AGAIN)
