"""Seats of other processes under threads: one question at a time, to the right roles, none after an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract, stream

from overlap.engine import Engine, Workers
from overlap.errors import ForgedFile, InvalidElement, OverlapError, Refused, WrongRun
from overlap.protocol import Body, Contract, Passage, bucket_count
from overlap.protocol import buckets as module
from overlap.protocol.seat import PROGRAM, RemoteSeat, Seat, read_task
from overlap.protocol.seat_worker import perform
from overlap.protocol.vole.roles import Starter

PROTOCOL = "vole-rr22/1"


class Beside:
    """A worker's program in this process, which knows of the small buckets; it sees two questions at once."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}
        self.asked: list[str] = []
        self.crossed = False
        self.open = threading.Event()
        self.open.set()
        self._busy = threading.Lock()

    def ask(self, task: bytes) -> bytes:
        if not self._busy.acquire(blocking=False):
            self.crossed = True
            self._busy.acquire()
        try:
            self.asked.append(read_task(task)[0]["do"])
            time.sleep(0.01)
            self.open.wait()
            return perform(self.seats, ENGINE, task)
        finally:
            self._busy.release()


class Kept(dict[int, bytes]):
    """States in memory."""

    load = dict[int, bytes].__getitem__
    save = dict[int, bytes].__setitem__


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> Beside:
    """The one process beside this one; buckets are small."""
    made = Beside()
    monkeypatch.setattr(module, "BUCKET_ITEMS", {PROTOCOL: 100})
    monkeypatch.setattr(Engine, "staff", lambda engine, program: [made])
    return made


def settle(passage: Passage) -> None:
    """Wait for all that its threads were given."""
    for thread in passage._crew._threads:
        thread.submit(int).result()


def contract_of(size: int) -> Contract:
    return make_contract(size, size, protocol=PROTOCOL, buckets=bucket_count(PROTOCOL, size, size))


@pytest.fixture(scope="module")
def worker() -> Iterator[Workers]:
    workers = Workers(1, PROGRAM)
    yield workers
    workers.close()


def test_threads_that_ask_one_process_get_their_own_answers(worker: Workers) -> None:
    """Two crews of one engine share its processes: what one has under way may meet what another asks."""
    contract = make_contract(60, 50, protocol=PROTOCOL)
    lists = [identifiers(range(at, at + 300 * (at + 1))) for at in range(4)]
    seats = [RemoteSeat(worker, contract, "starter", bytes([at]) * 16, bytes(16)) for at in range(4)]
    wrong: list[int] = []

    def ask(at: int) -> None:
        wanted = Starter.digest_list(contract, bytes([at]) * 16, lists[at]).tobytes()
        for _ in range(30):
            if seats[at].digest_list(lists[at]).tobytes() != wanted:
                wrong.append(at)

    threads = [threading.Thread(target=ask, args=(at,), daemon=True) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads) and not wrong


def test_two_seats_of_one_run_and_role_are_two(worker: Workers) -> None:
    """A run that is opened a second time does not take the roles, nor the draws, of the first one."""
    contract = make_contract(60, 50, protocol=PROTOCOL)
    first, second = (RemoteSeat(worker, contract, "starter", RUN, bytes([at]) * 16) for at in range(2))
    for seat in (first, second):
        seat.begin_digested(0, Starter.digest_list(contract, RUN, identifiers(range(50))), b"")
        seat.take(0, "start", b"", False)
    states = [seat.state(0) for seat in (first, second)]
    assert states[0] != states[1] and b'"state":"started"' in states[0]
    second.leave(0)
    assert first.state(0) == states[0]


def test_buckets_leave_memory_without_a_second_question_to_their_process(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above so many buckets a state is all that stays; a process is asked by one thread only, as ever."""
    monkeypatch.setattr("overlap.protocol.crew._LIVE", 1)
    contract, kept = contract_of(800), Kept()
    assert contract.buckets == 8
    starter = Passage(contract, "starter", RUN, ENGINE, stream("starter"), kept)
    starter.begin(identifiers(range(40)))
    assert len(list(starter.take("start"))) == 9
    settle(starter)
    assert not beside.crossed
    assert beside.asked.count("leave") == 8 and len(kept) == 8
    assert not any(seat._roles for seat in beside.seats.values())


def test_what_waits_for_a_process_is_dropped_when_nobody_listens_any_more(beside: Beside) -> None:
    """After a Ctrl-C the engine ends its processes; what still waited would start new ones."""
    contract = contract_of(800)
    starter = Passage(contract, "starter", RUN, ENGINE, stream("starter"), Kept())
    starter.begin(identifiers(range(40)))
    before = len(beside.asked)
    beside.open.clear()
    taken = starter.take("start")
    next(taken)
    next(taken)
    taken.close()  # type: ignore[attr-defined]
    beside.open.set()
    settle(starter)
    assert beside.asked[before:] in ([], ["take"])
    assert len(list(starter.take("start"))) == 9


def test_a_bucket_refused_counts_before_a_body_that_breaks_off_behind_it(beside: Beside) -> None:
    """Parts are read ahead of the answers: the run ends as it does where one process does all."""
    contract, kept = contract_of(800), Kept()
    starter = Passage(contract, "starter", RUN, ENGINE, stream("starter"), kept)
    starter.begin(identifiers(range(40)))
    list(starter.take("start"))
    size = Starter.part_size(contract, "offer")

    def broken() -> Iterator[bytes]:
        yield b"\xff" * size
        yield b"\xff" * size
        raise ForgedFile("altered", "ask again")

    with pytest.raises(InvalidElement):
        list(starter.take("offer", Body(broken(), 8 * size, b"")))
    assert starter.aborted and b'"state":"aborted"' in kept[0]


@pytest.mark.parametrize("at", [0, 5])
def test_nothing_of_a_run_that_is_refused_stays_in_any_memory(beside: Beside, at: int) -> None:
    """The bucket at fault is burnt; what its role derived, and the other buckets, go with it."""
    contract, kept = contract_of(800), Kept()
    starter = Passage(contract, "starter", RUN, ENGINE, stream("starter"), kept)
    starter.begin(identifiers(range(40)))
    list(starter.take("start"))
    responder = Passage(contract, "responder", RUN, ENGINE, stream("responder"))
    responder.begin(identifiers(range(40)))
    offer = b"".join(responder.take("start", Body.of(b"")))
    size = Starter.part_size(contract, "offer")
    broken = offer[: at * size] + b"\xff" * 32 + offer[at * size + 32 :]
    with pytest.raises(InvalidElement):
        list(starter.take("offer", Body.of(broken)))
    here = starter._crew._seats[0]
    theirs = [seat for seat in beside.seats.values() if seat._role.role == "starter"]
    assert not here._roles and len(theirs) == 1 and not theirs[0]._roles
    with pytest.raises((Refused, WrongRun)):
        list(starter.take("offer", Body.of(offer)))
    assert b'"state":"aborted"' in kept[at]


def test_a_process_that_is_gone_does_not_hide_why_a_run_was_refused(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = contract_of(800)
    starter = Passage(contract, "starter", RUN, ENGINE, stream("starter"), Kept())
    starter.begin(identifiers(range(40)))
    list(starter.take("start"))

    def gone(task: bytes) -> bytes:
        raise OverlapError("a worker process ended", "run the command again")

    monkeypatch.setattr(beside, "ask", gone)
    with pytest.raises(InvalidElement):
        list(starter.take("offer", Body.of(b"\xff" * 8 * Starter.part_size(contract, "offer"))))
