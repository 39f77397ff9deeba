"""What the programs that play one party share: the list, the line to the other party, the clock, the report.

Only the standard library is used, because each program runs under the Python that has its system. A party
that is asked with `--check` says which versions it would run, or exits with the reason why it cannot.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

HOST = "127.0.0.1"
#: Seconds to wait for the other party to come up, and for one message of a run.
CONNECT_SECONDS = 120
MESSAGE_SECONDS = 7_200

_LENGTH = 8
_PIECE = 2**20


@dataclass(frozen=True)
class Orders:
    """What the driver asks of a party. `options` depend on the system."""

    role: str
    strings: Path
    port: int
    options: dict[str, str]
    processes: int
    folder: Path
    check: bool

    @property
    def starts(self) -> bool:
        return self.role == "starter"


def read_orders() -> Orders:
    """The command line."""
    parser = argparse.ArgumentParser(description="one party of a run; benchmarks/peers.py starts two of them")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--role", choices=("starter", "responder"), default="starter")
    parser.add_argument("--strings", type=Path, default=Path())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args()
    options = dict(item.split("=", 1) for item in given.option)
    return Orders(given.role, given.strings, given.port, options, given.processes, given.folder, given.check)


def answer_check(*packages: str) -> None:
    """Say the versions of these packages under this Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    print(json.dumps({"Python": python} | {package: version(package) for package in packages}))


def refuse_check(reason: str) -> NoReturn:
    """Say why this system cannot be run here."""
    raise SystemExit(reason)


def stream_strings(path: Path) -> Iterator[str]:
    """The strings of a file: one a line under the heading `id`."""
    with path.open(encoding="ascii") as file:
        next(file)
        for line in file:
            yield line.rstrip("\n")


class Line:
    """A connection between two parties for whole messages; it counts the bytes of the messages it sent."""

    def __init__(self, starts: bool, port: int) -> None:
        self._socket = _call(port) if starts else _listen(port)
        self._socket.settimeout(MESSAGE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rwb", buffering=_PIECE)
        self.sent = 0

    def send(self, message: BinaryIO) -> str:
        """Send all of a seekable file; its SHA-256 in hex."""
        size = message.seek(0, 2)
        digest = digest_file(message)
        self._file.write(size.to_bytes(_LENGTH, "big"))
        shutil.copyfileobj(message, self._file, _PIECE)
        self._file.flush()
        self.sent += size
        return digest

    def receive(self, into: BinaryIO) -> BinaryIO:
        """The next message, written to `into`."""
        left = int.from_bytes(self._exactly(_LENGTH), "big")
        while left:
            piece = self._exactly(min(left, _PIECE))
            into.write(piece)
            left -= len(piece)
        return into

    def send_bytes(self, data: bytes) -> None:
        """Send a message that is in memory."""
        self._file.write(len(data).to_bytes(_LENGTH, "big") + data)
        self._file.flush()
        self.sent += len(data)

    def receive_bytes(self) -> bytes:
        """The next message."""
        return self._exactly(int.from_bytes(self._exactly(_LENGTH), "big"))

    def meet(self) -> None:
        """Return when both parties have come so far; what was sent until now does not count."""
        self.send_bytes(b"ready")
        if self.receive_bytes() != b"ready":
            raise SystemExit("the other party is not there")
        self.sent = 0

    def _exactly(self, count: int) -> bytes:
        data: bytes = self._file.read(count)
        if len(data) != count:
            raise SystemExit("the other party hung up")
        return data


class Clock:
    """Wall and processor time from its making on. Monotonic time is the same for all processes here."""

    def __init__(self) -> None:
        self._begin, self._cpu = time.monotonic(), _processor_seconds()

    def stop(self) -> dict[str, Any]:
        """The facts of the run until now; processes that were started must have ended."""
        return {
            "begin": self._begin,
            "end": time.monotonic(),
            "cpu": _processor_seconds() - self._cpu,
            "peak": _peak_memory(),
        }


def new_file(folder: Path | None) -> BinaryIO:
    """A seekable file for one message: in memory, or without a name in a folder."""
    return BytesIO() if folder is None else tempfile.TemporaryFile(dir=folder)


def digest_file(file: BinaryIO) -> str:
    """SHA-256 of a whole seekable file, in hex; it stands at the beginning again."""
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    file.seek(0)
    return digest


def report(facts: dict[str, Any]) -> None:
    """Hand the facts to the driver, on the last line of the output."""
    print(json.dumps(facts), flush=True)


def _listen(port: int) -> socket.socket:
    with socket.create_server((HOST, port)) as server:
        server.settimeout(CONNECT_SECONDS)
        return server.accept()[0]


def _call(port: int) -> socket.socket:
    end = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return socket.create_connection((HOST, port))
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise SystemExit("the other party did not come up") from None
            time.sleep(0.01)


def _processor_seconds() -> float:
    sides = (resource.getrusage(side) for side in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(side.ru_utime + side.ru_stime for side in sides)


def _peak_memory() -> int:
    """Peak resident bytes of this process, or of the largest that it started and waited for."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    try:
        # Unlike ru_maxrss this does not begin with what the process that started us had.
        lines = Path("/proc/self/status").read_text().splitlines()
        own = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024
    except OSError:
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return max(own, children)
