"""Which protocols there are, the messages of each in order, and the module that plays its roles.

The starter sends the first message, the responder the second, and so on in turn, except where a protocol
says who sends each message to whom. A protocol's module has the classes `Starter` and `Responder`
(`overlap.protocol.role`), and `Room` where a third party takes part.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

from overlap.errors import Refused
from overlap.protocol.body import write_contract
from overlap.protocol.contract import Contract

ROLES: Final = ("starter", "responder")
ROOM: Final = "room"

#: What a run is in after each message.
STATE_AFTER: Final = {
    "start": "started",
    "offer": "offered",
    "request": "requested",
    "reply": "replied",
    "total": "totalled",
    "starter-list": "listed",
    "responder-list": "listed",
    "result": "finished",
    "finish": "finished",
}


@dataclass(frozen=True, slots=True)
class Protocol:
    """`messages` by name, in order; both sides learn what `level` says.

    `routes` has sender and recipients of each message, and is empty where starter and responder take turns.
    """

    name: str
    level: str
    messages: tuple[str, ...]
    module: str
    routes: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def sender_of(self, message: str) -> str:
        """The role that sends `message`."""
        at = self.messages.index(message)
        return self.routes[at][0] if self.routes else ROLES[at % 2]

    def recipients_of(self, message: str) -> tuple[str, ...]:
        """The roles that take `message` from its sender."""
        at = self.messages.index(message)
        return self.routes[at][1] if self.routes else (ROLES[(at + 1) % 2],)

    def tells(self, message: str) -> bool:
        """Whether the side that takes `message` learns the result from it: each side's last one does."""
        return message in self.messages[-1 if self.routes else -2 :]

    def next_message(self, role: str, state: str) -> str:
        """The message that `role` takes in `state`, "" for none. The starter takes `start` from itself."""
        return self._steps(role).get(state, ("", ""))[0]

    def sends_after(self, role: str, message: str) -> tuple[str, ...]:
        """What `role` sends between taking `message` and the next message that it takes."""
        sent = []
        for later in self.messages[self.messages.index(message) + 1 :]:
            if role in self.recipients_of(later):
                break
            if self.sender_of(later) == role:
                sent.append(later)
        return tuple(sent)

    def state_after(self, role: str, message: str) -> str:
        """The state of `role` when it has taken `message`, and sent what it sends before it takes another."""
        return next(state for taken, state in self._steps(role).values() if taken == message)

    def _steps(self, role: str) -> dict[str, tuple[str, str]]:
        """From each state of `role` to the message that it takes in it, and the state after that."""
        steps: dict[str, tuple[str, str]] = {}
        state, taken = "begun", ""
        for message in self.messages:
            first_own = not taken and self.sender_of(message) == role
            if role in self.recipients_of(message) or first_own:
                if taken:
                    state = steps[state][1]
                taken = message
                steps[state] = (message, STATE_AFTER[message])
            elif self.sender_of(message) == role:
                steps[state] = (taken, STATE_AFTER[message])
        return steps


#: A third party takes both doubly blinded lists and tells both sides what it counted.
_ROOM_ROUTES: Final = (
    ("starter", ("responder",)),
    ("responder", ("starter",)),
    ("responder", (ROOM,)),
    ("starter", (ROOM,)),
    (ROOM, ROLES),
)

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
        Protocol("dh-sum/1", "sum", ("start", "reply", "total", "finish"), "overlap.protocol.sums"),
        Protocol(
            "dh-count-room/1",
            "counts",
            ("start", "reply", "starter-list", "responder-list", "result"),
            "overlap.protocol.room_counts",
            _ROOM_ROUTES,
        ),
        Protocol("dh-prepared/1", "overlaps", ("start", "reply", "finish"), "overlap.protocol.prepared"),
    )
}

#: The protocol of each level where nothing else was agreed.
DEFAULT: Final = {"overlaps": "dh-2hash/1", "counts": "dh-count/1", "sum": "dh-sum/1"}

#: The protocol of level `overlaps` over a list that is prepared once.
PREPARED: Final = "dh-prepared/1"

#: The protocol of level `counts` through a third party.
ROOM_COUNTS: Final = "dh-count-room/1"

#: Identifiers that a starter declares at least where vector-OLE is used.
VOLE_LEAST: Final = 2**14

#: Every message of any protocol.
STEPS: Final = frozenset(message for protocol in PROTOCOLS.values() for message in protocol.messages)


def choose_protocol(level: str, method: str, bound: int) -> str:
    """The protocol of a level: the default, or that of `method` "vole" where the starter declared enough.

    Below VOLE_LEAST identifiers its parameters are less sure and it saves nothing.
    """
    by_vole = method == "vole" and level == "overlaps" and bound >= VOLE_LEAST
    return "vole-rr22/1" if by_vole else DEFAULT[level]


def protocol_of(contract: Contract) -> Protocol:
    """The protocol of a contract; Refused when this version has none of that name for its level."""
    protocol = PROTOCOLS.get(contract.protocol)
    if protocol is None or protocol.level != contract.level:
        raise Refused("the contract is for another level, protocol or suite", "make the contract again")
    return protocol


def role_of(contract: Contract, role: str) -> Any:
    """The class that plays "starter", "responder" or "room" in the contract's protocol."""
    return getattr(importlib.import_module(protocol_of(contract).module), role.capitalize())


def part_size(contract: Contract, step: str) -> int:
    """Bytes of one bucket's body of `step`: it depends on nothing but the contract."""
    size: int = role_of(contract, "starter").part_size(contract, step)
    return size


def body_size(contract: Contract, step: str) -> int:
    """Bytes of the body of the frame of `step`."""
    first = len(write_contract(contract)) if step == protocol_of(contract).messages[0] else 0
    return first + contract.buckets * part_size(contract, step)
