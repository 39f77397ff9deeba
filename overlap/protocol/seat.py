"""Roles of the buckets of one run, in the process that plays them; another process's behind the same verbs.

What a role answers is handed out with its new state, because the state has to be durable before the answer
leaves. Nothing is raised for what a peer sent or a rule refused: that stands in `Done`, with the state after.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from overlap import errors
from overlap.engine import Engine, Workers
from overlap.errors import OverlapError
from overlap.keys import RandomBytes
from overlap.protocol.catalogue import protocol_of, role_of
from overlap.protocol.columns import Pieces, read_pieces
from overlap.protocol.contract import Contract
from overlap.protocol.identifier import LENGTH
from overlap.protocol.matches import Matches

#: The program of a process that has seats.
PROGRAM: Final = "overlap.protocol.seat_worker"
#: Names of seats in other processes: a run that is opened twice has two, with roles and draws of their own.
_NAMES: Final = count()


@dataclass(frozen=True, slots=True)
class Done:
    """What a bucket's role made of a message: its answer, None at the end of a run, and what it learned.

    `places` is where its identifiers stand in the whole list, packed; `state` is empty unless asked for.
    """

    answer: bytes | None = None
    learned: Any = None
    places: bytes = b""
    state: bytes = b""
    aborted: bool = False
    error: OverlapError | None = None


class Seat:
    """The roles of some buckets, played in this process. `prepared` as in `Passage`."""

    def __init__(
        self,
        contract: Contract,
        role: str,
        run: bytes,
        engine: Engine,
        random: RandomBytes,
        prepared: Any = None,
    ) -> None:
        self._contract, self._role, self._run = contract, role_of(contract, role), run
        self._engine, self._random, self._prepared = engine, random, prepared
        self._roles: dict[int, Any] = {}

    def begin(self, bucket: int, listed: Any, values: Any = (), places: bytes = b"") -> None:
        """A new bucket with the identifiers `listed`. Raises as `Role.begin` does."""
        given = self._contract, self._run, listed, self._engine, self._random
        self._sit(bucket, self._role.begin(*given, values), places)

    def digest_list(self, identifiers: Sequence[bytes]) -> Pieces:
        """As `Role.digest_list`."""
        digests: Pieces = self._role.digest_list(self._contract, self._run, identifiers)
        return digests

    def begin_digested(self, bucket: int, digests: Pieces, places: bytes) -> None:
        """A new bucket with what `Role.digest_list` gave for its identifiers."""
        given = self._contract, self._run, digests, self._engine, self._random
        self._sit(bucket, self._role.begin_digested(*given), places)

    def restore(self, bucket: int, state: bytes) -> None:
        """Go on from a state. Raises BadInput."""
        self._sit(bucket, self._role.from_bytes(state, self._engine, self._random), b"")

    def state(self, bucket: int) -> bytes:
        """The state of a bucket, to be kept."""
        state: bytes = self._roles[bucket].to_bytes()
        return state

    def take(self, bucket: int, message: str, part: bytes, keep: bool) -> Done:
        """What the bucket makes of its part of a message; with its state when it is to be kept."""
        role = self._roles[bucket]
        answer, learned, error = None, None, None
        try:
            answer, learned = _step(role, message, part)
        except OverlapError as refused:
            error = refused
        state = role.to_bytes() if keep else b""
        return Done(answer, learned, role.places, state, role.state == "aborted", error)

    def work_ahead(self, bucket: int) -> None:
        """Do what needs no further message."""
        self._roles[bucket].work_ahead()

    def leave(self, bucket: int) -> None:
        """Forget a bucket whose state is kept."""
        del self._roles[bucket]

    def _sit(self, bucket: int, role: Any, places: bytes) -> None:
        if places:
            role.keep_places(places)
        self._roles[bucket] = role if self._prepared is None else role.over(self._prepared)


class RemoteSeat:
    """A seat in a process of its own, for roles that keep digests only and learn `Matches`.

    The process gets a seed of its own for all that it draws. Whoever asks waits for the answer.
    """

    def __init__(self, worker: Workers, contract: Contract, role: str, run: bytes, seed: bytes) -> None:
        self._worker, self._name = worker, str(next(_NAMES))
        opening = {"do": "open", "of": self._name, "role": role}
        self._opening = write_task(opening, contract.to_bytes(), run, seed)

    def digest_list(self, identifiers: Sequence[bytes]) -> Pieces:
        """As `Seat.digest_list`."""
        sizes = array("I", map(len, identifiers)).tobytes()
        head, (digests,) = self._ask({"do": "digest"}, sizes, b"".join(identifiers))
        return read_pieces(digests, head["size"])

    def begin_digested(self, bucket: int, digests: Pieces, places: bytes) -> None:
        """As `Seat.begin_digested`."""
        self._ask({"do": "begin", "bucket": bucket, "size": digests.shape[1]}, digests.tobytes(), places)

    def restore(self, bucket: int, state: bytes) -> None:
        """As `Seat.restore`."""
        self._ask({"do": "restore", "bucket": bucket}, state)

    def state(self, bucket: int) -> bytes:
        """As `Seat.state`."""
        return self._ask({"do": "state", "bucket": bucket})[1][0]

    def take(self, bucket: int, message: str, part: bytes, keep: bool) -> Done:
        """As `Seat.take`."""
        return read_done(*self._ask({"do": "take", "bucket": bucket, "message": message, "keep": keep}, part))

    def work_ahead(self, bucket: int) -> None:
        """As `Seat.work_ahead`."""
        self._ask({"do": "ahead", "bucket": bucket})

    def leave(self, bucket: int) -> None:
        """As `Seat.leave`."""
        self._ask({"do": "leave", "bucket": bucket})

    def _ask(self, head: dict[str, Any], *parts: bytes) -> tuple[dict[str, Any], list[bytes]]:
        opening, self._opening = self._opening, b""
        if opening:
            self._worker.ask(opening)
        head, answered = read_task(self._worker.ask(write_task(head | {"of": self._name}, *parts)))
        if (error := read_error(head)) and "aborted" not in head:
            raise error
        return head, answered


def write_task(head: dict[str, Any], *parts: bytes) -> bytes:
    """A task or an answer of a seat's process: JSON and byte strings, each after its length."""
    pieces = (json.dumps(head).encode(), *parts)
    return b"".join(each for piece in pieces for each in (len(piece).to_bytes(LENGTH, "big"), piece))


