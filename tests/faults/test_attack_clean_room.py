"""What a partner with a modified tool, or a mistake of our own, might get past the clean room.

Expected values: docs/anti-probing.md and cleanroom/FORMATS.md, by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attacked_house import NOW, House, make_house, rows
from room_house import URL, Reply, RoomHouse

from cleanroom.room import invite_here
from cleanroom.session.accounts import forgetting
from cleanroom.session.accounts.imports import import_export
from cleanroom.session.audit import syncing
from cleanroom.session.match.frames import keep_peer_checkpoint
from cleanroom.session.party import Party
from cleanroom.session.post import receiving
from cleanroom.session.room import room_logs
from cleanroom.session.share import disclosing, granting, lent_shares
from cleanroom.session.share.holding import open_holder
from overlap.errors import ForgedFile, Refused
from overlap.keys import PartyKeys


@pytest.fixture
def house(tmp_path: Path) -> House:
    return make_house(tmp_path)


def test_a_fork_from_before_what_was_cosigned_is_noticed(house: House) -> None:
    """We know each root up to what we cosigned, so a shorter history of another kind is a second one."""
    folder = house.theirs.folder.path("logs")
    for number in range(2):
        house.theirs.note("northwind", "export", files=number)
    before = {file.name: file.read_bytes() for file in folder.glob("northwind.log*")}
    for number in range(4):
        house.theirs.note("northwind", "export", files=number)
    true = house.theirs.log("northwind")
    honest = true.head().to_note(house.theirs.keys.card)
    syncing.write_sync(house.theirs, "northwind", house.file("letter"))
    receiving.receive_file(house.ours, house.file("letter"))
    for name, data in before.items():
        (folder / name).write_bytes(data)
    forked = Party(house.theirs.folder, house.theirs.keys, NOW + 60)
    earlier = forked.log("northwind").head().to_note(house.theirs.keys.card)
    forked.note("northwind", "export", files=7)
    with pytest.raises(ForgedFile):
        keep_peer_checkpoint(
            house.ours, "fabrikam", forked.log("northwind").head().to_note(forked.keys.card), NOW
        )
    # What the one history has shown late is no fork.
    keep_peer_checkpoint(house.ours, "fabrikam", earlier, NOW)
    keep_peer_checkpoint(house.ours, "fabrikam", honest, NOW)


def test_other_account_ids_hide_no_difference_between_two_lists(house: House) -> None:
    """A CRM that numbers its accounts anew changes every id, and what is submitted in one account only."""
    house.agree()
    house.run("first")
    changed = rows(*range(13))
    changed["Account ID"] = [f"B{number}" for number in range(13)]
    place = house.file("again.csv")
    changed.to_csv(place, index=False)
    import_export(house.ours.folder, place, NOW + 5)
    later = house.at(NOW + 10)
    with pytest.raises(Refused, match=r"terms\.minimum_count: 1 of our accounts changed"):
        later.run("second")
    same = rows(*range(12))
    same["Account ID"] = [f"C{number}" for number in range(12)]
    same.to_csv(place, index=False)
    import_export(house.ours.folder, place, NOW + 15)
    house.at(NOW + 20).run("third")


@dataclass
class InRoom:
    """A client of the room in this process; `ask` is what `RoomClient` is used for."""

    room: RoomHouse
    keys: PartyKeys

    def ask(self, method: str, path: str, body: bytes = b"", fields: dict[str, str] | None = None) -> Reply:
        reply = self.room.call(self.keys, method, path, body, fields=fields)
        assert reply.status < 300, reply.body
        return reply

    def close(self) -> None:
        pass


def test_a_room_does_not_go_on_showing_an_account_that_is_private_now(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our folder refuses such a lease; a room knows no account, so the share ends when we hear of it."""
    room = RoomHouse(tmp_path / "room", now=NOW)
    for party in (house.ours, house.theirs):
        digest = party.keys.card.digest.hex()
        invite_here(room.root, digest, NOW)
        room.room.tick()
        room.call(party.keys, "PUT", f"/v1/cards/{digest}", party.keys.card.to_bytes())
    terms_of, card = granting.share_terms, room.keys.card
    monkeypatch.setattr(lent_shares, "room_at", lambda *_: URL)
    monkeypatch.setattr(lent_shares, "holder_card", lambda *_: card)
    monkeypatch.setattr(lent_shares, "room_client", lambda party, *_: InRoom(room, party.keys))
    monkeypatch.setattr(
        granting, "share_terms", lambda *a, **k: replace(terms_of(*a, **k), holder=card.digest.hex())
    )
    house.agree()
    house.run()
    share = house.grant()

    def refreshed(now: int) -> list[str]:
        room.now = now
        party = Party(house.ours.folder, house.ours.keys, now)
        return open_holder(party, "fabrikam").refresh(now)

    assert refreshed(NOW + 5) == []
    rules = house.file("rules.csv")
    rules.write_text("account_id,rule\nA7,private\n")
    import_export(house.ours.folder, rules, NOW + 10, what="restrictions")
    assert "revoked: 1 of its accounts" in refreshed(NOW + 15)[0]
    stands = room.call(house.theirs.keys, "GET", f"/v1/shares/{share}").json()
    assert (stands["reason"], stands["destroyed"] > 0) == ("revocation", True)
    assert refreshed(NOW + 20) == []
    room.close()


