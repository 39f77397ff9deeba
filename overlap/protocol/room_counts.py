"""Level `counts` through a third party, the room: it counts what it cannot read, and blurs what it tells.

    starter, holds X                  responder, holds Y                        room
    start  u(a * H(x))         ─────→
                               ←───── reply         u(b * H(y))
                                      starter-list  u(b * start_i)       ─────→
    responder-list  u(a * reply_i)                                       ─────→
                                                                         counts equal elements,
                               ←─────────────────────────────────────────── result  noise, minimum

Neither side sees its own elements doubly blinded, so a starter that blinds each identifier with a scalar of
its own learns nothing: its list then meets nothing (overlap.protocol.counts has no answer to that). The room
sees sets of uniform elements and how many of them meet. The room together with one side can learn which of
the identifiers that this side submitted are held by the other, and no more.

An account is in one population of its side, so one account more or less changes one count, by 1: noise is
discrete Laplace of sensitivity 1, drawn for each cell, and all counts together are epsilon-differentially
private. The minimum is applied to what the noise left, which discloses nothing more. Each further run with
the same accounts adds its epsilon.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Final, Self

from overlap.engine import Engine
from overlap.errors import Refused, UsageError
from overlap.keys import RandomBytes
from overlap.protocol.blind import blind, multiply_peer
from overlap.protocol.body import ELEMENT_SIZE
from overlap.protocol.columns import split
from overlap.protocol.contract import Contract
from overlap.protocol.noise import discrete_laplace
from overlap.protocol.role import Role
from overlap.protocol.room_body import (
    bounds_of,
    by_population,
    cell_names,
    counting_of,
    part_size,
    read_elements,
    read_list,
    read_numbers,
    read_result,
    write_list,
    write_result,
)
from overlap.protocol.steps import Run, begin_run

PROTOCOL: Final = "dh-count-room/1"


@dataclass(frozen=True, slots=True)
class CellCounts:
    """What everybody learns: for each cell, a population of the starter and one of the responder, a number.

    `numbers` are counts with noise, -1 where that is below the contract's minimum.
    """

    cells: tuple[tuple[str, str], ...]
    numbers: tuple[int, ...]


class _Party(Role):
    """A side with identifiers. Its `values` are the position of each one's population in the contract."""

    protocol = PROTOCOL
    list_name: ClassVar[str]

    @classmethod
    def keep_values(cls, contract: Contract, count: int, values: Sequence[int]) -> dict[str, bytes]:
        """The populations of the identifiers; Refused for more than declared of one."""
        bounds = bounds_of(contract, cls.role)
        if len(values) != count or not all(0 <= value < len(bounds) for value in values):
            raise UsageError("the population of each identifier is needed", "report this as a bug")
        for at, bound in enumerate(bounds):
            if values.count(at) > bound:
                side = contract.starter if cls.role == "starter" else contract.responder
                raise Refused(
                    f"the identifiers of {side.populations[at]} are more than the declared {bound}",
                    "agree on a larger bound, or match fewer accounts",
                )
        return {"values": array("Q", values).tobytes()}

    @staticmethod
    def part_size(contract: Contract, step: str) -> int:
        """Bytes of the body of `step`, which follow from the contract alone."""
        return part_size(contract, step)

    def room_list(self) -> bytes:
        """The body for the room, which tells it nothing but how many elements meet."""
        if self.list_name not in self._run.parts:
            raise Refused(f"there is no {self.list_name} yet", "take the other side's elements first")
        return self._run.parts[self.list_name]

    def finish(self, result: bytes) -> CellCounts:
        """The counts that the room tells.

        Raises MalformedFile or ForgedFile, and aborts the run, when the result is not acceptable.
        """
        run = self._run
        if not run.repeats("result", result):
            with run.judging_peer():
                self._read(result)
            run.advance("result", result, False, {"result": result})
        return CellCounts(tuple(cell_names(run.contract)), self._read(run.parts["result"]))

    def _read(self, result: bytes) -> tuple[int, ...]:
        return read_result(self._run.contract, self.list_name, self.room_list(), result)

    def _blinded(self) -> list[bytes]:
        """Our elements by population, filled up with dummies, each population sorted."""
        run, numbers = self._run, array("Q")
        numbers.frombytes(run.parts["values"])
        bounds = bounds_of(run.contract, self.role)
        groups: list[list[bytes]] = [[] for _ in bounds]
        for identifier, at in zip(run.identifiers, numbers, strict=True):
            groups[at].append(identifier)
        return [
            element
            for group, bound in zip(groups, bounds, strict=True)
            for element in sorted(
                split(blind(group, bound, run.scalar, self._engine, self._random), ELEMENT_SIZE)
            )
        ]

    def _list_of(self, role: str, elements: bytes) -> bytes:
        """The list of `role` for the room: its elements blinded again, sorted within each population."""
        run = self._run
        again = split(multiply_peer(run.scalar, elements, self._engine), ELEMENT_SIZE)
        pieces = by_population(bounds_of(run.contract, role), again)
        return write_list(run.contract, run.run, list(chain.from_iterable(pieces)))


