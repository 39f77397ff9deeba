"""One side's whole run: all buckets, one after the other, from the list of identifiers to what was learned.

A bucket's state is kept before its answer is handed out, and a bucket that answered a message before gives
the same bytes again. So a run that was stopped anywhere goes on by taking the same message once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from overlap.engine import Engine
from overlap.errors import MalformedFile
from overlap.keys import RandomBytes
from overlap.protocol.body import write_contract
from overlap.protocol.catalogue import part_size, protocol_of, role_of
from overlap.protocol.contract import Contract
from overlap.protocol.matches import Matches, join_matches, pack, unpack
from overlap.protocol.spool import Spool, place_all
from overlap.protocol.stream import Body

#: Identifiers that are split at once; the memory that splitting takes.
_SLICE: Final = 2**18


class States(Protocol):
    """Where the secret states of the buckets are kept, encrypted and durable."""

    def load(self, bucket: int) -> bytes:
        """The state of a bucket that was saved last."""

    def save(self, bucket: int, state: bytes) -> None:
        """Keep the state of a bucket; it is on disk when this returns."""


class Passage:
    """One side of one run under a contract. `run` is 16 bytes, `role` starter or responder.

    `states` is None for a run that need not outlive the process. With it, the lists of several buckets are
    never in memory together. `prepared` is the asker or the holder where the protocol is over a prepared list
    (`overlap.protocol.prepared`); its responder begins without identifiers.
    """

    def __init__(
        self,
        contract: Contract,
        role: str,
        run: bytes,
        engine: Engine,
        random: RandomBytes,
        states: States | None = None,
        prepared: Any = None,
    ) -> None:
        self._contract, self._role, self._run = contract, role_of(contract, role), run
        self._engine, self._random, self._states, self._prepared = engine, random, states, prepared
        self._live: dict[int, Any] = {}
        self._found: list[Any] = []
        #: Whether the peer sent something unacceptable, so that the run is over.
        self.aborted = False

    def begin(
        self, identifiers: Iterable[bytes], spool: Path | None = None, values: Sequence[int] = ()
    ) -> None:
        """Take in the distinct encoded identifiers: at most as many as declared, else Refused.

        `spool` is a folder for lists on their way into buckets. `values` has a whole number for each
        identifier where the role needs one; such lists are never split.
        """
        if self._contract.buckets == 1:
            self._live[0] = self._begin_bucket(list(identifiers), values)
            return
        lists = Spool(spool)
        for start, some in _slices(identifiers):
            placed = place_all(self._contract, self._run, some, len(some))
            order = np.argsort(placed, kind="stable")
            cuts = np.searchsorted(placed[order], np.arange(1, self._contract.buckets))
            for bucket, chosen in enumerate(np.split(order, cuts)):
                here = chosen.tolist()
                lists.add(bucket, [start + at for at in here], [some[at] for at in here])
        for bucket in range(self._contract.buckets):
            places, listed = lists.take(bucket)
            role = self._begin_bucket(listed, ())
            role.keep_places(pack(places))
            self._keep(bucket, role)

    def take(self, message: str, body: Body | None = None) -> Iterator[bytes]:
        """The pieces of the answer to a message, one for each bucket; none when the run ends with it.

        `body` stands behind the contract where the message begins with one; it is None for the message that
        the starter takes from itself. Raises what the roles raise; the run is then aborted where they say so.
        """
        if body is None and self._role.role == "starter":
            yield write_contract(self._contract)
        elif body is None or body.left != self._contract.buckets * part_size(self._contract, message):
            self.aborted = True
            raise MalformedFile(
                f"the {message} frame does not have the size that the contract fixes",
                "the peer's software is at fault; start a new run",
            )
        self._found = []
        for bucket in range(self._contract.buckets):
            part = body.read(part_size(self._contract, message)) if body else b""
            role = self._live.pop(bucket, None) or self._load(bucket)
            try:
                answer, learned = _step(role, message, part)
            finally:
                self.aborted = role.state == "aborted"
                self._keep(bucket, role)
            if learned is not None:
                self._found.append((learned, role.places))
            if answer is not None:
                yield answer

    def work_ahead(self) -> None:
        """Do what needs no further message, while the peer is at work; the next answer takes less time.

        Only buckets in memory gain by it: a state on disk holds what was received and nothing derived.
        """
        for role in self._live.values():
            role.work_ahead()

    def learned(self) -> Any:
        """What the run gave, when all pieces of the answer are taken: `Matches`, or the protocol's own."""
        first, _ = self._found[0]
        if self._contract.buckets == 1:
            return first
        assert isinstance(first, Matches)
        bound = self._role.peer_bound(self._contract)
        return join_matches([(found, unpack(places)) for found, places in self._found], bound)

    def _begin_bucket(self, identifiers: list[bytes], values: Sequence[int]) -> Any:
        begin = self._role.begin
        return self._over(begin(self._contract, self._run, identifiers, self._engine, self._random, values))

    def _load(self, bucket: int) -> Any:
        assert self._states is not None
        return self._over(self._role.from_bytes(self._states.load(bucket), self._engine, self._random))

    def _over(self, role: Any) -> Any:
        """The role, over a prepared list where the protocol has one."""
        return role if self._prepared is None else role.over(self._prepared)

    def _keep(self, bucket: int, role: Any) -> None:
        if self._states is None:
            self._live[bucket] = role
        else:
            self._states.save(bucket, role.to_bytes())


def _step(role: Any, message: str, part: bytes) -> tuple[bytes | None, Any]:
    """The answer of a role to a message, None for the last one of the run, and what it learned from it."""
    protocol = protocol_of(role.contract)
    if message == protocol.messages[0] and role.role == "starter":
        return role.start(), None
    if not protocol.tells(message):
        return role.reply(part), None
    answered = role.finish(part)
    return (None, answered) if message == protocol.messages[-1] else answered


def _slices(identifiers: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    start, source = 0, iter(identifiers)
    while some := list(islice(source, _SLICE)):
        yield start, some
        start += len(some)
