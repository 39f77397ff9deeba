"""Gaps of the oblivious key-value store over many random systems: does RR22's fit hold?

    python benchmarks/okvs_gaps.py [--seconds S]

For each number of keys, with the size the protocol takes (lambda = 40) and with those that the fit gives for
lambda = 10 and 4, which fail often enough to see: how many of how many systems had which gap, ours and that
of RR22's triangulation, and lambda as seen: minus log2 of the share with a gap above RR22's bound, in both
ways. Writes tests/vectors/okvs_gaps_1.json, with which a test compares fewer trials
(1024 stands there for the gap of a core of more rows than the protocol eliminates).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests/support")]

from okvs_trials import gaps  # noqa: E402

from overlap.protocol.vole.okvs_rows import shape_of  # noqa: E402

ITEMS = (64, 100, 1000, 1 << 14, 10**5, 10**6)


def fitted(items: int, security: float) -> int:
    """Sparse columns for a lambda, by RR22, section 4.2, for weight 3."""
    v = math.log2(3)
    slope = 2 ** (0.555 * math.log2(items) + 0.093 * v**3 - 1.01 * v**2 + 2.925 * v - 0.133)
    return math.ceil(items * (1.223 + (security + 9.2) / slope))


def measure(items: int, sparse: int, security: float, seconds: float) -> dict[str, object]:
    counts: Counter[tuple[int, int]] = Counter()
    batch, seed, start = max(1, (1 << 21) // items), 0, time.process_time()
    while time.process_time() - start < seconds:
        counts += gaps(items, sparse, batch, seed)
        seed += 1
    bound = int(40 / math.log2(sparse))
    trials, seen = counts.total(), []
    for way in range(2):
        above = sum(count for gap, count in counts.items() if gap[way] > bound)
        seen.append(f"{-math.log2(above / trials):.1f}" if above else f"> {math.log2(trials):.1f}")
    sizes = f"{items:8} {sparse:8} {sparse / items:.4f} {bound:6}"
    print(f"{sizes} {trials:9} {security:7} {seen[1]:>7} {seen[0]:>7}", flush=True)
    listed = [[ours, theirs, count] for (ours, theirs), count in sorted(counts.items())]
    return {"items": items, "sparse": sparse, "trials": trials, "ours_theirs_count": listed}


def main() -> None:
    parser = argparse.ArgumentParser(description="Gaps of random systems against the fit of RR22.")
    parser.add_argument("--seconds", type=float, default=60, help="processor seconds a line")
    arguments = parser.parse_args()
    print("    keys   sparse      e gap<=    trials  lambda   RR22's    ours")
    found = [measure(items, shape_of(items).sparse, 40, arguments.seconds) for items in ITEMS]
    found += [
        measure(items, fitted(items, security), security, arguments.seconds)
        for items in ITEMS[:-1]
        for security in (10, 4)
    ]
    text = ",\n ".join(json.dumps(line) for line in found)
    path = ROOT / "tests/vectors/okvs_gaps_1.json"
    path.write_text(f'{{"format": "overlap-okvs-gaps/1", "systems": [\n {text}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
