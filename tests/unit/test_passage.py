"""Long lists in buckets: the same result as in one piece, the same bytes after any stop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from protocol_parties import ENGINE, RUN, identifiers, make_contract, stream

from overlap.engine import Engine
from overlap.errors import ForgedFile, InvalidElement, MalformedFile, Refused
from overlap.protocol import Body, Contract, Matches, Passage, bucket_count, protocol_of, read_contract
from overlap.protocol import buckets as module
from overlap.protocol.buckets import bucket_bound
from overlap.protocol.seat import Seat
from overlap.protocol.seat_worker import perform
from overlap.protocol.spool import Spool, place_all
from overlap.protocol.vole.roles import Responder, Starter, store_shape

PROTOCOLS = ("dh-2hash/1", "vole-rr22/1")
LEFT, RIGHT = identifiers(range(400)), identifiers(range(300, 750))


class Beside:
    """A worker's program in this process, which knows of the small buckets."""

    def __init__(self) -> None:
        self.seats: dict[str, Seat] = {}

    def ask(self, task: bytes) -> bytes:
        return perform(self.seats, ENGINE, task)


@pytest.fixture(params=[1, 3], ids=["one seat", "three seats"], autouse=True)
def seats(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The seats of a crew; each call of `staff` is one by another process."""
    count: int = request.param
    monkeypatch.setattr(Engine, "staff", lambda engine, program: [Beside() for _ in range(count - 1)])
    return count


@pytest.fixture(autouse=True)
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUCKET_ITEMS", dict.fromkeys(PROTOCOLS, 100))


class Disk:
    """States in files, as a party's folder keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def load(self, bucket: int) -> bytes:
        return (self.folder / str(bucket)).read_bytes()

    def save(self, bucket: int, state: bytes) -> None:
        (self.folder / str(bucket)).write_bytes(state)


def contract_of(protocol: str, left: int = 500, right: int = 480) -> Contract:
    return make_contract(left, right, protocol=protocol, buckets=bucket_count(protocol, left, right))


def passages(contract: Contract, place: Path, seed: str = "passage") -> tuple[Passage, Passage]:
    """Both sides, with what is on disk already."""
    return tuple(  # type: ignore[return-value]
        Passage(contract, role, RUN, ENGINE, stream(seed + role), Disk(place / role))
        for role in ("starter", "responder")
    )


def run_all(contract: Contract, sides: tuple[Passage, Passage]) -> list[bytes]:
    """All bodies, in order."""
    bodies = [b"".join(sides[0].take("start"))]
    for at, message in enumerate(protocol_of(contract).messages):
        bodies.append(b"".join(sides[1 - at % 2].take(message, body_of(bodies[-1], message))))
    assert bodies.pop() == b""
    return bodies


def body_of(data: bytes, message: str) -> Body:
    body = Body.of(data)
    if message == "start":
        read_contract(body)
    return body


def begin(contract: Contract, place: Path) -> tuple[Passage, Passage]:
    sides = passages(contract, place)
    for passage, listed in zip(sides, (LEFT, RIGHT), strict=True):
        passage.begin(iter(listed))
    return sides


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_buckets_give_what_one_list_gives(protocol: str, tmp_path: Path) -> None:
    contract = contract_of(protocol)
    assert contract.buckets == 5
    sides = begin(contract, tmp_path)
    run_all(contract, sides)
    ours, theirs = (side.learned() for side in sides)
    assert ours.positions == tuple(range(300, 400)) and theirs.positions == tuple(range(100))
    assert ours.tokens == theirs.tokens and len(set(ours.tokens)) == 100
    assert (ours.submitted, ours.peer_bound) == (400, 480)
    # By vector-OLE an altered starter may have put an identifier into each block of its stores.
    most = 500 if protocol == "dh-2hash/1" else 5 * store_shape(contract).size
    assert (theirs.submitted, theirs.peer_bound) == (450, most)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_message_tells_from_the_first_how_many_buckets_are_done(protocol: str) -> None:
    told: list[tuple[str, int, int]] = []
    with Engine(1, lambda *step: told.append(step)) as engine:
        contract = contract_of(protocol)
        sides = [
            Passage(contract, role, RUN, engine, stream("told" + role)) for role in ("starter", "responder")
        ]
        for passage, listed in zip(sides, (LEFT, RIGHT), strict=True):
            passage.begin(iter(listed))
        run_all(contract, (sides[0], sides[1]))
    messages = ("start", *protocol_of(contract).messages)  # the starter takes the first from itself
    expected = [(f"buckets, {message} frame", done, 5) for message in messages for done in range(6)]
    assert [step for step in told if step[0].startswith("buckets")] == expected


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_work_ahead_changes_no_byte(protocol: str) -> None:
    contract = make_contract(60, 50, protocol=protocol, buckets=1)
    shared = identifiers(range(40))

    def run(ahead: bool) -> list[bytes]:
        sides = [
            Passage(contract, role, RUN, ENGINE, stream("ahead" + role)) for role in ("starter", "responder")
        ]
        for passage in sides:
            passage.begin(shared)
        bodies = [b"".join(sides[0].take("start"))]
        for at, message in enumerate(protocol_of(contract).messages):
            if ahead:
                for passage in sides:
                    passage.work_ahead()
            bodies.append(b"".join(sides[1 - at % 2].take(message, body_of(bodies[-1], message))))
        assert [len(passage.learned().positions) for passage in sides] == [40, 40]
        return bodies

    assert run(True) == run(False)


def test_work_ahead_asks_every_role_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    contract = make_contract(60, 50, protocol="vole-rr22/1", buckets=1)
    sides = [
        Passage(contract, role, RUN, ENGINE, stream("ahead" + role)) for role in ("starter", "responder")
    ]
    for passage in sides:
        passage.begin(identifiers(range(40)))
    offered = sides[1].take("start", body_of(b"".join(sides[0].take("start")), "start"))
    assert len(b"".join(offered))
    done: list[str] = []
    for role in (Starter, Responder):
        monkeypatch.setattr(role, "work_ahead", lambda role: done.append(role.role))
    for passage in sides:
        passage.work_ahead()
    assert done == ["starter", "responder"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("stop", [0, 1, 3])
def test_a_run_that_stops_at_any_bucket_goes_on_with_the_same_bytes(
    protocol: str, stop: int, tmp_path: Path
) -> None:
    """Every step is stopped after `stop` buckets and taken up by a new process that knows the disk alone."""
    contract = contract_of(protocol)
    begin(contract, tmp_path)
    body: bytes | None = None
    messages = protocol_of(contract).messages
    for at in range(len(messages) + 1):
        message = messages[max(0, at - 1)]
        pieces = []
        for attempt in ("stopped", "whole"):
            passage = passages(contract, tmp_path, attempt)[at % 2]
            taken = passage.take(message, None if body is None else body_of(body, message))
            pieces.append(list(islice(taken, stop)) if attempt == "stopped" else list(taken))
        assert pieces[0] == pieces[1][:stop]
        body = b"".join(pieces[1])
    result = passage.learned()
    assert isinstance(result, Matches) and len(result.positions) == 100


def test_a_body_damaged_on_its_way_is_refused_and_the_true_one_still_answered(tmp_path: Path) -> None:
    contract = contract_of("dh-2hash/1")
    sides = begin(contract, tmp_path)
    start = b"".join(sides[0].take("start"))

    def broken() -> Iterator[bytes]:
        yield start[: len(start) // 2]
        raise ForgedFile("altered", "ask again")

    body = Body(broken(), len(start), b"")
    read_contract(body)
    with pytest.raises(ForgedFile):
        list(sides[1].take("start", body))
    assert not sides[1].aborted
    assert len(list(sides[1].take("start", body_of(start, "start")))) == 5


def test_a_signed_body_of_another_size_ends_the_run(tmp_path: Path) -> None:
    contract = contract_of("dh-2hash/1")
    _, responder = begin(contract, tmp_path)
    with pytest.raises(MalformedFile):
        list(responder.take("start", Body.of(bytes(32))))
    assert responder.aborted


def test_a_bucket_over_its_bound_ends_the_run_before_anything_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = contract_of("dh-2hash/1")
    monkeypatch.setattr(
        "overlap.protocol.passage.place_all", lambda c, r, some, n: np.zeros(n, dtype=np.int64)
    )
    with pytest.raises(Refused, match="more than"):
        passages(contract, tmp_path)[0].begin(LEFT)


def test_lists_pass_through_files_and_leave_none(tmp_path: Path) -> None:
    lists = {kind: Spool(tmp_path if kind == "files" else None) for kind in ("files", "memory")}
    for spool in lists.values():
        spool.add(1, [0, 2], [b"a", b""])
        spool.add(1, [5], [b"ccc"])
    assert [spool.take(0) for spool in lists.values()] == [([], [])] * 2
    assert [spool.take(1) for spool in lists.values()] == [([0, 2, 5], [b"a", b"", b"ccc"])] * 2
    assert list(tmp_path.iterdir()) == []


def test_buckets_are_filled_evenly_and_differ_between_runs() -> None:
    contract = contract_of("dh-2hash/1")
    many = identifiers(range(20_000))
    first, second = (place_all(contract, run, many, len(many)) for run in (RUN, bytes(16)))
    counts = np.bincount(first, minlength=5)
    assert counts.sum() == 20_000 and len(counts) == 5
    # Chi-square with four degrees of freedom: 23.5 is passed once in 10,000.
    assert ((counts - 4_000) ** 2 / 4_000).sum() < 23.5
    assert 0.15 < (first == second).mean() < 0.25


@pytest.mark.parametrize(("declared", "buckets"), [(101, 2), (500, 5), (2**21, 2), (10**7, 10), (2**25, 32)])
def test_a_bucket_is_over_its_bound_in_one_of_2_to_the_40_runs(declared: int, buckets: int) -> None:
    """The exact binomial tail for all buckets of both sides, by logarithms of the gamma function."""
    bound = bucket_bound(declared, buckets)
    if bound == declared:
        return
    share = 1 / buckets

    def log_chance(count: int) -> float:
        ways = math.lgamma(declared + 1) - math.lgamma(count + 1) - math.lgamma(declared - count + 1)
        return ways + count * math.log(share) + (declared - count) * math.log1p(-share)

    # Beyond the bound each further count is less likely by a factor below this one.
    ratio = (declared - bound) / (bound + 1) * share / (1 - share)
    tail = math.exp(log_chance(bound + 1)) / (1 - ratio)
    assert 2 * buckets * tail <= 2**-40
    # The padding is some percent and not a multiple: the smallest case apart, which is all padding.
    assert declared < 1_000 or bound < 1.05 * declared / buckets


@pytest.mark.parametrize("at", range(5))
def test_a_bucket_that_is_refused_ends_the_run_and_its_state_says_so(at: int, tmp_path: Path) -> None:
    contract = contract_of("vole-rr22/1")
    sides = begin(contract, tmp_path)
    start = b"".join(sides[0].take("start"))
    offer = b"".join(sides[1].take("start", body_of(start, "start")))
    size = len(offer) // 5
    broken = offer[: at * size] + b"\xff" * 32 + offer[at * size + 32 :]
    with pytest.raises(InvalidElement):
        list(sides[0].take("offer", Body.of(broken)))
    assert sides[0].aborted
    with pytest.raises(Refused, match="aborted"):
        list(passages(contract, tmp_path)[0].take("offer", Body.of(offer)))


def test_work_ahead_of_buckets_changes_nothing_that_is_learned(tmp_path: Path) -> None:
    contract = contract_of("vole-rr22/1")
    sides = begin(contract, tmp_path)
    bodies = [b"".join(sides[0].take("start"))]
    for at, message in enumerate(protocol_of(contract).messages):
        for side in sides:
            side.work_ahead()
        bodies.append(b"".join(sides[1 - at % 2].take(message, body_of(bodies[-1], message))))
    assert [side.learned().positions for side in sides] == [tuple(range(300, 400)), tuple(range(100))]


def test_without_states_a_run_that_is_over_is_forgotten() -> None:
    contract = contract_of("vole-rr22/1")
    sides = [Passage(contract, role, RUN, ENGINE, stream(role)) for role in ("starter", "responder")]
    for passage, listed in zip(sides, (LEFT, RIGHT), strict=True):
        passage.begin(iter(listed))
    bodies = run_all(contract, (sides[0], sides[1]))
    with pytest.raises(Refused, match="nothing of it is kept"):
        list(sides[1].take("finish", Body.of(bodies[-1])))