class Starter(_Party):
    """The side that sends `start`, and the responder's list to the room."""

    role, list_name = "starter", "responder-list"

    def start(self) -> bytes:
        """The body of `start`; the same bytes at every call."""
        run = self._run
        if run.repeats("start", b""):
            return run.parts["start"]
        body = b"".join(self._blinded())
        run.advance("start", b"", False, {"start": body})
        return body

    def reply(self, reply: bytes) -> bytes:
        """The body of `responder-list`, for the room. Raises MalformedFile or InvalidElement, and aborts."""
        run = self._run
        if run.repeats("reply", reply):
            return self.room_list()
        with run.judging_peer():
            body = self._list_of("responder", read_elements(run.contract, "reply", reply))
        run.advance("reply", reply, True, {self.list_name: body})
        return body


class Responder(_Party):
    """The side that answers `start` with `reply`, and sends the starter's list to the room."""

    role, list_name = "responder", "starter-list"

    def reply(self, start: bytes) -> bytes:
        """The body of `reply`; the one for the room is `room_list`. Errors as in `dh.Responder.reply`."""
        run = self._run
        if run.repeats("start", start):
            return run.parts["reply"]
        with run.judging_peer():
            for_room = self._list_of("starter", read_elements(run.contract, "start", start))
        body = b"".join(self._blinded())
        run.advance("start", start, True, {"reply": body, self.list_name: for_room})
        return body


class Room:
    """The third party. It has no identifiers and no scalar; what it keeps are two sets of elements."""

    protocol, role = PROTOCOL, "room"

    def __init__(self, run: Run, engine: Engine, random: RandomBytes) -> None:
        self._run, self._engine, self._random = run, engine, random

    @classmethod
    def begin(cls, contract: Contract, run: bytes, engine: Engine, random: RandomBytes) -> Self:
        """A new run of 16 bytes; both sides have shown the room this contract and this run."""
        counting_of(contract)
        return cls(begin_run(PROTOCOL, cls.role, contract, run, 0), engine, random)

    @classmethod
    def from_bytes(cls, data: bytes, engine: Engine, random: RandomBytes) -> Self:
        """The run in `data`. Raises BadInput."""
        return cls(Run.from_bytes(data, PROTOCOL, cls.role), engine, random)

    def to_bytes(self) -> bytes:
        """The state of the run, to be encrypted and kept before the result is sent: it holds exact counts."""
        return self._run.to_bytes()

    @property
    def state(self) -> str:
        """A state of the table in `overlap.protocol.steps`, or aborted."""
        return self._run.state

    def take(self, starter_list: bytes) -> None:
        """Take `starter-list`, which the responder sends.

        Raises MalformedFile, InvalidElement or WrongRun, and aborts the run, when it is not acceptable.
        """
        run = self._run
        if not run.repeats("starter-list", starter_list):
            with run.judging_peer():
                self._read("starter-list", starter_list)
            run.advance("starter-list", starter_list, False, {"starter-list": starter_list})

    def result(self, responder_list: bytes) -> tuple[bytes, CellCounts]:
        """The body of `result` for both sides, from what the starter sends. Errors as in `take`."""
        run = self._run
        if not run.repeats("responder-list", responder_list):
            with run.judging_peer():
                ours = self._read("starter-list", run.parts["starter-list"])
                theirs = self._read("responder-list", responder_list)
            lists = [hashlib.sha256(one).digest() for one in (run.parts["starter-list"], responder_list)]
            body = write_result(lists, [self._blur(len(left & right)) for left in ours for right in theirs])
            run.advance("responder-list", responder_list, False, {"result": body})
            # Exact counts can be taken from both lists, so none outlives the answer.
            del run.parts["starter-list"]
        body = run.parts["result"]
        return body, CellCounts(tuple(cell_names(run.contract)), read_numbers(body))

    def _read(self, step: str, data: bytes) -> list[set[bytes]]:
        run = self._run
        populations = read_list(run.contract, run.run, step, data)
        elements = b"".join(chain.from_iterable(populations))
        self._engine.check_points(elements)
        return [set(population) for population in populations]

    def _blur(self, count: int) -> int:
        """The count with noise, -1 when that is below the minimum."""
        counting = counting_of(self._run.contract)
        number = count + discrete_laplace(counting.epsilon, counting.epsilon_of, self._random)
        return number if number >= counting.minimum else -1
