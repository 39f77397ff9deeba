"""What the benchmarks share: one measured program run by itself, and the machine it ran on.

Processor seconds are user and system time of the program and of every process it started and waited for
(`resource.getrusage`). Peak memory is the largest sum over the whole process tree, in bytes, of proportional
set sizes seen by a sampler (Linux), and never less than the peak resident size of the largest single process.
Needs a Unix system.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_SECONDS = 0.1

#: getrusage counts kibibytes, on macOS bytes.
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def describe_machine(*packages: str) -> str:
    """One line each: processor, system, and the versions of Python and `packages`."""
    versions = [f"Python {platform.python_version()}"]
    for package in packages:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} (not installed)")
    return f"{_processor()}, {os.cpu_count()} processors, {platform.platform()}\n{', '.join(versions)}"


def time_call(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` says, with its `wall` and `cpu` seconds; processes it started must have ended."""
    before, begin = _processor_seconds(), time.perf_counter()
    facts = work()
    return facts | {"wall": time.perf_counter() - begin, "cpu": _processor_seconds() - before}


def report_facts(facts: dict[str, Any]) -> None:
    """Hand the facts of a measured program to the one that runs it."""
    print(json.dumps(facts), flush=True)


def run_measured(command: list[str], *, facts: bool = True) -> dict[str, Any]:
    """Run `command` from the project's folder; what it reported, and its `peak` memory in bytes.

    With `facts=False` the command reports nothing: `wall` and `cpu` are of all of it, its output is dropped.
    """
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:
        sampler = _Sampler(process.pid)
        sampler.start()
        output = process.stdout.read() if process.stdout else b""
        code = process.wait()
        sampler.stop()
    if code:
        raise SystemExit(f"the measured command failed with exit code {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = json.loads(output.splitlines()[-1]) if facts else {}
    if not facts:
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        result = {"wall": time.perf_counter() - begin, "cpu": cpu}
    return result | {"peak": max(sampler.peak, result.pop("largest", 0))}


def largest_process() -> int:
    """Peak resident bytes of this process or of the largest one it waited for."""
    sides = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(side).ru_maxrss for side in sides) * _MAXRSS_UNIT


def show_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print the rows under the header, columns aligned."""
    widths = [max(len(row[at]) for row in [header, *rows]) for at in range(len(header))]
    for row in [header, *rows]:
        first, *rest = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join([first, *rest]))


class _Sampler(threading.Thread):
    """Looks at a process and everything below it until told to stop; it sees nothing but on Linux."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._end = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(_memory(pid) for pid in _tree(self._pid)))

    def stop(self) -> None:
        """End the sampling and wait for the thread."""
        self._end.set()
        self.join()


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def _processor_seconds() -> float:
    sides = (resource.getrusage(side) for side in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(side.ru_utime + side.ru_stime for side in sides)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
