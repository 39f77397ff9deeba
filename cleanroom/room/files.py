"""A room's folder: where each file lies, and the only place where the room's own files are touched.

    room                        format line and the room's name
    keys/                       identity (locked), card
    room.duckdb                 cards, members, messages, runs
    nonces                      requests seen, until their windows are over
    messages/ID                 a message on its way, as it came: sealed
    holders/GRANTOR-RECIPIENT/  terms, reads and ends of shares (state), grant receipts
    vault/PARTY-PARTY/          halves of shares, one vault a pair; in no backup
    logs/PARTY-PARTY.log        one append-only log per pair
    counts/RUN/                 the two lists of a count while they wait for each other; then the results
    invited/CARD                an invitation made on this machine, until the server has taken it in

Logs and vaults are written by their own packages. What is replaced is replaced in one step.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from cleanroom.durable import OWNER_ONLY, UNFINISHED, sync_folder, write_owner_only
from overlap.errors import BadInput, Refused, UsageError

ROOM_LINE: Final = b"overlap-room/1\n"

#: Folders of a room, in the order in which they are made.
FOLDERS: Final = ("keys", "messages", "holders", "vault", "logs", "counts", "invited")


class RoomFiles:
    """The files below `root`. Names are made by the room: hex digits, or words of the list above."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def is_room(self) -> bool:
        return (self.root / "room").is_file()

    def require_room(self) -> str:
        """The name of the room that lives here; UsageError when none does."""
        if not self.is_room:
            raise UsageError(f"there is no room in {self.root}", "run 'overlap room init', or give --dir")
        data = self.read(1024, "room")
        if not data.startswith(ROOM_LINE):
            raise BadInput("the file 'room' is not of version 1", "restore it from a backup")
        return data[len(ROOM_LINE) :].decode().strip()

    def path(self, *parts: str) -> Path:
        return self.root.joinpath(*parts)

    def make_folders(self) -> None:
        """The folders of a room, owner-only; nothing happens to those that are there."""
        for name in ("", *FOLDERS):
            self.path(name).mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_folder(self, *parts: str) -> Path:
        self.path(*parts).mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.path(*parts)

    def names(self, *parts: str, suffix: str = "") -> list[str]:
        """Sorted names, without suffix, of what lies in a folder; leftovers of a killed writing are none."""
        place = self.path(*parts)
        entries = [entry.name for entry in place.iterdir()] if place.is_dir() else []
        kept = [name for name in entries if not name.startswith(".") and not name.endswith(UNFINISHED)]
        return sorted(name.removesuffix(suffix) for name in kept if name.endswith(suffix))

    def below(self, *parts: str) -> list[str]:
        """Sorted paths, with "/", of all files below a folder; leftovers of a killed writing are none."""
        place = self.path(*parts)
        found = [path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()]
        return sorted(name for name in found if not name.endswith(UNFINISHED))

    def size(self, *parts: str) -> int | None:
        """Bytes of a file, None when there is none."""
        try:
            return self.path(*parts).stat().st_size
        except FileNotFoundError:
            return None

    def read(self, limit: int, *parts: str) -> bytes:
        """The bytes of a file of ours; BadInput when it is missing or larger."""
        size = self.size(*parts)
        if size is None or size > limit:
            name = "/".join(parts)
            raise BadInput(f"the room's file {name} is missing or damaged", "restore it from a backup")
        return self.path(*parts).read_bytes()

    def write(self, data: bytes, *parts: str) -> None:
        """Replace a file in one step; on disk when this returns."""
        write_owner_only(self.path(*parts), data)

    def append(self, data: bytes, offset: int, *parts: str) -> None:
        """Put `data` at `offset` of a file, and cut what was behind it; on disk when this returns."""
        path = self.path(*parts)
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.truncate(offset)
            file.seek(offset)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if new:
            sync_folder(path.parent)

    def piece(self, offset: int, count: int, *parts: str) -> bytes:
        """At most `count` bytes of a file from `offset` on; none when it is not there."""
        try:
            with self.path(*parts).open("rb") as file:
                file.seek(offset)
                return file.read(count)
        except FileNotFoundError:
            return b""

    def remove(self, *parts: str) -> None:
        """Remove a file, or a folder with what is in it; nothing happens when there is none."""
        path = self.path(*parts)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the room; Refused when its server or another command holds it."""
        try:
            with FileLock(self.root / ".lock").acquire(timeout=1):
                yield
        except Timeout as error:
            raise Refused("the room is in use", "stop its server, then run this again") from error