def read_task(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """The inverse of `write_task`."""
    view, at, parts = memoryview(data), 0, []
    while at < len(view):
        end = at + LENGTH + int.from_bytes(view[at : at + LENGTH], "big")
        parts.append(bytes(view[at + LENGTH : end]))
        at = end
    return json.loads(parts[0]), parts[1:]


def write_done(done: Done) -> bytes:
    """The answer that carries what a bucket made of a message."""
    head = {"aborted": done.aborted, "answers": done.answer is not None} | write_error(done.error)
    matches = done.learned
    if matches is None:
        return write_task(head, done.answer or b"", done.places, done.state)
    head |= {"submitted": matches.submitted, "bound": matches.peer_bound}
    parts = done.answer or b"", done.places, done.state, matches.places, matches.joined
    return write_task(head, *parts)


def read_done(head: dict[str, Any], parts: list[bytes]) -> Done:
    """The inverse of `write_done`."""
    answer, places, state, *learned = parts
    matches = Matches(learned[0], learned[1], head["submitted"], head["bound"]) if learned else None
    given = answer if head["answers"] else None
    return Done(given, matches, places, state, head["aborted"], read_error(head))


def write_error(error: OverlapError | None) -> dict[str, Any]:
    """What stands in the head of an answer for an error."""
    return {"error": [type(error).__name__, error.what, error.hint]} if error else {}


def read_error(head: dict[str, Any]) -> OverlapError | None:
    """The error in the head of an answer."""
    if "error" not in head:
        return None
    name, what, hint = head["error"]
    error: OverlapError = getattr(errors, name)(what, hint)
    return error


def _step(role: Any, message: str, part: bytes) -> tuple[bytes | None, Any]:
    """The answer of a role to a message, None for the last one of the run, and what it learned from it."""
    protocol = protocol_of(role.contract)
    if message == protocol.messages[0] and role.role == "starter":
        return role.start(), None
    if not protocol.tells(message):
        return role.reply(part), None
    answered = role.finish(part)
    return (None, answered) if message == protocol.messages[-1] else answered
