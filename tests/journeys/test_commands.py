"""The real executable in its own process: help, exit codes, complaints, Ctrl-C, and the lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from two_parties import PASSPHRASE, SHARED, domain_of, require_plain_complaint, write_csv

from cleanroom.cli.app import overlap

ROOT = Path(__file__).resolve().parents[2]


def start(place: Path, *words: str | Path, passphrase: str = PASSPHRASE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), *map(str, words)],
        cwd=place,
        env=os.environ | {"OVERLAP_PASSPHRASE": passphrase, "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def call(place: Path, *words: str | Path, code: int = 0, passphrase: str = PASSPHRASE) -> str:
    """Standard output of a command that ends in `code`; what it complains about when that is not 0."""
    process = start(place, *words, passphrase=passphrase)
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err or out
    if code:
        require_plain_complaint(err)
        return err
    assert err == ""
    return out


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = isinstance(command, click.Group)
        found += commands(command, (*path, name)) if inner else [(*path, name)]  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("path", commands(overlap), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        overlap.main([*path, "--help"], prog_name="overlap")
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: {' '.join(('overlap', *path))} ")
    assert shown.splitlines()[2].strip().endswith((".", ":")) or len(shown.splitlines()[2].split()) > 4


@pytest.mark.slow
def test_exit_codes_and_complaints_of_the_real_executable(tmp_path: Path) -> None:
    assert call(tmp_path, "--help").startswith("Usage: overlap ")
    assert "there is no party" in call(tmp_path, "status", code=2)
    assert "no such command" in call(tmp_path, "frobnicate", code=2)
    assert "made party" in call(tmp_path, "init", "--party", "northwind")
    assert "passphrase does not open" in call(tmp_path, "status", code=3, passphrase="wrong")
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "empty" in call(tmp_path, "import", "empty.csv", code=4)
    (tmp_path / "x.card").write_bytes(b"overlap-card/1\n{}\n")
    assert "card" in call(tmp_path, "partner", "add", "x.card", code=5)


@pytest.mark.slow
def test_a_second_command_in_the_same_folder_is_refused_and_loses_nothing(tmp_path: Path) -> None:
    call(tmp_path, "init", "--party", "northwind")
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, filelock; lock = filelock.FileLock('.lock'); lock.acquire();"
         "print('held', flush=True); sys.stdin.read()"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdin and holder.stdout and holder.stdout.readline() == b"held\n"
    rows = [(str(at), name, domain_of(name)) for at, name in enumerate(SHARED)]
    export = write_csv(tmp_path / "accounts.csv", ("id", "name", "website"), rows)
    refused = start(tmp_path, "import", export)
    assert "another command is working" in call(tmp_path, "status", code=3)
    refused.communicate(timeout=60)
    assert refused.returncode == 3
    holder.stdin.close()
    assert holder.wait(60) == 0
    holder.stdout.close()
    call(tmp_path, "import", export)
    assert f"import    {len(SHARED)} accounts" in call(tmp_path, "status")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_leaves_nothing_half_written_and_the_command_can_be_repeated(tmp_path: Path) -> None:
    rows = [(str(at), f"Invented {at}", f"invented-{at}.com") for at in range(40_000)]
    for name in ("left.csv", "right.csv"):
        write_csv(tmp_path / name, ("id", "name", "website"), rows)
    words = ("simulate", "left.csv", "right.csv", "--out", "pairs.csv")
    process = start(tmp_path, *words)
    time.sleep(3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    require_plain_complaint(err.lstrip())  # a line feed comes first, to end the line on which ^C stands
    assert "overlap: stopped" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["left.csv", "right.csv"]
    for name in ("left.csv", "right.csv"):
        write_csv(tmp_path / name, ("id", "name", "website"), rows[:100])
    assert "pairs  100" in call(tmp_path, *words)
