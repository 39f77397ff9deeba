"""Writing so that a crash at any moment leaves the old bytes or the new ones, and overwriting before removal.

Owner-only means mode 0600 where the system knows modes; elsewhere the folder's own rights hold.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from overlap.keys import RandomBytes

OWNER_ONLY: Final = 0o600
#: How the name of a file ends while it is written; a killed command leaves it behind.
UNFINISHED: Final = ".new"
#: prctl(2): whether the process may be dumped, and traced by others of its user.
_PR_SET_DUMPABLE: Final = 4
_BINARY: Final = getattr(os, "O_BINARY", 0)


def write_owner_only(path: Path, data: bytes) -> None:
    """Replace the file by `data` in one step, owner-only and on disk when this returns."""
    with replacing(path) as file:
        file.write(data)


def write_for_now(path: Path, data: bytes) -> None:
    """As `write_owner_only`, but not yet on disk: for what can be made again, or is confirmed elsewhere.

    A killed process leaves the old file or the new one; when the machine loses power, it may be empty.
    """
    temporary = path.with_name(path.name + UNFINISHED)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except Exception:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` in one step when the block ends, owner-only and on disk.

    When the block raises, `path` is left as it was.
    """
    temporary = path.with_name(path.name + UNFINISHED)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except Exception:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path)
    sync_folder(path.parent)


def erase(path: Path, random: RandomBytes) -> None:
    """Overwrite the file with random bytes, then remove it; nothing happens when there is none.

    Flash memory and snapshots may keep the old blocks: what is said about a destruction is an attestation.
    """
    if not path.exists():
        return
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        file.write(random(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def forbid_core_dumps() -> None:
    """Let this process leave no image of its memory, in which keys are, when it crashes.

    The limit binds where dumps are files; Linux hands them to a program whatever the limit says, unless the
    process is marked as not to be dumped. Where a system has neither, nothing happens.
    """
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def sync_folder(folder: Path) -> None:
    """Make a new or removed name in `folder` durable, where the system lets a folder be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
