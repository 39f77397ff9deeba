"""One run of one system: two processes, what they report, and whether the answer is right."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from peer_figures import EXACT
from peer_strings import Strings, read_words

ROLES = ("starter", "responder")
#: Set in the environment of a driver that runs in a network of its own.
PRIVATE_NETWORK = "OVERLAP_BENCHMARK_NETWORK"

TOKEN_BYTES = 16


@dataclass(frozen=True)
class System:
    """A program that plays one party of a protocol, under the Python that has it."""

    name: str
    python: str
    program: Path
    options: Mapping[str, str]
    tells_bytes: bool = True

    def command(self, *arguments: str) -> list[str]:
        """How the program is called."""
        options = [f"--option={name}={value}" for name, value in self.options.items()]
        return [self.python, str(self.program), *arguments, *options]

    def check(self) -> tuple[dict[str, str], str]:
        """Versions of what would run, and "" or why it cannot."""
        try:
            done = subprocess.run(self.command("--check"), capture_output=True, text=True, check=False)
        except OSError as error:
            return {}, str(error)
        if done.returncode:
            return {}, (done.stderr.strip().splitlines() or ["it does not start"])[-1]
        versions: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
        return versions, ""


@dataclass(frozen=True)
class Case:
    """What is to be run."""

    system: System
    strings: Strings
    folder: Path
    processes: int


@dataclass(frozen=True)
class Result:
    """What a run gave: the facts of each party by role, the whole command, and the verdict."""

    parties: Mapping[str, Mapping[str, Any]]
    command: float
    command_cpu: float
    verdict: str

    def facts(self) -> dict[str, Any]:
        """The figures of both parties together."""
        both = self.parties.values()
        return {
            "wall": max(party["end"] for party in both) - max(party["begin"] for party in both),
            "cpu": sum(party["cpu"] for party in both),
            "command": self.command,
            "command_cpu": self.command_cpu,
            "peak": [self.parties[role]["peak"] for role in ROLES],
            "messages": sum(party.get("sent", 0) for party in both),
            "result": self.verdict,
        }


def run_once(case: Case) -> Result:
    """Run both parties to the end and look at their answers."""
    with tempfile.TemporaryDirectory(dir=case.folder) as name:
        work = Path(name)
        port = free_ports()
        begin = time.monotonic()
        started = {role: start_party(case, role, port, work) for role in ROLES}
        ended = wait_for_all(started)
        command = time.monotonic() - begin
        for role in ended:  # The first to end is the one that failed by itself.
            if ended[role][0]:
                log = (work / f"{role}.log").read_text(errors="replace")
                raise SystemExit(f"{case.system.name}, {role}: failed\n{log[-2000:]}")
        last = {role: (work / f"{role}.out").read_text().splitlines()[-1] for role in ROLES}
        parties = {role: json.loads(line) for role, line in last.items()}
        verdict = judge(case.strings, parties)
    return Result(parties, command, sum(cpu for _, cpu in ended.values()), verdict)


def start_party(case: Case, role: str, port: int, work: Path) -> subprocess.Popen[bytes]:
    """Start the program of one role, with its own folder."""
    own = work / role
    own.mkdir()
    command = case.system.command(
        f"--role={role}",
        f"--strings={case.strings.files[role]}",
        f"--port={port}",
        f"--processes={case.processes}",
        f"--folder={own}",
        f"--option=count={case.strings.count}",
    )
    with (work / f"{role}.out").open("wb") as out, (work / f"{role}.log").open("wb") as log:
        return subprocess.Popen(command, stdout=out, stderr=log, cwd=own)


def wait_for_all(started: Mapping[str, subprocess.Popen[bytes]]) -> dict[str, tuple[int, float]]:
    """`wait_for` of each; when one fails the others are killed, because they would wait for it."""
    ended = {}
    with ThreadPoolExecutor(len(started)) as threads:
        waiting = {threads.submit(wait_for, process): role for role, process in started.items()}
        for future in as_completed(waiting):
            role = waiting[future]
            ended[role] = future.result()
            if ended[role][0]:
                for other in started.keys() - ended.keys():
                    with suppress(ProcessLookupError):  # It failed as well.
                        os.kill(started[other].pid, signal.SIGKILL)
    return ended


def wait_for(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Exit code, and processor seconds of the process with all that it waited for."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def judge(strings: Strings, parties: Mapping[str, Mapping[str, Any]]) -> str:
    """EXACT, or what is wrong with the answers."""
    wanted = len(strings.common)
    tokens = {}
    for role, facts in parties.items():
        if "found" in facts and facts["found"] != wanted:
            return f"wrong: {facts['found']:,} of {wanted:,}"
        if "positions" in facts:
            found = strings.of(role)[np.fromfile(facts["positions"], dtype="<u4")]
        elif "rows" in facts:
            found = read_words(Path(facts["rows"]))
        else:
            continue
        order = np.argsort(found)
        if not np.array_equal(found[order], strings.common):
            return f"wrong: {len(np.intersect1d(found, strings.common)):,} of {wanted:,} right"
        if "tokens" in facts:
            tokens[role] = np.fromfile(facts["tokens"], dtype=f"V{TOKEN_BYTES}")[order]
    if len(tokens) == len(ROLES) and tokens["starter"].tobytes() != tokens["responder"].tobytes():
        return "wrong: the tokens of the sides differ"
    return EXACT


def free_ports() -> int:
    """A port that is free now, as is the next."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port


def count_loopback() -> int:
    """Bytes that the loopback device of this network has carried."""
    try:
        lines = Path("/proc/self/net/dev").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.strip().startswith("lo:")), 0)


def enter_private_network() -> None:
    """Start this program again in a network of its own, where that is possible."""
    if os.environ.get(PRIVATE_NETWORK):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    inside = [unshare or "", "--user", "--map-root-user", "--net"]
    if (
        not unshare
        or not ip
        or subprocess.run([*inside, "true"], check=False, capture_output=True).returncode
    ):
        print("no network of its own can be made here; messages are counted instead", file=sys.stderr)
        return
    os.environ[PRIVATE_NETWORK] = "1"
    os.execv(unshare, [*inside, sys.executable, *sys.argv])
