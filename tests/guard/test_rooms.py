"""What each room may touch: imports point one way; clock, disk, network and terminal have homes."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from source import PACKAGES, ROOT, Module, modules, offences

CLOCK = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today", "datetime.today"}
DISK = {"open", "os.open", "os.replace", "os.remove", "os.unlink", "os.rename"}
DISK_METHODS = {"read_bytes", "read_text", "write_bytes", "write_text", "unlink", "mkdir", "touch"}
RANDOM = {"os.urandom", "secrets.token_bytes", "random.random", "uuid.uuid4", "uuid.uuid1"}
NETWORK = (
    *("socket", "http", "urllib.request", "requests", "ssl", "asyncio", "ftplib", "smtplib"),
    *("httpx", "uvicorn"),
)
#: Who may reach the network, and by what alone: one module asks, one listens, two work on what came.
CONNECTED = {
    "cleanroom.room.app": {"asyncio"},
    "cleanroom.room.client": {"httpx"},
    "cleanroom.room.gate": {"asyncio"},
    "cleanroom.room.serving": {"uvicorn"},
}


def roots(module: Module) -> set[str]:
    return {name.split(".")[0] for name in module.imports}


def test_overlap_never_imports_cleanroom() -> None:
    assert not offences(lambda module: roots(module) & {"cleanroom"}, "cleanroom")


def test_only_session_reads_the_wall_clock() -> None:
    assert not offences(lambda module: module.calls & CLOCK, "cleanroom.session")


def test_only_the_named_rooms_touch_files() -> None:
    homes = (
        "overlap.ingest",
        "overlap.protocol.spool",
        "cleanroom.durable",
        "cleanroom.store",
        "cleanroom.vault",
        "cleanroom.log",
        "cleanroom.room.carrier",
        "cleanroom.room.piecewise",
        "cleanroom.room.files",
        "cleanroom.session",
        "cleanroom.cli",
        # It reads package data through importlib.resources, which is part of the program.
        "overlap.identity.resources",
    )

    def touched(module: Module) -> set[str]:
        found = module.calls & DISK
        for call in module.calls:
            receiver, _, method = call.rpartition(".")
            # Package data is part of the program, not a user's file.
            if method in DISK_METHODS and "files(" not in receiver and "resources" not in receiver:
                found.add(call)
        return found

    assert not offences(touched, *homes)


def test_nobody_opens_a_socket() -> None:
    def reached(module: Module) -> set[str]:
        return {
            name
            for name in module.imports
            for banned in NETWORK
            if name == banned or name.startswith(banned + ".")
        }

    assert {name: set(some) for name, some in offences(reached).items()} == CONNECTED


def test_randomness_is_an_argument() -> None:
    homes = ("cleanroom.session", "cleanroom.cli", "cleanroom.store")
    assert not offences(lambda module: module.calls & RANDOM, *homes)


def test_only_the_command_line_prints() -> None:
    prints = {"print", "click.echo", "sys.stdout.write", "sys.stderr.write", "input"}
    assert not offences(lambda module: module.calls & prints, "cleanroom.cli")


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("cryptography", ("overlap.keys", "overlap.group", "overlap.protocol.vole")),
        ("gmpy2", ("overlap.group", "overlap.paillier")),
        ("duckdb", ("cleanroom.store",)),
    ],
)
def test_a_library_is_imported_in_its_homes_only(library: str, homes: tuple[str, ...]) -> None:
    assert not offences(lambda module: roots(module) & {library}, *homes)
    # The rule would see an import, and no home is without one.
    for home in homes:
        assert any(library in roots(module) for module in modules() if module.inside(home)), home


def test_the_command_line_uses_public_lists_of_other_rooms() -> None:
    """A name with a leading underscore stays in its package."""

    def private(module: Module) -> list[str]:
        return [
            f"{node.module}: {alias.name}"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] in PACKAGES
            and node.module.split(".")[:2] != module.name.split(".")[:2]
            for alias in node.names
            if alias.name.startswith("_")
        ]

    assert not offences(private)


def test_help_imports_no_pandas() -> None:
    script = (
        "import sys; sys.argv = ['overlap', '--help']\n"
        "from cleanroom.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'duckdb', 'pyarrow', 'pydantic', 'openpyxl', 'stdnum'}\n"
        "heavy |= {'fastapi', 'http_message_signatures', 'httpx', 'prometheus_client', 'uvicorn'}\n"
        "heavy &= set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
