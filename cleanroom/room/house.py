"""A room: made once, opened by one process at a time, and checked when it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cleanroom.room.counting import Counting
from cleanroom.room.disk import Disk
from cleanroom.room.files import ROOM_LINE, RoomFiles
from cleanroom.room.leases import Leases
from cleanroom.room.nonces import Nonces
from cleanroom.room.pairs import Pairs
from cleanroom.room.quotas import Quotas, Rate
from cleanroom.room.registry import Registry
from cleanroom.room.relay import Relay
from cleanroom.room.tables import SCHEMA
from cleanroom.room.witness import Witness
from cleanroom.store import Database
from overlap.errors import OverlapError, Refused, UsageError
from overlap.keys import Card, PartyKeys, RandomBytes, check_party_name

#: Bytes of a key file or card.
KEYS_LIMIT: Final = 16_384

#: Seconds for which an invitation of the room's operator is open.
INVITED_SECONDS: Final = 14 * 86_400

#: Whole seconds since 1970, UTC.
Clock = Callable[[], int]
Unlock = Callable[[bytes], PartyKeys]


@dataclass
class OpenRoom:
    """An opened room. `findings` says what its files, database, logs and vaults do not agree about."""

    files: RoomFiles
    keys: PartyKeys
    now: Clock
    database: Database
    registry: Registry
    nonces: Nonces
    rate: Rate
    disk: Disk
    pairs: Pairs
    witness: Witness
    relay: Relay
    leases: Leases
    counting: Counting
    findings: list[str]

    def tick(self) -> None:
        """What is done every second: invitations made here, ends, destructions."""
        self._take_invitations()
        self.leases.tick(self.now())

    def sweep(self) -> None:
        """What is done every minute: messages and results that nobody fetched; a look at the disk."""
        self.relay.expire(self.now())
        self.counting.expire(self.now())
        self.disk.measure()

    def _take_invitations(self) -> None:
        for card in self.files.names("invited"):
            expires = int(self.files.read(32, "invited", card))
            if expires > self.now():
                self.registry.invite(card, expires, "", self.now())
            self.files.remove("invited", card)


def create_room(root: Path, name: str, passphrase: str, random: RandomBytes) -> Card:
    """Make a new room in `root`; its card. UsageError when one lives there already."""
    check_party_name(name)
    files = RoomFiles(root)
    if files.is_room or (root / "party").exists():
        raise UsageError(f"a room or a party lives in {root} already", "choose another folder with --dir")
    files.make_folders()
    if os.name == "posix":
        root.chmod(0o700)
    keys = PartyKeys.generate(name, random)
    files.write(keys.to_locked(passphrase, random), "keys", "identity")
    files.write(keys.card.to_bytes(), "keys", "card")
    files.write(ROOM_LINE + name.encode() + b"\n", "room")
    return keys.card


def room_card(root: Path) -> Card:
    """The card of the room in `root`; no passphrase is needed."""
    files = RoomFiles(root)
    files.require_room()
    return Card.from_bytes(files.read(KEYS_LIMIT, "keys", "card"))


def invite_here(root: Path, card: str, now: int) -> int:
    """Invite the card with this digest; until when. A server that runs takes it in within a second."""
    files = RoomFiles(root)
    files.require_room()
    if len(card) != 64 or set(card) - set("0123456789abcdef"):
        raise UsageError("the digest of a card is 64 hex digits", "see it with 'overlap card --json'")
    files.write(str(now + INVITED_SECONDS).encode(), "invited", card)
    return now + INVITED_SECONDS


@contextmanager
def open_room(
    root: Path, unlock: Unlock, now: Clock, random: RandomBytes, quotas: Quotas | None = None
) -> Iterator[OpenRoom]:
    """The room in `root`, held by this process; `unlock` turns the key file's bytes into keys.

    Raises UsageError, Refused or WrongPassphrase, and BadInput when a file that must be there is not.
    """
    files = RoomFiles(root)
    files.require_room()
    with files.locked():
        keys = unlock(files.read(KEYS_LIMIT, "keys", "identity"))
        if keys.card.to_bytes() != files.read(KEYS_LIMIT, "keys", "card"):
            raise Refused("the room's card is not that of its keys", "restore the room from a backup")
        files.make_folders()
        database = Database(files.path("room.duckdb"), SCHEMA)
        try:
            room = _assemble(files, keys, now, database, random, quotas or Quotas())
            try:
                room.findings += _settle(room)
                yield room
            finally:
                room.counting.close()
                room.nonces.close()
        finally:
            database.close()


def _assemble(
    files: RoomFiles, keys: PartyKeys, now: Clock, database: Database, random: RandomBytes, quotas: Quotas
) -> OpenRoom:
    registry, pairs = Registry(database), Pairs(files, keys, random)
    disk = Disk(files, quotas.disk_bytes)
    witness = Witness(database, pairs, registry, keys.card)
    return OpenRoom(
        files,
        keys,
        now,
        database,
        registry,
        Nonces(files),
        Rate(quotas),
        disk,
        pairs,
        witness,
        Relay(files, database, pairs, quotas, disk, random),
        Leases(files, pairs, registry, witness, quotas, disk, keys, random),
        Counting(files, database, pairs, registry, quotas, disk, keys, random),
        [],
    )


def _settle(room: OpenRoom) -> list[str]:
    """What a start finds: leftovers are removed, what is missing is said, nothing is dropped silently."""
    findings = []
    for name in room.files.names("logs", suffix=".log"):
        try:
            room.pairs.of(*name.split("-"))
        except OverlapError as error:
            findings.append(f"log {name}: {error.what}")
    findings += room.relay.settle()
    for card in room.registry.ended:
        room.leases.end_party(card, room.now())
    findings += room.leases.settle(room.now())
    findings += room.counting.settle(room.now())
    room.disk.measure()
    if room.disk.used >= room.disk.limit:
        findings.append(f"{room.disk.used:,} bytes are on the disk: above the limit nothing new is taken")
    return findings
