"""A room as its operator runs it: a process of its own on loopback, which can be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from pytest import MonkeyPatch

from cleanroom.cli.app import overlap
from cleanroom.cli.shell import Shell
from cleanroom.session.party import wall_clock

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


@dataclass
class RealRoom:
    """The room in `root`; `start` returns when it listens."""

    root: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    fingerprint: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str) -> None:
        """Run `overlap --dir ROOM room …` in this process; only a room that serves needs one of its own."""
        shell = Shell(self.root, None, True, wall_clock, _PASSPHRASE, {})
        with redirect_stdout(StringIO()), MonkeyPatch.context() as patch:
            patch.setattr("overlap.keys.passphrase.SCRYPT_N", 2**10)
            overlap.main(["--dir", str(self.root), "room", *words], obj=shell, standalone_mode=False)

    def start(self) -> None:
        words = ("serve", "--insecure-http", "--port", str(self.port))
        self.process = subprocess.Popen(
            self._line(*words), cwd=ROOT, env=_ENVIRONMENT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("room ")
        self.fingerprint = self.process.stdout.readline().removeprefix("fingerprint").strip()

    def kill(self) -> None:
        """End it as a power failure does."""
        if self.process is not None:
            assert self.process.stdout is not None
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def _line(self, *words: str) -> list[str]:
        return [sys.executable, "-c", _PROGRAM, "--dir", str(self.root), "room", *words]


#: The command, with the passphrase stretched a little only, as by the tests that make the room.
_PROGRAM = (
    "import overlap.keys.passphrase as passphrase; passphrase.SCRYPT_N = 2**10; "
    "from cleanroom.cli import main; main()"
)
_PASSPHRASE = "a passphrase for a room only"
_ENVIRONMENT = os.environ | {
    "OVERLAP_PASSPHRASE": _PASSPHRASE,
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
}


@contextmanager
def real_room(root: Path, *invited: str) -> Iterator[RealRoom]:
    """A new room that listens and has invited the cards of these digests."""
    room = RealRoom(root)
    room.command("init", "--name", "room")
    for digest in invited:
        room.command("invite", digest)
    room.start()
    try:
        yield room
    finally:
        room.kill()
