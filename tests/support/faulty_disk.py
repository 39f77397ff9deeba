"""A disk that refuses, or a process that dies, at the n-th change of a file.

Python announces opens for writing, renames, removals, links and truncations to an audit hook, which can stop
them before they happen; flushes are caught beside it. A hook cannot be taken out again, so there is one, and
it looks at `_armed`. Only what leaves different files behind is counted:

- a process dies before a rename (the new file stands beside the old one), before an existing file is opened
  for writing, removed or made shorter, and before a link;
- a disk refuses an open, and the flush after a rename (the new file stands already).
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {"open", "os.rename", "os.remove", "os.truncate", "os.link"}


#: Which changes of a file a test breaks: every seventh, or all with OVERLAP_EVERY_CHANGE in the environment,
#: which takes some minutes more.
STRIDE = 1 if os.environ.get("OVERLAP_EVERY_CHANGE") else 7


class Killed(BaseException):
    """The process has died: nothing but a test catches this."""


@dataclass
class Fault:
    """What happens at change number `at` of a file under `root`, and whether it has happened.

    `kind` is "full" (that change and no other gets ENOSPC), "dead" (that change and every later one raises
    Killed, so that no clean-up can write either) or "exit" (the process ends at once).
    """

    root: str
    at: int
    kind: str
    seen: int = 0
    happened: bool = False
    renamed: bool = False

    def meet(self, event: str, path: Any) -> None:
        """Called before each change of a file (`event`, `path`); `path` is None for a flush."""
        counts = self._counts(event, path)
        self.renamed = event == "os.rename" or (self.renamed and event != "fsync")
        if not (counts or self._is_dead()):
            return
        self.seen += counts
        if self.seen < self.at or (self.kind == "full" and self.seen > self.at):
            return
        self.happened = True
        if self.kind == "exit":
            os._exit(137)
        if self.kind == "dead":
            raise Killed
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    def _is_dead(self) -> bool:
        return self.happened and self.kind == "dead"

    def _counts(self, event: str, path: Any) -> bool:
        if event == "fsync":
            return self.kind == "full" and self.renamed
        if not isinstance(path, str | os.PathLike) or not os.fspath(path).startswith(self.root):
            return False
        if os.fspath(path).endswith(".lock"):
            return False
        if self.kind == "full":
            return event == "open"
        return event in ("os.rename", "os.link") or os.path.exists(path)


_armed: Fault | None = None
_hooked = False


def _listen(event: str, args: tuple[Any, ...]) -> None:
    if _armed is None or event not in _CHANGES:
        return
    if event == "open" and not (isinstance(args[2], int) and args[2] & _WRITING):
        return
    _armed.meet(event, args[1] if event in ("os.rename", "os.link") else args[0])


@contextlib.contextmanager
def faulty_disk(root: Path, at: int, kind: str) -> Iterator[Fault]:
    """The fault for the files under `root`, until the end of the block."""
    global _armed, _hooked  # noqa: PLW0603 - an audit hook lives as long as the process
    if not _hooked:
        sys.addaudithook(_listen)
        _hooked = True
    real_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        if _armed is not None:
            _armed.meet("fsync", None)
        real_fsync(descriptor)

    fault = _armed = Fault(str(root), at, kind)
    os.fsync = fsync
    try:
        yield fault
    finally:
        _armed, os.fsync = None, real_fsync


@contextlib.contextmanager
def short_files(size: int) -> Iterator[None]:
    """No file grows beyond `size` bytes in this block: a write that would is cut off there and refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def main() -> None:
    """Run `overlap` in this process and die at a change: ROOT NUMBER WORDS…"""
    from cleanroom.cli import main as overlap

    root, at, *words = sys.argv[1:]
    sys.argv = ["overlap", *words]
    with faulty_disk(Path(root), int(at), "exit"):
        overlap()


if __name__ == "__main__":
    main()
