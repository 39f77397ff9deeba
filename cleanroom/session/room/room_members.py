"""Colleagues who ask a room in our name, each with a key of their own and a role that the room checks.

A member's key file holds the room's address and card, our card, the member's keys locked under a passphrase
of theirs, and a mark over the rest that only these keys make. So it needs no folder, and an altered address
or card is noticed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cleanroom.log import Entry, read_checkpoint
from cleanroom.merkle import leaf_hash, root
from cleanroom.moment import moment_of
from cleanroom.session.beginning import only_one
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Clock, Party, wall_clock
from cleanroom.session.room.rooms import list_rooms, room_card_of, room_client
from overlap import canonical
from overlap.errors import BadInput, BadPeerFile, ForgedFile, MalformedFile, UsageError
from overlap.keys import Card, PartyKeys, hkdf

if TYPE_CHECKING:
    from cleanroom.room import LentShare, RoomClient

LINE: Final = b"overlap-member/1\n"
#: Bytes of a key file: two cards and a locked file.
LIMIT_BYTES: Final = 65_536

_LISTED: Final = "'overlap room member list' shows them"
_PURPOSE: Final = b"room member"
_FIELDS: Final = {"keys", "mark", "party", "room", "url"}


@dataclass(frozen=True)
class Member:
    """A key that signs for us at a room, and what it may do.

    `state` is "suspended" after a restore of the room until we confirm it: then it may do nothing.
    """

    keyid: str
    role: str
    state: str = "active"


@dataclass(frozen=True)
class Waits:
    """A file that waits at the room for the party; `sender` is the digest of a card."""

    kind: str
    size: int
    sender: str
    time: str


@dataclass(frozen=True)
class SeenLog:
    """The room's log of the party and a partner, as checked: `events` are (time, kind), the oldest first."""

    size: int
    root: str
    events: list[tuple[str, str]]


@dataclass(frozen=True)
class MemberKey:
    """What a key file holds."""

    url: str
    room: Card
    party: Card
    keys: PartyKeys


def add_member(
    party: Party, room: str, role: str, passphrase: str, out: Path, clock: Clock = wall_clock
) -> Member:
    """Make a colleague's key file at `out`, and let the room know its key; `room` may be "" while one fits.

    Raises UsageError when there is a file at `out` already.
    """
    if out.exists():
        raise UsageError("there is a file at this place already", "give another --out")
    with _admin(party, room, clock) as (client, url, card):
        keys = PartyKeys.generate(party.name, party.random)
        given = {
            "keys": keys.to_locked(passphrase, party.random).hex(),
            "party": party.keys.card.to_bytes().hex(),
            "room": card.to_bytes().hex(),
            "url": url,
        }
        # The file is there before the right is, so that no key has rights which nobody can end or use.
        write_whole(out, LINE + canonical.encode(given | {"mark": _mark(keys, given)}) + b"\n")
        try:
            told = client.ask_json("POST", "/v1/members", {"key": keys.card.requests.hex(), "role": role})
        except BaseException:
            out.unlink()
            raise
    return Member(_text(told, "keyid"), role)


def list_members(party: Party, room: str, clock: Clock = wall_clock) -> list[Member]:
    """Who signs for us at a room; our card's own key is among them."""
    return [member for member, _ in _listed(party, room, clock)]


def confirm_member(party: Party, room: str, name: str, clock: Clock = wall_clock) -> Member:
    """Let a member that is suspended since a restore sign for us again; UsageError when none begins so."""
    from cleanroom.room import member_keyid

    waiting = [one for one in _listed(party, room, clock) if one[0].state == "suspended"]
    member, key = only_one(waiting, name, lambda one: one[0].keyid, "suspended member", _LISTED)
    if member_keyid(key) != member.keyid:
        raise ForgedFile("the room names another key than that of the member", "tell who runs the room")
    with _admin(party, room, clock) as (client, _, _):
        client.ask_json("POST", "/v1/members", {"key": key.hex(), "role": member.role})
    return replace(member, state="active")


def remove_member(party: Party, room: str, name: str, clock: Clock = wall_clock) -> Member:
    """End the rights of the member whose key id begins so. Raises UsageError."""
    found = only_one(list_members(party, room, clock), name, lambda one: one.keyid, "member", _LISTED)
    with _admin(party, room, clock) as (client, _, _):
        client.ask("DELETE", f"/v1/members/{found.keyid}")
    return found


