"""Our own hostile client: nothing that is unsigned, replayed, late, altered, too large or another's passes.

What passes must leave a trace: the inbox of the victim, the room's files. Every refusal is a signed answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from room_house import NOW, URL, RoomHouse, announcement

from cleanroom.room import AHEAD_SECONDS, WINDOW_SECONDS, HttpRequest, Quotas, card_signer, sign_request
from cleanroom.room import gate as gate_module
from cleanroom.room.nonces import KEPT_SECONDS
from overlap.keys import PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(requests=10_000))
    made.join("northwind"), made.join("contoso")
    yield made
    made.close()


def victim(house: RoomHouse) -> PartyKeys:
    return house.parties["northwind"]


def invited(house: RoomHouse) -> list[tuple[Any, ...]]:
    return house.room.database.read("SELECT * FROM invitations")


INVITATION = b'{"card":"' + b"0" * 64 + b'","expires":' + str(NOW + 3_600).encode() + b"}"
JSON = {"Content-Type": "application/json"}


def invitation(house: RoomHouse, **changes: Any) -> HttpRequest:
    """A request with an effect: it invites a card."""
    return house.signed(victim(house), "POST", "/v1/invitations", INVITATION, JSON, **changes)


def test_the_request_that_is_attacked_would_pass(house: RoomHouse) -> None:
    assert house.send(invitation(house), INVITATION).status == 201
    assert len(invited(house)) == 1


def test_nothing_unsigned_passes(house: RoomHouse) -> None:
    paths = house.call(None, "GET", "/openapi.json").json()["paths"]
    tried = 0
    for path, methods in paths.items():
        real = path.replace("{digest}", "0" * 64).replace("{keyid}", "0" * 64).replace("{peer}", "0" * 64)
        real = real.replace("{id}", "0" * 32).replace("{run}", "0" * 32)
        for method in methods:
            if real in ("/v1/room", "/health", "/metrics"):
                continue
            assert house.call(None, method.upper(), real, b"x").status == 401, (method, path)
            tried += 1
    assert tried > 15
    for path in ("/v1/room", "/health", "/metrics", "/openapi.json", "/", "/docs", "/nothing"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"):
            assert house.call(None, method, path, b"x").status == 401


def test_a_replayed_request_is_refused_also_after_a_restart(house: RoomHouse) -> None:
    request = invitation(house)
    assert house.send(request, INVITATION).status == 201
    house.room.database.write(lambda run: run("DELETE FROM invitations"))
    for _ in range(2):
        assert house.send(request, INVITATION).status == 401
        house.restart()
    house.now += WINDOW_SECONDS - 1
    assert house.send(request, INVITATION).status == 401
    assert not invited(house)


def test_a_clock_set_back_brings_no_old_request_to_life(house: RoomHouse) -> None:
    request = invitation(house)
    assert house.send(request, INVITATION).status == 201
    house.room.database.write(lambda run: run("DELETE FROM invitations"))
    house.now += WINDOW_SECONDS + KEPT_SECONDS + 1
    house.room.nonces.prune(house.now)
    assert not house.room.nonces._seen
    for restart in (False, True):
        house.now = NOW
        if restart:
            house.restart()
        assert house.send(request, INVITATION).status == 401
    assert not invited(house)


def test_a_clock_corrected_by_a_few_minutes_loses_no_request(house: RoomHouse) -> None:
    house.now += KEPT_SECONDS // 2
    house.room.nonces.prune(house.now)
    house.now = NOW + 1
    assert house.send(invitation(house), INVITATION).status == 201


@pytest.mark.parametrize("late", [-WINDOW_SECONDS, -WINDOW_SECONDS - 1, AHEAD_SECONDS + 1, 10**8])
def test_a_request_outside_its_window_is_refused_and_the_rooms_time_is_said(
    house: RoomHouse, late: int
) -> None:
    reply = house.send(invitation(house, now=NOW + late), INVITATION)
    assert (reply.status, reply.json()["time"]) == (401, NOW)
    assert not invited(house)


@pytest.mark.parametrize(
    "body", [b"", INVITATION[:-1], INVITATION + b" ", INVITATION.replace(b"0", b"1", 1)], ids=len
)
def test_another_body_than_was_signed_is_refused(house: RoomHouse, body: bytes) -> None:
    assert house.send(invitation(house), body).status == 401
    assert not invited(house)


def test_a_request_that_failed_by_its_body_cannot_be_sent_again(house: RoomHouse) -> None:
    request = invitation(house)
    assert house.send(request, b"{}").status == 401
    assert house.send(request, INVITATION).status == 401


@pytest.mark.parametrize(
    "digest",
    ["", "sha-256=::", "sha-512=:AAAA:", "sha-256=:AAAA:, sha-256=:AAAA:", "md5=:AAAA:", "é"],
)
def test_another_content_digest_is_refused(house: RoomHouse, digest: str) -> None:
    request = invitation(house)
    request.headers["Content-Digest"] = digest
    assert house.send(request, INVITATION).status == 401
    assert not invited(house)


def test_a_request_signed_for_another_room_is_refused_whatever_host_it_names(house: RoomHouse) -> None:
    for url in ("https://other.example", "http://room.example", "https://room.example:444"):
        request = house.signed(victim(house), "POST", "/v1/invitations", INVITATION, JSON, url=url)
        request.headers["Host"] = url.split("://")[1]
        assert house.send(request, INVITATION, answers=False).status == 401
    assert not invited(house)


@pytest.mark.parametrize(
    "alter",
    [
        lambda request: setattr(request, "method", "PUT"),
        lambda request: setattr(request, "url", URL + "/v1/members"),
        lambda request: setattr(request, "url", request.url + "?x=1"),
        lambda request: setattr(request, "url", request.url + "/"),
        lambda request: setattr(request, "url", URL + "//v1/invitations"),
        lambda request: setattr(request, "url", URL + "/v1/./invitations"),
        lambda request: setattr(request, "url", URL + "/v1/%69nvitations"),
        lambda request: request.headers.update({"Upload-Offset": "1"}),
    ],
    ids=["method", "path", "query", "slash", "slashes", "dot", "escape", "offset"],
)
def test_another_request_than_was_signed_is_refused(
    house: RoomHouse, alter: Callable[[HttpRequest], object]
) -> None:
    request = invitation(house)
    alter(request)
    assert house.send(request, INVITATION).status == 401
    assert not invited(house)


def test_a_path_on_the_wire_that_is_read_otherwise_reaches_nothing(house: RoomHouse) -> None:
    """What is signed is the path as sent; what is served is the same after decoding."""
    for path in (
        "/v1/messages/../members",
        "/v1/messages/..%2f..%2fkeys%2fidentity",
        "/v1/messages/" + "0" * 32 + "%00",
        "/v1/messages/" + "0" * 31 + "/",
        "/v1/messages/" + "%30" * 31 + "g",
        "/v1/cards/" + "A" * 64,
        "/v1/shares/..",
        "/v1//messages",
        "//v1/messages",
        "/V1/messages",
    ):
        reply = house.call(victim(house), "GET", path)
        assert reply.status in (404, 422), path


def test_a_body_beyond_the_limit_is_refused_whatever_is_said_of_its_length(house: RoomHouse) -> None:
    large = b"x" * (gate_module.BODY_LIMIT + 1)
    for fields in ({}, {"Content-Length": str(len(large))}, {"Content-Length": "1" * 5_000}):
        request = house.signed(victim(house), "POST", "/v1/invitations", large, JSON)
        request.headers.update(fields)
        pieces = [large[start : start + 1_000] for start in range(0, len(large), 1_000)]
        assert house.send(request, pieces=pieces).status == 413
    for length in ("-1", "x", "1e3", "²"):
        request = invitation(house)
        request.headers["Content-Length"] = length
        assert house.send(request, INVITATION).status == 413
    assert not invited(house)


def test_who_cannot_sign_makes_the_room_read_nothing(house: RoomHouse) -> None:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        for _ in range(5):
            read += 1
            yield b"x" * 1_000

    # The generator is drawn once to make the events; what matters is that the answer comes without them.
    request = HttpRequest.of("POST", URL + "/v1/shares")
    assert house.send(request, pieces=pieces()).status == 401

    stranger = PartyKeys.generate("stranger", house.random.randbytes)
    put = house.signed(stranger, "PUT", f"/v1/cards/{stranger.card.digest.hex()}", b"x")
    taken: list[Any] = []

    async def receive() -> Any:
        taken.append(1)
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    async def send(event: Any) -> None:
        taken.append(event)

    scope = {
        "type": "http",
        "method": "PUT",
        "path": f"/v1/cards/{stranger.card.digest.hex()}",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in put.headers.items()],
    }
    house._runner.run(house.gate(scope, receive, send))
    assert taken[0]["status"] == 401


def status_of(house: RoomHouse, receive: Callable[[], Awaitable[Any]]) -> int:
    """What the gate answers to an invitation whose body comes as `receive` brings it."""
    request = invitation(house)
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/invitations",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
    }
    house._runner.run(house.gate(scope, receive, send))
    return int(sent[0]["status"])


def test_a_slow_body_is_not_waited_for(house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "BODY_SECONDS", 0.05)

    async def receive() -> Any:
        await asyncio.sleep(10)

    assert status_of(house, receive) == 408
    assert not invited(house)


def test_many_large_bodies_at_once_are_refused(house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "INTAKE_LIMIT", 10)
    assert house.send(invitation(house), INVITATION).status == 503
    monkeypatch.undo()
    assert house.send(invitation(house), INVITATION).status == 201


def test_a_body_that_is_cut_short_does_nothing(house: RoomHouse) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    assert status_of(house, receive) == 400
    assert not invited(house)


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'{"card":"' + b"0" * 64 + b'"}',
        INVITATION[:-1] + b',"more":1}',
        INVITATION.replace(b"1", b"1.5", 1),
        INVITATION.replace(str(NOW + 3_600).encode(), b'"x"'),
        INVITATION.replace(b"0" * 64, b"0" * 64 + b"\\n"),
        b'{"card":' * 500,
        b"\xff\xfe",
        b"[" * 10_000,
    ],
    ids=range(10),
)
def test_documents_of_another_form_are_refused_and_not_quoted(house: RoomHouse, body: bytes) -> None:
    request = house.signed(victim(house), "POST", "/v1/invitations", body, JSON)
    reply = house.send(request, body)
    assert reply.status in (400, 422)
    assert reply.json()["exit_code"] in (2, 5)
    assert not invited(house)


def test_random_octets_break_nothing(house: RoomHouse) -> None:
    random, other = Random(11), house.parties["contoso"]
    lines = [
        b"",
        b"overlap-deposit/1\n",
        b"overlap-request/1\n",
        b"overlap-statement/1\n",
        b"overlap-card/1\n",
    ]
    places = [
        ("POST", "/v1/shares"),
        ("PUT", f"/v1/shares/{'0' * 32}/countersignature"),
        ("POST", f"/v1/shares/{'0' * 32}/leases"),
        ("POST", f"/v1/logs/{other.card.digest.hex()}/cosignatures"),
        ("PUT", f"/v1/counts/{'0' * 32}/responder-list"),
        ("POST", "/v1/messages"),
        ("PUT", f"/v1/cards/{victim(house).card.digest.hex()}"),
    ]
    for number in range(56):
        method, path = places[number % len(places)]
        body = random.choice(lines) + random.randbytes(random.randrange(3_000))
        reply = house.call(victim(house), method, path, body)
        assert 400 <= reply.status < 500, (method, path, reply.body)


def test_a_member_of_one_party_cannot_speak_for_another(house: RoomHouse) -> None:
    """The key id decides for whom a request is; a signature under another's id does not hold."""
    signer = card_signer(house.parties["contoso"])
    forged = type(signer)(victim(house).card.digest.hex(), signer.sign)
    made = sign_request("POST", URL + "/v1/invitations", INVITATION, forged, NOW, bytes(16), JSON)
    request = HttpRequest.of("POST", URL + "/v1/invitations", [*JSON.items(), *made.items()])
    assert house.send(request, INVITATION).status == 401


