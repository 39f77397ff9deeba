"""Which protocols there are, the messages of each in order, and the module that plays its roles.

The starter sends the first message, the responder the second, and so on in turn. A protocol's module has the
classes `Starter` and `Responder` (`overlap.protocol.role`).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

from overlap.errors import Refused
from overlap.protocol.body import write_contract
from overlap.protocol.contract import Contract

ROLES: Final = ("starter", "responder")

#: What a run is in after each message.
STATE_AFTER: Final = {
    "start": "started",
    "offer": "offered",
    "request": "requested",
    "reply": "replied",
    "finish": "finished",
}


@dataclass(frozen=True, slots=True)
class Protocol:
    """`messages` by name, in order; both sides learn what `level` says."""

    name: str
    level: str
    messages: tuple[str, ...]
    module: str

    def sender_of(self, message: str) -> str:
        """The role that sends `message`."""
        return ROLES[self.messages.index(message) % 2]

    def tells(self, message: str) -> bool:
        """Whether the side that takes `message` learns the result from it: each side's last one does."""
        return message in self.messages[-2:]

    def next_message(self, role: str, state: str) -> str:
        """The message that `role` takes in `state`, "" for none. The starter takes `start` from itself."""
        if state == "begun":
            return self.messages[0]
        states = [STATE_AFTER[message] for message in self.messages]
        at = states.index(state) + 1 if state in states else len(states)
        return self.messages[at] if at < len(states) and ROLES[at % 2] != role else ""

    def state_after(self, role: str, message: str) -> str:
        """The state of `role` when it has taken `message`, and sent the next one where there is one."""
        at = self.messages.index(message)
        if self.sender_of(message) != role and at + 1 < len(self.messages):
            at += 1
        return STATE_AFTER[self.messages[at]]


PROTOCOLS: Final = {
    protocol.name: protocol
    for protocol in (
        Protocol("dh-2hash/1", "overlaps", ("start", "reply", "finish"), "overlap.protocol.dh"),
        Protocol(
            "vole-rr22/1",
            "overlaps",
            ("start", "offer", "request", "reply", "finish"),
            "overlap.protocol.vole.roles",
        ),
        Protocol("dh-count/1", "counts", ("start", "reply", "finish"), "overlap.protocol.counts"),
        Protocol("dh-prepared/1", "overlaps", ("start", "reply", "finish"), "overlap.protocol.prepared"),
    )
}

#: The protocol of each level where nothing else was agreed.
DEFAULT: Final = {"overlaps": "dh-2hash/1", "counts": "dh-count/1"}

#: The place of each message in the run of any protocol that has it.
STEPS: Final = frozenset(message for protocol in PROTOCOLS.values() for message in protocol.messages)


def protocol_of(contract: Contract) -> Protocol:
    """The protocol of a contract; Refused when this version has none of that name for its level."""
    protocol = PROTOCOLS.get(contract.protocol)
    if protocol is None or protocol.level != contract.level:
        raise Refused("the contract is for another level, protocol or suite", "make the contract again")
    return protocol


def role_of(contract: Contract, role: str) -> Any:
    """The class that plays "starter" or "responder" in the contract's protocol."""
    return getattr(importlib.import_module(protocol_of(contract).module), role.capitalize())


def part_size(contract: Contract, step: str) -> int:
    """Bytes of one bucket's body of `step`: it depends on nothing but the contract."""
    size: int = role_of(contract, "starter").part_size(contract, step)
    return size


def body_size(contract: Contract, step: str) -> int:
    """Bytes of the body of the frame of `step`."""
    first = len(write_contract(contract)) if step == protocol_of(contract).messages[0] else 0
    return first + contract.buckets * part_size(contract, step)
