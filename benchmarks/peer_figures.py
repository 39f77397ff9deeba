"""Medians of a file of runs, and how a cost grows with n."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

#: The verdict on a run whose answer is right; any other text says what is wrong.
EXACT = "exact"

#: Sizes from which a system's growth is fitted: below, what does not grow outweighs what does.
FIT_FROM = 100_000


@dataclass(frozen=True)
class Figure:
    """One system at one size: medians in seconds and bytes, and EXACT or the first wrong answer."""

    system: str
    n: int
    wall: float
    cpu: float
    command: float
    command_cpu: float
    sent: float
    peak: float
    result: str
    repeats: int


def read_results(path: Path | None) -> dict[str, Any]:
    """The file, or an empty one: `machine`, `versions` by system, `runs`."""
    if path and path.exists():
        results: dict[str, Any] = json.loads(path.read_text())
        return results
    return {"machine": "", "versions": {}, "runs": []}


def write_results(results: dict[str, Any], path: Path) -> None:
    """Replace the file; a run a line, so that changes can be read."""
    runs = ",\n".join("  " + json.dumps(run) for run in results["runs"])
    head = json.dumps({name: results[name] for name in ("machine", "versions")}, indent=1)[:-2]
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(f'{head},\n "runs": [\n{runs}\n ]\n}}\n')
    new.replace(path)


def forget_runs(results: dict[str, Any], systems: Collection[str], sizes: Collection[int]) -> None:
    """Take out the runs that are about to be made again."""
    results["runs"] = [
        run for run in results["runs"] if run["system"] not in systems or run["n"] not in sizes
    ]


def figures(results: dict[str, Any]) -> list[Figure]:
    """The medians of each system at each size, by size, then by processor seconds."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in results["runs"]:
        groups.setdefault((run["system"], run["n"]), []).append(run)
    found = [_figure(system, n, runs) for (system, n), runs in groups.items()]
    return sorted(found, key=lambda figure: (figure.n, figure.cpu))


def fit_exponents(shown: Iterable[Figure], fact: str) -> dict[str, float]:
    """For each system with two sizes or more from FIT_FROM on, e of the least-squares fit `fact` = c n^e."""
    points: dict[str, list[tuple[float, float]]] = {}
    for figure in shown:
        value = getattr(figure, fact)
        if figure.n >= FIT_FROM and value:
            points.setdefault(figure.system, []).append((math.log(figure.n), math.log(value)))
    return {system: slope(pairs) for system, pairs in points.items() if len({x for x, _ in pairs}) > 1}


def slope(pairs: Sequence[tuple[float, float]]) -> float:
    """The slope of the line with the least squares."""
    mean_x = sum(x for x, _ in pairs) / len(pairs)
    mean_y = sum(y for _, y in pairs) / len(pairs)
    return sum((x - mean_x) * (y - mean_y) for x, y in pairs) / sum((x - mean_x) ** 2 for x, _ in pairs)


def _figure(system: str, n: int, runs: Sequence[dict[str, Any]]) -> Figure:
    middle = {
        fact: float(median(run[fact] for run in runs)) for fact in ("wall", "cpu", "command", "command_cpu")
    }
    sent = float(median(run["wire"] or run["messages"] for run in runs))
    peak = float(median(max(run["peak"]) for run in runs))
    wrong = [run["result"] for run in runs if run["result"] != EXACT]
    result = wrong[0] if wrong else EXACT
    return Figure(system, n, **middle, sent=sent, peak=peak, result=result, repeats=len(runs))
