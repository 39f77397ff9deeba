"""The order of the steps, and what one side remembers of a run between them.

All changes of state happen here. The messages of a protocol say which one a role takes in which state
(`overlap.protocol.catalogue`); whatever is not next is refused. For three messages:

    starter                          responder
    begun ── start ─→ started
                                     begun ── start ─→ replied
    started ── reply ─→ finished
                                     replied ── finish ─→ finished

A message that was taken before, byte for byte, gets the same answer again. Another message in its place, or
one that is not acceptable, ends the run in state `aborted`, in which nothing but the refusal is left: a
scalar that answers twice is an oracle for the peer.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final, NoReturn

from overlap import canonical
from overlap.errors import BadInput, BadPeerFile, Refused, WrongRun
from overlap.protocol.body import MAX_SIZE_BOUND
from overlap.protocol.buckets import bucket_count, part_bounds
from overlap.protocol.catalogue import PROTOCOLS, ROLES, protocol_of
from overlap.protocol.contract import SUITE, Contract
from overlap.protocol.identifier import LENGTH, prefixed

STATE_LINE: Final = b"overlap-run/1\n"
RUN_SIZE: Final = 16


@dataclass
class Run:
    """What one side remembers of a run. It is secret as a whole: it holds the scalar and the identifiers.

    `run` is the run's 16 bytes. `taken` holds the SHA-256 (hex) of each message taken, `parts` what the role
    keeps by name. Whoever keeps a run encrypts `to_bytes` and writes it after every call, also after one that
    raised, and before anything the call returned is sent.
    """

    protocol: str
    role: str
    run: bytes
    contract: Contract
    identifiers: tuple[bytes, ...]
    scalar: bytes
    state: str = "begun"
    taken: dict[str, str] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)

    @property
    def awaited(self) -> str:
        """The message that comes next for this role; "" when there is none."""
        return PROTOCOLS[self.protocol].next_message(self.role, self.state)

    def repeats(self, message: str, body: bytes) -> bool:
        """True when this message was taken before, False when it is the next one.

        Raises WrongRun, and ends the run, when another body was taken for this message; Refused when the
        table has no row for it.
        """
        if self.state == "aborted":
            raise Refused("this run was aborted and its secret destroyed", "start a new run")
        before = self.taken.get(message)
        if before is None and message == self.awaited:
            return False
        if before is None:
            raise Refused(
                f"the {self.role} does not take a {message} in state {self.state}", "check what to read now"
            )
        if before == hashlib.sha256(body).hexdigest():
            return True
        self.abort()
        raise WrongRun(
            f"a second, different {message} came for this run, which is aborted now", "start a new run"
        )

    def advance(self, message: str, body: bytes, burn: bool, parts: dict[str, bytes]) -> None:
        """Take `message`, keep `parts`, and forget the scalar when the role has no further use for it."""
        self.state = PROTOCOLS[self.protocol].state_after(self.role, message)
        self.taken[message] = hashlib.sha256(body).hexdigest()
        self.parts |= parts
        if burn:
            self.scalar = b""

    @contextmanager
    def judging_peer(self) -> Iterator[None]:
        """End the run when what the peer sent is found unacceptable inside the block."""
        try:
            yield
        except BadPeerFile:
            self.abort()
            raise

    def to_bytes(self) -> bytes:
        """Everything needed to go on after a restart."""
        head = {
            "protocol": self.protocol,
            "role": self.role,
            "run": self.run.hex(),
            "contract": self.contract.to_bytes().decode(),
            "scalar": self.scalar.hex(),
            "state": self.state,
            "taken": self.taken,
            "parts": sorted(self.parts),
        }
        kept = [self.parts[name] for name in sorted(self.parts)]
        sizes = array("I", map(len, self.identifiers)).tobytes()
        return (
            STATE_LINE
            + b"".join(map(prefixed, [canonical.encode(head), *kept, sizes]))
            + b"".join(self.identifiers)
        )

    @staticmethod
    def from_bytes(data: bytes, protocol: str, role: str) -> Run:
        """The inverse of `to_bytes`. Raises BadInput for anything but the state of such a run."""
        try:
            if not data.startswith(STATE_LINE):
                raise ValueError("not a run")
            return _read_run(data[len(STATE_LINE) :], (protocol, role))
        except (BadPeerFile, KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"this is not the state of a {protocol} run of the {role}", "restore it, or start a new run"
            ) from error

    def abort(self) -> None:
        """End the run; nothing but the refusal is left of it."""
        self.state, self.scalar, self.parts, self.identifiers = "aborted", b"", {}, ()

    def __repr__(self) -> str:
        return f"Run(role={self.role!r}, state={self.state!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the state of a run is not pickled")


def repeated() -> Refused:
    """The refusal of a list that holds an identifier twice."""
    return Refused("identifiers are repeated", "match the distinct identifiers")


def begin_run(protocol: str, role: str, contract: Contract, run: bytes, count: int) -> Run:
    """A run in state `begun`, without identifiers and scalar yet.

    Raises Refused when the contract is for another protocol, or `count` identifiers are more than declared.
    """
    bound = dict(zip(ROLES, part_bounds(contract), strict=True)).get(role, 0)
    sides = contract.starter.size_bound, contract.responder.size_bound
    if contract.suite != SUITE or protocol_of(contract).name != protocol:
        raise Refused("the contract is for another level, protocol or suite", "make the contract again")
    if max(sides) > MAX_SIZE_BOUND:
        raise Refused(f"a declared size bound is above {MAX_SIZE_BOUND}", "agree on a smaller size bound")
    if contract.buckets != bucket_count(protocol, *sides):
        raise Refused(
            "the contract splits the lists in another way than their bounds ask for", "make it again"
        )
    if len(run) != RUN_SIZE:
        raise Refused("a run is named by 16 bytes", "report this as a bug")
    if count > bound:
        raise Refused(
            f"{count} identifiers are more than the declared size bound of {bound}",
            "agree on a larger size bound, or match fewer populations",
        )
    return Run(protocol, role, run, contract, (), b"")


def _read_run(data: bytes, expected: tuple[str, str]) -> Run:
    # A view, because what is left of a state of many megabytes would else be copied with each part.
    view, at = memoryview(data), 0

    def take() -> bytes:
        nonlocal at
        start = at + LENGTH
        at = start + int.from_bytes(view[at:start], "big")
        if at > len(view):
            raise ValueError("shorter than its length says")
        return bytes(view[start:at])

    head = canonical.decode(take(), "the run's state")
    if (head["protocol"], head["role"]) != expected:
        raise ValueError("the state of another role")
    parts = {name: take() for name in head["parts"]}
    sizes = array("I", take())
    ends = list(accumulate(sizes, initial=at))
    if ends[-1] != len(data):
        raise ValueError("not as long as its sizes say")
    return Run(
        head["protocol"],
        head["role"],
        bytes.fromhex(head["run"]),
        Contract.from_bytes(head["contract"].encode()),
        tuple(data[start:end] for start, end in pairwise(ends)),
        bytes.fromhex(head["scalar"]),
        head["state"],
        head["taken"],
        parts,
    )
