"""A room that is saved while somebody pulls the plug: what it held, and whether a backup of it is whole."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from pathlib import Path

from room_house import NOW, RoomHouse, _make_room

from cleanroom.room import open_room, restore_room

#: Messages that wait in the room, and bytes of each: enough that a backup takes a moment.
MESSAGES, BYTES = 6, 2**22

_BACKUP = "room.backup"


def make_saved_room(root: Path) -> Path:
    """The room in `root`/room: two parties, messages between them, and a list of its files beside it."""
    place = root / "room"
    if not place.exists():
        house = RoomHouse(place)
        one, other = house.join("northwind"), house.join("contoso")
        for number in range(MESSAGES):
            house.deliver(one, other, bytes([number]) * BYTES)
        house.close()
    (root / "room.files").write_text(_files(place), encoding="ascii")
    return place


def require_whole_or_absent(root: Path) -> None:
    """Whatever was killed: no half backup has its name, and no file of the room is another one."""
    backup = root / "mail" / _BACKUP
    if backup.exists():
        require_whole(root)
    assert _files(root / "room") == (root / "room.files").read_text(encoding="ascii")


def require_whole(root: Path) -> None:
    """The backup is the room: restored elsewhere it holds the same, and the room itself still opens."""
    restored = root / "restored"
    shutil.rmtree(restored, ignore_errors=True)
    with (root / "mail" / _BACKUP).open("rb") as file:
        restore_room(restored, file, NOW)
    assert _files(restored).split("nonces")[0] == _files(root / "room").split("nonces")[0]
    keys = _make_room(root / "keys-only")
    for place in (root / "room", restored):
        with open_room(place, lambda _: keys, lambda: NOW, secrets.token_bytes) as room:
            assert room.findings == []
            assert room.relay.count() == (MESSAGES, MESSAGES * BYTES)
            assert len(room.registry.parties) == 2


def _files(place: Path) -> str:
    """Every file of the room and its digest; the database is compared by what it holds, nonces come last."""
    names = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    kept = [name for name in names if name not in (".lock", "nonces") and "duckdb" not in name]
    kept = [name for name in kept if not name.startswith("vault/")]
    lines = [f"{name} {hashlib.sha256((place / name).read_bytes()).hexdigest()}" for name in kept]
    return "\n".join([*lines, "nonces"])
