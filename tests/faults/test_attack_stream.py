"""Frames of many chunks and runs of many buckets, spoilt in the middle: some buckets have answered by then.

Chunks and buckets are made small, so that the lists of a few companies take several of each.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes

import attacked_run
import pytest
from attacked_house import House, make_house
from attacked_run import (
    MESSAGES,
    agree_on,
    assert_burnt,
    copy_of,
    finish_from,
    flip_last,
    forged,
    opened,
    record_of,
    take,
    taker,
    walk,
)
from faulty_disk import Killed, faulty_disk

from overlap.engine import Engine
from overlap.errors import ForgedFile, MalformedFile, WrongRun
from overlap.protocol import Body, buckets, read_contract, stream
from overlap.protocol.frame import HEAD_SIZE
from overlap.protocol.passage import Passage

BUCKETS = 4
SMALL_CHUNK = 4096


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """Vector-OLE, with lists of 128 in four buckets and chunks of 4 KiB."""
    with pytest.MonkeyPatch.context() as patch:
        agree_on(patch, "vole-rr22/1")
        patch.setitem(buckets.BUCKET_ITEMS, "vole-rr22/1", 128 // BUCKETS)
        patch.setattr(stream, "CHUNK", SMALL_CHUNK)
        # Another process would not know of such small buckets.
        patch.setattr(Engine, "staff", lambda engine, program: [])
        yield


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, small: None) -> Path:
    place = tmp_path_factory.mktemp("house")
    make_house(place).agree()
    return place


@pytest.fixture
def house(begun: Path, tmp_path: Path) -> House:
    return copy_of(begun, tmp_path / "copy")


def test_the_whole_run_in_buckets(house: House) -> None:
    walk(house, "start")
    assert record_of(house.ours).terms.buckets == BUCKETS
    finish_from(house, "start")
    for party in (house.ours, house.theirs):
        assert party.folder.names("runs", record_of(party).run, "lists") == []


@pytest.mark.parametrize("message", ["offer", "request", "reply"])
def test_a_chunk_damaged_in_the_middle_leaves_the_run_open(house: House, message: str) -> None:
    """Buckets before it have answered; their answers are never sent, and are the same the second time."""
    walk(house, message)
    data = bytearray(house.file(message).read_bytes())
    assert len(data) > HEAD_SIZE + 4 * SMALL_CHUNK
    middle = HEAD_SIZE + (len(data) - HEAD_SIZE) * 7 // 10
    data[middle] ^= 1
    house.file("forged").write_bytes(data)
    record = record_of(taker(house, message))
    with pytest.raises(ForgedFile):
        take(house, message, "forged")
    assert record_of(taker(house, message)) == record
    assert not house.file(MESSAGES[MESSAGES.index(message) + 1]).exists()
    finish_from(house, message)


@pytest.mark.parametrize("message", ["offer", "request", "reply"])
def test_another_true_frame_after_some_buckets_have_answered_ends_the_run(house: House, message: str) -> None:
    """Its first bucket differs from the one that was taken; nothing was sent, and nothing will be."""
    walk(house, message)
    _, body = opened(house, message)
    data = bytearray(house.file(message).read_bytes())
    data[-1] ^= 1
    house.file("damaged").write_bytes(data)
    with pytest.raises(ForgedFile):
        take(house, message, "damaged")
    forged(house, message, lambda body: bytes([body[0] ^ 1]) + body[1:])
    with pytest.raises(WrongRun, match="second, different"):
        take(house, message, "forged")
    party = taker(house, message)
    assert record_of(party).state == "aborted"
    assert_burnt(party)
    assert len(body) % BUCKETS == 0


@pytest.mark.parametrize("message", ["request", "reply"])
def test_buckets_that_change_places_end_the_run(house: House, message: str) -> None:
    """Every bucket has secrets of its own."""
    walk(house, message)

    def turned(body: bytes) -> bytes:
        size = len(body) // BUCKETS
        return body[size:] + body[:size]

    forged(house, message, turned)
    with pytest.raises(ForgedFile):
        take(house, message, "forged")
    assert_burnt(taker(house, message))


def test_a_last_bucket_that_is_refused_ends_all_buckets(house: House) -> None:
    walk(house, "reply")
    forged(house, "reply", lambda body: body[:-32] + body[-16:] + body[-32:-16])
    with pytest.raises(MalformedFile, match="not in order"):
        take(house, "reply", "forged")
    assert record_of(house.ours).state == "aborted"
    assert_burnt(house.ours)
    assert not house.file("finish").exists()


def test_lists_on_their_way_into_buckets_do_not_outlive_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply to a start is killed while identifiers lie in plain files; the next one, or the end, clears.

    By Diffie-Hellman: of vector-OLE only digests are split, and these stay in memory.
    """
    agree_on(monkeypatch, "dh-2hash/1")
    monkeypatch.setattr(attacked_run, "MESSAGES", ("start", "reply", "finish"))
    monkeypatch.setitem(buckets.BUCKET_ITEMS, "dh-2hash/1", 128 // BUCKETS)
    base = make_house(tmp_path / "base")
    base.agree()
    walk(base, "start")
    for at in range(1, 100):
        house = copy_of(base.place, tmp_path / f"{at}")
        with pytest.raises(Killed), faulty_disk(house.place, at, "dead"):
            take(house, "start")
        left = list(house.theirs.folder.root.glob("runs/*/lists/list.*"))
        if left:
            break
    assert left
    again = copy_of(house.place, tmp_path / "again")
    finish_from(again, "start")
    assert list(again.theirs.folder.root.glob("runs/*/lists/list.*")) == []
    forged(house, "start", flip_last)
    later = copy_of(house.place, tmp_path / "later")
    with pytest.raises(WrongRun, match="aborted"):
        take(later, "start", "forged")
    assert list(later.theirs.folder.root.glob("runs/*/lists/list.*")) == []


def test_a_length_inside_a_body_asks_for_no_memory() -> None:
    """The contract's length is a number of eight bytes; nothing is read on the word of it."""
    for length in (16_385, 2**40, 2**64 - 1):
        with pytest.raises(MalformedFile, match="larger"):
            read_contract(Body.of(length.to_bytes(8, "big") + bytes(100)))
    with pytest.raises(MalformedFile, match="cut short"):
        read_contract(Body.of((1000).to_bytes(8, "big") + bytes(100)))


def test_a_body_of_the_wrong_size_is_refused_before_it_is_read(house: House) -> None:
    """A peer whose header and file agree on too much: no piece of it is decrypted."""
    walk(house, "offer")
    record = record_of(house.ours)

    def untouched() -> Iterator[bytes]:
        raise AssertionError("read")
        yield b""

    passage = Passage(record.terms, "starter", bytes.fromhex(record.run), Engine(1), token_bytes)
    tracemalloc.start()
    with pytest.raises(MalformedFile):
        list(passage.take("offer", Body(untouched(), 2**40, b"")))
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    assert passage.aborted
