"""A seat in another process gives what one in this process gives, errors and all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract

from overlap.engine import Workers
from overlap.errors import InvalidElement, MalformedFile, OverlapError, Refused, WrongRun
from overlap.protocol import Matches
from overlap.protocol.matches import pack
from overlap.protocol.seat import (
    PROGRAM,
    Done,
    RemoteSeat,
    Seat,
    read_done,
    read_error,
    read_task,
    write_done,
    write_error,
    write_task,
)
from overlap.protocol.vole.aes import stream
from overlap.protocol.vole.roles import Starter

CONTRACT = make_contract(60, 50, protocol="vole-rr22/1")
LISTED = {"starter": identifiers(range(60)), "responder": identifiers(range(30, 80))}
SEEDS = {"starter": bytes(16), "responder": bytes(15) + b"1"}


@pytest.fixture(scope="module")
def worker() -> Iterator[Workers]:
    workers = Workers(1, PROGRAM)
    yield workers
    workers.close()


def seated(role: str, worker: Workers | None) -> Seat | RemoteSeat:
    seed = SEEDS[role]
    if worker:
        seat: Seat | RemoteSeat = RemoteSeat(worker, CONTRACT, role, RUN, seed)
    else:
        seat = Seat(CONTRACT, role, RUN, ENGINE, stream(seed))
    listed = LISTED[role]
    seat.begin_digested(0, Starter.digest_list(CONTRACT, RUN, listed), pack(range(len(listed))))
    return seat


def run(starter: Seat | RemoteSeat, responder: Seat | RemoteSeat) -> list[Done]:
    done = [starter.take(0, "start", b"", True)]
    for at, message in enumerate(("start", "offer", "request", "reply", "finish")):
        taker = (responder, starter)[at % 2]
        assert done[-1].answer is not None
        taker.work_ahead(0)
        done.append(taker.take(0, message, done[-1].answer, True))
    return done


def test_another_process_gives_the_same_bytes_states_and_matches(worker: Workers) -> None:
    here = run(seated("starter", None), seated("responder", None))
    there = run(seated("starter", worker), seated("responder", worker))
    assert here == there
    assert here[-1].learned.positions == tuple(range(30)) and here[-1].places == pack(range(50))


def test_another_process_gives_the_same_digests(worker: Workers) -> None:
    for listed in ([], LISTED["starter"], [b"", b"a", b"bc" * 500]):
        here = Seat(CONTRACT, "starter", RUN, ENGINE, stream(bytes(16))).digest_list(listed)
        there = RemoteSeat(worker, CONTRACT, "starter", RUN, bytes(16)).digest_list(listed)
        assert here.shape == there.shape == (len(listed), 16) and (here == there).all()


def test_a_state_from_one_process_goes_on_in_another(worker: Workers) -> None:
    seat = seated("responder", worker)
    offered = seat.take(0, "start", b"", True)
    seat.leave(0)
    here = Seat(CONTRACT, "responder", RUN, ENGINE, stream(bytes(16)))
    here.restore(0, offered.state)
    assert here.take(0, "start", b"", False).answer == offered.answer


def test_what_a_peer_sent_wrong_comes_back_with_the_state_after_it(worker: Workers) -> None:
    for place in (None, worker):
        seat = seated("starter", place)
        assert seat.take(0, "start", b"", False).error is None
        done = seat.take(0, "offer", b"\xff" * Starter.part_size(CONTRACT, "offer"), True)
        assert isinstance(done.error, InvalidElement) and done.aborted and done.answer is None
        assert b'"state":"aborted"' in done.state
        assert isinstance(seat.take(0, "offer", b"", True).error, Refused)


def test_a_list_that_is_refused_is_refused_there(worker: Workers) -> None:
    seat = RemoteSeat(worker, CONTRACT, "starter", RUN, bytes(16))
    digests = Starter.digest_list(CONTRACT, RUN, identifiers([1, 1]))
    with pytest.raises(Refused, match="repeated"):
        seat.begin_digested(0, digests, b"")


def test_a_process_that_ends_is_an_error_with_a_hint() -> None:
    workers = Workers(1, PROGRAM)
    seat = seated("starter", workers)
    workers._processes[0].kill()
    with pytest.raises(OverlapError, match="ended before its work"):
        seat.state(0)


def test_answers_survive_the_way_between_processes() -> None:
    matches = Matches.of((1, 5), (bytes(16), b"1" * 16), 7, 9)
    for done in (
        Done(),
        Done(b"", None, b"", b"state"),
        Done(b"answer", matches, pack([3, 4]), b"", False),
        Done(None, matches),
        Done(None, None, b"", b"s", True),
    ):
        assert read_done(*read_task(write_done(done))) == done
    assert read_task(write_task({"a": 1}, b"", b"x" * 100)) == ({"a": 1}, [b"", b"x" * 100])
    for error in (Refused("a", "b"), MalformedFile("a", "b"), WrongRun("c", "d")):
        again = read_error(write_error(error))
        assert type(again) is type(error) and again is not None
        assert (again.what, again.hint) == (error.what, error.hint)
    assert read_error(write_error(None)) is None