def test_a_web_socket_is_closed(house: RoomHouse) -> None:
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event["type"])

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    house._runner.run(house.gate({"type": "websocket", "path": "/v1/room", "headers": []}, receive, send))
    assert sent == ["websocket.close"]


def test_a_bug_is_answered_without_what_was_in_it(house: RoomHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("the name of an account")

    monkeypatch.setattr(house.room.relay, "inbox", broken)
    reply = house.call(victim(house), "GET", "/v1/messages")
    assert reply.status == 500
    assert b"account" not in reply.body
    assert "KeyError at test_room_attacks.py" in reply.what


def test_figures_name_nobody(house: RoomHouse) -> None:
    other = house.parties["contoso"]
    name = house.deliver(victim(house), other, b"a message")
    house.call(victim(house), "GET", "/v1/unknown/" + "ab" * 32)
    text = house.call(None, "GET", "/metrics").body.decode()
    assert 'route="/v1/messages/{id}",status="204"' in text
    assert "overlap_room_messages 1.0" in text
    for hidden in ("northwind", "contoso", other.card.digest.hex(), name, "ab" * 32):
        assert hidden not in text


def test_an_announcement_says_nothing_of_other_parties(house: RoomHouse) -> None:
    """The same bytes announced by two senders are two messages."""
    one, other = victim(house), house.parties["contoso"]
    third = house.join("fabrikam")
    wanted = announcement(third, b"the same")
    names = {house.call(by, "POST", "/v1/messages", document=wanted).json()["id"] for by in (one, other)}
    assert len(names) == 2
