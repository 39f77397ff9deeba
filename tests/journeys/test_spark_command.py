"""`--engine spark` through the command line: the pairs of one machine, and nothing left running."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from spark_house import MASTER, accounts

pytest.importorskip("pyspark")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java"),
]

#: Enough for more identifiers than `overlap.spark.engine.THRESHOLD`, so that executors do the work.
ACCOUNTS = 5_000


def test_simulate_on_spark_gives_the_pairs_of_one_machine(tmp_path: Path) -> None:
    for side in ("left", "right"):
        accounts(ACCOUNTS, side).to_csv(tmp_path / f"{side}.csv", index=False)

    def simulate(out: str, *options: str) -> bytes:
        words = ["simulate", "left.csv", "right.csv", "--out", out, "--json", *options]
        script = "import sys; from cleanroom.cli import main; sys.argv = ['overlap', *sys.argv[1:]]; main()"
        done = subprocess.run(
            [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return (tmp_path / out).read_bytes()

    here = simulate("here.csv")
    assert here.count(b"\n") > ACCOUNTS / 1000
    assert simulate("spark.csv", "--engine", "spark", "--master", MASTER) == here
    assert not list(tmp_path.glob("spark-warehouse"))
