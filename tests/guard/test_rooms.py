"""What each room may touch: imports point one way; clock, disk, network and terminal have homes."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from source import ROOT, Module, modules

ALL = list(modules())

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


def named(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", [m for m in ALL if m.inside("overlap")], ids=named)
def test_overlap_never_imports_cleanroom(module: Module) -> None:
    assert not {name for name in module.imports if name.split(".")[0] == "cleanroom"}


@pytest.mark.parametrize("module", ALL, ids=named)
def test_only_session_reads_the_wall_clock(module: Module) -> None:
    if not module.inside("cleanroom.session"):
        assert not module.calls & CLOCK


@pytest.mark.parametrize("module", ALL, ids=named)
def test_only_the_named_rooms_touch_files(module: Module) -> None:
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
    )
    if module.inside(*homes):
        return
    if module.name == "overlap.identity.resources":
        return  # It reads package data through importlib.resources, which is part of the program.
    touched = module.calls & DISK
    for call in module.calls:
        receiver, _, method = call.rpartition(".")
        # Package data is read through importlib.resources; that is part of the program, not a user's file.
        if method in DISK_METHODS and "files(" not in receiver and "resources" not in receiver:
            touched.add(call)
    assert not touched


@pytest.mark.parametrize("module", ALL, ids=named)
def test_nobody_opens_a_socket(module: Module) -> None:
    roots = {
        name
        for name in module.imports
        for banned in NETWORK
        if name == banned or name.startswith(banned + ".")
    }
    assert roots == CONNECTED.get(module.name, set())


@pytest.mark.parametrize("module", ALL, ids=named)
def test_randomness_is_an_argument(module: Module) -> None:
    if not module.inside("cleanroom.session", "cleanroom.cli", "cleanroom.store"):
        assert not module.calls & RANDOM


@pytest.mark.parametrize("module", ALL, ids=named)
def test_only_the_command_line_prints(module: Module) -> None:
    if not module.inside("cleanroom.cli"):
        assert not module.calls & {"print", "click.echo", "sys.stdout.write", "sys.stderr.write", "input"}


@pytest.mark.parametrize("module", ALL, ids=named)
def test_cryptography_is_imported_in_its_homes_only(module: Module) -> None:
    homes = (
        "overlap.keys",
        "overlap.group",
        "overlap.protocol.vole",
        "cleanroom.vault",
        "cleanroom.receipts",
    )
    if not module.inside(*homes):
        assert not {name for name in module.imports if name.split(".")[0] == "cryptography"}


@pytest.mark.parametrize("module", ALL, ids=named)
def test_only_group_and_paillier_do_arithmetic_with_large_numbers(module: Module) -> None:
    if not module.inside("overlap.group", "overlap.paillier"):
        assert not {name for name in module.imports if name.split(".")[0] == "gmpy2"}


@pytest.mark.parametrize("module", ALL, ids=named)
def test_only_store_imports_duckdb(module: Module) -> None:
    if not module.inside("cleanroom.store"):
        assert not {name for name in module.imports if name.split(".")[0] == "duckdb"}


@pytest.mark.parametrize("module", ALL, ids=named)
def test_the_command_line_uses_public_lists_of_other_rooms(module: Module) -> None:
    """A name with a leading underscore stays in its package."""
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] in ("overlap", "cleanroom")
        ):
            private = [alias.name for alias in node.names if alias.name.startswith("_")]
            same_room = node.module.split(".")[:2] == module.name.split(".")[:2]
            assert same_room or not private


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
