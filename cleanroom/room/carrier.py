"""Carriers: what takes files of ours from one party to another, and the shared folder as one of them.

A carrier is trusted with nothing. It says who sent what, and the command that reads a file finds out; it may
lose, repeat, delay and alter files, and learns sizes, times, senders and recipients.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from cleanroom.durable import replacing, sync_folder
from overlap.errors import MalformedFile, Refused, Unreachable
from overlap.keys import Card

#: What travels, and the most bytes that a file of each kind may have.
KINDS: Final[dict[str, int]] = {
    "card": 2**14,
    "proposal": 2**16,
    "agreement": 2**16,
    "letter": 2**29,
    "frame": 2**31,
    "share": 2**28,
    "request": 2**21,
    "lease": 2**24,
    "receipt": 2**26,
    "checkpoint": 2**16,
    "rotation": 2**16,
}

#: What is not sealed by its own format: it travels sealed to its recipient, so that no carrier reads it.
OPEN_KINDS: Final = ("card", "proposal", "agreement", "receipt", "checkpoint", "rotation")

#: Bytes that are read and written at once.
PIECE: Final = 2**20

_NAME = re.compile(r"([a-z2-7]{24})\.([0-9a-f]{64})\.([a-z]+)\.([0-9]{6,15})")
_PART: Final = ".part"
_FLAGS: Final = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Waiting:
    """A file that waits for us, as its carrier describes it; nothing of it is verified.

    `sender` is the SHA-256 of the sender's card, `sha256` that of the file (both hex), `time` unix seconds.
    """

    id: str
    sender: str
    kind: str
    size: int
    sha256: str
    time: int


class Carrier(Protocol):
    """Takes files to others and holds what is for us. All methods raise Unreachable."""

    def send(self, recipient: Card, kind: str, source: Path) -> None:
        """Take the file to the recipient. The same bytes that still wait there are not sent again."""

    def waiting(self, kinds: Collection[str]) -> list[Waiting]:
        """What waits for us of these kinds, the oldest first; those of one sender in the order of sending."""

    def fetch(self, item: Waiting, target: Path) -> None:
        """Put the file at `target`, whole and with its digest checked; goes on where it was stopped.

        Raises MalformedFile when the bytes are not those announced, Refused when the file is gone.
        """

    def done(self, item: Waiting) -> None:
        """Remove it: it has been taken in. Nothing happens when it is gone already."""

    def close(self) -> None:
        """End what the carrier holds open."""


def short_name(card: Card) -> str:
    """A card's fingerprint as it stands in a file name."""
    return card.fingerprint.replace(" ", "").lower()


def limit_of(kind: str) -> int:
    """The most bytes that travel as this kind: a seal adds some thousand, and its padding an eighth."""
    known = KINDS.get(kind, -1)
    return known + known // 8 + 2**14 if kind in OPEN_KINDS else known


def require_kind(kind: str, size: int) -> None:
    """Refused when a file of this kind may not be so large."""
    if size > limit_of(kind):
        raise Refused(
            f"a file of kind {kind} may have {limit_of(kind):,} bytes and has {size:,}", "give the right file"
        )


