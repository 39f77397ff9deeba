"""How right the blind match is on lists whose common accounts are known, beside tools that see both lists.

    python benchmarks/quality.py FOLDER [FOLDER ...] [--tuned] [--seed N] [--without NAME] [--damage]

Each folder has left.csv and right.csv (any export that `overlap import` reads: id, name, website, city,
country, postcode, phone) and gold.csv (left_id, right_id). Ours is the complete protocol; the others are in
`rivals.py` and take the thresholds that people take without tuning.

With `--tuned` every method that has a score gets the threshold with the best F1 on the first half of the
accounts, and everything is reported on the second half. Recall and precision are pair by pair, as
`overlap evaluate` counts them. With `--damage`, the recall of ours for each way in which a pair of
`corruption.py` went wrong (a pair with three faults counts for each). Seconds are wall time, reading not
counted. The packages are in the extra `bench`; what is not installed is left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd
from measure import describe_machine, show_table
from rivals import RIVALS, Scored

from overlap import evaluate, read_accounts
from overlap.evaluation import HALVES, RELEASED, Evaluation, Figures, Half, count_pairs, halves
from overlap.ingest import read_pairs

HEADINGS = ("", "threshold", "found", "precision", "recall", "F1", "seconds", "identifiers an account")

Row = tuple[str, ...]


def read_set(folder: Path) -> Half:
    """A prepared set as a whole: the accounts of both sides and the pairs that are the same."""
    left, right = (read_accounts(folder / f"{side}.csv") for side in ("left", "right"))
    profiles = (left.source.profile, right.source.profile)
    known = read_pairs(folder / "gold.csv", profiles=profiles).frame
    same = known[known["label"] == "1"]
    return Half(left.frame, right.frame, frozenset(zip(same["left_id"], same["right_id"], strict=True)))


def taken(scored: Scored, least: float) -> set[tuple[str, str]]:
    """The pairs with at least this score."""
    return {(left, right) for left, right, score in scored if score >= least}


def best_threshold(scored: Scored, true: frozenset[tuple[str, str]]) -> float:
    """The score with the best F1 when every pair from it on is taken; the highest of equal ones.

    Infinity when no pair is right.
    """
    order = sorted(scored, key=lambda row: -row[2])
    best, least, right = 0.0, float("inf"), 0
    for found, (one, other, score) in enumerate(order, start=1):
        right += (one, other) in true
        if found < len(order) and order[found][2] == score:
            continue
        f1 = Figures(found, right, len(true)).f1
        if f1 > best:
            best, least = f1, score
    return least


def measure_ours(part: Half, tuning: Half | None) -> list[Row]:
    """The released tiers, then everything, and with `tuning` everything from a tuned confidence on."""
    begin = time.perf_counter()
    found = _evaluate(part)
    seconds = time.perf_counter() - begin
    left, right = found.identifiers_per_account
    cost = f"{left:.2f} / {right:.2f}"
    rows = [
        _row(f"ours, {' and '.join(RELEASED)}", "", found.score.released, seconds, cost),
        _row("ours, with candidates", "", found.score.total, seconds, cost),
    ]
    if tuning is not None:
        least = best_threshold(_by_confidence(_evaluate(tuning).pairs), tuning.true)
        figures = count_pairs(taken(_by_confidence(found.pairs), least), part.true)
        rows.append(_row("ours, confidence tuned", f"{least:.3f}", figures, seconds, cost))
    return rows


def _evaluate(part: Half) -> Evaluation:
    gold = pd.DataFrame(sorted(part.true), columns=["left_id", "right_id"])
    return evaluate(part.left, part.right, gold)


def _by_confidence(pairs: pd.DataFrame) -> Scored:
    return list(zip(pairs["left_id"], pairs["right_id"], pairs["confidence"], strict=True))


def measure_rivals(part: Half, tuning: Half | None, without: Iterable[str]) -> list[Row]:
    """Every rival that is installed, by its usual threshold and, with `tuning`, by the tuned one."""
    rows = []
    for rival in RIVALS:
        if not rival.is_installed or rival.needs in without:
            continue
        begin = time.perf_counter()
        scored = rival.match(part.left, part.right)
        seconds = time.perf_counter() - begin
        usual = "" if not rival.needs else f"{rival.least:g}"
        rows.append(_row(rival.name, usual, count_pairs(taken(scored, rival.least), part.true), seconds, ""))
        if tuning is not None and rival.needs:
            least = best_threshold(rival.match(tuning.left, tuning.right), tuning.true)
            figures = count_pairs(taken(scored, least), part.true)
            rows.append(_row(f"{rival.name}, tuned", f"{least:.4g}", figures, seconds, ""))
    return rows


def _row(name: str, least: str, figures: Figures, seconds: float, cost: str) -> Row:
    precision = f"{figures.precision:.4f}" if figures.found else "-"
    shares = (precision, f"{figures.recall:.4f}", f"{figures.f1:.4f}")
    return (name, least, f"{figures.found:,}", *shares, f"{seconds:.1f}", cost)


def show_damage(folder: Path, whole: Half) -> None:
    """How much of the pairs with each kind of damage was found, the worst first."""
    gold = pd.read_csv(folder / "gold.csv", dtype="str", keep_default_na=False)
    if "damage" not in gold:
        return
    pairs = _evaluate(whole).pairs
    tiers = {
        (left, right): tier
        for left, right, tier in zip(pairs["left_id"], pairs["right_id"], pairs["tier"], strict=True)
    }
    by_damage: dict[str, list[str]] = {}
    for left, right, happened in zip(gold["left_id"], gold["right_id"], gold["damage"], strict=True):
        for each in sorted(set(happened.split("; "))):
            by_damage.setdefault(each or "none", []).append(tiers.get((left, right), ""))
    rows = [
        (each, len(met), sum(tier in RELEASED for tier in met) / len(met), sum(map(bool, met)) / len(met))
        for each, met in by_damage.items()
    ]
    show_table(
        ("damage", "pairs", "recall, released", "recall, with candidates"),
        [(each, f"{size:,}", f"{released:.3f}", f"{every:.3f}") for each, size, released, every in
         sorted(rows, key=lambda row: row[3])],
    )  # fmt: skip


def measure_set(folder: Path, tuned: bool, seed: int, without: Sequence[str]) -> None:
    """One table."""
    whole = read_set(folder)
    tuning, part = halves(whole.left, whole.right, whole.true, seed) if tuned else (None, whole)
    which = f", {HALVES[1]} half, tuned on the {HALVES[0]}" if tuned else ""
    sizes = f"{len(part.left):,} and {len(part.right):,} accounts, {len(part.true):,} known pairs"
    print(f"\n{folder.name}: {sizes}{which}")
    show_table(HEADINGS, [*measure_ours(part, tuning), *measure_rivals(part, tuning, without)])


def main() -> None:
    """Measure each set."""
    parser = argparse.ArgumentParser(description="match quality beside plain tools")
    parser.add_argument("folders", type=Path, nargs="+", help="each with left.csv, right.csv and gold.csv")
    parser.add_argument("--tuned", action="store_true", help="tune on one half, report on the other")
    parser.add_argument("--damage", action="store_true", help="recall for each way a pair went wrong")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other halves")
    parser.add_argument(
        "--without", action="append", default=[], metavar="PACKAGE", help="leave out a rival's package"
    )
    options = parser.parse_args()
    print(describe_machine("rapidfuzz", "splink", "duckdb", "pandas"))
    for folder in options.folders:
        measure_set(folder, options.tuned, options.seed, options.without)
        if options.damage:
            show_damage(folder, read_set(folder))


if __name__ == "__main__":
    main()
