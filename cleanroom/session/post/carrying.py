"""Files on their way: which carrier a partner is reached by, what we send, and what waits for us.

partners/NAME.via           how files go to and from that partner
carriers/numbers            the last number given to a file, for each recipient and for the outbox
carriers/refused            what was refused and is not tried again by itself
outbox/NUMBER               a file that a command has written for a partner; NUMBER.address says to whom
inbox/                      files fetched and not yet taken in; KEY.parcel: one that is still sealed

A command writes into the outbox, and what lies there is sent after it, by the same command or by the next
`overlap sync`: nothing is lost when it is killed between. A file that waits is removed from its carrier only
after the command that reads it has returned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cleanroom.room import KINDS, OPEN_KINDS, Carrier, FolderCarrier, Waiting, limit_of
from cleanroom.session.folder import read_whole, write_whole
from cleanroom.session.party import Clock, Party
from cleanroom.session.post.outbox import Address, addressed, files_at, unsent
from cleanroom.session.post.parcels import is_parcel, make_parcel, open_parcel
from cleanroom.session.share.reading import read_by_room
from overlap.errors import BadPeerFile, MalformedFile, OverlapError, Refused, Unverified, UsageError
from overlap.keys import Card, read_rotation

_HINT = "write folder:PATH or https://ROOM"
FOLDER = "folder:"

#: What is taken from senders whose cards are not here: a card, and a rotation, sent under the new one.
ANYBODYS: Final = ("card", "rotation")


@dataclass(frozen=True)
class Incoming:
    """A waiting file and its place here. `partner` is "" when no card of the sender is here; `more` files
    wait behind it."""

    via: str
    item: Waiting
    partner: str
    path: Path
    more: int

    @property
    def key(self) -> str:
        return key_of(self.via, self.item)


def key_of(via: str, item: Waiting) -> str:
    """What a waiting file is remembered by: a file whose bytes change under its name is another one."""
    return hashlib.sha256("\n".join((via, item.id, item.sender, item.sha256)).encode()).hexdigest()


def read_via(text: str) -> str:
    """The carrier named by `text` as it is kept: a folder by its whole path. Raises UsageError."""
    if text.startswith(FOLDER) and len(text) > len(FOLDER):
        return FOLDER + str(Path(text.removeprefix(FOLDER)).expanduser().resolve())
    if text.startswith(("https://", "http://")):
        from cleanroom.session.room.rooms import read_url

        return read_url(text)
    raise UsageError("--via names no carrier of files", _HINT)


def keep_via(party: Party, partner: str, text: str) -> str:
    """Remember how files go to and from a partner; "none" forgets it. Gives the carrier, or "".

    What still lies in the outbox for this partner goes the new way. UsageError for a folder not there.
    """
    party.card_of(partner)
    via = "" if text == "none" else read_via(text)
    if via.startswith(FOLDER) and not Path(via.removeprefix(FOLDER)).is_dir():
        raise UsageError(
            f"there is no folder {via.removeprefix(FOLDER)}",
            "make it, or wait until it is mounted or synced; then give it again",
        )
    party.folder.write_record({"via": via}, "partners", f"{partner}.via")
    for name, address in addressed(party.folder):
        if via and address.partner == partner:
            party.folder.write_record(asdict(replace(address, via=via)), "outbox", f"{name}.address")
    return via


def via_of(party: Party, partner: str) -> str:
    """The carrier that is kept for a partner; "" when there is none."""
    if not party.folder.path("partners", f"{partner}.via").is_file():
        return ""
    return str(party.folder.read_record("partners", f"{partner}.via")["via"])


def known_vias(party: Party) -> list[str]:
    """The carriers kept for partners, each once."""
    return sorted({via for partner in party.partners() if (via := via_of(party, partner))})


@dataclass
class Carrying:
    """The carriers of one command. `clock` gives the present second, for requests to a room."""

    party: Party
    clock: Clock
    _carriers: dict[str, Carrier] = field(default_factory=dict)
    _known: dict[str, str] = field(default_factory=dict)

    def carrier(self, via: str) -> Carrier:
        """The carrier of that name, opened once. Raises UsageError for a room that was not joined."""
        if via not in self._carriers:
            if via.startswith(FOLDER):
                folder = Path(via.removeprefix(FOLDER))
                self._carriers[via] = FolderCarrier(folder, self.party.keys.card, self._next_number)
            else:
                from cleanroom.session.room.rooms import open_room

                self._carriers[via] = open_room(self.party, via, self.clock)
        return self._carriers[via]

    def close(self) -> None:
        """End what the carriers hold open."""
        for carrier in self._carriers.values():
            carrier.close()

    def partner_of(self, item: Waiting) -> str:
        """The partner whose card sent this, by the carrier's word; "" when it is not here."""
        if not self._known:
            self._known = {self.party.card_of(name).digest.hex(): name for name in self.party.partners()}
        return self._known.get(item.sender, "")

    # What we send.

    def outgoing(self, partner: str, kind: str, via: str, answers: str = "", share: str = "") -> Path:
        """Where to write a file of `kind` for a partner; `deliver` sends it when it is there."""
        number = f"{self._next_number('outbox'):08d}"
        address = Address(partner, kind, via, answers, share)
        self.party.folder.write_record(asdict(address), "outbox", f"{number}.address")
        return self.party.folder.path("outbox", number)

    def deliver(self, partner: str = "", via: str = "") -> Iterator[Address | tuple[Address, OverlapError]]:
        """Send what lies in the outbox, the oldest first: where each file went, or why it did not.

        With `partner` or `via` only what goes there. A file for a partner whose earlier file could not be
        sent waits behind it.
        """
        stuck: set[tuple[str, str]] = set()
        for name, address in addressed(self.party.folder):
            if partner not in ("", address.partner) or via not in ("", address.via):
                continue
            for place in files_at(self.party.folder, name):
                if (address.partner, address.via) in stuck:
                    break
                try:
                    self._send(address, place)
                except OverlapError as error:
                    stuck.add((address.partner, address.via))
                    yield address, error
                else:
                    yield address
            if not files_at(self.party.folder, name):
                self.party.folder.path("outbox", f"{name}.address").unlink()

    def unsent(self) -> list[Address]:
        """What lies in the outbox, the oldest first."""
        return unsent(self.party.folder)

    def answered(self, key: str) -> bool:
        """Whether the answer to a waiting file lies in the outbox: it was taken in before."""
        here = set(self.party.folder.names("outbox"))
        return any(address.answers == key and name in here for name, address in addressed(self.party.folder))

    # What waits for us.

    def waiting(self, via: str, kinds: Collection[str] = tuple(KINDS)) -> list[Waiting]:
        """What waits in one carrier, also what was refused before."""
        return self.carrier(via).waiting(kinds)

    def incoming(self, via: str, item: Waiting, more: int = 0) -> Incoming:
        """A waiting item and the place in the inbox where `fetch` puts it."""
        place = self.party.folder.path("inbox", key_of(via, item))
        return Incoming(via, item, self.partner_of(item), place, more)

    def fetch(self, incoming: Incoming) -> None:
        """Bring a waiting file here. A whole one that was left in the inbox is used. Raises BadPeerFile."""
        place = incoming.path
        if place.is_file():
            return
        place.parent.mkdir(exist_ok=True)
        if incoming.item.kind not in OPEN_KINDS:
            self.carrier(incoming.via).fetch(incoming.item, place)
            return
        parcel = place.with_name(f"{place.name}.parcel")
        self.carrier(incoming.via).fetch(incoming.item, parcel)
        content = open_parcel(self.party.keys, read_whole(parcel, limit_of(incoming.item.kind)))
        if incoming.item.kind == "card":
            require_sender([Card.from_bytes(content)], incoming.item)
        if incoming.item.kind == "rotation":
            rotation = read_rotation(content)
            require_sender([rotation.old, rotation.new], incoming.item)
        write_whole(place, content)
        parcel.unlink()

    def done(self, incoming: Incoming) -> None:
        """The file is taken in: remove it from its carrier and from here."""
        self.carrier(incoming.via).done(incoming.item)
        self._drop(incoming)

    def _drop(self, incoming: Incoming) -> None:
        incoming.path.unlink(missing_ok=True)
        incoming.path.with_name(f"{incoming.path.name}.parcel").unlink(missing_ok=True)

    def take(
        self, via: str, kinds: Collection[str], fits: Callable[[Party, Path], bool] | None = None
    ) -> Incoming:
        """The oldest file of one of `kinds` that `fits`, from any verified partner; a card from anybody.

        Without `via` it is looked for in every carrier kept for a partner. What cannot be read as such a file
        is set aside. Raises Refused when nothing waits, and Unverified when only others' files do.
        """
        vias = [via] if via else known_vias(self.party)
        if not vias:
            raise UsageError("no file is given", f"give FILE, or --via: {_HINT}")
        found = [(name, item) for name in vias for item in self.waiting(name, kinds)]
        found.sort(key=lambda pair: pair[1].time)
        aside = self.refused()
        fresh = [pair for pair in found if key_of(*pair) not in aside]
        mine = [pair for pair in fresh if self._is_readable(pair[1])]
        for at, (name, item) in enumerate(mine):
            incoming = self.incoming(name, item, len(mine) - at - 1)
            try:
                self.fetch(incoming)
                if fits is None or fits(self.party, incoming.path):
                    return incoming
            except BadPeerFile as error:
                self.set_aside(incoming, error)
        if len(fresh) > len(mine):
            raise Unverified(
                "what waits is from parties whose cards are not verified here",
                "compare fingerprints, then 'overlap partner verify'",
            )
        refused = f"; {count:,} refused before" if (count := len(found) - len(fresh)) else ""
        raise Refused(
            f"no {' or '.join(kinds)} waits for this command{refused}",
            "'overlap sync --dry-run' lists what waits; 'overlap sync --again' tries what was refused",
        )

    # What was refused.

    def refused(self) -> dict[str, Any]:
        """Why each file was set aside, by its key."""
        if not self.party.folder.path("carriers", "refused").is_file():
            return {}
        return dict(self.party.folder.read_record("carriers", "refused"))

    def set_aside(self, incoming: Incoming, why: OverlapError) -> None:
        """Leave a refused file where it is, and try it no more by ourselves."""
        kept = self.refused() | {incoming.key: {"time": self.party.now, "what": why.what}}
        self.party.folder.write_record(kept, "carriers", "refused")
        self._drop(incoming)

    def forget_refused(self, still: Collection[str] = ()) -> None:
        """Try again what was set aside, all but the keys in `still`."""
        kept = self.refused()
        if set(kept) - set(still):
            left = {key: why for key, why in kept.items() if key in still}
            self.party.folder.write_record(left, "carriers", "refused")

    def _send(self, address: Address, place: Path) -> None:
        if address.share:
            read_by_room(self.party, address.share, place)
            return
        card = self.party.card_of(address.partner)
        if address.kind in OPEN_KINDS:
            self._seal(card, place)
        self.carrier(address.via).send(card, address.kind, place)
        place.unlink()

    def _seal(self, card: Card, place: Path) -> None:
        """Make a parcel of what is not sealed by itself, once, so that the same bytes are sent again."""
        content = read_whole(place, max(map(limit_of, OPEN_KINDS)))
        if not is_parcel(content):
            write_whole(place, make_parcel(card, content))

    def _is_readable(self, item: Waiting) -> bool:
        partner = self.partner_of(item)
        return item.kind in ANYBODYS or (partner != "" and self.party.is_verified(partner))

    def _next_number(self, whose: str) -> int:
        """A number not given before to `whose` files; on the disk before it is used."""
        place = ("carriers", "numbers")
        known = self.party.folder.read_record(*place) if self.party.folder.path(*place).is_file() else {}
        number = int(known.get(whose, 0)) + 1
        self.party.folder.write_record({**known, whose: number}, *place)
        return number


def require_sender(cards: Collection[Card], item: Waiting) -> None:
    """MalformedFile when no card of a file is the one of whom its carrier says that it sent it."""
    if item.sender not in {card.digest.hex() for card in cards}:
        raise MalformedFile("the card is not that of its sender", "ask the partner to send it again")