def forking_room(house: House, tmp_path: Path) -> dict[str, RoomHouse]:
    """One room with two histories: one for each party."""
    rooms = {
        name: RoomHouse(tmp_path / f"for {name}", now=NOW, random=Random(seed))
        for seed, name in enumerate(("northwind", "fabrikam"))
    }
    for room in rooms.values():
        for party in (house.ours, house.theirs):
            digest = party.keys.card.digest.hex()
            invite_here(room.root, digest, NOW)
            room.room.tick()
            assert room.call(party.keys, "PUT", f"/v1/cards/{digest}", party.keys.card.to_bytes()).status
        room.deliver(house.ours.keys, house.theirs.keys, b"a message")
    return rooms


@pytest.mark.parametrize("more", [0, 1])
def test_a_room_that_shows_each_party_a_log_of_its_own_is_found_out_by_their_letters(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    rooms = forking_room(house, tmp_path)
    card = rooms["northwind"].keys.card
    monkeypatch.setattr(room_logs, "room_cards", lambda _: [card])
    for number in range(more):
        rooms["northwind"].deliver(house.ours.keys, house.theirs.keys, b"another message %d" % number)

    def watch(party: Party, peer: str, room: RoomHouse) -> None:
        client: Any = InRoom(room, party.keys)
        room_logs.watch_room_log(party, client, card, peer)

    watch(house.ours, "fabrikam", rooms["northwind"])
    watch(house.theirs, "northwind", rooms["fabrikam"])
    syncing.write_sync(house.theirs, "northwind", house.file("letter"))
    taken = receiving.receive_file(house.ours, house.file("letter"))
    assert any("two histories" in line for line in taken.lines) == (not more)
    with pytest.raises(ForgedFile):
        watch(house.ours, "fabrikam", rooms["northwind"])
    for room in rooms.values():
        room.close()


def test_a_room_with_one_log_is_accused_by_nobody(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = forking_room(house, tmp_path)
    room = rooms["northwind"]
    monkeypatch.setattr(room_logs, "room_cards", lambda _: [room.keys.card])
    ours: Any = InRoom(room, house.ours.keys)
    theirs: Any = InRoom(room, house.theirs.keys)
    room_logs.watch_room_log(house.ours, ours, room.keys.card, "fabrikam")
    room.deliver(house.ours.keys, house.theirs.keys, b"another message")
    room_logs.watch_room_log(house.theirs, theirs, room.keys.card, "northwind")
    syncing.write_sync(house.theirs, "northwind", house.file("letter"))
    receiving.receive_file(house.ours, house.file("letter"))
    assert house.ours.folder.names("rooms", suffix=".fabrikam.theirs") == ["lobby"]
    # A partner's own words about a room count for nothing.
    assert room_logs.take_room_notes(house.ours, "fabrikam", ["lobby\n", 7, None]) == []
    room_logs.watch_room_log(house.ours, ours, room.keys.card, "fabrikam")
    for one in rooms.values():
        one.close()


def test_a_share_of_all_accounts_with_a_forgotten_one_is_not_leased(house: House) -> None:
    """What was forgotten is imported no more, and was shown all the same."""
    house.agree(level="all")
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    forgetting.forget_account(house.ours, "A7", house.file("forgotten"))
    house.request()
    with pytest.raises(Refused, match="1 of its accounts"):
        house.lease()


def test_a_share_of_all_accounts_is_not_leased_when_one_is_private_and_imported_no_more(
    house: House,
) -> None:
    house.agree(level="all")
    disclosing.disclose_accounts(house.ours, "", house.file("share"))
    fewer, rules = house.file("fewer.csv"), house.file("rules.csv")
    rows(*(number for number in range(12) if number != 7)).to_csv(fewer, index=False)
    import_export(house.ours.folder, fewer, NOW + 5)
    rules.write_text("account_id,rule\nA7,private\n")
    import_export(house.ours.folder, rules, NOW + 5, what="restrictions")
    house.request()
    with pytest.raises(Refused, match="1 of its accounts"):
        house.lease()
