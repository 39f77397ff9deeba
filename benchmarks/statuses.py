"""How long statuses take: `python -m benchmarks.statuses [--actions 1000000] [--deals 100000] [--one-deal]`.

Reports CPU and wall seconds of classifying (tables in memory to the table of statuses, headlines and
findings) and the highest memory of the process, tables included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import resource
import tempfile
import time
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.pipeline import NOW, Made, make
from cleanroom.attribution.classification import (
    Pipeline,
    RuleBook,
    headline_table,
    judge_pipeline,
    parse_rules,
    status_table,
    totals,
)
from cleanroom.attribution.holding import Holding
from cleanroom.store import read_table


def main() -> None:
    """Make, classify, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=1_000_000)
    parser.add_argument("--deals", type=int, default=100_000)
    parser.add_argument("--partners", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one-deal", action="store_true", help="all actions on one deal")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        made = read_made(Path(place), given)
    before = _peak()
    text = resources.files("cleanroom.attribution.classification").joinpath("default.toml").read_bytes()
    book = RuleBook([parse_rules(text)])
    pipeline = Pipeline(book, NOW, made.opportunities, made.actions, made.stages, made.holdings)
    cpu, wall = time.process_time(), time.perf_counter()
    judged = judge_pipeline(pipeline)
    middle = time.process_time()
    statuses, headlines = status_table(judged), headline_table(judged)
    findings = judged.findings
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    print(
        json.dumps(
            {
                "actions": given.actions,
                "deals": given.deals,
                "partners": given.partners,
                "pairs": len(statuses),
                "judging_cpu_s": round(middle - cpu, 2),
                "cpu_s": round(cpu_s, 2),
                "wall_s": round(wall_s, 2),
                "peak_mib": _peak(),
                "peak_before_mib": before,
                "findings": findings["code"].value_counts().to_dict(),
                "statuses": statuses["status"].value_counts().to_dict(),
                "headlines": headlines["status"].value_counts().to_dict(),
                "totals": len(totals(headlines)),
                "digest": hashlib.sha256(statuses.head(1000).to_csv(index=False).encode()).hexdigest()[:16],
            },
            indent=1,
        )
    )


def read_made(place: Path, given: argparse.Namespace) -> Made:
    """The tables as a folder has them, made by a process of its own, so that its memory is not measured."""
    worker = multiprocessing.get_context("spawn").Process(target=_write, args=(place, given))
    worker.start()
    worker.join()
    tables = [read_table(place / name) for name in ("opportunities", "actions", "stages")]
    held = read_table(place / "holdings")
    columns = [_shared(held[name]) for name in held.columns]
    return Made(*tables, [Holding(*row) for row in zip(*columns, strict=True)])


def _shared(column: pd.Series[Any]) -> list[Any]:
    """The values of a column, equal ones as one object, as the partners of a folder are."""
    numbers, distinct = column.factorize()
    values = [*distinct.tolist(), None]
    return [values[number] for number in numbers.tolist()]


def _write(place: Path, given: argparse.Namespace) -> None:
    made = make(given.actions, given.deals, given.partners, given.seed, one_deal=given.one_deal)
    for name in ("opportunities", "actions", "stages"):
        getattr(made, name).to_parquet(place / name)
    pd.DataFrame([asdict(one) for one in made.holdings]).to_parquet(place / "holdings")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
