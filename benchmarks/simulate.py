"""Both parties of a blind match on one machine, beside the package openmined-psi on the same identifiers.

    python benchmarks/simulate.py [--identifiers N] [--repeats R] [--backend NAME]

Each side has N domains, half of them shared. Four programs run in turn, each in a fresh process, so that one
run compares like with like:

- `simulate`: `overlap.simulate`, from two account lists to the table of pairs, identifiers of kind domain;
- `protocol`: the same run without reading accounts and without resolving pairs, encoded identifiers given;
- `hashed before`: as `protocol`, with the hashes to the curve made before the clock starts, as an engine has
  them in memory in its second run over the same lists;
- `openmined-psi`: its exact mode (RAW, intersection revealed), all four steps of both parties, messages
  serialised as they would travel.

Processor seconds are of both parties with all their worker processes; bytes are everything that travels. Each
program checks that it found exactly N/2. At N = 100,000 the ratio to openmined-psi to hold is 0.6 for
`simulate` and 0.5 for `hashed before`, with a peak under 1 GiB. The package is in the extra `bench`;
without it only ours is measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import describe_machine, largest_process, report_facts, run_measured, show_table, time_call

from overlap.engine import AUTO, BACKENDS
from overlap.group import choose_backend

PEER = "openmined-psi"
PROGRAMS = ("simulate", "protocol", "hashed before", PEER)


def draw_domains(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Two shuffled lists of `count` domains, half of them common."""
    rng = Random(seed)
    domains = list(dict.fromkeys(f"{rng.getrandbits(64):016x}.com" for _ in range(count * 2)))
    left, right = domains[:count], domains[count // 2 : count // 2 + count]
    rng.shuffle(left)
    rng.shuffle(right)
    return left, right


def run_simulate(count: int, seed: int, processes: int | None, backend: str) -> dict[str, Any]:
    """Accounts in, pairs out."""
    import pandas as pd

    from overlap.engine import EngineChoice
    from overlap.simulation import simulate_in_full

    left, right = (
        pd.DataFrame(
            {"id": [f"{side}{at}" for at in range(count)], "name": [f"Company {at}" for at in range(count)]}
        ).assign(website=domains)
        for side, domains in zip("LR", draw_domains(count, seed), strict=True)
    )

    def work() -> dict[str, Any]:
        choice = EngineChoice(backend=backend)
        whole = simulate_in_full(left, right, kinds=("domain",), processes=processes, engine=choice)
        return {"found": len(whole.pairs), "bytes": sum(whole.frames)}

    return time_call(work)


def run_protocol(count: int, seed: int, processes: int | None, backend: str) -> dict[str, Any]:
    """Encoded identifiers in, matches out: frames, signatures and seals included."""
    from overlap.engine import Engine
    from overlap.protocol import encode_identifier
    from overlap.simulation import exchange

    left, right = ([encode_identifier("domain", d) for d in side] for side in draw_domains(count, seed))

    def work() -> dict[str, Any]:
        with Engine(processes, backend=backend) as engine:
            run = exchange(left, right, "overlaps", ("domain",), engine)
        return {"found": len(run.responder.positions), "bytes": sum(run.frames)}

    return time_call(work)


def run_hashed(count: int, seed: int, processes: int | None, backend: str) -> dict[str, Any]:
    """As `run_protocol`, by an engine that knows the hashes of both lists."""
    from overlap.engine import Engine
    from overlap.protocol import encode_identifier
    from overlap.simulation import exchange

    left, right = ([encode_identifier("domain", d) for d in side] for side in draw_domains(count, seed))
    # By another engine, so that the time of its workers does not count as that of the run.
    with Engine() as before:
        known = {tuple(side): before.hash_to_group(side) for side in (left, right)}

    class Hashed(Engine):
        def hash_to_group(
            self, messages: Sequence[bytes], label: str = "hash", *, keep: bool = True
        ) -> bytes:
            return known[tuple(messages)] if messages else b""

    def work() -> dict[str, Any]:
        with Hashed(processes, backend=backend) as engine:
            run = exchange(left, right, "overlaps", ("domain",), engine)
        return {"found": len(run.responder.positions), "bytes": sum(run.frames)}

    return time_call(work)


def run_peer(count: int, seed: int, *_: object) -> dict[str, Any]:
    """The exact mode of openmined-psi; the client learns the common items."""
    import private_set_intersection.python as psi

    left, right = draw_domains(count, seed)

    def work() -> dict[str, Any]:
        client = psi.client.CreateWithNewKey(True)
        server = psi.server.CreateWithNewKey(True)
        setup = server.CreateSetupMessage(1e-9, count, right, psi.DataStructure.RAW).SerializeToString()
        request = client.CreateRequest(left).SerializeToString()
        response = server.ProcessRequest(psi.Request.FromString(request)).SerializeToString()
        found = client.GetIntersection(psi.ServerSetup.FromString(setup), psi.Response.FromString(response))
        return {"found": len(found), "bytes": len(setup) + len(request) + len(response)}

    return time_call(work)


def main() -> None:
    """Measure, or be one of the measured programs."""
    parser = argparse.ArgumentParser(description="blind match beside openmined-psi")
    parser.add_argument("--identifiers", type=int, default=100_000, help="domains of each side")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, help="processors that ours may use; default: all")
    parser.add_argument("--backend", choices=BACKENDS, default=AUTO, help="what multiplies in ours")
    parser.add_argument("--program", choices=PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.program:
        run = dict(zip(PROGRAMS, (run_simulate, run_protocol, run_hashed, run_peer), strict=True))[
            options.program
        ]
        facts = run(options.identifiers, options.seed, options.processes, options.backend)
        if facts["found"] != options.identifiers // 2 + options.identifiers % 2:
            raise SystemExit(f"{options.program} found {facts['found']} common domains, which is wrong")
        report_facts(facts | {"largest": largest_process()})
    else:
        compare_programs(
            options.identifiers, options.repeats, options.seed, options.processes, options.backend
        )


def compare_programs(count: int, repeats: int, seed: int, processes: int | None, backend: str) -> None:
    """Run the programs in turn, `repeats` times, and print medians and ratios."""
    print(describe_machine("openmined-psi", "cryptography", "gmpy2", "numpy", "pandas"))
    print(
        f"{count:,} domains a side, half shared, median of {repeats}, {choose_backend(backend)} multiplies\n"
    )
    programs = [name for name in PROGRAMS if name != PEER or find_spec("private_set_intersection")]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
    for repeat in range(repeats):
        for name in programs:
            command = [sys.executable, __file__, "--program", name, "--identifiers", str(count)]
            command += ["--backend", backend]
            command += ["--processes", str(processes)] if processes else []
            runs[name].append(run_measured([*command, "--seed", str(seed + repeat)]))
    rows = []
    for name in programs:
        ratios = [run["cpu"] / peer["cpu"] for run, peer in zip(runs[name], runs.get(PEER, []), strict=False)]
        cpu, wall, peak, sent = (
            median(run[fact] for run in runs[name]) for fact in ("cpu", "wall", "peak", "bytes")
        )
        ratio = f"{median(ratios):.2f}" if ratios else "-"
        rows.append((name, f"{cpu:.2f}", f"{wall:.2f}", ratio, f"{peak / 2**20:.0f}", f"{sent / count:.0f}"))
    show_table(
        ("program", "CPU s", "wall s", f"CPU / {PEER}", "peak MiB", "bytes an identifier of one side"), rows
    )


if __name__ == "__main__":
    main()
