"""The room as lease-holder and as the keeper of a log of each pair."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from room_house import NOW, RoomHouse
from room_shares import RECORDS, UNTIL, asked, countersigned, deposit, grant, received

from cleanroom.log import commitment, cosign, read_checkpoint
from cleanroom.log.entry import Entry
from cleanroom.merkle import leaf_hash, root, verify_consistency
from cleanroom.receipts import DESTRUCTION, EXPIRY, REVOCATION, read_statement
from cleanroom.room import Quotas, pair_origin
from cleanroom.share import MadeShare, make_deposit, open_records
from overlap.keys import PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> Iterator[RoomHouse]:
    made = RoomHouse(tmp_path / "room", Quotas(requests=1_000, open_shares=3))
    made.join("northwind"), made.join("contoso"), made.join("fabrikam")
    yield made
    made.close()


def parties(house: RoomHouse) -> tuple[PartyKeys, PartyKeys]:
    return house.parties["northwind"], house.parties["contoso"]


def granted(house: RoomHouse) -> MadeShare:
    """A share that lies in the room and is countersigned."""
    grantor, recipient = parties(house)
    made = grant(house, grantor, recipient)
    assert deposit(house, made, grantor).json() == {"id": made.terms.share}
    assert countersigned(house, made, grantor, recipient).status == 204
    return made


def status(house: RoomHouse, made: MadeShare, by: str = "contoso") -> dict[str, object]:
    reply = house.call(house.parties[by], "GET", f"/v1/shares/{made.terms.share}")
    assert reply.status == 200
    value: dict[str, object] = reply.json()
    return value


def digests(house: RoomHouse) -> tuple[str, str]:
    grantor, recipient = parties(house)
    return grantor.card.digest.hex(), recipient.card.digest.hex()


def kinds(house: RoomHouse) -> list[str]:
    return [entry.kind for entry in house.room.pairs.of(*digests(house)).log.entries()]


def test_a_share_in_the_room_is_read_until_its_end(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    share = received(made, recipient, grantor)
    request, reply = asked(house, share, recipient)
    assert reply.status == 200
    opened = open_records(share, reply.body, request.key, house.now, house.keys.card)
    assert [record.values for record in opened.records.values()] == [one.values for one in RECORDS]
    assert status(house, made)["read"] == 3
    house.now = UNTIL - 1
    assert asked(house, share, recipient)[1].status == 200
    house.now = UNTIL
    assert asked(house, share, recipient)[1].status == 410
    assert kinds(house) == ["grant", "receipt", "lease", "lease", "request"]


def test_both_directions_of_a_pair_are_read_beside_each_other(house: RoomHouse) -> None:
    """They have one log; a lease of the other direction is none that this one has forgotten."""
    one, other = parties(house)
    shares = []
    for grantor, recipient in ((one, other), (other, one)):
        made = grant(house, grantor, recipient)
        deposit(house, made, grantor)
        shares.append((received(made, recipient, grantor), recipient))
    for _ in range(2):
        for share, recipient in shares:
            assert asked(house, share, recipient)[1].status == 200
    house.restart()
    assert asked(house, *shares[0])[1].status == 200
    third = house.parties["fabrikam"]
    assert house.call(other, "POST", f"/v1/shares/{shares[1][0].terms.share}/revocation").status == 200
    assert asked(house, *shares[0])[1].status == 200
    assert house.call(third, "GET", f"/v1/shares/{shares[0][0].terms.share}").status == 404


def test_no_lease_comes_before_the_countersignature(house: RoomHouse) -> None:
    """A request brings one along; a share without any has given none."""
    grantor, recipient = parties(house)
    made = grant(house, grantor, recipient)
    deposit(house, made, grantor)
    assert status(house, made)["countersigned"] == 0
    reply = house.call(recipient, "PUT", f"/v1/shares/{made.terms.share}/countersignature", made.statement)
    assert reply.status == 422, "the grantor's own signature is none of the recipient"
    assert status(house, made)["countersigned"] == 0
    assert countersigned(house, made, grantor, recipient).status == 204
    assert status(house, made)["countersigned"] == NOW


def test_the_same_deposit_again_changes_nothing(house: RoomHouse) -> None:
    grantor, _ = parties(house)
    made = granted(house)
    before = kinds(house)
    assert deposit(house, made, grantor).status == 201
    assert kinds(house) == before


def test_a_deposit_by_another_or_for_another_room_is_refused(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = grant(house, grantor, recipient)
    data = make_deposit(made, grantor, house.keys.card)
    assert house.call(recipient, "POST", "/v1/shares", data).status == 422
    assert house.call(grantor, "POST", "/v1/shares", data[:-1]).status == 422
    assert house.call(grantor, "POST", "/v1/shares", b"overlap-deposit/1\n").status == 422
    stranger = PartyKeys.generate("stranger", house.random.randbytes)
    other = grant(house, grantor, stranger)
    assert deposit(house, other, grantor).status == 404


def test_an_id_that_is_taken_in_another_pair_is_refused(house: RoomHouse) -> None:
    _, recipient = parties(house)
    made = granted(house)
    third = house.parties["fabrikam"]
    same = grant(house, third, recipient, share=made.terms.share)
    assert deposit(house, same, third).status == 403


def test_open_shares_have_a_quota(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    for _ in range(3):
        granted(house)
    made = grant(house, grantor, recipient)
    assert deposit(house, made, grantor).status == 429


def test_who_is_no_party_of_a_share_knows_nothing_of_it(house: RoomHouse) -> None:
    made = granted(house)
    third = house.parties["fabrikam"]
    place = f"/v1/shares/{made.terms.share}"
    for method, path, body in (
        ("GET", place, b""),
        ("POST", f"{place}/revocation", b""),
        ("POST", f"{place}/leases", b"x"),
        ("PUT", f"{place}/countersignature", b"x"),
    ):
        assert house.call(third, method, path, body).status == 404


def test_each_party_does_its_own_part(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    place = f"/v1/shares/{made.terms.share}"
    assert house.call(recipient, "POST", f"{place}/revocation").status == 403
    assert house.call(grantor, "POST", f"{place}/leases", b"x").status == 403
    assert house.call(grantor, "PUT", f"{place}/countersignature", b"x").status == 403


def test_a_request_about_another_share_is_refused(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    first, second = granted(house), granted(house)
    request, _ = asked(house, received(first, recipient, grantor), recipient)
    reply = house.call(recipient, "POST", f"/v1/shares/{second.terms.share}/leases", request.file)
    assert reply.status == 409
    again = house.call(recipient, "POST", f"/v1/shares/{first.terms.share}/leases", request.file)
    assert again.status == 403, "a request is answered once"


def test_a_revoked_share_is_destroyed_at_once_and_the_room_says_so_again(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    share = received(made, recipient, grantor)
    asked(house, share, recipient, [1])
    reply = house.call(grantor, "POST", f"/v1/shares/{made.terms.share}/revocation").json()
    notice, attestation = (base64.b64decode(reply[name]) for name in ("notice", "attestation"))
    assert read_statement(notice, [house.keys.card], REVOCATION).predicate["read"] == 1
    assert read_statement(attestation, [house.keys.card], DESTRUCTION).predicate["records"] == 3
    found = status(house, made)
    assert (found["reason"], found["destroyed"], found["notice"]) == ("revocation", NOW, reply["notice"])
    assert house.call(grantor, "POST", f"/v1/shares/{made.terms.share}/revocation").json() == reply
    assert asked(house, share, recipient)[1].status == 403
    house.restart()
    assert asked(house, share, recipient)[1].status == 403
    vaults = [path for path in (house.root / "vault").rglob("*.secret")]
    assert not vaults


def test_destruction_at_the_end_waits_for_a_time_that_a_party_has_signed(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    share = received(made, recipient, grantor)
    house.now = UNTIL
    house.room.tick()
    waiting = house.room.leases.state(made.terms.share, made.terms.grantor).held
    assert (waiting.reason, waiting.closed, waiting.destroyed) == ("end", UNTIL, 0)
    house.now = NOW + 500
    assert asked(house, share, recipient)[1].status == 410, "the clock set back opens nothing"
    house.room.tick()
    assert house.room.leases.state(made.terms.share, made.terms.grantor).held.destroyed == 0
    house.now = UNTIL + 5
    house.call(recipient, "GET", "/v1/messages")
    house.room.tick()
    found = status(house, made)
    assert (found["reason"], found["destroyed"]) == ("end", UNTIL + 5)
    notice = base64.b64decode(str(found["notice"]))
    assert read_statement(notice, [house.keys.card], EXPIRY).predicate["until"] == UNTIL
    assert kinds(house) == ["grant", "receipt", "expiry", "request", "destruction"]


def test_a_third_partys_time_is_no_second_source(house: RoomHouse) -> None:
    made = granted(house)
    house.now = UNTIL
    house.call(house.parties["fabrikam"], "GET", "/v1/messages")
    house.room.tick()
    assert house.room.leases.state(made.terms.share, made.terms.grantor).held.destroyed == 0


def test_a_half_that_is_missing_is_said_at_the_start(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    house.stop()
    for path in (house.root / "vault").rglob("*.secret"):
        path.unlink()
    house.start()
    assert [made.terms.share in finding for finding in house.room.findings] == [True]
    assert asked(house, received(made, recipient, grantor), recipient)[1].status == 403
    assert deposit(house, made, grantor).status == 201, "the grantor deposits it again"
    assert asked(house, received(made, recipient, grantor), recipient)[1].status == 200


def test_both_parties_read_the_log_and_can_open_it(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    made = granted(house)
    one, other = digests(house)
    first = house.call(grantor, "GET", f"/v1/logs/{other}/checkpoint")
    assert first.fields["content-type"].startswith("text/plain")
    origin = pair_origin(house.keys.card.digest.hex(), one, other)
    early = read_checkpoint(first.body.decode(), origin, house.keys.card)
    house.deliver(grantor, recipient, b"x" * 300)
    answer = house.call(recipient, "GET", f"/v1/logs/{one}/entries?from=0").json()
    entries = [Entry.from_bytes(one["entry"].encode()) for one in answer["entries"]]
    assert [entry.kind for entry in entries] == ["grant", "receipt", "message"]
    assert entries[2].counts == {"bytes": 500}
    share = commitment(bytes.fromhex(answer["entries"][0]["salt"]), "share", bytes.fromhex(made.terms.share))
    assert entries[0].digests["share"] == share.hex()
    late = house.call(recipient, "GET", f"/v1/logs/{one}/checkpoint").body.decode()
    head = read_checkpoint(late, origin, house.keys.card)
    assert root([leaf_hash(one["entry"].encode()) for one in answer["entries"]]) == head.root
    proof = house.call(grantor, "GET", f"/v1/logs/{other}/consistency?first={early.size}").json()
    nodes = [bytes.fromhex(node) for node in proof["proof"]]
    assert verify_consistency(early.size, proof["size"], early.root, head.root, nodes)
    assert proof["checkpoint"] == late
    assert house.call(grantor, "GET", f"/v1/logs/{other}/consistency?first=9").status == 400
    assert len(house.call(grantor, "GET", f"/v1/logs/{other}/entries?from=2").json()["entries"]) == 1
    assert house.call(grantor, "GET", f"/v1/logs/{one}/checkpoint").status == 400


def cosigned(house: RoomHouse, by: PartyKeys, peer: str) -> bytes:
    note = house.call(by, "GET", f"/v1/logs/{peer}/checkpoint").body.decode()
    origin = pair_origin(house.keys.card.digest.hex(), by.card.digest.hex(), peer)
    checkpoint = read_checkpoint(note, origin, house.keys.card)
    return cosign(checkpoint, by, house.now).to_note(house.keys.card, by.card).encode()


def test_cosignatures_are_checked_and_the_newest_is_kept(house: RoomHouse) -> None:
    grantor, recipient = parties(house)
    granted(house)
    one, other = digests(house)
    old = cosigned(house, grantor, other)
    house.deliver(grantor, recipient, b"x")
    new = cosigned(house, grantor, other)
    for note in (new, old):
        assert house.call(grantor, "POST", f"/v1/logs/{other}/cosignatures", note).status == 204
    kept = house.room.database.read("SELECT party, size FROM cosignatures")
    assert kept == [(one, 3)]
    for note in (b"", b"\xff", old[:-1], old.replace(b"overlap/", b"overlop/", 1), new + b"\n", old + new):
        assert house.call(grantor, "POST", f"/v1/logs/{other}/cosignatures", note).status == 422
    assert house.call(recipient, "POST", f"/v1/logs/{one}/cosignatures", new).status == 422
    third = house.parties["fabrikam"].card.digest.hex()
    assert house.call(grantor, "POST", f"/v1/logs/{third}/cosignatures", new).status == 422
