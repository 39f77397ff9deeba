"""Credit models on many journeys: processor seconds of the heuristics and of the exact Markov chain.

Journeys of 12 partners come from a chain of which the law is known (seed 20260101), one row each. Measured
from the rows in memory (reading the CSV is shown apart): grouping equal paths, splitting them into steps,
every formula with its intervals. Beside it ChannelAttribution and do-attribution, where the Python given
with --peers has them; each runs in a process of its own. The exact removal effects of the law are in the
table, too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import pandas as pd
import pyarrow as pa
from measure import describe_machine, show_table

from cleanroom.attribution.models.chain import chain_of
from cleanroom.attribution.models.crediting import estimate
from cleanroom.attribution.models.heuristics import HEURISTICS
from cleanroom.attribution.models.journeys import gather
from cleanroom.attribution.models.markov import removals
from cleanroom.attribution.models.reading import read_paths
from cleanroom.attribution.models.resampling import bootstrap

SEED = 20260101
PARTNERS = 12


def law(partners: int = PARTNERS) -> tuple[np.ndarray, np.ndarray]:
    """Where journeys begin, and from each partner the chances of the next one, of a win and of a loss."""
    draw = np.random.default_rng(SEED)
    begin = draw.dirichlet(np.linspace(4, 0.2, partners))
    ahead = draw.dirichlet(np.linspace(4, 0.2, partners), size=partners) * 0.6
    won = draw.uniform(0.02, 0.14, size=(partners, 1))
    return begin, np.hstack([ahead, won, 0.4 - won])


def make(journeys: int) -> pd.DataFrame:
    """That many rows of one journey each."""
    begin, ahead = law()
    draw = np.random.default_rng(SEED)
    names = np.array([f"partner {at:02}" for at in range(PARTNERS)], object)
    at = draw.choice(PARTNERS, journeys, p=begin)
    paths = names[at]
    open_ = np.arange(journeys)
    won = np.zeros(journeys, np.int64)
    limits = ahead.cumsum(axis=1)
    while len(open_):
        step = (draw.random(len(open_))[:, None] > limits[at]).sum(axis=1)
        won[open_[step == PARTNERS]] = 1
        going = step < PARTNERS
        open_, at = open_[going], step[going]
        paths[open_] = paths[open_] + " > " + names[at]
    value = won * np.round(draw.gamma(2, 5_000, journeys), 2)
    columns = ("path", "total_conversions", "total_conversion_value", "total_null")
    return pd.DataFrame(dict(zip(columns, (paths, won, value, 1 - won), strict=True)))


def exact_effects() -> np.ndarray:
    """The removal effects of the law itself."""
    begin, ahead = law()
    moves, won = ahead[:, :PARTNERS], ahead[:, PARTNERS]
    solve = lambda q, r: np.linalg.solve(np.eye(len(r)) - q, r)  # noqa: E731
    whole = begin @ solve(moves, won)
    kept = [np.delete(np.arange(PARTNERS), at) for at in range(PARTNERS)]
    return np.array([1 - begin[k] @ solve(moves[np.ix_(k, k)], won[k]) / whole for k in kept])


def ours(frame: pd.DataFrame) -> dict[str, float]:
    """Processor seconds of each step."""
    texts = pa.array(frame["path"], pa.string())
    seconds = {}
    begin = time.process_time()
    journeys = gather(texts, frame["total_conversions"], frame["total_conversion_value"], frame["total_null"])
    seconds["grouped and split"] = time.process_time() - begin
    begin = time.process_time()
    for formula in HEURISTICS:
        estimate(formula, journeys, errors=False)
    seconds[f"{len(HEURISTICS)} heuristics"] = time.process_time() - begin
    begin = time.process_time()
    estimate("markov:1", journeys, errors=False)
    seconds["markov:1"] = time.process_time() - begin
    seconds["together"] = sum(seconds.values())
    begin = time.process_time()
    for formula in (*HEURISTICS, "markov:1"):
        estimate(formula, journeys)
    seconds["the same with intervals"] = time.process_time() - begin
    for order in (2, 3):
        begin = time.process_time()
        estimate(f"markov:{order}", journeys)
        seconds[f"markov:{order} with intervals"] = time.process_time() - begin
    return seconds


def resampled(frame: pd.DataFrame, paths: int) -> float:
    """Processor seconds of 1,000 resamples of the `paths` most frequent distinct paths, all formulas."""
    columns = ["total_conversions", "total_conversion_value", "total_null"]
    some = frame.groupby("path", as_index=False)[columns].sum()
    some = some.sort_values(["total_null", "path"], ascending=False).head(paths)
    journeys = gather(list(some["path"]), *(some[name] for name in columns))
    begin = time.process_time()
    bootstrap(journeys, (*HEURISTICS, "markov:1"))
    return time.process_time() - begin


def large(partners: int, rows: int, order: int) -> tuple[int, float]:
    """States and processor seconds of an exact chain with many partners."""
    draw = np.random.default_rng(SEED)
    rank = np.minimum(draw.zipf(1.3, size=(rows, 4)) - 1, partners - 1)
    rank = np.where(draw.random(rank.shape) < 0.3, draw.integers(0, partners, rank.shape), rank)
    names = np.array([f"p{at:04}" for at in range(partners)], object)
    paths = names[rank[:, 0]]
    for at in range(1, 4):
        longer = draw.random(rows) < 0.6
        paths[longer] = paths[longer] + " > " + names[rank[longer, at]]
    won = (draw.random(rows) < 0.3).astype(int)
    journeys = gather(list(paths), won, None, 1 - won)
    begin = time.process_time()
    chain = chain_of(journeys, order)
    list(removals(chain))
    return chain.states, time.process_time() - begin


PEER = """
import contextlib, io, json, sys, time
import pandas as pd
frame = pd.read_csv(sys.argv[1])
found = {}
def timed(name, call):
    begin = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        answer = call()
    found[name] = time.process_time() - begin
    return answer
