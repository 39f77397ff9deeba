"""Backup and restore of a room: what is in it, what is not, and that nobody reads by an old copy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from room_house import RoomHouse
from room_shares import asked, countersigned, deposit, grant, received

from cleanroom.log import cosign, read_checkpoint
from cleanroom.room import backup_room, member_keyid, member_signer, pair_origin, restore_room
from cleanroom.share import Share
from overlap.errors import BadInput, Refused
from overlap.keys import PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room")
    made.join("northwind"), made.join("contoso")
    yield made
    made.close()


def shared(house: RoomHouse) -> tuple[Share, PartyKeys, PartyKeys]:
    """A share in the room from which one record was read, and a message that waits."""
    grantor, recipient = house.parties["northwind"], house.parties["contoso"]
    made = grant(house, grantor, recipient)
    deposit(house, made, grantor)
    countersigned(house, made, grantor, recipient)
    share = received(made, recipient, grantor)
    assert asked(house, share, recipient, [0])[1].status == 200
    house.deliver(grantor, recipient, b"waits")
    return share, grantor, recipient


def saved(house: RoomHouse) -> bytes:
    house.stop()
    out = io.BytesIO()
    backup_room(house.root, out, house.now)
    house.start()
    return out.getvalue()


def restored(house: RoomHouse, data: bytes, root: Path | None = None) -> None:
    house.stop()
    house.root = root or house.root
    house.now += 1
    restore_room(house.root, io.BytesIO(data), house.now)
    house.start()


def show(house: RoomHouse, by: PartyKeys, peer: PartyKeys, note: str = "") -> int:
    """Cosign the newest checkpoint of the pair's log, or `note`, and show it; the status."""
    place = f"/v1/logs/{peer.card.digest.hex()}"
    note = note or house.call(by, "GET", f"{place}/checkpoint").body.decode()
    origin = pair_origin(house.keys.card.digest.hex(), by.card.digest.hex(), peer.card.digest.hex())
    made = cosign(read_checkpoint(note, origin, house.keys.card), by, house.now)
    body = made.to_note(house.keys.card, by.card).encode()
    return house.call(by, "POST", f"{place}/cosignatures", body).status


def test_a_restored_room_gives_leases_when_both_parties_have_shown_their_checkpoints(
    house: RoomHouse,
) -> None:
    share, grantor, recipient = shared(house)
    restored(house, saved(house))
    assert len(house.call(recipient, "GET", "/v1/messages").json()) == 1
    waiting = asked(house, share, recipient)[1]
    assert (waiting.status, "restored" in waiting.what) == (403, True)
    assert show(house, recipient, grantor) == 204
    assert asked(house, share, recipient)[1].status == 403
    house.restart()
    assert show(house, grantor, recipient) == 204
    assert asked(house, share, recipient)[1].status == 200


def test_a_log_that_is_older_than_what_a_party_has_seen_is_noticed(house: RoomHouse) -> None:
    share, grantor, recipient = shared(house)
    old = saved(house)
    house.deliver(grantor, recipient, b"later")
    place = f"/v1/logs/{grantor.card.digest.hex()}/checkpoint"
    newest = house.call(recipient, "GET", place).body.decode()
    restored(house, old)
    assert show(house, recipient, grantor, newest) == 403
    assert show(house, grantor, recipient) == 204
    assert asked(house, share, recipient)[1].status == 403


def test_a_revocation_after_the_backup_stays_one(house: RoomHouse) -> None:
    share, grantor, recipient = shared(house)
    old = saved(house)
    assert house.call(grantor, "POST", f"/v1/shares/{share.terms.share}/revocation").status == 200
    restored(house, old)
    show(house, recipient, grantor), show(house, grantor, recipient)
    assert asked(house, share, recipient)[1].status == 403
    assert any("missing" in finding for finding in house.room.findings)


def test_the_vault_is_in_no_backup(house: RoomHouse, tmp_path: Path) -> None:
    share, grantor, recipient = shared(house)
    data = saved(house)
    secrets = [path.read_bytes() for path in (house.root / "vault").rglob("*") if path.is_file()]
    assert secrets
    assert not any(secret in data for secret in secrets)
    assert b"vault" not in data.splitlines()[1]
    restored(house, data, tmp_path / "elsewhere")
    show(house, recipient, grantor), show(house, grantor, recipient)
    assert asked(house, share, recipient)[1].status == 403
    assert house.parties["contoso"].card.digest.hex() in house.room.registry.parties


def test_no_member_of_the_backup_signs_until_its_party_confirms_it(house: RoomHouse) -> None:
    admin = house.parties["northwind"]
    removed, kept = (PartyKeys.generate(name, house.random.randbytes) for name in ("removed", "kept"))
    for one in (removed, kept):
        document = {"key": one.card.requests.hex(), "role": "operator"}
        assert house.call(admin, "POST", "/v1/members", document=document).status == 201
    old = saved(house)
    gone = f"/v1/members/{member_keyid(removed.card.requests)}"
    assert house.call(admin, "DELETE", gone).status == 204
    restored(house, old)
    for one in (removed, kept):
        refused = house.call(member_signer(one), "GET", "/v1/messages")
        assert (refused.status, "confirmed" in refused.what) == (401, True)
    told = house.call(admin, "GET", "/v1/members").json()
    assert [one["state"] for one in told] == ["active", "suspended", "suspended"]
    document = {"key": kept.card.requests.hex(), "role": "operator"}
    assert house.call(house.parties["contoso"], "POST", "/v1/members", document=document).status == 403
    assert house.call(admin, "POST", "/v1/members", document=document).status == 201
    assert house.call(admin, "DELETE", gone).status == 204
    house.restart()
    assert house.call(member_signer(kept), "GET", "/v1/messages").status == 200
    assert house.call(member_signer(removed), "GET", "/v1/messages").status == 401
    assert len(house.call(admin, "GET", "/v1/members").json()) == 2


def test_a_room_that_runs_is_neither_saved_nor_replaced(house: RoomHouse) -> None:
    data = saved(house)
    with pytest.raises(Refused, match="in use"):
        backup_room(house.root, io.BytesIO(), house.now)
    with pytest.raises(Refused, match="in use"):
        restore_room(house.root, io.BytesIO(data), house.now)


def test_a_damaged_backup_replaces_nothing(house: RoomHouse) -> None:
    data = saved(house)
    house.stop()
    before = {path: path.read_bytes() for path in house.root.rglob("*") if path.is_file()}
    head = data.index(b"\n", data.index(b"\n") + 1)
    for bad in (
        b"",
        data[:-1],
        data + b"x",
        data[: head + 50] + bytes([data[head + 50] ^ 1]) + data[head + 51 :],
        data.replace(b'"path":"keys/card"', b'"path":"keys/../x"', 1),
        data.replace(b'"path":"keys/card"', b'"path":"vault/card"', 1),
    ):
        with pytest.raises((BadInput, Exception)) as caught:
            restore_room(house.root, io.BytesIO(bad), house.now)
        assert getattr(caught.value, "exit_code", 0) in (4, 5)
    assert {path: path.read_bytes() for path in house.root.rglob("*") if path.is_file()} == before
    house.start()


def test_another_room_is_not_overwritten(house: RoomHouse, tmp_path: Path) -> None:
    from cleanroom.room import create_room

    data = saved(house)
    create_room(tmp_path / "other", "other", "a long passphrase", house.random.randbytes)
    with pytest.raises(Refused, match="another room"):
        restore_room(tmp_path / "other", io.BytesIO(data), house.now)
