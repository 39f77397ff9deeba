"""One side's whole run: all buckets, one after the other, from the list of identifiers to what was learned.

A bucket's state is kept before its answer is handed out, and a bucket that answered a message before gives
the same bytes again. So a run that was stopped anywhere goes on by taking the same message once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from overlap.engine import Engine
from overlap.errors import MalformedFile
from overlap.keys import RandomBytes
from overlap.protocol.body import write_contract
from overlap.protocol.catalogue import part_size, protocol_of, role_of
from overlap.protocol.columns import Pieces, Places
from overlap.protocol.contract import Contract
from overlap.protocol.crew import Crew, States
from overlap.protocol.matches import Matches, join_matches, pack
from overlap.protocol.spool import Spool, place_all, place_digests
from overlap.protocol.stream import Body

#: Identifiers that are split at once; the memory that splitting takes.
_SLICE: Final = 2**17


class Passage:
    """One side of one run under a contract. `run` is 16 bytes, `role` starter or responder.

    `states` is None for a run that need not outlive the process. With it, the lists of several buckets are
    never in memory together, but for those of a role that keeps digests only. `prepared` is the asker or the
    holder where the protocol is over a prepared list (`overlap.protocol.prepared`); its responder begins
    without identifiers.
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
        self._engine = engine
        self._crew = Crew(contract, role, run, engine, random, states, prepared)
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
            self._crew.begin(0, list(identifiers), values)
        elif self._role.by_digests:
            self._crew.begin_digested(self._digested(identifiers))
        else:
            self._split(identifiers, spool)

    def take(self, message: str, body: Body | None = None) -> Iterator[bytes]:
        """The pieces of the answer to a message, one for each bucket; none when the run ends with it.

        `body` stands behind the contract where the message begins with one; it is None for the message that
        the starter takes from itself. Raises what the roles raise; the run is then aborted where they say so.
        """
        size, buckets = part_size(self._contract, message), self._contract.buckets
        if body is None and self._role.role == "starter":
            yield write_contract(self._contract)
        elif body is None or body.left != buckets * size:
            self.aborted = True
            raise MalformedFile(
                f"the {message} frame does not have the size that the contract fixes",
                "the peer's software is at fault; start a new run",
            )
        self._found = []
        parts = (body.read(size) if body else b"" for _ in range(buckets))
        self._tell(message, 0)
        taken = self._crew.take(message, parts)
        for number, done in enumerate(taken, start=1):
            self._tell(message, number)
            self.aborted = done.aborted
            if done.error is not None:
                # What waits for seats is dropped, and what they hold of a run that is over.
                taken.close()
                if done.aborted:
                    self._crew.leave()
                raise done.error
            if done.learned is not None:
                self._found.append((done.learned, done.places))
            if done.answer is not None:
                yield done.answer
        if message == protocol_of(self._contract).messages[-1]:
            self._crew.leave()

    def work_ahead(self) -> None:
        """Do what needs no further message, while the peer is at work; the next answer takes less time.

        Only buckets in memory gain by it: a state on disk holds what was received and nothing derived.
        """
        self._crew.work_ahead()

    def learned(self) -> Any:
        """What the run gave, when all pieces of the answer are taken: `Matches`, or the protocol's own."""
        first, _ = self._found[0]
        if self._contract.buckets == 1:
            return first
        assert isinstance(first, Matches)
        return join_matches(self._found, self._role.peer_bound(self._contract))

    def _tell(self, message: str, done: int) -> None:
        """Say how far a long list is; one in a single bucket is soon worked through."""
        if self._contract.buckets > 1:
            self._engine.tell(f"buckets, {message} frame", done, self._contract.buckets)

    def _split(self, identifiers: Iterable[bytes], spool: Path | None) -> None:
        lists = Spool(spool)
        for start, some in _slices(identifiers):
            placed = place_all(self._contract, self._run, some, len(some))
            for bucket, chosen in enumerate(_groups(placed, self._contract.buckets)):
                here = chosen.tolist()
                lists.add(bucket, [start + at for at in here], [some[at] for at in here])
        for bucket in range(self._contract.buckets):
            places, listed = lists.take(bucket)
            self._crew.begin(bucket, listed, (), pack(places))

    def _digested(self, identifiers: Iterable[bytes]) -> Iterator[tuple[Pieces, bytes]]:
        """The digests of each bucket's identifiers, and their places: 20 bytes an identifier in memory."""
        buckets = self._contract.buckets
        digests: list[list[Pieces]] = [[] for _ in range(buckets)]
        places: list[list[Places]] = [[] for _ in range(buckets)]
        start = 0
        for made in self._crew.digest_lists(some for _, some in _slices(identifiers)):
            for bucket, chosen in enumerate(_groups(place_digests(self._contract, made), buckets)):
                digests[bucket].append(made[chosen])
                places[bucket].append(chosen + start)
            start += len(made)
        empty = self._role.digest_list(self._contract, self._run, [])
        for bucket in range(buckets):
            here, at = np.concatenate([empty, *digests[bucket]]), np.concatenate([[], *places[bucket]])
            digests[bucket], places[bucket] = [], []
            yield here, pack(at)


def _slices(identifiers: Iterable[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    start, source = 0, iter(identifiers)
    while some := list(islice(source, _SLICE)):
        yield start, some
        start += len(some)


def _groups(placed: Places, buckets: int) -> list[Places]:
    """For each bucket the positions of what is placed in it, ascending."""
    order = np.argsort(placed, kind="stable")
    return np.split(order, np.searchsorted(placed[order], np.arange(1, buckets)))
