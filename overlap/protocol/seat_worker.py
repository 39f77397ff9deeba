"""The program of a process that plays buckets of runs for another one (`overlap.protocol.seat`).

All that it knows it is told over its standard input, where no other process of the machine reads along.
"""

from __future__ import annotations

from array import array
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from overlap.engine import Engine, serve
from overlap.errors import OverlapError
from overlap.protocol.columns import read_pieces
from overlap.protocol.contract import Contract
from overlap.protocol.seat import Seat, read_task, write_done, write_error, write_task
from overlap.protocol.vole.aes import stream


def perform(seats: dict[str, Seat], engine: Engine, task: bytes) -> bytes:
    """The answer to a task; `seats` are those opened before, by name."""
    head, parts = read_task(task)
    try:
        return _perform(seats, engine, head, parts)
    except OverlapError as error:
        return write_task(write_error(error))


def _perform(seats: dict[str, Seat], engine: Engine, head: dict[str, Any], parts: list[bytes]) -> bytes:
    if head["do"] == "open":
        contract, run, seed = parts
        seats[head["of"]] = Seat(Contract.from_bytes(contract), head["role"], run, engine, stream(seed))
        return write_task({})
    seat = seats[head["of"]]
    if head["do"] == "digest":
        ends = [0, *accumulate(array("I", parts[0]))]
        digests = seat.digest_list([parts[1][start:end] for start, end in pairwise(ends)])
        return write_task({"size": digests.shape[1]}, digests.tobytes())
    bucket = head["bucket"]
    if head["do"] == "take":
        return write_done(seat.take(bucket, head["message"], parts[0], head["keep"]))
    if head["do"] == "state":
        return write_task({}, seat.state(bucket))
    if head["do"] == "begin":
        seat.begin_digested(bucket, read_pieces(parts[0], head["size"]), parts[1])
    elif head["do"] == "restore":
        seat.restore(bucket, parts[0])
    elif head["do"] == "ahead":
        seat.work_ahead(bucket)
    elif head["do"] == "leave":
        seat.leave(bucket)
    return write_task({})


if __name__ == "__main__":
    with Engine(1) as engine:
        serve(partial(perform, {}, engine))