class FolderCarrier:
    """A folder that the parties share: a synced drive, a mounted share, one disk.

    Each file is RECIPIENT.SENDER.KIND.NUMBER: the recipient's fingerprint, the digest of the sender's card,
    and a number that `next_number` gives for each recipient and never twice. It is written beside its place
    and moved there. Whatever else lies in the folder is left alone.
    """

    def __init__(self, folder: Path, own: Card, next_number: Callable[[str], int]) -> None:
        self._folder = folder
        self._own = own
        self._next_number = next_number

    def send(self, recipient: Card, kind: str, source: Path) -> None:
        """See Carrier. The file's rights are those that the folder gives: others have to read it."""
        name, sender = short_name(recipient), self._own.digest.hex()
        with _reachable(self._folder), source.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            require_kind(kind, size)
            self._clear(sender)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            for item in self._items({kind}, name):
                if (item.sender, item.size, item.sha256) == (sender, size, digest):
                    return
            file.seek(0)
            self._write(f"{name}.{sender}.{kind}", name, file)

    def waiting(self, kinds: Collection[str]) -> list[Waiting]:
        """See Carrier. Times are those of the files, which a synced drive may set."""
        with _reachable(self._folder):
            return _in_order(list(self._items(kinds, short_name(self._own))))

    def fetch(self, item: Waiting, target: Path) -> None:
        """See Carrier."""
        with _reachable(self._folder), replacing(target) as copy:
            try:
                file = _open_plain(self._folder / item.id)
            except FileNotFoundError as error:
                raise gone() from error
            digest = hashlib.sha256()
            with file:
                left = item.size + 1
                while left and (piece := file.read(min(PIECE, left))):
                    left -= len(piece)
                    digest.update(piece)
                    copy.write(piece)
            if digest.hexdigest() != item.sha256:
                raise changed()

    def done(self, item: Waiting) -> None:
        """See Carrier."""
        with _reachable(self._folder):
            (self._folder / item.id).unlink(missing_ok=True)
            sync_folder(self._folder)

    def close(self) -> None:
        """See Carrier. Nothing is held open."""

    def _write(self, stem: str, recipient: str, file: BinaryIO) -> None:
        place = self._folder / f"{stem}.{self._next_number(recipient):06d}"
        while place.exists():
            place = self._folder / f"{stem}.{self._next_number(recipient):06d}"
        part = place.with_name(f".{place.name}{_PART}")
        # The rights are what the folder's users need, not ours alone: the recipient must read and remove it.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
        with os.fdopen(descriptor, "wb") as copy:
            while piece := file.read(PIECE):
                copy.write(piece)
            copy.flush()
            os.fsync(copy.fileno())
        os.replace(part, place)
        sync_folder(self._folder)

    def _clear(self, sender: str) -> None:
        """Remove what a killed command of ours left half-written."""
        for left in self._folder.glob(f".*.{sender}.*{_PART}"):
            left.unlink(missing_ok=True)

    def _items(self, kinds: Collection[str], recipient: str) -> Iterator[Waiting]:
        for name in sorted(os.listdir(self._folder)):
            parts = _NAME.fullmatch(name)
            if parts is None or parts[1] != recipient or parts[3] not in kinds:
                continue
            try:
                file = _open_plain(self._folder / name)
            except OSError:
                continue  # It went away, is a link or a device, or may not be read: it is not for us.
            with file:
                about = os.fstat(file.fileno())
                if about.st_size <= limit_of(parts[3]):
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                    yield Waiting(name, parts[2], parts[3], about.st_size, digest, int(about.st_mtime))


def gone() -> Refused:
    """What to raise when a file does not wait any more."""
    return Refused("the file has been taken in or withdrawn meanwhile", "look again with 'overlap sync'")


def changed() -> MalformedFile:
    """What to raise when a carrier hands out other bytes than it announced."""
    return MalformedFile(
        "the file is not the one that was announced", "try again later; it may still be on its way"
    )


def _open_plain(path: Path) -> BufferedReader:
    """A plain file, open for reading; OSError for a link, a device or a pipe, which are never waited for."""
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a plain file")
    return os.fdopen(descriptor, "rb")


def _in_order(items: list[Waiting]) -> list[Waiting]:
    """By time, but never a file before one that its sender has numbered lower."""
    latest: dict[str, int] = {}
    ordered = []
    for item in sorted(items, key=lambda item: int(item.id.rpartition(".")[2])):
        latest[item.sender] = max(latest.get(item.sender, 0), item.time)
        ordered.append(replace(item, time=latest[item.sender]))
    return sorted(ordered, key=lambda item: item.time)


@contextmanager
def _reachable(folder: Path) -> Iterator[None]:
    """The folder must be there: a share that is not mounted is not made anew."""
    try:
        if not folder.is_dir():
            raise FileNotFoundError(2, "No such folder")
        yield
    except OSError as error:
        raise Unreachable(
            f"the shared folder {folder} cannot be used: {error.strerror or type(error).__name__}",
            "mount it or check its rights, then 'overlap sync'",
        ) from error
