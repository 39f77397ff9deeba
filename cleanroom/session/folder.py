"""A party's folder: where each file lies, how it is written, and that one command at a time works in it.

    party                   format line and the party's name
    keys/                   identity (locked), card
    partners/NAME.card      cards of partners; NAME.verified when the fingerprint was confirmed; NAME.via
    rooms/NAME.card         cards of rooms, with their addresses
    outbox/, inbox/         files on their way; carriers/ what is remembered of it
    tables/                 imported accounts, opportunities, actions, territories; rejected rows
    agreements/ID.toml      proposals and signed agreements
    claims/                 own commitments and what opens them (locked); partners' commitments and proofs
    runs/RUN/               one match: its record, state (locked), frames sent, own tables, overlap
    shares/granted/PARTNER  terms, reads and ends of the shares granted to a partner
    shares/received/SHARE   shares of partners; shares/requests/REQUEST what we asked to read
    releases/SHARE.table    what a share has shown us (locked), until its end
    reviews/PARTNER         own decisions about matched accounts and the partner's (locked)
    vault/                  halves of granted shares, keys of open requests
    logs/PARTNER.log        one append-only log per partner, and the partner's checkpoints
    exports/                files for the CRM
    money/ledger            what partners are owed, approved and paid

Every file is written beside its place and moved there in one step, so that a killed command leaves the old
file or the new one.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from cleanroom.durable import UNFINISHED, replacing
from overlap import canonical
from overlap.errors import BadInput, Refused, UsageError

PARTY_LINE = b"overlap-party/1\n"
RECORD_LINE = b"overlap-record/1\n"

#: Bytes of a record: the longest is a list of checkpoints, one for each file of a partner.
RECORD_LIMIT = 64 * 2**20


@dataclass(frozen=True)
class Folder:
    """The root of one party's files."""

    root: Path

    @property
    def is_party(self) -> bool:
        return (self.root / "party").is_file()

    def require_party(self) -> str:
        """The name of the party that lives here; UsageError when none does."""
        if not self.is_party:
            raise UsageError(
                f"there is no party in {self.root}", "run 'overlap init --party NAME', or give --dir"
            )
        data = (self.root / "party").read_bytes()
        if not data.startswith(PARTY_LINE):
            raise BadInput("the file 'party' is not of version 1", "restore it from a backup")
        return data[len(PARTY_LINE) :].decode().strip()

    def path(self, *parts: str) -> Path:
        return self.root.joinpath(*parts)

    def names(self, *parts: str, suffix: str = "") -> list[str]:
        """Sorted names (without suffix) of the entries of a folder; empty when the folder is not there.

        What a killed command left beside its place is none of them.
        """
        place = self.path(*parts)
        if not place.is_dir():
            return []
        entries = (entry.name for entry in place.iterdir() if not entry.name.startswith("."))
        entries = (name for name in entries if not name.endswith(UNFINISHED))
        return sorted(name.removesuffix(suffix) for name in entries if name.endswith(suffix))

    def write_record(self, record: dict[str, Any], *parts: str) -> None:
        """Write a small structured record in canonical form."""
        write_whole(self.path(*parts), RECORD_LINE + canonical.encode(record) + b"\n")

    def read_record(self, *parts: str) -> dict[str, Any]:
        """The record at that place; BadInput when it is missing or damaged."""
        place = self.path(*parts)
        data = read_whole(place, RECORD_LIMIT)
        if not data.startswith(RECORD_LINE):
            raise BadInput(f"{place} is not a record of version 1", "restore it from a backup")
        value = canonical.decode(data[len(RECORD_LINE) :].rstrip(b"\n"), place.name)
        if not isinstance(value, dict):
            raise BadInput(f"{place} is not a record of version 1", "restore it from a backup")
        return value

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; Refused when another command holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / ".lock")
        try:
            with lock.acquire(timeout=2):
                yield
        except Timeout as error:
            raise Refused(
                f"another command is working in {self.root}", "wait until it is done and run this again"
            ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step, readable by the owner only; BadInput when the disk refuses."""
    with replacing_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends; BadInput when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            yield file
    except OSError as error:
        raise BadInput(
            f"cannot write {path}: {error.strerror}", "make room or choose another place, then run this again"
        ) from error


def read_whole(path: Path, limit: int, too_large: str = "this is not a file the tool made") -> bytes:
    """The bytes of a file of at most `limit` bytes; BadInput when it is missing, unreadable or larger.

    What grows meanwhile, or has no size because it is no plain file, is read up to the limit.
    """
    with open_file(path, limit, too_large) as file:
        data = _read(path, file, limit + 1)
    if len(data) > limit:
        raise _too_large(path, limit, too_large)
    return data


def copy_file(kept: Path, limit: int, out: Path) -> None:
    """Put the bytes of a file that we keep, at most `limit`, at `out` in one step. Raises BadInput."""
    with open_file(kept, limit) as source, replacing_file(out) as file:
        shutil.copyfileobj(source, file, 2**20)


@contextlib.contextmanager
def open_file(
    path: Path, limit: int, too_large: str = "this is not a file the tool made"
) -> Iterator[BufferedReader]:
    """A file of at most `limit` bytes, open for reading; BadInput when it is missing, unreadable or larger.

    A larger file is refused by its size, before it is opened; `too_large` is the hint.
    """
    try:
        if path.stat().st_size > limit:
            raise _too_large(path, limit, too_large)
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield file


def _read(path: Path, file: BinaryIO, count: int) -> bytes:
    try:
        return file.read(count)
    except OSError as error:
        raise _unreadable(path, error) from error


def _too_large(path: Path, limit: int, hint: str) -> BadInput:
    return BadInput(f"{path} is larger than {limit:,} bytes", hint)


def _unreadable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot read {path}: {error.strerror}", "check the name of the file")
