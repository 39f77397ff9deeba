"""Workers that die, an interrupt, a parent that disappears, and a folder with misleading files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from overlap import group
from overlap.engine import Engine
from overlap.engine import engine as engine_module
from overlap.engine.tasks import hash_task, perform, read_frame, write_frame
from overlap.errors import OverlapError

ROOT = Path(group.__file__).resolve().parents[2]
MESSAGES = [i.to_bytes(4, "big") for i in range(200)]
WORKER = [sys.executable, "-P", "-m", "overlap.engine.worker"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every process that the engine starts; its chunks are small, so that there are many tasks."""
    processes: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options) -> None:
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    monkeypatch.setattr(engine_module, "LIGHT_CHUNK", 5)
    for name in ("LIGHT_THRESHOLD", "LANES_THRESHOLD"):
        monkeypatch.setattr(engine_module, name, 10)
    return processes


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        WORKER,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in (str(ROOT), *sys.path) if entry)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        yield process
        process.kill()


def test_a_worker_killed_in_the_middle_is_one_clear_error(started: list[subprocess.Popen[bytes]]) -> None:
    def kill_one(label: str, done: int, total: int) -> None:
        started[0].kill()

    with Engine(2, kill_one) as engine:
        with pytest.raises(OverlapError, match="a worker process ended before its work was done") as failure:
            engine.hash_to_group(MESSAGES)
        assert "run the command again" in failure.value.hint
        assert len(started) == 2
        assert all(process.returncode is not None for process in started)


def test_an_engine_works_again_after_a_worker_died(started: list[subprocess.Popen[bytes]]) -> None:
    with Engine(2) as engine:
        engine.hash_to_group(MESSAGES)
        started[1].kill()
        with pytest.raises(OverlapError, match="a worker process ended"):
            engine.hash_to_group(MESSAGES, keep=False)
        assert engine.hash_to_group(MESSAGES, keep=False) == group.hash_to_group(MESSAGES)


def test_a_worker_that_cannot_start_is_one_clear_error(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with Engine(2) as engine, pytest.raises(OverlapError, match="could not be started"):
        engine.hash_to_group(MESSAGES)


def test_a_failing_progress_callback_ends_the_workers(started: list[subprocess.Popen[bytes]]) -> None:
    def fail(label: str, done: int, total: int) -> None:
        raise RuntimeError("the terminal is gone")

    engine = Engine(2, fail)
    with pytest.raises(RuntimeError, match="the terminal is gone"):
        engine.hash_to_group(MESSAGES)
    assert len(started) == 2
    assert all(process.returncode is not None for process in started)


def test_leaving_the_engine_ends_the_workers(started: list[subprocess.Popen[bytes]]) -> None:
    with Engine(3) as engine:
        engine.hash_to_group(MESSAGES)
        assert [process.poll() for process in started] == [None] * 3
    assert all(process.returncode is not None for process in started)


def test_files_in_the_current_folder_are_not_run(
    started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("overlap", "signal", "gmpy2", "hashlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    with Engine(2) as engine:
        assert engine.hash_to_group(MESSAGES) == group.hash_to_group(MESSAGES)
    assert len(started) == 2


@pytest.mark.parametrize("sent", [b"", b"\0\0", (100).to_bytes(8, "big") + b"cut short"])
def test_a_worker_leaves_quietly_when_its_input_ends(worker: subprocess.Popen[bytes], sent: bytes) -> None:
    assert worker.communicate(sent, timeout=60) == (b"", b"")
    assert worker.returncode == 0


@posix
def test_a_worker_leaves_quietly_when_nobody_reads_its_answer(worker: subprocess.Popen[bytes]) -> None:
    worker.stdout.close()
    write_frame(worker.stdin, hash_task(MESSAGES))
    assert worker.wait(60) == 0
    assert worker.stderr.read() == b""


@posix
def test_workers_are_out_of_reach_of_the_terminals_interrupt(started: list[subprocess.Popen[bytes]]) -> None:
    with Engine(2) as engine:
        engine.hash_to_group(MESSAGES)
        assert [os.getpgid(process.pid) for process in started] == [process.pid for process in started]


@posix
def test_a_worker_ignores_an_interrupt(worker: subprocess.Popen[bytes]) -> None:
    for _ in range(2):
        write_frame(worker.stdin, hash_task(MESSAGES))
        assert read_frame(worker.stdout) == perform(hash_task(MESSAGES))
        worker.send_signal(signal.SIGINT)


INTERRUPTED = """
import subprocess, sys
from overlap.engine import Engine, engine
from overlap.group import hash_to_group

engine.LIGHT_CHUNK = engine.LIGHT_THRESHOLD = engine.LANES_THRESHOLD = 10
pids = []

class Recorded(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        pids.append(self.pid)

subprocess.Popen = Recorded

shown = []

def show(label, done, total):
    # Several results may come at once, so that no single number is sure to be told.
    if done >= 10 and not shown:
        shown.append(done)
        print(*pids, flush=True)

with Engine(2, show) as running:
    while True:
        running.hash_to_group([b"account"] * 5000)
"""


@posix
def test_an_interrupt_ends_parent_and_workers_with_one_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        os.killpg(parent.pid, signal.SIGINT)
        _, shown = parent.communicate(timeout=60)
    assert parent.returncode == -signal.SIGINT
    assert shown.splitlines()[-1] == "KeyboardInterrupt"
    assert shown.count("Traceback") == 1
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
