"""A room in one file, without its vault: an old backup opens nothing.

    overlap-room-backup/1 LF
    canonical JSON LF: when, and for each file its path, size and SHA-256
    the files' bytes, one after the other

The keys in it are locked as they are on disk, messages are sealed; names of cards, terms of shares and logs
are plain, so the file is owner-only and belongs where the room's own disk would be trusted.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, BinaryIO, Final

from cleanroom.room.files import RoomFiles
from cleanroom.room.nonces import empty_journal
from cleanroom.room.signatures import WINDOW_SECONDS
from cleanroom.room.tables import SCHEMA
from cleanroom.room.witness import mark_restored
from cleanroom.store import Database
from overlap import canonical
from overlap.errors import BadInput, Refused

BACKUP_LINE: Final = b"overlap-room-backup/1\n"

#: Bytes of the list of files: a million of them.
LIST_LIMIT: Final = 256 * 2**20

_PIECE: Final = 2**20
_SAVED: Final = ("keys", "messages", "holders", "logs", "counts", "invited")
_PLAIN: Final = ("room", "room.duckdb", "room.duckdb.wal", "nonces")
_NAME: Final = "[0-9a-z][0-9a-z.-]{0,199}"
_PATH = re.compile(rf"(?:{'|'.join(_SAVED)})(?:/{_NAME}){{1,2}}|nonces|room|room\.duckdb(?:\.wal)?")
_HINT: Final = "take another backup"


def backup_room(root: Path, out: BinaryIO, now: int) -> int:
    """Write the room in `root` to `out`; how many files. Refused while its server runs."""
    files = RoomFiles(root)
    files.require_room()
    with files.locked():
        # Opening and closing the database brings what a killed server left in its write-ahead log into it.
        Database(files.path("room.duckdb"), SCHEMA).close()
        paths = [name for name in _PLAIN if files.size(name) is not None]
        for folder in _SAVED:
            paths += [f"{folder}/{name}" for name in files.below(folder)]
        listed = [_describe(files, path) for path in paths]
        out.write(BACKUP_LINE + canonical.encode({"files": listed, "time": now}) + b"\n")
        for one in listed:
            _copy(files, one, out)
    return len(listed)


def restore_room(root: Path, source: BinaryIO, now: int) -> int:
    """Put the room in `source` at `root`, and let it wait for its parties; how many files.

    A vault that is there stays; everything else of the room is replaced. Raises BadInput when the backup is
    damaged, and then nothing was replaced; Refused when another room lives there or its server runs.
    """
    files = RoomFiles(root)
    listed = _read_list(source)
    begin = source.tell()
    _check(source, listed)
    files.make_folder()
    with files.locked():
        if files.is_room:
            source.seek(begin + sum(one["size"] for one in listed[: _at(listed, "keys/card")]))
            if source.read(listed[_at(listed, "keys/card")]["size"]) != files.read(_PIECE, "keys", "card"):
                raise Refused("another room lives there", "restore into an empty folder, or its own")
        # Without this file there is no room: whatever stops the restore now, it is done again.
        files.remove("room")
        for name in (*_SAVED, *_PLAIN):
            files.remove(name)
        files.make_folders()
        source.seek(begin)
        room = b""
        for one in listed:
            if one["path"] == "room":
                room = source.read(one["size"])
                continue
            _put(files, source, one)
        database = Database(files.path("room.duckdb"), SCHEMA)
        database.write(lambda run: mark_restored(run, now))
        database.close()
        # Nonces since the backup are not in it: no request of before is taken again.
        files.write(empty_journal(now + WINDOW_SECONDS - 1), "nonces")
        files.write(room, "room")
    return len(listed)


def _describe(files: RoomFiles, path: str) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while piece := files.piece(size, _PIECE, *path.split("/")):
        digest.update(piece)
        size += len(piece)
    return {"path": path, "sha256": digest.hexdigest(), "size": size}


def _copy(files: RoomFiles, one: dict[str, Any], out: BinaryIO) -> None:
    for offset in range(0, one["size"], _PIECE):
        out.write(files.piece(offset, min(_PIECE, one["size"] - offset), *one["path"].split("/")))


def _read_list(source: BinaryIO) -> list[dict[str, Any]]:
    if source.readline(80) != BACKUP_LINE:
        raise BadInput("this is no backup of a room", "give a file that 'room backup' has written")
    line = source.readline(LIST_LIMIT)
    value = canonical.decode(line[:-1], "the list of the backup")
    try:
        listed: list[dict[str, Any]] = value["files"]
        whole = all(_is_listed(one) for one in listed) and line.endswith(b"\n")
        paths = [one["path"] for one in listed]
    except (KeyError, TypeError) as error:
        raise BadInput("the list of the backup is damaged", _HINT) from error
    if not whole or len(set(paths)) != len(paths) or not {"room", "room.duckdb", "keys/card"} <= set(paths):
        raise BadInput("the list of the backup is damaged", _HINT)
    return listed


def _is_listed(one: dict[str, Any]) -> bool:
    return bool(
        set(one) == {"path", "sha256", "size"}
        and _PATH.fullmatch(one["path"])
        and type(one["size"]) is int
        and one["size"] >= 0
    )


def _check(source: BinaryIO, listed: list[dict[str, Any]]) -> None:
    for one in listed:
        digest, left = hashlib.sha256(), one["size"]
        while left and (piece := source.read(min(_PIECE, left))):
            digest.update(piece)
            left -= len(piece)
        if left or digest.hexdigest() != one["sha256"]:
            raise BadInput(f"the backup is damaged at {one['path']}", _HINT)
    if source.read(1):
        raise BadInput("the backup is longer than its list", _HINT)


def _put(files: RoomFiles, source: BinaryIO, one: dict[str, Any]) -> None:
    parts = one["path"].split("/")
    if len(parts) == 3:
        files.make_folder(*parts[:2])
    files.append(b"", 0, *parts)
    for offset in range(0, one["size"], _PIECE):
        files.append(source.read(min(_PIECE, one["size"] - offset)), offset, *parts)


def _at(listed: list[dict[str, Any]], path: str) -> int:
    return next(at for at, one in enumerate(listed) if one["path"] == path)
