"""What travels between a party and the room in a count through a third party: sealed lists, sealed results.

    list     HPKE(room's card,   info = line, run, step, contract digest;  length ‖ contract ‖ list)
    result   HPKE(party's card,  info = line, run, contract digest;  signature by the room ‖ result)

The contract's digest cannot be in the first info, because the room learns the contract from the list: there
the info names run and step, and the list itself begins with run and digest.
"""

from __future__ import annotations

from typing import Final

from overlap.errors import MalformedFile
from overlap.keys import Card, PartyKeys
from overlap.protocol import Contract

#: The two lists, by the role of the side whose elements are in them; the other side sends each.
LISTS: Final = ("starter-list", "responder-list")

#: 1,500,000 elements with their contract.
COUNT_LIMIT_BYTES: Final = 64 * 2**20

_LIST: Final = b"overlap-count-list/1\n"
_RESULT: Final = b"overlap-count-result/1\n"
_PURPOSE: Final = b"count-result"
_SIGNATURE_BYTES: Final = 64
_HINT: Final = "the sender's software is at fault; start a new run"


def sender_of(step: str) -> str:
    """The role, "starter" or "responder", that sends a list to the room."""
    return "responder" if step == "starter-list" else "starter"


def seal_list(contract: Contract, run: bytes, step: str, body: bytes, room: Card) -> bytes:
    """The body of `step`, with the contract it is under, for the room alone."""
    text = contract.to_bytes()
    return room.seal(_list_info(run, step), len(text).to_bytes(8, "big") + text + body)


def open_list(data: bytes, run: bytes, step: str, keys: PartyKeys) -> tuple[Contract, bytes]:
    """The inverse, by the room. Raises ForgedFile or MalformedFile."""
    plain = keys.open_sealed(_list_info(run, step), data, "the list")
    length = int.from_bytes(plain[:8], "big")
    text, body = plain[8 : 8 + length], plain[8 + length :]
    if len(text) != length or not body:
        raise MalformedFile("the list is cut short", _HINT)
    return Contract.from_bytes(text), body


def seal_result(contract: Contract, run: bytes, result: bytes, party: Card, keys: PartyKeys) -> bytes:
    """The body of `result`, signed by the room, for one party alone."""
    signature = keys.sign("signing", _PURPOSE, run + contract.digest + result)
    return party.seal(_result_info(run, contract), signature + result)


def open_result(contract: Contract, run: bytes, data: bytes, keys: PartyKeys, room: Card) -> bytes:
    """The inverse, by the party: the body that `finish` takes. Raises ForgedFile."""
    plain = keys.open_sealed(_result_info(run, contract), data, "the room's result")
    signature, result = plain[:_SIGNATURE_BYTES], plain[_SIGNATURE_BYTES:]
    room.verify("signing", _PURPOSE, run + contract.digest + result, signature, "the room's result")
    return result


def _list_info(run: bytes, step: str) -> bytes:
    return _LIST + run + step.encode()


def _result_info(run: bytes, contract: Contract) -> bytes:
    return _RESULT + run + contract.digest
