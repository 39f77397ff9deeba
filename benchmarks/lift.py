"""Lift over many data sets with a known law: bias, coverage of intervals, effects that are not there.

Each data set is a market of deals (tests/support/made_deals.py) without an effect of partners and one with
a true one: won 1.35 times as often a day, or going through the stages and closed 1.35 times as fast, or with
amounts 1.15 times as large. The raw difference is shown beside it.
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
from made_deals import Made, make_deals
from measure import describe_machine, show_table

from cleanroom.attribution.statistics.deals import gather_deals
from cleanroom.attribution.statistics.trials import lift

TODAY = 30_000.0


#: The effect of each measure's second market, and how a market is made with one.
EFFECTS = {"win": 1.35, "days": 1.35, "amount": 1.15}


def make_market(seed: int, size: int, measure: str, effect: float) -> Made:
    """A market in which partners change one thing."""
    if measure == "win":
        return make_deals(seed, size, effect)
    if measure == "days":
        return make_deals(seed, size, speed=effect)
    return make_deals(seed, size, growth=effect, history=True)


def true_effect(made: Made, measure: str, horizon: float) -> float:
    """What partners change in that market, as the lift is told."""
    assert made.law is not None
    if measure == "win":
        return made.truth
    return made.law.days(horizon) if measure == "days" else float(np.expm1(made.law.amount(horizon)))


def figures(sets: int, size: int, measure: str, effect: float) -> dict[str, Any]:
    """Figures over `sets` markets of `size` deals, seeds from 0 on."""
    rows = []
    begin = time.process_time()
    for seed in range(sets):
        made = make_market(seed, size, measure, effect)
        found = lift(gather_deals(made.deals, made.stages, TODAY), measure)
        assert found.matched is not None and found.naive is not None, found.refused
        one, raw = found.matched, found.naive
        apart = raw.low > 0 or raw.high < 0
        truth = true_effect(made, measure, found.horizon_days)
        rows.append((truth, one.difference, one.low, one.high, raw.difference, apart))
    truth, estimate, low, high, naive, apart = np.array(rows).T
    error = estimate - truth
    return {
        "measure": measure,
        "effect": effect,
        "sets": sets,
        "deals": size,
        "truth": float(truth.mean()),
        "naive": float(naive.mean()),
        "naive claims an effect": float(apart.mean()),
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
    parser.add_argument("--measure", choices=EFFECTS, action="append", help="default: all")
    parser.add_argument("--sets", type=int, default=200)
    parser.add_argument("--deals", type=int, default=2_000)
    parser.add_argument("--json", type=Path, help="keep the figures here")
    options = parser.parse_args()
    print(describe_machine("numpy"))
    results = []
    for measure in options.measure or EFFECTS:
        both = [figures(options.sets, options.deals, measure, one) for one in (1.0, EFFECTS[measure])]
        names = [name for name in both[0] if name not in ("measure", "effect")]
        show_table(
            (measure, "no effect", f"effect {EFFECTS[measure]}"),
            [(name, *(f"{each[name]:.4g}" for each in both)) for name in names],
        )
        results += both
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
