"""The whole product on an invented world: `overlap demo` as a user runs it.

    python benchmarks/demo.py [--accounts N] [--repeats R]

Wall and processor seconds from the start of the command to its end, imports included, in an empty folder,
and the peak memory of all its processes. There is no other program to compare to; the limit to hold is 30 s
at the default size on two processors.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from measure import ROOT, describe_machine, run_measured, show_table


def main() -> None:
    """Run the command several times and print each run and the median."""
    parser = argparse.ArgumentParser(description="the demo as a user runs it")
    parser.add_argument("--accounts", type=int, help="default: the demo's own default")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(describe_machine("account-overlap", "cryptography", "duckdb", "pandas"), end="\n\n")
    size = ["--accounts", str(options.accounts)] if options.accounts else []
    runs = []
    for _ in range(options.repeats):
        with tempfile.TemporaryDirectory() as folder:
            target = str(Path(folder, "demo"))
            command = [sys.executable, str(ROOT / "cli.py"), "demo", "--dir", target, *size]
            runs.append(run_measured(command, facts=False))
    rows = [
        (f"run {number}", f"{run['wall']:.1f}", f"{run['cpu']:.1f}", f"{run['peak'] / 2**20:.0f}")
        for number, run in enumerate(runs, 1)
    ]
    wall, cpu, peak = (median(run[fact] for run in runs) for fact in ("wall", "cpu", "peak"))
    show_table(
        ("", "wall s", "CPU s", "peak MiB"),
        [*rows, ("median", f"{wall:.1f}", f"{cpu:.1f}", f"{peak / 2**20:.0f}")],
    )


if __name__ == "__main__":
    main()
