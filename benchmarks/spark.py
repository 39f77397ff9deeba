"""One side's heavy steps on this machine's processors and on a local Spark cluster, on the same identifiers.

    python benchmarks/spark.py [--identifiers N …] [--master 'local-cluster[2,1,2048]'] [--json RESULTS]

Each program runs in a fresh process, after its engine has started and answered once, so that a row a second
is of the work and not of starting Java:

- `local`: hash and multiply by `overlap.engine.Engine`, sort, all in memory;
- `spark engine`: the same verbs by `SparkEngine`, lists sent to the executors and back;
- `spark parquet`: `SparkPassage.take("start")` over a Parquet list, the body read in pieces.

On one machine Spark can only lose: it shares the same processors and adds serialisation, sorting on disk and
encryption. What the figures say is how much a row costs beyond the arithmetic, and so from how many executors
on a cluster pays. Needs the extra `spark`, Java 17 and a Unix system.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measure import describe_machine, report_facts, run_measured, show_table, time_call

PROGRAMS = ("local", "spark engine", "spark parquet")
WARM = 2_000


def encoded(count: int) -> list[bytes]:
    """Distinct encoded identifiers."""
    from overlap.protocol import encode_identifier

    return [encode_identifier("domain", f"company-{at:x}.example") for at in range(count)]


def run_local(count: int, master: str) -> dict[str, Any]:
    """In memory, on the processors of this machine."""
    from overlap.engine import Engine

    with Engine() as engine:
        return blind(engine, count)


def run_spark_engine(count: int, master: str) -> dict[str, Any]:
    """The verbs of the engine on executors."""
    from overlap.spark import SparkEngine, open_session

    with SparkEngine(open_session(master), threshold=1, owned=True) as engine:
        return blind(engine, count)


def blind(engine: Any, count: int) -> dict[str, Any]:
    """Hash, multiply and sort."""
    from overlap.group import draw_scalar

    scalar, identifiers = draw_scalar(secrets.token_bytes), encoded(count)
    engine.multiply(scalar, engine.hash_to_group(identifiers[:WARM]))

    def work() -> dict[str, Any]:
        elements = engine.multiply(scalar, engine.hash_to_group(identifiers))
        return {"elements": len(sorted(elements[at : at + 32] for at in range(0, len(elements), 32)))}

    return time_call(work)


def run_spark_parquet(count: int, master: str) -> dict[str, Any]:
    """A whole start over Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from overlap.exchange import make_contract
    from overlap.keys import PartyKeys
    from overlap.spark import SparkPassage, close_session, open_session

    left, right = (PartyKeys.generate(name, secrets.token_bytes).card for name in ("left", "right"))
    session = open_session(master)
    try:
        with tempfile.TemporaryDirectory() as folder:

            def start(size: int) -> int:
                place = Path(folder) / str(size)
                (place / "list").mkdir(parents=True)
                table = pa.table({"identifier": pa.array(encoded(size), pa.binary())})
                pq.write_table(table, place / "list" / "part-00000.parquet")
                contract = make_contract("overlaps", ("domain",), (left, size), (right, size))
                passage = SparkPassage(
                    contract,
                    "starter",
                    bytes(16),
                    session,
                    secrets.token_bytes,
                    listed=place.as_uri(),
                    place=(place / "run").as_uri(),
                )
                passage.begin()
                return sum(map(len, passage.take("start"))) // 32

            start(WARM)
            return time_call(lambda: {"elements": start(count)})
    finally:
        close_session(session)


def main() -> None:
    """Run all programs in turn, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--identifiers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--master", default="local-cluster[2,1,2048]")
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--program", choices=PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    runs = dict(zip(PROGRAMS, (run_local, run_spark_engine, run_spark_parquet), strict=True))
    if options.program:
        report_facts(runs[options.program](options.identifiers[0], options.master))
        return
    machine = describe_machine("pyspark", "pyarrow", "cryptography", "numpy")
    print(machine)
    rows, results = [], []
    for count in options.identifiers:
        for program in PROGRAMS:
            words = ["--identifiers", str(count), "--master", options.master, "--program", program]
            facts = run_measured([sys.executable, __file__, *words])
            assert count <= facts["elements"] <= count + 100
            # Executors are no children that this program waits for, so processor seconds say nothing.
            figures = {name: facts[name] for name in ("wall", "peak")}
            results.append({"program": program, "identifiers": count} | figures)
            rate = f"{count / facts['wall']:,.0f}"
            rows.append(
                (program, f"{count:,}", f"{facts['wall']:.1f}", rate, f"{facts['peak'] / 2**20:,.0f}")
            )
    show_table(("program", "identifiers", "wall s", "rows/s", "peak MiB"), rows)
    if options.json:
        facts = {"machine": machine, "master": options.master, "runs": results}
        options.json.write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
