"""A party's side of a room against a small room on loopback: what is sent, retried, resumed and believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_room import Reply, SmallRoom, problem, small_room

from cleanroom.room import RoomCarrier, RoomClient, Waiting, card_signer, piecewise, read_room_card
from cleanroom.room import client as client_module
from cleanroom.session.party import wall_clock
from overlap.errors import Expired, ForgedFile, MalformedFile, OverlapError, Refused, Unreachable
from overlap.keys import PartyKeys

ROOM, ADA, BEN = (PartyKeys.generate(name, lambda n, s=seed: bytes([s]) * n) for name, seed in
                  (("room", 1), ("ada", 2), ("ben", 3)))  # fmt: skip


def random(number: int) -> bytes:
    import secrets

    return secrets.token_bytes(number)


@pytest.fixture
def room() -> Iterator[SmallRoom]:
    with small_room(ROOM) as made:
        made.cards = {keys.card.digest.hex(): keys.card for keys in (ADA, BEN)}
        yield made
        while OPEN:
            OPEN.pop().close()


#: Clients to close at the end of a test.
OPEN: list[RoomClient] = []


def client(
    room: SmallRoom, keys: PartyKeys, clock: Callable[[], int] = wall_clock, url: str = ""
) -> RoomClient:
    made = RoomClient(
        url or room.url, ROOM.card, card_signer(keys), clock, random, sleep=lambda seconds: None
    )
    OPEN.append(made)
    return made


def carrier(room: SmallRoom, keys: PartyKeys) -> RoomCarrier:
    return RoomCarrier(client(room, keys))


def written(tmp_path: Path, size: int = 1000) -> Path:
    path = tmp_path / "file"
    path.write_bytes(random(1000) * (size // 1000))
    return path


def sent(room: SmallRoom, tmp_path: Path, size: int = 1000) -> tuple[Path, Waiting]:
    source = written(tmp_path, size)
    carrier(room, ADA).send(BEN.card, "frame", source)
    (item,) = carrier(room, BEN).waiting(["frame", "letter"])
    return source, item


def test_a_file_goes_through_a_room_and_is_removed_by_its_recipient(room: SmallRoom, tmp_path: Path) -> None:
    source, item = sent(room, tmp_path)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    assert (item.sender, item.kind, item.size) == (ADA.card.digest.hex(), "frame", 1000)
    assert item.sha256 == digest
    assert carrier(room, BEN).waiting(["letter"]) == carrier(room, ADA).waiting(["frame"]) == []
    carrier(room, BEN).fetch(item, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()
    carrier(room, ADA).send(BEN.card, "frame", source)
    assert len(room.messages) == 1
    for _ in range(2):
        carrier(room, BEN).done(item)
    assert room.messages == {}
    with pytest.raises(Refused, match="taken in or withdrawn"):
        carrier(room, BEN).fetch(item, tmp_path / "late")


def test_an_interrupted_upload_goes_on_where_it_was(
    room: SmallRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecewise, "CHUNK", 1000)
    source = written(tmp_path, 5000)
    left = 2

    def cut(method: str, path: str, body: bytes) -> Reply | None:
        nonlocal left
        left -= method == "PATCH"
        if left < 0:
            raise ConnectionError
        return None

    room.before = cut
    with pytest.raises(Unreachable):
        carrier(room, ADA).send(BEN.card, "frame", source)
    room.before = lambda *_: None
    room.requests.clear()
    carrier(room, ADA).send(BEN.card, "frame", source)
    assert [size for method, _, size in room.requests if method == "PATCH"] == [1000, 1000, 1000]
    assert bytes(next(iter(room.messages.values())).data) == source.read_bytes()


def test_a_piece_that_arrived_and_was_not_confirmed_is_not_sent_twice(
    room: SmallRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piecewise, "CHUNK", 1000)
    source, cuts = written(tmp_path, 3000), [True]

    def lose(reply: Reply) -> Reply:
        if reply[1].get("Upload-Offset") == "1000" and cuts:
            cuts.pop()
            raise ConnectionError
        return reply

    room.alter = lose
    carrier(room, ADA).send(BEN.card, "frame", source)
    assert bytes(next(iter(room.messages.values())).data) == source.read_bytes()


def test_an_interrupted_download_goes_on_where_it_was(room: SmallRoom, tmp_path: Path) -> None:
    source, item = sent(room, tmp_path, 5000)
    part = tmp_path / "copy.part"
    part.write_bytes(source.read_bytes()[:3000])
    room.requests.clear()
    carrier(room, BEN).fetch(item, tmp_path / "copy")
    assert [path for _, path, _ in room.requests] == [f"/v1/messages/{item.id}?offset=3000"]
    assert (tmp_path / "copy").read_bytes() == source.read_bytes() and not part.exists()


def test_other_bytes_than_those_announced_are_not_kept(room: SmallRoom, tmp_path: Path) -> None:
    _, item = sent(room, tmp_path, 5000)
    (tmp_path / "copy.part").write_bytes(b"x" * 9000)
    with pytest.raises(MalformedFile, match="not the one that was announced"):
        carrier(room, BEN).fetch(item, tmp_path / "copy")
    assert list(tmp_path.glob("copy*")) == []
    carrier(room, BEN).fetch(item, tmp_path / "copy")
    room.messages[item.id].data[0] ^= 1
    with pytest.raises(MalformedFile):
        carrier(room, BEN).fetch(item, tmp_path / "other")
    room.messages[item.id].data.clear()
    with pytest.raises(MalformedFile):
        carrier(room, BEN).fetch(item, tmp_path / "other")


def test_trouble_is_waited_out_and_every_attempt_is_signed_anew(room: SmallRoom, tmp_path: Path) -> None:
    troubles: list[Reply | type[Exception]] = [problem(503, "busy"), ConnectionError, problem(429, "wait")]

    def trouble(method: str, path: str, body: bytes) -> Reply | None:
        one = troubles.pop() if troubles else None
        if one is ConnectionError:
            raise ConnectionError
        return one  # type: ignore[return-value]

    room.before = trouble
    assert carrier(room, BEN).waiting(["frame"]) == []
    assert len(room.requests) == 4
    room.before = lambda *_: problem(503, "busy")
    with pytest.raises(Unreachable, match="busy"):
        carrier(room, BEN).waiting(["frame"])


def test_nobody_there_is_unreachable(room: SmallRoom) -> None:
    with pytest.raises(Unreachable, match="cannot be reached"):
        client(room, ADA, url="http://127.0.0.1:9").ask("GET", "/v1/messages")


def other_status(reply: Reply) -> Reply:
    return (201, reply[1], reply[2])


def other_body(reply: Reply) -> Reply:
    return (reply[0], reply[1], reply[2] + b" ")


def no_signature(reply: Reply) -> Reply:
    return (reply[0], {}, reply[2])


@pytest.mark.parametrize("alter", [other_status, other_body, no_signature], ids=lambda alter: alter.__name__)
def test_an_answer_that_is_not_signed_as_it_is_is_refused(
    room: SmallRoom, alter: Callable[[Reply], Reply]
) -> None:
    room.alter = alter
    with pytest.raises((ForgedFile, MalformedFile)):
        carrier(room, BEN).waiting(["frame"])


def test_an_answer_signed_by_another_card_is_refused(room: SmallRoom) -> None:
    room.sign = ADA
    with pytest.raises(ForgedFile):
        carrier(room, BEN).waiting(["frame"])
    with pytest.raises(ForgedFile):
        read_room_card(room.url)


def test_an_answer_to_another_request_is_refused(room: SmallRoom) -> None:
    kept: list[Reply] = []
    room.alter = lambda reply: kept.append(reply) or kept[0]  # type: ignore[func-returns-value]
    assert carrier(room, BEN).waiting(["frame"]) == []
    with pytest.raises(ForgedFile):
        carrier(room, BEN).waiting(["frame"])


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (problem(410, "too late", "Expired"), Expired, "the room says: too late"),
        (problem(403, "no\x1b[2Jway\n" + "x" * 900), Refused, r"the room says: no\?\[2Jway\?x+$"),
        (problem(403, "no", "SystemExit"), Refused, "the room says: no"),
        ((404, {}, b"\xff"), Refused, "status 404"),
        ((200, {}, b"{}"), MalformedFile, "not what it should be"),
        ((200, {}, b'[{"id":"../x","sender":"","kind":"frame"}]'), MalformedFile, "not what it should be"),
        ((200, {}, b"[" * 100_000), MalformedFile, "not what it should be"),
    ],
)
def test_what_a_room_says_is_taken_as_words_and_not_believed(
    room: SmallRoom, reply: Reply, kind: type[OverlapError], words: str
) -> None:
    room.before = lambda *_: reply
    with pytest.raises(kind, match=words) as caught:
        carrier(room, BEN).waiting(["frame"])
    assert len(caught.value.what) < 400


def test_an_answer_without_end_is_not_read_to_its_end(
    room: SmallRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "ANSWER_LIMIT", 10_000)
    room.before = lambda *_: (200, {}, b" " * 20_000)
    with pytest.raises(MalformedFile, match="too long"):
        carrier(room, BEN).waiting(["frame"])


def test_a_card_that_the_room_does_not_know_is_told_what_to_do(room: SmallRoom) -> None:
    room.before = lambda *_: problem(401, "no", "ForgedFile", time=wall_clock())
    with pytest.raises(Refused, match="does not know our card"):
        carrier(room, BEN).waiting(["frame"])


def test_a_clock_that_is_off_is_named(room: SmallRoom) -> None:
    room.before = lambda *_: problem(401, "outside its window", "Expired", time=wall_clock())
    slow = client(room, BEN, lambda: wall_clock() - 3600)
    with pytest.raises(Refused, match=r"our clock is 3,(600|599|601) seconds behind the room's"):
        slow.ask("GET", "/v1/messages")