columns = ("path", "total_conversions", "total_conversion_value", "total_null")
try:
    with contextlib.redirect_stdout(io.StringIO()):
        import ChannelAttribution as peer
    timed("ChannelAttribution heuristics", lambda: peer.heuristic_models(
        frame, columns[0], columns[1], var_value=columns[2]))
    answer = timed("ChannelAttribution markov order 1", lambda: peer.markov_model(
        frame, columns[0], columns[1], var_value=columns[2], var_null=columns[3], out_more=True))
    effects = answer["removal_effects"]
    found["effects"] = dict(zip(effects.iloc[:, 0], map(float, effects.iloc[:, 1])))
except ImportError:
    pass
try:
    from do_attribution import MarkovAttribution
    model = MarkovAttribution(order=1, removal_strategy="redirect_to_null")
    timed("do-attribution order 1", lambda: model.fit(list(frame["path"]), list(frame["total_conversions"])))
except ImportError:
    pass
print(json.dumps(found))
"""


def peers(python: str, frame: pd.DataFrame) -> dict[str, Any]:
    """What the peers of that Python take for the same rows."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "paths.csv"
        frame.to_csv(place, index=False)
        done = subprocess.run([python, "-c", PEER, str(place)], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def measure(size: int, python: str | None) -> dict[str, Any]:
    """All figures for that many journeys."""
    frame = make(size)
    content = frame.to_csv(index=False).encode()
    begin = time.process_time()
    journeys = read_paths(content).journeys
    found: dict[str, Any] = {
        "journeys": size,
        "distinct": len(journeys.lengths),
        "read and split": time.process_time() - begin,
        "ours": ours(frame),
        "resamples of 10,000 paths": resampled(frame, 10_000),
    }
    effects = np.array([each.conversions for each in removals(chain_of(journeys, 1))])
    found["error of removal effects"] = float(
        np.abs(effects / journeys.conversions.sum() - exact_effects()).max()
    )
    if python:
        found["peers"] = peers(python, frame)
        if theirs := found["peers"].pop("effects", None):
            named = np.array([theirs.get(name, 0.0) for name in journeys.partners])
            found["their error of removal effects"] = float(np.abs(named - exact_effects()).max())
    return found


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description="credit models: processor seconds")
    parser.add_argument("--journeys", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has the packages to compare to")
    parser.add_argument("--large", action="store_true", help="chains up to 2,000 partners and 20,000 states")
    parser.add_argument("--json", type=Path, help="keep the figures here")
    options = parser.parse_args()
    print(describe_machine("numpy", "pandas", "pyarrow"))
    results = [measure(size, options.peers) for size in options.journeys]
    for found in results:
        print(f"\n{found['journeys']:,} journeys, {found['distinct']:,} distinct paths")
        rows = [("read the CSV and split", found["read and split"]), *found["ours"].items()]
        rows.append(("1,000 resamples of 10,000 paths", found["resamples of 10,000 paths"]))
        rows += found.get("peers", {}).items()
        show_table(("", "CPU s"), [(name, f"{seconds:.3f}") for name, seconds in rows])
        print(f"largest error of a removal effect against the law: {found['error of removal effects']:.5f}")
        if "their error of removal effects" in found:
            print(f"  ChannelAttribution at its defaults: {found['their error of removal effects']:.5f}")
    chains = []
    if options.large:
        for partners, rows, order in (
            (500, 200_000, 1),
            (2_000, 400_000, 1),
            (120, 60_000, 2),
            (2_000, 9_000, 2),
        ):
            states, seconds = large(partners, rows, order)
            chains.append({"partners": partners, "order": order, "states": states, "seconds": seconds})
            print(f"markov:{order}, {partners:,} partners, {states:,} states: {seconds:.2f} CPU s")
    if options.json:
        options.json.write_text(json.dumps({"sizes": results, "chains": chains}, indent=1) + "\n")


if __name__ == "__main__":
    main()
