"""Both parties of a private match as two processes: ours beside every peer that pip installs.

    python benchmarks/peers.py [--sizes 1e4,1e5,1e6] [--systems ours-vole,spu-rr22,…] [--repeats 3]
        [--json RESULTS] [--spu-python PATH] [--kernel-python PATH] [--optable FOLDER] [--processes N]

All run on the same strings: 16 hex digits and ".com", n a side, n/2 of them common, from a fixed seed. Every
run is checked against the truth: the number, and where a system says which, the strings; ours also that both
sides have equal tokens for equal strings. A wrong answer is kept as wrong; a failure ends the benchmark.

- wall: from both parties connected (imported, strings in memory where the system takes them so) to the last
  one finished; command: from the start of the first process to the end of the last.
- CPU: user and system time of both parties, in the run and of the whole command.
- peak: resident memory of the larger party, imports included.
- bytes: on the loopback device of a network of its own, with TCP/IP headers, both directions. Where no such
  network can be made (`unshare`, Linux), the messages' own bytes, for systems that tell them.

Repeats are interleaved over the systems; they read the same files, beside which spu keeps a digest that makes
its later runs shorter. Each party of ours has one process unless `--processes` says more. With `--json` each
run is added to the file as it ends, so that a benchmark may be stopped and sizes may be added later;
`plot.py` draws such a file. The Python of spu is another one where spu and this project cannot be installed
together (README.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measure import describe_machine
from peer_figures import Figure, figures, fit_exponents, forget_runs, read_results, write_results
from peer_runs import PRIVATE_NETWORK, Case, Result, System, count_loopback, enter_private_network, run_once
from peer_strings import Strings, draw_strings

PARTIES = Path(__file__).resolve().parent / "parties"

#: What each column of the table is called.
HEADER = (
    "system",
    "n a side",
    "wall s",
    "CPU s, both",
    "command s",
    "command CPU s",
    "bytes / n",
    "peak MiB",
    "result",
)


def all_systems(options: argparse.Namespace) -> list[System]:
    """Every system, whether it is installed or not."""
    ours, spu = PARTIES / "ours.py", PARTIES / "secretflow.py"
    here = sys.executable
    kernel, second = options.kernel_python or here, options.spu_python or here
    dh, vole = {"protocol": "dh-2hash/1"}, {"protocol": "vole-rr22/1"}
    found = [
        System("ours-vole", here, ours, vole | {"kernel": "no"}),
        System("ours-vole-kernel", kernel, ours, vole | {"kernel": "yes"}),
        System("ours-dh", here, ours, dh | {"backend": "cryptography"}),
        System("ours-dh-multibuffer", here, ours, dh | {"backend": "multibuffer"}),
        System("ours-dh-hashed", here, ours, dh | {"backend": "multibuffer", "hashed": "yes"}),
        System("openmined-psi", here, PARTIES / "openmined.py", {}),
        *(
            System(f"spu-{name}", second, spu, {"protocol": name}, tells_bytes=False)
            for name in ("rr22", "kkrt", "ecdh")
        ),
    ]
    if options.optable:
        folder = {"binaries": str(options.optable.resolve())}
        optable = PARTIES / "optable.py"
        found += [
            System(f"optable-{name}", here, optable, folder | {"protocol": protocol}, tells_bytes=False)
            for name, protocol in (("kkrt", "kkrt"), ("dh", "dhpsi"))
        ]
    return found


def chosen_systems(options: argparse.Namespace) -> list[tuple[System, dict[str, str]]]:
    """The systems asked for that can run here, with their versions; those that cannot are named."""
    systems = {system.name: system for system in all_systems(options)}
    names = options.systems.split(",") if options.systems else [*systems]
    if unknown := set(names) - set(systems):
        raise SystemExit(f"no system {', '.join(sorted(unknown))}; there are {', '.join(systems)}")
    usable = []
    for name in names:
        versions, reason = systems[name].check()
        if reason:
            print(f"{name} is left out: {reason}")
        else:
            usable.append((systems[name], versions))
    return usable


def measure_all(options: argparse.Namespace, results: dict[str, Any]) -> None:
    """Run every system at every size, repeats interleaved, and add each run to `results`."""
    usable = chosen_systems(options)
    results["versions"] |= {system.name: versions for system, versions in usable}
    forget_runs(results, {system.name for system, _ in usable}, set(options.sizes))
    for count in options.sizes:
        with tempfile.TemporaryDirectory(prefix="overlap-peers-", dir=options.folder) as name:
            folder = Path(name)
            strings = draw_strings(count, options.seed, folder)
            for repeat in range(options.repeats):
                for system, _ in usable:
                    run = measure_one(system, strings, folder, options.processes)
                    results["runs"].append({"repeat": repeat, **run})
                    if options.json:
                        write_results(results, options.json)


def measure_one(system: System, strings: Strings, folder: Path, processes: int) -> dict[str, Any]:
    """One run, checked; a line about it goes to the standard error."""
    before = count_loopback()
    result: Result = run_once(Case(system, strings, folder, processes))
    wire = count_loopback() - before if os.environ.get(PRIVATE_NETWORK) else 0
    facts = result.facts() | {"wire": wire}
    print(
        f"{system.name} {strings.count:,}: wall {facts['wall']:.2f} s, CPU {facts['cpu']:.2f} s, "
        f"{facts['result']}",
        file=sys.stderr,
        flush=True,
    )
    return {"system": system.name, "n": strings.count, **facts}


def print_table(shown: Sequence[Figure]) -> None:
    """Medians as a table in Markdown."""
    print("| " + " | ".join(HEADER) + " |")
    print("|---" + "|---:" * (len(HEADER) - 2) + "|---|")
    for figure in shown:
        sent = f"{figure.sent / figure.n:.1f}" if figure.sent else "-"
        cells = (
            figure.system,
            f"{figure.n:,}",
            *(f"{value:.3g}" for value in (figure.wall, figure.cpu, figure.command, figure.command_cpu)),
            sent,
            f"{figure.peak / 2**20:.0f}",
            figure.result,
        )
        print("| " + " | ".join(cells) + " |")


def print_exponents(shown: Sequence[Figure]) -> None:
    """The fitted growth of processor seconds with n."""
    for system, exponent in fit_exponents(shown, "cpu").items():
        print(f"- {system}: CPU grows as n^{exponent:.2f}")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="ours beside every peer that pip installs")
    parser.add_argument("--sizes", type=_sizes, default=[10_000, 100_000], help="strings a side: 1e4,1e5")
    parser.add_argument("--systems", help="names, separated by commas; default: all that can run here")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="of ours, for each party")
    parser.add_argument("--json", type=Path, help="a file of results to add to")
    parser.add_argument("--table", action="store_true", help="only print the table of --json")
    parser.add_argument(
        "--folder", type=os.path.abspath, help="where strings and states lie; default: the system's"
    )
    parser.add_argument("--spu-python", type=os.path.abspath, help="a Python that has the package spu")
    parser.add_argument(
        "--kernel-python", type=os.path.abspath, help="a Python that has this project's extra `kernel`"
    )
    parser.add_argument("--optable", type=Path, help="a folder with Optable's binaries sender and receiver")
    parser.add_argument("--shared-network", action="store_true", help="make no network of its own")
    options = parser.parse_args()
    if options.table and not options.json:
        parser.error("--table needs --json")
    return options


def _sizes(text: str) -> list[int]:
    return [int(float(part)) for part in text.split(",")]


def main() -> None:
    """Measure, or print what was measured."""
    options = parse()
    results = read_results(options.json)
    if not options.table:
        if not options.shared_network:
            enter_private_network()
        results["machine"] = describe_machine("cryptography", "numpy")
        measure_all(options, results)
    print(results["machine"])
    for name, versions in results["versions"].items():
        print(f"{name}: " + ", ".join(f"{package} {version}" for package, version in versions.items()))
    shown = figures(results)
    print()
    print_table(shown)
    print()
    print_exponents(shown)


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        raise SystemExit(f"a program could not be run: {error}") from None