def read_member_key(source: Path, passphrase: str) -> MemberKey:
    """The key in a key file. Raises BadInput, WrongPassphrase, or ForgedFile when it was altered."""
    try:
        data = read_whole(source, LIMIT_BYTES)
        if not data.startswith(LINE) or not data.endswith(b"\n"):
            raise ValueError("not a key file of version 1")
        given = canonical.decode(data[len(LINE) : -1], "the key file")
        if set(given) != _FIELDS:
            raise ValueError("other fields")
        locked, party, room = (bytes.fromhex(given[name]) for name in ("keys", "party", "room"))
        cards = Card.from_bytes(room), Card.from_bytes(party)
        mark, url = str(given.pop("mark")), str(given["url"])
    except (BadPeerFile, TypeError, ValueError) as error:
        raise BadInput(
            "this is no key file of a room's member", "give the file of 'overlap room member add'"
        ) from error
    keys = PartyKeys.from_locked(locked, passphrase)
    if _mark(keys, given) != mark:
        raise ForgedFile("the key file was altered", "ask who made it for a new one")
    return MemberKey(url, *cards, keys)


def see_inbox(member: MemberKey, clock: Clock = wall_clock) -> list[Waits]:
    """What waits at the room for the party; nothing is fetched."""
    from cleanroom.room import KINDS, RoomCarrier

    with _client(member, clock) as client:
        items = RoomCarrier(client).waiting(tuple(KINDS))
    return [Waits(item.kind, item.size, item.sender, moment_of(item.time)) for item in items]


def see_share(member: MemberKey, share: str, clock: Clock = wall_clock) -> LentShare:
    """How a share of the party stands that the room holds, by its whole id."""
    from cleanroom.room import RoomLeases

    if len(share) != 32 or set(share) - set("0123456789abcdef"):
        raise UsageError("a share is named by 32 hex digits here", "'overlap shares list --json' has them")
    with _client(member, clock) as client:
        return RoomLeases(client).stands(share)


def see_log(member: MemberKey, peer: str, clock: Clock = wall_clock) -> SeenLog:
    """The room's log of the party and the partner with the card of that digest (hex).

    ForgedFile when its entries are not those of the checkpoint that the room has signed.
    """
    from cleanroom.room import pair_origin

    if len(peer) != 64 or set(peer) - set("0123456789abcdef"):
        raise UsageError("a card's digest is 64 hex digits", "'overlap card --json' shows one's own")
    entries: list[Entry] = []
    with _client(member, clock) as client:
        note = client.ask("GET", f"/v1/logs/{peer}/checkpoint").body.decode("utf-8", errors="replace")
        origin = pair_origin(member.room.digest.hex(), member.party.digest.hex(), peer)
        head = read_checkpoint(note, origin, member.room)
        while len(entries) < head.size:
            told = client.ask_json("GET", f"/v1/logs/{peer}/entries?from={len(entries)}")
            some = told.get("entries") if isinstance(told, dict) else None
            if not isinstance(some, list) or not some:
                raise _malformed()
            entries += [Entry.from_bytes(_text(one, "entry").encode()) for one in some]
    entries = entries[: head.size]
    if head.size and root([leaf_hash(entry.to_bytes()) for entry in entries]) != head.root:
        raise ForgedFile("the room's log is not the one that it has signed", "tell who runs the room")
    return SeenLog(head.size, head.root.hex(), [(moment_of(entry.time), entry.kind) for entry in entries])


def _listed(party: Party, room: str, clock: Clock) -> list[tuple[Member, bytes]]:
    """The members as the room tells them, each with its key."""
    with _admin(party, room, clock) as (client, _, _):
        told = client.ask_json("GET", "/v1/members")
    if not isinstance(told, list):
        raise _malformed()
    found = []
    for one in told:
        member = Member(*(_text(one, name) for name in ("keyid", "role", "state")))
        try:
            found.append((member, bytes.fromhex(_text(one, "key"))))
        except ValueError as error:
            raise _malformed() from error
    return found


@contextmanager
def _admin(party: Party, room: str, clock: Clock) -> Iterator[tuple[RoomClient, str, Card]]:
    """Requests by our own key to the joined room of that name, its address and its card."""
    known = [one for one in list_rooms(party) if room in ("", one.name)]
    if len(known) != 1:
        raise UsageError(f"{len(known) or 'no'} rooms fit", "'overlap room list' shows them; give --room")
    with closing(room_client(party, known[0].url, clock)) as client:
        yield client, known[0].url, room_card_of(party, known[0].name)


@contextmanager
def _client(member: MemberKey, clock: Clock) -> Iterator[RoomClient]:
    from cleanroom.room import RoomClient, member_signer

    signer = member_signer(member.keys)
    with closing(RoomClient(member.url, member.room, signer, clock, secrets.token_bytes)) as client:
        yield client


def _mark(keys: PartyKeys, given: dict[str, str]) -> str:
    return hkdf(keys.storage_key(_PURPOSE), canonical.encode(given)).hex()


def _text(told: object, name: str) -> str:
    if not isinstance(told, dict) or not isinstance(told.get(name), str):
        raise _malformed()
    return str(told[name])


def _malformed() -> MalformedFile:
    return MalformedFile("the room's answer is not what it should be", "tell who runs the room")
