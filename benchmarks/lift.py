"""Lift over many data sets with a known law: bias, coverage of intervals, effects that are not there.

Each data set is a market of deals (tests/support/made_deals.py) without an effect of partners and one with
a true one (won 1.35 times as often a day). The raw difference of win rates is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import numpy as np
from made_deals import make_deals
from measure import describe_machine, show_table

from cleanroom.attribution.statistics.deals import gather_deals
from cleanroom.attribution.statistics.trials import lift

TODAY = 30_000.0


def measure(sets: int, size: int, effect: float) -> dict[str, Any]:
    """Figures over `sets` markets of `size` deals, seeds from 0 on."""
    rows = []
    begin = time.process_time()
    for seed in range(sets):
        made = make_deals(seed, size, effect)
        found = lift(gather_deals(made.deals, made.stages, TODAY))
        assert found.matched is not None, found.refused
        one = found.matched
        rows.append((made.truth, one.difference, one.low, one.high, found.naive.difference, found.naive.low))
    truth, estimate, low, high, naive, naive_low = np.array(rows).T
    error = estimate - truth
    return {
        "effect": effect,
        "sets": sets,
        "deals": size,
        "truth": float(truth.mean()),
        "naive": float(naive.mean()),
        "naive claims an effect": float((naive_low > 0).mean()),
        "matched": float(estimate.mean()),
        "bias": float(error.mean()),
        "standard error of the bias": float(error.std(ddof=1) / np.sqrt(sets)),
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "claims an effect": float(((low > 0) | (high < 0)).mean()),
        "width": float((high - low).mean()),
        "CPU s each": (time.process_time() - begin) / sets,
    }


def main() -> None:
    """Measure, and print a table or keep JSON."""
    parser = argparse.ArgumentParser(description="lift by sequential trials on made markets")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--deals", type=int, default=2_000)
    parser.add_argument("--json", type=Path, help="keep the figures here")
    options = parser.parse_args()
    print(describe_machine("numpy"))
    results = [measure(options.sets, options.deals, effect) for effect in (1.0, 1.35)]
    names = [name for name in results[0] if name != "effect"]
    show_table(
        ("", "no effect", "effect 1.35"),
        [(name, *(f"{each[name]:.4g}" for each in results)) for name in names],
    )
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
