"""The registry and the relay of a room: who is let in, what is delivered, resumed and removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from room_house import NOW, RoomHouse, announcement

from cleanroom.room import Quotas, member_keyid, member_signer
from cleanroom.room.registry import OPEN_LIMIT
from cleanroom.room.relay import KEPT_SECONDS, PIECE_BYTES
from overlap.keys import Card, PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(requests=1_000, open_messages=5, stored_bytes=20 * 2**20))
    yield made
    made.close()


@pytest.fixture
def two(house: RoomHouse) -> tuple[PartyKeys, PartyKeys]:
    return house.join("northwind"), house.join("contoso")


def digest(keys: PartyKeys) -> str:
    return keys.card.digest.hex()


def test_the_room_shows_its_card_to_anybody(house: RoomHouse) -> None:
    assert Card.from_bytes(house.call(None, "GET", "/v1/room").body) == house.keys.card


def test_a_card_that_is_not_invited_is_unknown(house: RoomHouse) -> None:
    stranger = PartyKeys.generate("stranger", house.random.randbytes)
    reply = house.call(stranger, "PUT", f"/v1/cards/{digest(stranger)}", stranger.card.to_bytes())
    assert reply.status == 401


def test_an_invited_card_is_registered_once_and_found_by_parties(house: RoomHouse) -> None:
    one = house.join("northwind")
    again = house.call(one, "PUT", f"/v1/cards/{digest(one)}", one.card.to_bytes())
    assert again.status == 200
    assert house.call(None, "GET", f"/v1/cards/{digest(one)}").status == 401
    assert house.call(one, "GET", f"/v1/cards/{digest(one)}").body == one.card.to_bytes()
    assert house.call(one, "GET", f"/v1/cards/{'0' * 64}").status == 404


def test_a_party_invites_another(house: RoomHouse) -> None:
    one = house.join("northwind")
    other = PartyKeys.generate("contoso", house.random.randbytes)
    wanted = {"card": digest(other), "expires": NOW + 60}
    assert house.call(one, "POST", "/v1/invitations", document=wanted).status == 201
    put = ("PUT", f"/v1/cards/{digest(other)}", other.card.to_bytes())
    house.now += 60
    assert house.call(other, *put).status == 401, "the invitation has ended"
    wanted["expires"] = house.now + 60
    assert house.call(one, "POST", "/v1/invitations", document=wanted).status == 201
    assert house.call(other, *put).status == 201


@pytest.mark.parametrize("end", [0, NOW, NOW + 400 * 86_400])
def test_an_invitation_ends_within_a_year(house: RoomHouse, end: int) -> None:
    one = house.join("northwind")
    assert (
        house.call(one, "POST", "/v1/invitations", document={"card": "0" * 64, "expires": end}).status == 400
    )


def test_somebody_elses_card_cannot_be_registered(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    one, other = two
    reply = house.call(one, "PUT", f"/v1/cards/{digest(other)}", other.card.to_bytes())
    assert reply.status == 409


def test_a_message_arrives_as_it_was_sent_and_goes_when_it_is_picked_up(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    one, other = two
    data = house.random.randbytes(300_000)
    name = house.deliver(one, other, data, piece=100_000)
    waiting = house.call(other, "GET", "/v1/messages").json()
    assert waiting == [
        {
            "id": name,
            "sender": digest(one),
            "kind": "frame",
            "size": len(data),
            "sha256": sha256(data).hexdigest(),
            "time": NOW,
        }
    ]
    assert house.call(one, "GET", "/v1/messages").json() == []
    got = house.call(other, "GET", f"/v1/messages/{name}").body
    assert got == data
    assert house.call(other, "GET", f"/v1/messages/{name}?offset=299999").body == data[-1:]
    assert house.call(other, "GET", f"/v1/messages/{name}?offset=300001").status == 400
    assert house.call(other, "DELETE", f"/v1/messages/{name}").status == 204
    assert house.call(other, "GET", f"/v1/messages/{name}").status == 404
    assert not list((house.root / "messages").iterdir())
    assert [entry.kind for entry in house.room.pairs.of(digest(one), digest(other)).log.entries()] == [
        "message"
    ]


def test_a_long_message_is_fetched_in_pieces(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    one, other = two
    data = house.random.randbytes(PIECE_BYTES + 5)
    name = house.deliver(one, other, data)
    first = house.call(other, "GET", f"/v1/messages/{name}").body
    assert first == data[:PIECE_BYTES]
    assert house.call(other, "GET", f"/v1/messages/{name}?offset={PIECE_BYTES}").body == data[PIECE_BYTES:]


def test_an_upload_is_resumed_also_after_a_restart(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    one, other = two
    data = house.random.randbytes(30_000)
    wanted = announcement(other, data)
    name = house.call(one, "POST", "/v1/messages", document=wanted).json()["id"]
    assert house.upload(one, name, 0, data[:10_000]).status == 204
    assert house.call(other, "GET", "/v1/messages").json() == [], "it is not complete"
    assert house.call(other, "GET", f"/v1/messages/{name}").status == 404
    assert house.call(other, "DELETE", f"/v1/messages/{name}").status == 404
    house.restart()
    again = house.call(one, "POST", "/v1/messages", document=wanted).json()
    assert again == {"id": name, "offset": 10_000}
    wrong = house.upload(one, name, 5_000, data[5_000:])
    assert (wrong.status, wrong.json()["offset"], wrong.fields["upload-offset"]) == (409, 10_000, "10000")
    assert house.upload(one, name, 10_000, data[10_000:]).status == 204
    assert house.call(other, "GET", f"/v1/messages/{name}").body == data


def test_what_a_killed_upload_has_written_is_cut_off(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    one, other = two
    data = house.random.randbytes(1_000)
    name = house.call(one, "POST", "/v1/messages", document=announcement(other, data)).json()["id"]
    house.upload(one, name, 0, data[:400])
    house.stop()
    with (house.root / "messages" / name).open("ab") as file:
        file.write(b"half a piece")
    (house.root / "messages" / ("0" * 32)).write_bytes(b"of nobody")
    house.start()
    assert len(house.room.findings) == 2
    assert not (house.root / "messages" / ("0" * 32)).exists()
    assert house.upload(one, name, 400, data[400:]).status == 204
    assert house.call(other, "GET", f"/v1/messages/{name}").body == data


def test_bytes_that_were_lost_are_said(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    one, other = two
    name = house.deliver(one, other, b"a message")
    house.stop()
    (house.root / "messages" / name).write_bytes(b"a mess")
    house.start()
    assert [name in finding for finding in house.room.findings] == [True]
    (house.root / "messages" / name).unlink()
    assert house.call(other, "GET", f"/v1/messages/{name}").status == 403


def test_another_content_than_announced_is_refused_and_starts_again(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    one, other = two
    wanted = announcement(other, b"what was announced")
    name = house.call(one, "POST", "/v1/messages", document=wanted).json()["id"]
    assert house.upload(one, name, 0, b"what came instead.").status == 422
    assert house.call(one, "POST", "/v1/messages", document=wanted).json()["offset"] == 0
    assert house.call(other, "GET", "/v1/messages").json() == []
    assert house.upload(one, name, 0, b"what was announced").status == 204
    assert len(house.call(other, "GET", "/v1/messages").json()) == 1


@pytest.mark.parametrize("data", [b"", b"x" * 19])
def test_a_piece_fits_the_announced_size(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys], data: bytes
) -> None:
    wanted = announcement(two[1], b"what was announced")
    name = house.call(two[0], "POST", "/v1/messages", document=wanted).json()["id"]
    assert house.upload(two[0], name, 0, data).status == 400


def test_old_messages_are_removed(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    name = house.deliver(*two, b"a message")
    house.now += KEPT_SECONDS - 1
    house.room.sweep()
    assert house.call(two[1], "GET", f"/v1/messages/{name}").status == 200
    house.now += 1
    house.room.sweep()
    assert house.call(two[1], "GET", f"/v1/messages/{name}").status == 404
    assert not list((house.root / "messages").iterdir())


def test_a_message_goes_to_registered_parties_only(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    stranger = PartyKeys.generate("stranger", house.random.randbytes)
    wanted = announcement(stranger, b"x")
    assert house.call(two[0], "POST", "/v1/messages", document=wanted).status == 404
    assert house.call(two[0], "POST", "/v1/messages", document=announcement(two[0], b"x")).status == 400


def test_messages_of_others_cannot_be_seen_or_touched(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    third = house.join("fabrikam")
    name = house.deliver(*two, b"a message")
    assert house.call(third, "GET", "/v1/messages").json() == []
    for by in (third, two[0]):
        assert house.call(by, "GET", f"/v1/messages/{name}").status == 404
    assert house.call(third, "DELETE", f"/v1/messages/{name}").status == 404
    assert house.upload(third, name, 0, b"x").status == 404
    assert house.upload(two[1], name, 0, b"x").status == 404


def test_a_sender_takes_a_message_back(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    name = house.deliver(*two, b"a message")
    assert house.call(two[0], "DELETE", f"/v1/messages/{name}").status == 204
    assert house.call(two[1], "GET", "/v1/messages").json() == []


def test_messages_of_a_party_have_a_number_and_a_size(
    house: RoomHouse, two: tuple[PartyKeys, PartyKeys]
) -> None:
    one, other = two
    large = {**announcement(other, b"x"), "size": 20 * 2**20}
    assert house.call(one, "POST", "/v1/messages", document={**large, "size": 20 * 2**20 + 1}).status == 429
    name = house.call(one, "POST", "/v1/messages", document=large).json()["id"]
    assert house.call(one, "POST", "/v1/messages", document=announcement(other, b"y")).status == 429
    assert house.call(one, "DELETE", f"/v1/messages/{name}").status == 204
    for number in range(5):
        house.deliver(one, other, bytes([number]))
    reply = house.call(one, "POST", "/v1/messages", document=announcement(other, b"one more"))
    assert (reply.status, reply.fields["retry-after"]) == (429, "60")
    assert house.call(other, "POST", "/v1/messages", document=announcement(one, b"mine")).status == 201


def test_a_party_has_so_many_requests_a_minute(tmp_path: Path) -> None:
    house = RoomHouse(tmp_path / "room", Quotas(requests=10))
    one, other = house.join("northwind"), house.join("contoso")
    replies = [house.call(one, "GET", "/v1/messages").status for _ in range(12)]
    house_other = house.call(other, "GET", "/v1/messages").status
    house.close()
    assert replies[:9] == [200] * 9
    assert replies[-1] == 429
    assert house_other == 200


def member_of(house: RoomHouse, party: PartyKeys, role: str) -> PartyKeys:
    keys = PartyKeys.generate(role, house.random.randbytes)
    wanted = {"key": keys.card.requests.hex(), "role": role}
    reply = house.call(party, "POST", "/v1/members", document=wanted)
    assert reply.status == 201
    assert reply.json() == {"keyid": member_keyid(keys.card.requests)}
    return keys


#: What each role may do, beside the admin, who may do all.
ALLOWED = {
    ("POST", "/v1/invitations"): set(),
    ("GET", "/v1/members"): set(),
    ("POST", "/v1/members"): set(),
    ("DELETE", f"/v1/members/{'0' * 64}"): set(),
    ("POST", "/v1/messages"): {"operator"},
    ("PATCH", f"/v1/messages/{'0' * 32}"): {"operator"},
    ("GET", "/v1/messages"): {"operator", "viewer"},
    ("GET", f"/v1/messages/{'0' * 32}"): {"operator"},
    ("DELETE", f"/v1/messages/{'0' * 32}"): {"operator"},
    ("POST", "/v1/shares"): {"operator"},
    ("PUT", f"/v1/shares/{'0' * 32}/countersignature"): {"operator"},
    ("POST", f"/v1/shares/{'0' * 32}/leases"): {"operator"},
    ("POST", f"/v1/shares/{'0' * 32}/revocation"): {"operator"},
    ("GET", f"/v1/shares/{'0' * 32}"): {"operator", "auditor", "viewer"},
    ("GET", f"/v1/logs/{'0' * 64}/checkpoint"): {"operator", "auditor"},
    ("GET", f"/v1/logs/{'0' * 64}/entries"): {"operator", "auditor"},
    ("GET", f"/v1/logs/{'0' * 64}/consistency?first=1"): {"operator", "auditor"},
    ("POST", f"/v1/logs/{'0' * 64}/cosignatures"): {"operator"},
    ("PUT", f"/v1/counts/{'0' * 32}/starter-list"): {"operator"},
    ("PUT", f"/v1/counts/{'0' * 32}/responder-list"): {"operator"},
    ("GET", f"/v1/counts/{'0' * 32}/result"): {"operator"},
    ("GET", f"/v1/cards/{'0' * 64}"): {"operator", "auditor", "viewer"},
    ("PUT", f"/v1/cards/{'0' * 64}/end"): {"operator", "auditor", "viewer"},
}

DOCUMENTS = {
    "/v1/invitations": {"card": "0" * 64, "expires": NOW + 60},
    "/v1/members": {"key": "11" * 32, "role": "viewer"},
    "/v1/messages": {"recipient": "0" * 64, "kind": "frame", "size": 1, "sha256": "0" * 64},
}


def test_each_role_may_do_what_the_table_says(house: RoomHouse) -> None:
    party = house.join("northwind")
    members = {role: member_of(house, party, role) for role in ("operator", "auditor", "viewer")}
    for (method, path), allowed in ALLOWED.items():
        for role, keys in members.items():
            document = DOCUMENTS.get(path) if method == "POST" else None
            fields = {"Upload-Offset": "0"} if method == "PATCH" else None
            body = b"x" if document is None and method != "GET" else b""
            reply = house.call(member_signer(keys), method, path, body, document=document, fields=fields)
            refused = reply.status == 403 and "role" in reply.what
            assert refused == (role not in allowed), (method, path, role, reply.body)


def test_every_signed_address_is_in_the_table(house: RoomHouse) -> None:
    paths = house.call(None, "GET", "/openapi.json").json()["paths"]
    shapes = {(method, re.sub(r"0{32,64}", "{}", path.split("?")[0])) for method, path in ALLOWED}
    open_ones = {("GET", path) for path in ("/v1/room", "/health", "/metrics")} | {("PUT", "/v1/cards/{}")}
    found = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, methods in paths.items()
        for method in methods
    }
    assert found == shapes | open_ones


def test_an_unknown_address_or_method_says_so(house: RoomHouse) -> None:
    party = house.join("northwind")
    assert house.call(party, "GET", "/v1/nothing").status == 404
    reply = house.call(party, "PUT", "/v1/messages")
    assert (reply.status, reply.fields["allow"]) == (405, "GET, POST")


def test_a_removed_member_can_do_nothing_more(house: RoomHouse) -> None:
    party = house.join("northwind")
    viewer = member_of(house, party, "viewer")
    signer = member_signer(viewer)
    assert house.call(signer, "GET", "/v1/messages").status == 200
    listed = house.call(party, "GET", "/v1/members").json()
    assert [one["role"] for one in listed] == ["admin", "viewer"]
    house.restart()
    assert house.call(signer, "GET", "/v1/messages").status == 200
    assert house.call(party, "DELETE", f"/v1/members/{signer.keyid}").status == 204
    assert house.call(signer, "GET", "/v1/messages").status == 401
    assert house.call(party, "DELETE", f"/v1/members/{signer.keyid}").status == 404
    assert house.call(party, "DELETE", f"/v1/members/{digest(party)}").status == 403


def test_a_key_signs_for_one_party(house: RoomHouse, two: tuple[PartyKeys, PartyKeys]) -> None:
    one, other = two
    keys = member_of(house, one, "operator")
    for key in (keys.card.requests, one.card.requests):
        wanted = {"key": key.hex(), "role": "admin"}
        assert house.call(other, "POST", "/v1/members", document=wanted).status == 403
    small = {"key": (1).to_bytes(32, "little").hex(), "role": "admin"}
    assert house.call(one, "POST", "/v1/members", document=small).status == 422
    keyid = member_keyid(keys.card.requests)
    assert house.call(other, "DELETE", f"/v1/members/{keyid}").status == 404


def test_a_party_has_so_many_members(house: RoomHouse) -> None:
    party = house.join("northwind")
    for number in range(OPEN_LIMIT):
        house.room.registry.add_member(digest(party), house.random.randbytes(31) + b"\0", "viewer", NOW)
        assert number < OPEN_LIMIT
    wanted = {"key": house.random.randbytes(31).hex() + "00", "role": "viewer"}
    assert house.call(party, "POST", "/v1/members", document=wanted).status == 429
