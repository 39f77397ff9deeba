"""Rooms that we have joined: their cards, confirmed like a partner's, and the way to them.

rooms/NAME.card        the room's card; NAME.verified: confirmed by its fingerprint, for this address
rooms/NAME.room        its address
rooms/NAME.told        the cards of which it knows from us that they are out of use
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Clock, Party, wall_clock
from overlap.errors import OverlapError, Refused, Unverified, UsageError
from overlap.keys import Card, hkdf

if TYPE_CHECKING:
    from cleanroom.room import RoomCarrier, RoomClient

#: Bytes of a card; the format's own limit is the same.
CARD_LIMIT_BYTES = 16_384

#: Seconds for which an invitation holds.
INVITATION_SECONDS = 14 * 86_400

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Room:
    """A room as listed."""

    name: str
    url: str
    fingerprint: str


def read_url(text: str) -> str:
    """The address of a room as it is kept: https://HOST or https://HOST:PORT. Raises UsageError.

    Without TLS only this machine is talked to: requests are signed and files sealed, but others would see
    who asks for what.
    """
    try:
        parts = urlsplit(text.rstrip("/"))
        named = (parts.hostname or "", parts.port)
    except ValueError:
        named, parts = ("", None), urlsplit("")
    host = f"[{named[0]}]" if ":" in named[0] else named[0]
    url = f"{parts.scheme}://{host}" + (f":{named[1]}" if named[1] else "")
    if not named[0] or url != text.rstrip("/").lower():
        raise UsageError("this is no address of a room", "write https://HOST or https://HOST:PORT")
    if parts.scheme != "https" and named[0] not in _LOOPBACK:
        raise UsageError("a room on another machine is talked to over https", "write https://HOST")
    return url


def join_room(party: Party, address: str, fingerprint: str, clock: Clock) -> Room:
    """Confirm a room's card by its fingerprint, keep it, and make ours known there.

    Raises Refused for another fingerprint, or when nobody has invited our card; nothing is kept then.
    """
    url = read_url(address)
    with _packages():
        from cleanroom.room import read_room_card
    card = read_room_card(url)
    if "".join(fingerprint.split()).upper() != card.fingerprint.replace(" ", ""):
        raise Refused(
            "the fingerprint is not that of the room's card",
            "do not use this room; ask who runs it to read out 'overlap room card'",
        )
    known = {room.name: room for room in list_rooms(party)}.get(card.party)
    if known and known.fingerprint != card.fingerprint:
        raise Refused(
            f"another room named '{card.party}' is here already", "ask who runs it which card is right"
        )
    client = _client(party, url, card, clock)
    with closing(client):
        client.register(party.keys.card)
    write_whole(party.folder.path("rooms", f"{card.party}.card"), card.to_bytes())
    party.folder.write_record({"url": url}, "rooms", f"{card.party}.room")
    write_whole(party.folder.path("rooms", f"{card.party}.verified"), _mark(party, card, url))
    return Room(card.party, url, card.fingerprint)


def introduce(party: Party, partner: str, room: str, clock: Clock) -> int:
    """Invite a verified partner's card to a room that we have joined; when the invitation ends.

    `room` may be "" while one room was joined. Raises UsageError.
    """
    card = party.verified_card_of(partner)
    known = [one for one in list_rooms(party) if room in ("", one.name)]
    if len(known) != 1:
        raise UsageError(f"{len(known) or 'no'} rooms fit", "'overlap room list' shows them; give --room")
    expires = clock() + INVITATION_SECONDS
    with closing(room_client(party, known[0].url, clock)) as client:
        client.invite(card, expires)
    return expires


def list_rooms(party: Party) -> list[Room]:
    """The rooms that we have joined, by name."""
    return [
        Room(name, _url_of(party, name), _card(party, name).fingerprint)
        for name in party.folder.names("rooms", suffix=".room")
    ]


def room_card_of(party: Party, name: str) -> Card:
    """The confirmed card of a room that was joined, or else of the partner that is the room.

    Raises UsageError when there is none, Unverified when it is not confirmed.
    """
    if name not in party.folder.names("rooms", suffix=".room"):
        return party.verified_card_of(name)
    card, place = _card(party, name), party.folder.path("rooms", f"{name}.verified")
    if not place.is_file() or read_whole(place, 1024) != _mark(party, card, _url_of(party, name)):
        raise Unverified(
            f"the card of the room '{name}' is not verified",
            "compare its fingerprint, then 'overlap room join URL --fingerprint …'",
        )
    return card


def room_cards(party: Party) -> list[Card]:
    """The cards of all rooms that were joined."""
    return [room_card_of(party, room.name) for room in list_rooms(party)]


def holder_card(party: Party, digest: str) -> Card:
    """The confirmed card of a lease-holder that is not the grantor: a room that was joined, or a partner."""
    for card in room_cards(party):
        if card.digest.hex() == digest:
            return card
    return party.verified_card_of(party.partner_with(digest))


def confirm_rooms_anew(before: Party, after: Party) -> None:
    """Keep rooms confirmed whose cards were, when our own keys change; they are still to be told our card."""
    for room in list_rooms(before):
        card, place = _card(before, room.name), before.folder.path("rooms", f"{room.name}.verified")
        if place.is_file() and read_whole(place, 1024) == _mark(before, card, room.url):
            write_whole(place, _mark(after, card, room.url))


def tell_rooms(party: Party, card: Card, statement: bytes) -> None:
    """Tell the rooms we have joined that a card is out of use, so that its keys sign for nobody there.

    A change of cards waits for no network: a room that does not answer is told by the next `overlap sync`, or
    by another who takes the statement in.
    """
    for room in list_rooms(party):
        with suppress(OverlapError), closing(room_client(party, room.url, wall_clock)) as client:
            _tell(party, room, client, card, statement)


def tell_left(party: Party, clock: Clock = wall_clock) -> Iterator[tuple[Room, str | OverlapError]]:
    """Tell the rooms what they do not know of cards out of use: whose card a room was told of, or why not.

    A room that was told is asked whether it still knows, because a restore from a backup makes it forget;
    that it does not answer then is no news.
    """
    statements = _statements(party)
    for room in list_rooms(party) if statements else ():
        told = _told(party, room)
        left = any(card.digest.hex() not in told for card, _ in statements)
        try:
            with closing(room_client(party, room.url, clock)) as client:
                for card, statement in statements:
                    if card.digest.hex() in told and not client.has_card(card.digest.hex()):
                        continue
                    if _tell(party, room, client, card, statement):
                        yield room, card.party
        except OverlapError as error:
            if left:
                yield room, error


def _tell(party: Party, room: Room, client: RoomClient, card: Card, statement: bytes) -> bool:
    """Tell one room, and remember it; False when the room knows no such card."""
    known = client.end_card(card, statement)
    told = sorted({*_told(party, room), card.digest.hex()})
    party.folder.write_record({"told": told}, "rooms", f"{room.name}.told")
    return known


def _told(party: Party, room: Room) -> list[str]:
    """The digests of the cards that the room was told of."""
    place = ("rooms", f"{room.name}.told")
    return list(party.folder.read_record(*place)["told"]) if party.folder.path(*place).is_file() else []


def _statements(party: Party) -> list[tuple[Card, bytes]]:
    """Every card that is out of use by its owner's word, ours and the partners', with that word."""
    found = [(one.card, one.statement.encode()) for one in party.retired_cards()]
    for partner in party.partners():
        if party.revoked_at(partner) is not None:
            statement = party.folder.read_record("partners", f"{partner}.revoked")["statement"]
            found.append((party.card_of(partner), statement.encode()))
    return found


def room_at(party: Party, digest: str) -> str:
    """The address of the joined room with the card of that digest (hex); "" when it was not joined."""
    known = {_card(party, room.name).digest.hex(): room.url for room in list_rooms(party)}
    return known.get(digest, "")


def room_client(party: Party, url: str, clock: Clock) -> RoomClient:
    """Signed requests to the joined room at `url`."""
    for room in list_rooms(party):
        if room.url == url:
            return _client(party, url, room_card_of(party, room.name), clock)
    raise UsageError(f"the room at {url} was not joined", f"run 'overlap room join {url} --fingerprint …'")


def open_room(party: Party, url: str, clock: Clock) -> RoomCarrier:
    """The joined room at `url` as a carrier."""
    with _packages():
        from cleanroom.room import RoomCarrier
    return RoomCarrier(room_client(party, url, clock))


def _client(party: Party, url: str, card: Card, clock: Clock) -> RoomClient:
    with _packages():
        from cleanroom.room import RoomClient, card_signer
    return RoomClient(url, card, card_signer(party.keys), clock, party.random)


@contextmanager
def _packages() -> Iterator[None]:
    """What a room needs is installed on request."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            "a room needs packages that are not installed here", "pip install 'account-overlap[room]'"
        ) from error


def _card(party: Party, name: str) -> Card:
    return Card.from_bytes(read_whole(party.folder.path("rooms", f"{name}.card"), CARD_LIMIT_BYTES))


def _url_of(party: Party, name: str) -> str:
    return str(party.folder.read_record("rooms", f"{name}.room")["url"])


def _mark(party: Party, card: Card, url: str) -> bytes:
    """What NAME.verified holds: only who has our keys can make it, for this card at this address."""
    key = party.keys.storage_key(b"verified room")
    return hkdf(key, card.digest + url.encode()).hex().encode() + b"\n"
